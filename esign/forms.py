"""Forms of invitations, agreements and their ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from codes.forms import DeclaredForm, declared_form
from core.forms import PlatformForm, fields, widgets
from destinations.catalogue import catalogue
from destinations.fields import FORM_CATEGORY, DestinationField
from destinations.models import Requirement
from esign.actions.terminate import MOST_MATERIALS
from esign.fields import ALL, DESTINATION_KEYS, IMAGES, OPTIONAL, SIGNATURE, STEPS, of_step
from esign.models import Draft
from esign.states import Ground

FORM = "agreement"


def is_required(key: str) -> bool:
    """By the form itself, or because the destination it fills asks for it."""
    if key not in OPTIONAL:
        return True
    leaf = catalogue().leaves.get(FORM_CATEGORY)
    return (
        leaf is not None
        and key in DESTINATION_KEYS
        and leaf.requirement(key, FORM) == Requirement.REQUIRED
    )


def step_of(errors: Mapping[str, list[str]]) -> int:
    """The number (from 1) of the first step that has something to mend."""
    for number, step in enumerate(STEPS, 1):
        if any(f.key in errors for f in of_step(step)):
            return number
    return len(STEPS)


def keys_of(step: str) -> set[str]:
    found = {f.key for f in of_step(step)}
    return found | {*IMAGES, SIGNATURE} if step == STEPS[-1] else found


def labels() -> dict[str, str]:
    return {f.key: f.label for f in ALL} | IMAGES | {SIGNATURE: "手写签名"}


def terms_form(
    declarations: Iterable[DestinationField],
    values: Mapping[str, Any],
    data: Any = None,
    *,
    grey: Mapping[str, str] | None = None,
    base: type[DeclaredForm] = DeclaredForm,
    files: Any = None,
    **kwargs: Any,
) -> DeclaredForm:
    """Fields of an invitation or an amendment. `values` are stored as they were typed; `grey`
    maps the keys that may not be changed to the reason."""
    every = list(declarations)
    required = [f.key for f in every if is_required(f.key)]
    made = declared_form(every, required=required, greyed=grey, base=base)
    return made(data, files, initial=dict(values), **kwargs)


class SignStepForm(DeclaredForm):
    """The last step: pictures and the signature beside its fields."""

    def __init__(self, *args: Any, draft: Draft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for slot, label in IMAGES.items():
            widget = widgets.ImageSlot(
                title=label,
                shown=_kept_picture(draft, slot),
                send_to=reverse("invite-upload", args=[draft.key, slot]),
            )
            self.fields[slot] = fields.Picture(label, star=True, widget=widget)
        pad = widgets.SignaturePad(shown=_kept_picture(draft, SIGNATURE))
        self.fields[SIGNATURE] = fields.Signature("手写签名", star=True, widget=pad)


def _kept_picture(draft: Draft, slot: str) -> str:
    """Its address; the id in it makes a new picture a new address."""
    file = getattr(draft, slot)
    return f"{reverse('invite-image', args=[draft.key, slot])}?{file.pk}" if file else ""


def step_form(draft: Draft, step: str, data: Any = None, files: Any = None) -> DeclaredForm:
    """One of the four steps of a draft."""
    if step != STEPS[-1]:
        return terms_form(of_step(step), draft.values, data)
    return terms_form(
        of_step(step), draft.values, data, files=files, base=SignStepForm, draft=draft
    )


def draft_form(draft: Draft, data: Any) -> DeclaredForm:
    """Every field of a draft, for what is saved while it is typed."""
    return terms_form(ALL, draft.values, data)


class AmendmentForm(DeclaredForm):
    """Why the terms should change, below the terms themselves."""

    reason = fields.LongText("修改原因", star=True, max_length=200, help_text="毕业生会看到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}


class ProvePhoneForm(PlatformForm):
    """The recruiter's number, and the code that was sent to it."""

    mobile = fields.Phone("手机号码", star=True)
    code = fields.OneTimeCode("短信验证码", star=True, help_text="6 位数字, 10 分钟内有效")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["mobile"].widget.attrs["maxlength"] = "20"


class NamingForm(PlatformForm):
    """Which graduate is meant: all three must agree."""

    school = fields.Text("院校", star=True, max_length=60, help_text="院校全称或5位院校代码")
    name = fields.Text("姓名", star=True, max_length=40)
    student_no = fields.Text("学号", star=True, max_length=20)


class SigningForm(PlatformForm):
    """A graduate signs: under which terms, the code, and the signature or the kept drawing's id.

    `keep_at` is the address a drawing is kept at; `drawn` the id of the one kept already.
    """

    terms_hash = fields.Mark()
    code = fields.OneTimeCode("短信验证码", star=True)
    signature = fields.Signature("手写签名", star=True)
    kept = fields.Seen()

    def __init__(
        self, *args: Any, keep_at: str = "", drawn: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["id"] = "code"
        shown = f"{keep_at}?{drawn}" if drawn else ""
        self.fields["signature"].widget = widgets.SignaturePad(
            shown=shown, keep_at=keep_at, kept=drawn
        )


def signing_form(terms_hash: str, *, drawn: int | None, code: str = "") -> SigningForm:
    """The form as a page shows it."""
    return SigningForm(
        initial={"terms_hash": terms_hash, "code": code},
        keep_at=reverse("own-signature", args=[terms_hash]),
        drawn=drawn,
    )


class TerminationForm(PlatformForm):
    """A request to end an agreement; the action says what the ground asks for."""

    ground = fields.Choice("解约事由", Ground.choices, star=True)
    reason = fields.LongText("原因说明", star=True, max_length=500)
    notified_on = fields.Date("书面告知单位的日期(单方解约必填)", required=False)
    materials = fields.Uploads(f"证明材料(单方解约必填, 最多 {MOST_MATERIALS} 张)", required=False)
    kept = fields.Mark()
    drop = fields.Check("不用这些照片")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class UnitTerminationForm(PlatformForm):
    """The same on the unit's side."""

    ground = fields.Choice("解约事由", Ground.choices, star=True)
    reason = fields.LongText("原因", star=True, max_length=500)
    notified_on = fields.Date("书面告知毕业生的日期(单方解约)", required=False)
    materials = fields.Pictures(f"证明材料图片(单方解约, 最多 {MOST_MATERIALS} 张)", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class AnswerForm(PlatformForm):
    """A button that may need a reason; which ones do is said by the action. `seen` is the
    procedure the page showed, `materials` a stamped release."""

    reason = fields.LongText("原因", star=True, max_length=300)
    seen = fields.Seen()
    materials = fields.Pictures("盖章材料", required=False)

    def __init__(self, *args: Any, label: str = "原因", star: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "%s"} | kwargs)
        answer = fields.LongText(label, required=False, star=star, max_length=300)
        answer.widget.attrs["rows"] = "2"
        self.fields["reason"] = answer


class SigningRulesForm(PlatformForm):
    """签约设置 of a cohort."""

    signing_from = fields.Date(
        "签约开始日期", star=True, help_text="从这天起毕业生可以接受签约邀约。"
    )
    termination_from = fields.Date(
        "解约开始日期", star=True, help_text="从这天起双方可以提出解约。"
    )
    most_terminations = fields.Number(
        "最大解约次数", star=True, help_text="每名毕业生在本届最多解约几次, 只计已同意的。"
    )
    silence_days = fields.Number(
        "对方未答复期限(天)",
        star=True,
        help_text="协商解约时对方超过期限未答复, 毕业生可以上传盖章解约材料。",
    )
    copies = fields.Number("打印份数", star=True, help_text="每次打印协议书的默认份数。")
    department_decides = fields.Check(
        "解约由院系审核即可", help_text="勾选后院系同意即办结, 不再经学校终审。"
    )


MOST_COPIES = 20
_COPIES = f"份数应为1至{MOST_COPIES}。"


class CopiesForm(PlatformForm):
    copies = fields.Number(
        "打印份数",
        min_value=1,
        max_value=MOST_COPIES,
        help_text="毕业生、用人单位、学校各执一份。",
        error_messages={
            "required": _COPIES, "invalid": _COPIES, "min_value": _COPIES, "max_value": _COPIES,
        },
    )  # fmt: skip
