"""The console's forms of a school's set-up."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from accounts.proof import Entrance
from accounts.proof_form import ProtectedForm
from codes.forms import DeclaredForm, declared_form
from core.forms import PlatformForm, fields
from schools.actions.staff import SCHOOL_ROLES
from schools.fields import CONTACT
from schools.names import no_such_schools, schools_named

_YEAR = "请填写四位数的年份，如 2027。"
ROLES = [(role.value, role.label) for role in SCHOOL_ROLES]


class SchoolsField(fields.LongText):
    """Names of schools, separated by 、 or line breaks; `cleaned_data` holds their ids."""

    def clean(self, value: Any) -> list[int]:
        ids, unknown = schools_named(str(value or ""))
        if unknown:
            raise ValidationError(no_such_schools(unknown), code="school_unknown")
        return ids


class LoginForm(ProtectedForm):
    """Sign-in to the console."""

    entrance, account_fields = Entrance.STAFF, ("login",)

    login = fields.Text("用户名", max_length=60)
    password = fields.Password("密码")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "autofocus": True}


class FactorCodeForm(PlatformForm):
    """The second step of a sign-in."""

    code = fields.Text("验证码", help_text="验证器应用中的6位数字；手机不在身边时填写一个恢复码。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.fields["code"].widget.attrs |= {
            "autocomplete": "one-time-code", "autocapitalize": "off", "maxlength": "20",
            "autofocus": True,
        }  # fmt: skip


class PasswordForm(PlatformForm):
    """The signed-in person types the own password again."""

    password = fields.Password("登录密码")


class FactorForm(PasswordForm):
    """The own password and a code of the authenticator app."""

    code = fields.OneTimeCode("验证器应用中的6位数字")
    field_order = ("code", "password")


class DepartmentForm(PlatformForm):
    name = fields.Text("院系名称", max_length=50, help_text="与学籍中的名称一致。")


class ClassForm(PlatformForm):
    name = fields.Text("班级名称", max_length=50)


class NewClassForm(ClassForm):
    """A class added on its department's page, where another form has a field `name`, too."""

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_class_%s", **kwargs)
        self.fields["name"].label = label


class MajorForm(PlatformForm):
    code = fields.Text("专业代码", max_length=10, help_text="如 080901、120203K。")
    name = fields.Text("专业名称", max_length=50)


class _Opens(PlatformForm):
    opens_on = fields.Date("开放日期", required=False, help_text="毕业生从这天起可以登记。")


class NewCohortForm(_Opens):
    """A cohort's year and its days; without an end it takes the default one."""

    year = fields.Number(
        "届别",
        help_text="毕业年份，如 2027。",
        error_messages={"required": _YEAR, "invalid": _YEAR},
    )
    ends_on = fields.Date(
        "截止日期",
        required=False,
        help_text="不填为毕业当年的8月31日；过后毕业生不能再登记。",
    )
    field_order = ("year", "opens_on", "ends_on")


class CohortForm(_Opens):
    """The days of a cohort that is there, and how it is counted."""

    ends_on = fields.Date("截止日期", help_text="过后毕业生不能再登记。")
    count_incomplete = fields.Check(
        "结业生计入分母",
        help_text="计算毕业去向落实率时，毕结业结论为“结业”的学生是否算在人数内。",
    )


class _Settings(DeclaredForm):
    two_person_review = fields.Check(
        "录入与终审须为两人", help_text="勾选后，谁录入的去向就不能由谁终审。"
    )


# What a school sets about itself.
SettingsForm = declared_form(CONTACT, base=_Settings)


class NewSchoolForm(PlatformForm):
    code = fields.Digits("院校代码", max_length=5, help_text="5位数字。")
    name = fields.Text("院校名称", max_length=60)
    phone = fields.Phone("就业部门电话", required=False)


class SchoolForm(PlatformForm):
    """What the province may change of a school."""

    brand_name = fields.Text(
        "平台显示名称", required=False, max_length=60, help_text="留空则显示院校名称。"
    )
    phone = fields.Phone("就业部门电话", required=False)


class PersonForm(PlatformForm):
    """Name and number of a staff member; the action checks both, with all else, at once."""

    name = fields.Text("姓名", max_length=40, star=True)
    mobile = fields.Phone("手机号码", star=True)


class MemberForm(PersonForm):
    """Name and number of an account that exists: a new number takes the password of who is signed
    in."""

    password = fields.Password("您的登录密码", required=False, help_text="只在修改手机号码时填写。")


class NewAdminForm(PersonForm):
    """A school's admin, added by the province."""

    login = fields.Text(
        "用户名",
        star=True,
        max_length=30,
        help_text="登录用，建好后不能改；3至30位字母、数字、点、横线。",
    )
    field_order = ("login", "name", "mobile")


class NewStaffForm(NewAdminForm):
    role = fields.Choice("角色", ROLES, star=True)


class RoleForm(PlatformForm):
    role = fields.Choice("角色", ROLES)


class YearForm(PlatformForm):
    """The year chosen in the top bar, and the address of the page that it was chosen on."""

    year = fields.Mark()
    next = fields.Mark()


class ReasonForm(PlatformForm):
    """Why something is done, for the record."""

    reason = fields.LongText("原因", max_length=200)


class ScopeForm(PlatformForm):
    """What was ticked on the page of a staff member's scope. `of` is the cohort whose classes the
    page showed."""

    of = fields.Seen()
    cohorts = fields.Ids()
    levels = fields.Words()
    departments = fields.Ids()
    classes = fields.Ids()


class BulkForm(PlatformForm):
    """How many rows a person confirmed, and why."""

    expected = fields.Number("条数")
    reason = fields.LongText("原因", star=True, max_length=300)


class ViewNameForm(PlatformForm):
    """The name of a saved view of a list."""

    name = fields.Text("名称", max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="rename-view-%s", **kwargs)


class NewViewForm(PlatformForm):
    """What a list shows, to be kept under a name, for the person or for all of the school."""

    name = fields.Text("名称", max_length=20)
    shared = fields.Check("本校工作人员共用")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="new-view-%s", **kwargs)
