"""The list of applications as a workbook for the unit's people (DOMAIN-AROUND §1.5)."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from codes import lookup
from core import audit, rate, spreadsheets
from core.errors import Refused
from employers.models import UnitMember
from recruiting.actions.posting_base import unit_actor
from recruiting.actions.unit_applications import may_read_resume
from recruiting.models import Application, Interview
from recruiting.states import AFTER_ACCEPTANCE

MOST_ROWS = 30_000
_MOST_EXPORTS = 10  # an hour for each person
_HEADER = (
    "姓名", "学校", "学历", "专业", "职位", "状态", "投递时间", "首次查看", "手机号码",
)  # fmt: skip


def workbook(*, rows: QuerySet[Application], by: UnitMember) -> bytes:
    """The applications as a workbook. The phone number is there only if the graduate showed it at
    delivery or accepted an interview; of those whose résumé may not be read any more, the name and the
    decision alone. Raises `Refused` for too many rows or exports. It is logged."""
    try:
        rate.limit(f"export:{by.user_id}", most=_MOST_EXPORTS, seconds=3600)
    except rate.RateLimited as too_often:
        raise Refused(
            "export_too_often", f"每人每小时最多导出{_MOST_EXPORTS}次，请稍后再试。"
        ) from too_often
    if rows.order_by().values("pk")[: MOST_ROWS + 1].count() > MOST_ROWS:
        raise Refused("export_too_many", f"符合条件的超过{MOST_ROWS}份，请按职位或状态分次导出。")
    accepted = Interview.objects.filter(application=OuterRef("pk"), state__in=AFTER_ACCEPTANCE)
    lines = [_line(row) for row in rows.annotate(accepted=Exists(accepted)).iterator(2000)]
    audit.record(
        "recruiting.export_applications", by=unit_actor(by), obj=by.unit, data={"rows": len(lines)}
    )
    return spreadsheets.write(_HEADER, lines, title="投递")


def _line(application: Application) -> list[str]:
    graduate, state = application.graduate, application.get_state_display()
    if not may_read_resume(application):
        return [graduate.name, "", "", "", application.posting.title, state, "", "", ""]
    shown = application.shows_phone or application.accepted  # type: ignore[attr-defined]
    viewed = application.first_viewed_at
    return [
        graduate.name, graduate.school.name, lookup.name("education_level", graduate.level),
        graduate.major_name, application.posting.title, state,
        _time(application.created_at), _time(viewed) if viewed else "",
        graduate.mobile if shown else "",
    ]  # fmt: skip


def _time(at: datetime.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
