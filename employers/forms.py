"""Forms of the employer's pages, and the form of the province's review of a letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.proof import Entrance
from accounts.proof_form import ProtectedForm
from codes import readers, text
from core.forms import PlatformForm, fields, widgets
from employers.actions.papers import CERTIFICATE, PAPERS
from employers.letter_steps import CHECKLIST
from employers.models import LetterKind

_SCAN = "盖章公函的照片或扫描件"
_SCAN_HINT = "签名、印章、身份证两面须清晰可辨"


class SignInForm(ProtectedForm):
    """Signing in by one-time code, or by password if one is set. The actions say what is missing."""

    entrance, account_fields = Entrance.EMPLOYER, ("mobile",)

    mobile = fields.Phone("手机号码", required=False)
    code = fields.OneTimeCode("短信验证码", required=False)
    password = fields.Password("密码", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["mobile"].widget.attrs |= {"autocomplete": "tel", "maxlength": "20"}

    def clean_mobile(self) -> str:
        """The number as accounts are named: without blanks, hyphens and the country's code."""
        return text.clean_phone(self.cleaned_data["mobile"])[:20]


# What each kind of letter does, under its name.
_EFFECTS = {
    LetterKind.CERTIFY: "认证单位和您本人",
    LetterKind.MANAGER: "您成为新的管理者，原管理者的权限随之结束",
}


class LetterForm(PlatformForm):
    """A stamped letter that a unit's person hands in. `kinds` are those that would still change
    something; the first one is chosen at the beginning."""

    kind = fields.Choice("办理事项", (), widget=widgets.RadioSelect)
    scan = fields.Picture(_SCAN, help_text=_SCAN_HINT)

    def __init__(self, *args: Any, kinds: Sequence[LetterKind], **kwargs: Any) -> None:
        super().__init__(*args, initial={"kind": kinds[0] if kinds else ""}, **kwargs)
        self.offer("kind", [(kind, _explained(kind)) for kind in kinds])


def _explained(kind: LetterKind) -> SafeString:
    return format_html(
        '<span><b>{}</b><br><small class="soft">{}</small></span>', kind.label, _EFFECTS[kind]
    )


class RecoverForm(ProtectedForm):
    """Recovering a lost account: the unit, a new mobile number proved by a code, and the stamped letter.
    The actions say everything that is missing at once."""

    entrance = Entrance.RECOVERY

    unit_code = fields.Text(
        "统一社会信用代码", max_length=18, star=True, help_text="18位，营业执照或法人证书上的代码"
    )
    name = fields.Text("新的帐号管理者姓名", star=True, help_text="与公函、身份证一致")
    mobile = fields.Phone("新的手机号码", star=True)
    code = fields.OneTimeCode("短信验证码", star=True)
    scan = fields.Picture(_SCAN, star=True, help_text=_SCAN_HINT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["id"] = "code"


class ListSearchForm(PlatformForm):
    """What the unit's lists of invitations and agreements are narrowed to: a state, and part of
    the graduate's name. The address of the page holds both."""

    state = fields.Mark()
    q = fields.Text(
        "毕业生姓名",
        required=False,
        max_length=40,
        widget=widgets.TextInput({"type": "search", "placeholder": "毕业生姓名"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)

    def clean_q(self) -> str:
        return readers.search_words(self.cleaned_data["q"])


class SignatureForm(PlatformForm):
    """The handwritten signature that a person saves."""

    signature = fields.Signature("请手写签名", required=False)


class PapersForm(PlatformForm):
    """Pictures of the unit's certificate and of both sides of the person's identity card."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for slot, label in PAPERS.items():
            widget = widgets.ImageSlot(title=label)
            self.fields[slot] = fields.Picture(label, required=False, widget=widget)

    def show(self, addresses: Mapping[str, str]) -> None:
        """Show the pictures that are saved already. `addresses` maps slots to addresses."""
        for slot, address in addresses.items():
            widget = self.fields[slot].widget
            if isinstance(widget, widgets.ImageSlot):
                widget.shown = address

    def lock_certificate(self, reason: str) -> None:
        """Make the certificate a grey field that shows the saved picture and `reason`."""
        widget = self.fields[CERTIFICATE].widget
        picture = getattr(widget, "shown", "")
        words = format_html('<img src="{}" alt="{}">', picture, PAPERS[CERTIFICATE])
        self.grey(CERTIFICATE, reason, shown=words if picture else "")


class ObjectionForm(PlatformForm):
    """What a person of the unit has against a letter. The action says if it is missing."""

    reason = fields.LongText("异议的理由", star=True, required=False, max_length=300)


class LetterReviewForm(PlatformForm):
    """The province's review: the checklist for an approval, or the reason for a refusal.

    `seen` is the `review_mark` of the letter as the reviewer's page showed it.
    """

    check = fields.Checklist("核对清单", tuple(CHECKLIST.items()), required=False)
    reason = fields.LongText("不通过的原因，或核实异议的情况", required=False, max_length=300)
    seen = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}
