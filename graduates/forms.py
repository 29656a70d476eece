"""Forms of origin records, archive transfers, corrections, and of the graduate's sign-in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from accounts.forms import NewPasswordForm
from accounts.models import Realm, User
from accounts.proof import Entrance
from accounts.proof_form import ProtectedForm
from codes.fields import FieldDeclaration
from codes.forms import DeclaredField, DeclaredForm, declared_form
from core.forms import PlatformForm, fields, widgets
from core.masking import mask_id, mask_phone
from graduates import archive, placement
from graduates.actions import field_permissions, reopen
from graduates.fields import ALL, BY_KEY, PAGE_KEYS
from graduates.models import ArchiveTransfer, Graduate
from graduates.permissions import editable_keys, why_grey
from graduates.records import record_of
from graduates.rules.glyphs import check_glyphs
from graduates.states import Standing
from schools.models import School

# Masked numbers that a logged click shows as a whole, with the path to them from a graduate.
REVEALABLE = {"id_number": "person__id_number", "mobile": "mobile", "home_phone": "home_phone"}
# How staff see these numbers. They are changed by typing a new one; the whole one takes a click.
MASKS = {"id_number": mask_id, "mobile": mask_phone, "home_phone": mask_phone}
_REQUIRED = [f.key for f in ALL if f.required]
_LEAVING = (Standing.TRANSFERRED, Standing.WITHDRAWN)


class OriginForm(DeclaredForm):
    """The form of an origin record. `version` is the version that the page showed."""

    version = fields.Seen()


class OwnOriginForm(OriginForm):
    """The graduate's own form: a new mobile number takes the password."""

    password = fields.Password(
        "登录密码",
        required=False,
        help_text="只在修改手机号码时填写：签约的验证码发到这个号码。",
    )


def origin_form(
    graduate: Graduate,
    user: User,
    data: Mapping[str, Any] | None = None,
    *,
    keys: Collection[str] = tuple(BY_KEY),
    base: type[OriginForm] = OriginForm,
) -> DeclaredForm:
    """A form with the fields `keys` of a record. Those that `user` may not edit now are grey."""
    allowed = editable_keys(graduate, user)
    shown = [BY_KEY[key] for key in PAGE_KEYS if key in keys]
    form_class = declared_form(
        shown,
        required=[f.key for f in ALL if f.asked],
        demanded=_REQUIRED,
        greyed={f.key: why_grey(f, graduate, user) for f in shown if f.key not in allowed},
        masked=REVEALABLE,
        choices=_own_choices(graduate, user, allowed & set(keys), data or {}),
        base=base,
    )
    record = record_of(graduate)
    form = form_class(data, initial=record)
    if user.realm == Realm.STAFF:
        for key in MASKS.keys() & allowed & set(keys):
            field = form.fields[key]
            if isinstance(field, DeclaredField) and record[key]:
                field.kept_number = (MASKS[key](record[key]), record[key])
        _warn_of_glyphs(form)
    return form


def _warn_of_glyphs(form: DeclaredForm) -> None:
    """Say beside the name which of its characters can't be printed."""
    if "name" in form.fields:
        name = str(form["name"].value() or "")
        findings = check_glyphs(name[: BY_KEY["name"].max_length])
        form.warnings["name"] = [f"{finding.message}。" for finding in findings]


def _own_choices(
    graduate: Graduate, user: User, keys: set[str], data: Mapping[str, Any]
) -> dict[str, placement.Choices]:
    """The choices of those of the fields `keys` that decide who sees the record: only what `user` may
    choose, and what is stored."""
    choices: dict[str, placement.Choices | None] = {}
    stored = graduate.department.name
    if "department" in keys:
        choices["department"] = placement.department_choices(
            graduate.school_id, user, current=stored
        )
    if "school_class" in keys:
        first = (str(graduate.cohort.year), data.get("department") or stored)
        choices["school_class"] = placement.class_choices([graduate.cohort], user, first=first)
    if "level" in keys:
        choices["level"] = placement.level_choices(user, current=graduate.level)
    return {key: offered for key, offered in choices.items() if offered is not None}


def new_graduate_form(
    school: School, user: User, data: Mapping[str, Any] | None = None
) -> DeclaredForm:
    """The form that adds a graduate by hand, to a cohort that takes some."""
    cohorts = placement.open_cohorts(school.pk)
    typed = data or {}
    first = (typed.get("year", ""), typed.get("department", ""))
    form_class = declared_form(
        ALL,
        required=_REQUIRED,
        demanded=_REQUIRED,
        choices={
            "year": placement.cohort_choices(school.pk),
            "department": placement.department_choices(school.pk, user),
            "school_class": placement.class_choices(cohorts, user, first=first),
        },
    )
    form = form_class(data)
    _warn_of_glyphs(form)
    return form


class StandingForm(PlatformForm):
    """A change of the standing: 延期, 转出, 退学, or back to 在籍. The action refuses what can't be."""

    standing = fields.Choice("变动", ())
    reason = fields.Text("原因", max_length=200)

    def __init__(self, *args: Any, graduate: Graduate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["standing"].widget.attrs |= {
            "id": "standing", "class": "form-select form-select-sm",
        }  # fmt: skip
        self.fields["reason"].widget.attrs |= {
            "id": "standing-reason", "class": "form-control form-control-sm",
        }  # fmt: skip
        self.offer("standing", self._choices(graduate), empty="请选择")

    def _choices(self, graduate: Graduate) -> list[tuple[str, str]]:
        if graduate.standing != Standing.ENROLLED:
            return [("enrolled", "恢复在籍")]
        others = [
            c for c in placement.open_cohorts(graduate.school_id) if c.pk != graduate.cohort_id
        ]
        deferrals = [(f"defer-{c.pk}", f"延期到{c}") for c in others]
        return [*deferrals, *((s.value, s.label) for s in _LEAVING)]


class ArchiveForm(DeclaredForm):
    """A form of an archive transfer. `version` is the one that the page showed, 0 if there was none."""

    version = fields.Seen()


def archive_form(
    archive_transfer: ArchiveTransfer | None,
    keys: Collection[str],
    data: Mapping[str, Any] | None = None,
    *,
    grey: str = "",
) -> DeclaredForm:
    """A form with the fields `keys` of the archive transfer. With a reason `grey` none can be
    edited."""
    shown = [archive.BY_KEY[key] for key in keys]
    form_class = declared_form(
        shown,
        required=[f.key for f in shown if f.required],
        greyed=dict.fromkeys(keys, grey) if grey else {},
        base=ArchiveForm,
    )
    initial: dict[str, Any] = {"version": 0}
    if archive_transfer is not None:
        initial = {key: getattr(archive_transfer, key) for key in (*keys, "version")}
    return form_class(data, initial=initial)


class PermissionsForm(PlatformForm):
    """The table of fields and of who may edit them: for each column the keys that are ticked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in field_permissions.COLUMNS:
            self.fields[column] = fields.Words()

    def rights(self) -> dict[str, field_permissions.EditRights]:
        """For every field that can be set, whether each column may edit it."""
        ticked = [self.cleaned_data[column] for column in field_permissions.COLUMNS]
        return {
            f.key: (f.key in ticked[0], f.key in ticked[1], f.key in ticked[2])
            for f in field_permissions.SETTABLE
        }


class CorrectionFieldForm(PlatformForm):
    """Chooses what a correction is about: the kind of data, and then one of its fields.

    `kinds` are (kind, label), `fields_of_kind` (key, label) of the chosen kind, if one is chosen.
    """

    kind = fields.Choice("需要更正哪一类", (), required=False)
    field = fields.Choice("字段", (), required=False)

    def __init__(
        self,
        *args: Any,
        kinds: Sequence[tuple[str, str]],
        fields_of_kind: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, auto_id="choose_%s", **kwargs)
        self.offer("kind", kinds, empty="请选择")
        if fields_of_kind:
            self.offer("field", fields_of_kind, empty="请选择")
        else:
            del self.fields["field"]


class CorrectionForm(PlatformForm):
    """The proposed value of the field that `kind` and `field` name, with a reason and up to four
    pictures. The action says everything that is missing at once. The value has the input that forms
    have for `declared`, so that a code is chosen from its table."""

    kind = fields.Mark()
    field = fields.Mark()
    proposed = fields.Text("更正为", star=True, max_length=200)
    reason = fields.LongText("理由", star=True, max_length=300)
    images = fields.Pictures("证明图片（最多 4 张）", required=False)

    def __init__(self, *args: Any, declared: FieldDeclaration | None, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        if declared is not None:
            proposed = DeclaredField(declared, star=True)
            proposed.label = self.fields["proposed"].label
            self.fields["proposed"] = proposed


class AnswerForm(PlatformForm):
    """The answer to a correction. Only a refusal needs one."""

    answer = fields.LongText("说明（不采纳、转交时必填）", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["answer"].widget.attrs["rows"] = "2"


class EntryAnswerForm(PlatformForm):
    """The answer of a second staff member about what was entered by hand. `seen` is the newest entry
    that the page showed. Only a refusal needs a reason."""

    seen = fields.Seen()
    reason = fields.LongText("不确认的原因（录入人会看到）", required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class DuplicateForm(PlatformForm):
    """Which of several records of one person stays 在籍."""

    stands = fields.Number("保留的记录", star=True, widget=widgets.Select)
    standing = fields.Choice("其余记录改为", [(s.value, s.label) for s in _LEAVING], star=True)
    reason = fields.LongText("核定依据", star=True, max_length=200, help_text="两校都会看到。")

    def offer_records(self, records: Sequence[Graduate]) -> None:
        """Offer these records as choices."""
        rows = [(g.pk, f"{g.school.name} {g.student_no}") for g in records]
        self.offer("stands", rows, empty="请选择")


class FindForm(PlatformForm):
    """Finds one record by school and student number."""

    school = fields.Choice("学校", ())
    student_no = fields.Text("学号", max_length=20)

    def __init__(self, *args: Any, schools: Sequence[tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("school", schools, empty="请选择")


class ReopenForm(PlatformForm):
    """Opens a record until a date, with a reason."""

    until = fields.Date("开放至", star=True, help_text=f"含当天，最多{reopen.MOST_DAYS}天。")
    reason = fields.LongText("原因", star=True, max_length=200)


class SignInForm(ProtectedForm):
    """A graduate's sign-in."""

    entrance, account_fields = Entrance.GRADUATE, ("school", "student_no")

    school = fields.Text("院校", widget=widgets.TextInput(attrs={
        "list": "schools", "data-suggest": "true", "autocomplete": "off",
        "placeholder": "输入院校名称关键字",
    }))  # fmt: skip
    student_no = fields.Text("学号")
    password = fields.Password("密码")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "%s"} | kwargs)
        self.fields["student_no"].widget.attrs |= {
            "autocomplete": "username", "autocapitalize": "off",
        }  # fmt: skip


class ActivationForm(NewPasswordForm, SignInForm):
    """The first sign-in: who the graduate is, the initial code, and a new password."""

    entrance = Entrance.ACTIVATION
    password = None  # type: ignore[assignment]
    name = fields.Text("姓名")
    id_number = fields.Text("证件号码")
    code = fields.Text("初始码")
    field_order = (
        "school", "name", "student_no", "id_number", "code", "new_password", "repeated",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["id_number"].widget.attrs |= {
            "autocomplete": "off", "autocapitalize": "characters",
        }  # fmt: skip
        self.fields["code"].widget.attrs |= {
            "autocomplete": "one-time-code", "autocapitalize": "characters",
        }  # fmt: skip
