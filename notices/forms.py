"""The forms of notices. What does not hold is said by the actions."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from codes import lookup
from core.errors import DomainError, Invalid
from core.forms import PlatformForm, fields, widgets
from notices import queries
from notices.actions.notices import (
    LONGEST_BODY,
    LONGEST_REASON,
    LONGEST_TITLE,
    MOST_ATTACHMENTS,
    MOST_BYTES,
)
from notices.actions.reminders import LONGEST_TEXT
from notices.models import Notice
from notices.states import Readers
from schools.forms import SchoolsField
from schools.models import Cohort, Department, School
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

_MARKDOWN = "标题前加#号和空格，列表每行前加减号和空格，前后各加两个星号的加粗"


class NoticeForm(PlatformForm):
    """A notice as its publisher writes it, its audience, and the version that the page showed."""

    title = fields.Text("标题", star=True, max_length=LONGEST_TITLE)
    body = fields.LongText(
        "正文", star=True, max_length=LONGEST_BODY,
        widget=widgets.Textarea({"rows": "12"}), help_text=_MARKDOWN,
    )  # fmt: skip
    readers = fields.Choice("面向", Readers.choices, star=True)
    must_read = fields.Check("需要读者确认已阅读")
    expires_on = fields.Date("展示至", required=False, help_text="不填为一直展示，直到撤回")
    schools = SchoolsField(
        "学校", required=False, wide=True, widget=widgets.Textarea({"rows": "2"}),
        help_text="填写全称，用“、”分隔；不填为全省",
    )  # fmt: skip
    departments = fields.Checklist("院系", [], required=False, wide=True, help_text="不选为全校")
    years = fields.Checklist("届别", [], required=False, help_text="面向毕业生时有效，不选为各届")
    level_groups = fields.Checklist(
        "学历", [], required=False, help_text="面向毕业生时有效，不选为各学历"
    )
    roles = fields.Checklist("角色", [], required=False, help_text="面向工作人员时有效，不选为全部")
    uploads = fields.Uploads(
        "附件", required=False, wide=True,
        widget=widgets.ImagesInput(accept="application/pdf,image/*"),
        help_text=f"PDF或图片，最多{MOST_ATTACHMENTS}个，每个不超过{MOST_BYTES // 1024 // 1024}MB",
    )  # fmt: skip
    kept = fields.Ids()
    version = fields.Seen()

    @property
    def typed(self) -> dict[str, Any]:
        """The valid form's values as the actions take them."""
        v = self.cleaned_data
        return {
            "title": v["title"], "body": v["body"], "readers": v["readers"],
            "must_read": v["must_read"], "expires_on": v["expires_on"],
            "school_ids": v.get("schools", []),
            "department_ids": [int(pk) for pk in v.get("departments", [])],
            "years": [int(year) for year in v["years"]],
            "levels": lookup.levels_of_group(v["level_groups"]),
            "roles": v["roles"],
        }  # fmt: skip

    def add_notice_refusal(self, refusal: DomainError) -> None:
        """Show what the action refused; the audience's fields have other names here."""
        if isinstance(refusal, Invalid):
            names = {"school_ids": "schools", "department_ids": "departments"}
            refusal = Invalid({names.get(k, k): said for k, said in refusal.errors.items()})
        self.add_refusal(refusal)


def notice_form(
    notice: Notice | None, user: User, data: Any = None, files: Any = None
) -> NoticeForm:
    """The form for what this person may address: the province schools, a school its departments, a
    department its own."""
    form = NoticeForm(data, files, initial=_initial(notice) if notice is not None else {})
    staff = staff_of(user)
    assert staff is not None
    if staff.role_level == Level.PROVINCE:
        del form.fields["departments"]
        cohorts = Cohort.objects.all()
    else:
        del form.fields["schools"]
        departments = Department.objects.filter(school=staff.school_id)
        if staff.role_level != Level.SCHOOL:
            departments = departments.filter(pk__in=queries.departments_of(user))
            form.fields["departments"].help_text = "请选择面向的院系"
        form.offer("departments", departments.order_by("name").values_list("pk", "name"))
        cohorts = Cohort.objects.filter(school=staff.school_id)
    years = sorted(set(cohorts.values_list("year", flat=True)), reverse=True)
    form.offer("years", [(year, f"{year}届") for year in years])
    form.offer("level_groups", [(group, group) for group in lookup.level_groups()])
    form.offer("roles", [(k, v) for k, v in LEVEL_LABELS.items() if k != Level.PROVINCE])
    return form


def _initial(notice: Notice) -> dict[str, Any]:
    names = School.objects.filter(pk__in=notice.school_ids).order_by("name")
    chosen = set(notice.levels)
    return {
        "title": notice.title, "body": notice.body, "readers": notice.readers,
        "must_read": notice.must_read, "expires_on": notice.expires_on,
        "schools": "、".join(names.values_list("name", flat=True)),
        "departments": notice.department_ids, "years": notice.years, "roles": notice.roles,
        "level_groups": [g for g in lookup.level_groups() if chosen & set(lookup.levels_of_group([g]))],
        "version": notice.version,
    }  # fmt: skip


class WithdrawForm(PlatformForm):
    reason = fields.LongText(
        "撤回的原因", star=True, max_length=LONGEST_REASON, widget=widgets.Textarea({"rows": "2"})
    )


class SeenForm(PlatformForm):
    """The version of the notice that the page showed."""

    version = fields.Seen()


class ReminderForm(PlatformForm):
    """The words of a reminder, the ways it is sent besides the message centre, and the number of people
    that the page showed."""

    text = fields.LongText(
        "内容", star=True, max_length=LONGEST_TEXT, widget=widgets.Textarea({"rows": "2"}),
        help_text=f"写明要办什么、何时截止，最多{LONGEST_TEXT}个字；平台会附上办理的页面",
    )  # fmt: skip
    with_mail = fields.Check("同时发邮件")
    with_texts = fields.Check("未读的发短信")
    expected = fields.Number("人数")
