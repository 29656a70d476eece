"""The workbook to fill in for many invitations: choices for coded columns, and an example row."""

from __future__ import annotations

from django.utils import timezone

from codes.fields import choices_by_label
from core import spreadsheets
from esign.actions.import_cells import COLUMN_KEYS, EXAMPLE_SCHOOL, FIELD_KEYS, HEADER
from esign.actions.registered import KEYS, NAME, SCHOOL, STUDENT_NO
from esign.fields import BY_KEY
from schools.models import School

_EXAMPLE = {
    SCHOOL: EXAMPLE_SCHOOL,
    NAME: "张三",
    STUDENT_NO: "2027000001",
    "job_title": "软件工程师",
    "term_years": "3",
    "probation_months": "3",
    "probation_wage": "7000",
    "wage": "8000",
    "penalty": "0",
    "report_place": "安徽省合肥市包河区示例路1号",
    "work_place": "安徽省合肥市包河区",
    "archive_unit": "合肥市人才服务中心",
    "archive_contact": "李四",
    "archive_phone": "0551-60000000",
    "archive_address": "合肥市示例路2号",
    "contact_phone": "0551-60000001",
    "contact_email": "hr@example.com",
    "valid_days": "3",
}
_EXAMPLE_JOB = "13"  # 工程技术人员


def example_row() -> list[str]:
    """The cells of the template's example, in the order of its header."""
    values = _EXAMPLE | {
        "job_category": BY_KEY["job_category"].show(_EXAMPLE_JOB),
        "report_by": f"{timezone.localdate().year + 1}-07-10",
    }
    return [values.get(key, "") for key in COLUMN_KEYS]


def template_workbook() -> bytes:
    choices = choices_by_label(BY_KEY[key] for key in FIELD_KEYS)
    schools = School.objects.filter(is_open=True).order_by("code")
    choices[KEYS[SCHOOL]] = list(schools.values_list("name", flat=True))
    return spreadsheets.write(HEADER, [example_row()], title="批量邀约", choices=choices)
