"""Forms of invitations, agreements and terminations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from django.http import QueryDict
from django.urls import reverse

from accounts.proof import Entrance
from accounts.proof_form import ProtectedForm
from codes.forms import DeclaredForm, declared_form
from core.errors import DomainError
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
    """Whether the field is required, by the invitation itself or by the destination that it fills."""
    if key not in OPTIONAL:
        return True
    leaf = catalogue().leaves.get(FORM_CATEGORY)
    return (
        leaf is not None
        and key in DESTINATION_KEYS
        and leaf.requirement(key, FORM) == Requirement.REQUIRED
    )


def first_step_with_errors(errors: Mapping[str, list[str]]) -> int:
    """The number (from 1) of the first step with an error; the last step's if none has one."""
    for number, step in enumerate(STEPS, 1):
        if any(f.key in errors for f in of_step(step)):
            return number
    return len(STEPS)


def keys_of_step(step: str) -> set[str]:
    """The keys of the fields, pictures and signature that a step asks for."""
    keys = {f.key for f in of_step(step)}
    return keys | {*IMAGES, SIGNATURE} if step == STEPS[-1] else keys


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
    """A form of the declared fields of an invitation or an amendment.

    `values` are the stored ones, as they were typed. `grey` maps keys that can't be changed to the
    reason.
    """
    every = list(declarations)
    required = [f.key for f in every if is_required(f.key)]
    form_class = declared_form(every, required=required, greyed=grey, base=base)
    return form_class(data, files, initial=dict(values), **kwargs)


class SignStepForm(DeclaredForm):
    """The last step, with the pictures and the signature besides its fields."""

    def __init__(self, *args: Any, draft: Draft, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for slot, label in IMAGES.items():
            widget = widgets.ImageSlot(
                title=label,
                shown=_kept_picture(draft, slot),
                send_to=reverse("invite-upload", args=[draft.key, slot]),
            )
            self.fields[slot] = fields.Picture(label, star=True, widget=widget)
        pad = widgets.SignaturePad(
            shown=_kept_picture(draft, SIGNATURE),
            keep_at=reverse("invite-upload", args=[draft.key, SIGNATURE]),
            kept=draft.signature_id,
        )
        self.fields[SIGNATURE] = fields.Signature("手写签名", star=True, widget=pad)


def _kept_picture(draft: Draft, slot: str) -> str:
    """The address of the picture kept in `slot`, or "". It contains the picture's id, so that the
    browser does not show an older one from its cache."""
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
    """A form of all fields of a draft, for saving it while it is typed."""
    return terms_form(ALL, draft.values, data)


class AmendmentForm(DeclaredForm):
    """The terms to change, and the reason why."""

    reason = fields.LongText("修改原因", star=True, max_length=200, help_text="毕业生会看到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}


class ProvePhoneForm(ProtectedForm):
    """The recruiter's mobile number and the code that was sent to it."""

    entrance = Entrance.CARD

    mobile = fields.Phone("手机号码", star=True)
    code = fields.OneTimeCode("短信验证码", star=True, help_text="6 位数字，10 分钟内有效")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["mobile"].widget.attrs["maxlength"] = "20"


class GraduateIdentityForm(PlatformForm):
    """The graduate that a unit wants to invite. School, name and student number must all match."""

    school = fields.Text("院校", star=True, max_length=60, help_text="院校全称或5位院校代码")
    name = fields.Text("姓名", star=True, max_length=40)
    student_no = fields.Text("学号", star=True, max_length=20)


class SigningForm(PlatformForm):
    """A graduate signs terms: their hash, the code, and a signature or the id of the kept one.

    `keep_at` is the address that a drawn signature is sent to; `kept_id` is the id of the signature
    that is kept already.
    """

    terms_hash = fields.Mark()
    code = fields.OneTimeCode("短信验证码", star=True)
    signature = fields.Signature("手写签名", star=True)
    kept = fields.Seen()

    def __init__(
        self, *args: Any, keep_at: str = "", kept_id: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["id"] = "code"
        shown = f"{keep_at}?{kept_id}" if kept_id else ""
        self.fields["signature"].widget = widgets.SignaturePad(
            shown=shown, keep_at=keep_at, kept=kept_id
        )


def signing_form(
    terms_hash: str, *, kept_id: int | None, code: str = "", refusal: DomainError | None = None
) -> SigningForm:
    """The form that a page shows under terms, with what was typed or drawn before, and with what an
    action refused."""
    form = SigningForm(
        initial={"terms_hash": terms_hash, "code": code},
        keep_at=reverse("own-signature", args=[terms_hash]),
        kept_id=kept_id,
    )
    if refusal is not None:
        form.cleaned_data = {}  # Django's add_error takes errors out of it
        form.add_refusal(refusal)
    return form


class ConsentForm(PlatformForm):
    """Consent to a termination: the statement, and the code. `seen` is the id of the termination that
    the page showed."""

    seen = fields.Seen()
    has_read = fields.Check("我已阅读以上内容，同意解除就业协议")
    code = fields.OneTimeCode("短信验证码", star=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


def consent_form(
    seen: int, statement: str, *, typed: Mapping[str, Any], refusal: DomainError | None = None
) -> ConsentForm:
    """The form under the sheet of a termination, with what was typed before and what was refused."""
    form = ConsentForm(initial={**typed, "seen": seen})
    form.fields["has_read"].label = statement
    if refusal is not None:
        form.cleaned_data = {}  # Django's add_error takes errors out of it
        form.add_refusal(refusal)
    return form


def _replace_in_data(form: PlatformForm, **values: str | None) -> None:
    """Show the bound form with other values than were posted; None leaves a value out."""
    data = cast(QueryDict, form.data).copy()
    for name, value in values.items():
        if value is None:
            data.pop(name, None)
        else:
            data[name] = value
    form.data = data


class TerminationForm(PlatformForm):
    """A graduate's request to end an agreement. What its ground asks for is checked by the action.

    `kept` is a signed list of pictures that an earlier, refused sending of the form brought;
    `drop` leaves them out.
    """

    ground = fields.Choice("解约事由", Ground.choices, star=True)
    reason = fields.LongText("原因说明", star=True, max_length=500)
    notified_on = fields.Date("书面告知单位的日期（单方解约必填）", required=False)
    materials = fields.Uploads(
        f"证明材料（单方解约必填，最多 {MOST_MATERIALS} 张）",
        required=False,
        help_text="拍照或从相册选择，大图会自动压缩。",
    )
    kept = fields.Mark()
    drop = fields.Check("不用这些照片")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)

    def show_kept(self, token: str, count: int) -> None:
        """Show the form again with `count` pictures that are kept and named by `token`."""
        if not self.is_bound:
            return
        _replace_in_data(self, kept=token, drop=None)
        widget = self.fields["materials"].widget
        if count and isinstance(widget, widgets.ImagesInput):
            widget.shown = f"{count}张"


class UnitTerminationForm(PlatformForm):
    """A unit's request to end an agreement."""

    ground = fields.Choice("解约事由", Ground.choices, star=True, widget=widgets.RadioSelect)
    reason = fields.LongText("原因", star=True, max_length=500)
    notified_on = fields.Date("书面告知毕业生的日期（单方解约）", required=False)
    materials = fields.Pictures(
        f"证明材料图片（单方解约，最多 {MOST_MATERIALS} 张）", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class AnswerForm(PlatformForm):
    """An answer that may need a reason; the action says for which answers it is missing. `seen`
    is the id of the termination that the page showed."""

    reason = fields.LongText("原因", star=True, max_length=300)
    seen = fields.Seen()

    def __init__(self, *args: Any, label: str = "原因", star: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "%s"} | kwargs)
        answer = fields.LongText(label, required=False, star=star, max_length=300)
        answer.widget.attrs["rows"] = "2"
        self.fields["reason"] = answer


class ConclusionForm(PlatformForm):
    """Says that a labour contract followed an agreement. What is missing is said by the action.

    `kept` is a signed list of pictures that an earlier, refused sending of the form brought.
    """

    contract_on = fields.Date("劳动合同签订日期", star=True)
    first_page = fields.Picture(
        "劳动合同首页", star=True, help_text="看得清双方名称；大图会自动压缩。"
    )
    signature_page = fields.Picture("劳动合同签字盖章页", star=True)
    note = fields.LongText("说明", required=False, max_length=300)
    kept = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)

    def show_kept(self, token: str, slots: Collection[str]) -> None:
        """Show the form again. The pictures in `slots` are kept and named by `token`."""
        _replace_in_data(self, kept=token)
        for slot in slots:
            self[slot].help_text = "已收到，会随申请一起提交；需要更换的请重新选择。"
            widget = self.fields[slot].widget
            assert isinstance(widget, widgets.FileInput)
            widget.shown = slot


class ConclusionAnswerForm(PlatformForm):
    """The second person's answer: a statement to tick before confirming, a reason for refusing. `seen`
    is the id of the conclusion that the page showed."""

    has_read = fields.Check("我已核对劳动合同图片和签订日期，确认就业协议转为劳动合同")
    reason = fields.LongText("不同意的原因", required=False, star=True, max_length=300)
    seen = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class StampedReleaseForm(PlatformForm):
    """Pictures of the unit's stamped release. `seen` is the id of the termination that the page
    showed."""

    materials = fields.Pictures(
        f"加盖单位公章或人力资源部门公章的解约材料（最多 {MOST_MATERIALS} 张）", star=True
    )
    seen = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "%s"} | kwargs)


class SigningRulesForm(PlatformForm):
    """签约设置: the rules of a cohort."""

    signing_from = fields.Date(
        "签约开始日期", star=True, help_text="从这天起毕业生可以接受签约邀约。"
    )
    termination_from = fields.Date(
        "解约开始日期", star=True, help_text="从这天起双方可以提出解约。"
    )
    most_terminations = fields.Number(
        "最大解约次数", star=True, help_text="每名毕业生在本届最多解约几次，只计已同意的。"
    )
    silence_days = fields.Number(
        "对方未答复期限（天）",
        star=True,
        help_text="协商解约时对方超过期限未答复，毕业生可以上传盖章解约材料。",
    )
    copies = fields.Number("打印份数", star=True, help_text="每次打印协议书的默认份数。")
    department_decides = fields.Check(
        "解约由院系审核即可", help_text="勾选后院系同意即办结，不再经学校终审。"
    )


class VerificationForm(ProtectedForm):
    """An agreement's PDF that somebody wants to have verified."""

    entrance = Entrance.VERIFICATION

    file = fields.File(
        "PDF文件",
        accept="application/pdf",
        allow_empty_file=True,  # the verification itself says that it is no PDF
        error_messages={"required": "请选择要验证的PDF文件。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


MOST_COPIES = 20
_COPIES_RANGE = f"份数应为1至{MOST_COPIES}。"


class CopiesForm(PlatformForm):
    """How many copies of an agreement are printed."""

    copies = fields.Number(
        "打印份数",
        min_value=1,
        max_value=MOST_COPIES,
        help_text="毕业生、用人单位、学校各执一份。",
        error_messages={
            "required": _COPIES_RANGE, "invalid": _COPIES_RANGE, "min_value": _COPIES_RANGE,
            "max_value": _COPIES_RANGE,
        },
    )  # fmt: skip
