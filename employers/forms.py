"""Forms of the employer's pages, and the province's review of a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html

from core.forms import PlatformForm, fields, widgets
from employers.actions.papers import CERTIFICATE, PAPERS

_SCAN = "盖章公函的照片或扫描件"
_SCAN_HINT = "签名、印章、身份证两面须清晰可辨"


class SignInForm(PlatformForm):
    """By one-time code, or by password once one is set. The actions say what is missing."""

    mobile = fields.Phone("手机号码", required=False)
    code = fields.OneTimeCode("短信验证码", required=False)
    password = fields.Password("密码", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["mobile"].widget.attrs |= {"autocomplete": "username", "maxlength": "20"}


class LetterForm(PlatformForm):
    """A stamped letter handed in. `kinds` are the matters a letter could still change."""

    kind = fields.Choice("办理事项", (), widget=widgets.RadioSelect)
    scan = fields.Picture(_SCAN, help_text=_SCAN_HINT)

    def __init__(self, *args: Any, kinds: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": kinds[0][0] if kinds else ""}, **kwargs)
        self.offer("kind", kinds)


class RecoverForm(PlatformForm):
    """A lost account: the unit, a new number proved by a code, the stamped letter. The actions
    say everything that is missing at once."""

    unit_code = fields.Text(
        "统一社会信用代码", max_length=18, star=True, help_text="18位, 营业执照或法人证书上的代码"
    )
    name = fields.Text("新的帐号管理者姓名", star=True, help_text="与公函、身份证一致")
    mobile = fields.Phone("新的手机号码", star=True)
    code = fields.OneTimeCode("短信验证码", star=True)
    scan = fields.Picture(_SCAN, star=True, help_text=_SCAN_HINT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["id"] = "code"


class SignatureForm(PlatformForm):
    signature = fields.Signature("请手写签名", required=False)


class PapersForm(PlatformForm):
    """Certificate and identity card, each a picture."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for slot, label in PAPERS.items():
            widget = widgets.ImageSlot(title=label)
            self.fields[slot] = fields.Picture(label, required=False, widget=widget)

    def show(self, addresses: Mapping[str, str]) -> None:
        """Show the pictures that are kept already; `addresses` are theirs, by slot."""
        for slot, address in addresses.items():
            widget = self.fields[slot].widget
            if isinstance(widget, widgets.ImageSlot):
                widget.shown = address

    def lock_certificate(self, reason: str) -> None:
        widget = self.fields[CERTIFICATE].widget
        picture = getattr(widget, "shown", "")
        words = format_html('<img src="{}" alt="{}">', picture, PAPERS[CERTIFICATE])
        self.grey(CERTIFICATE, reason, shown=words if picture else "")


class LetterReviewForm(PlatformForm):
    """The check list, or a reason; `seen` is the mark of what the reviewer had before them."""

    check = fields.Words()
    reason = fields.LongText("不通过的原因", required=False, max_length=300)
    seen = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}
