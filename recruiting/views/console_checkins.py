"""The host's pages of visitors: the screen with the code that graduates scan, and the list of bookings."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.timezone import localtime

from core import audit, pdf
from core.clock import database_now
from core.lists.page import Column, Order, Page, Row
from recruiting import check_in_code, visiting
from recruiting.fair_queries import COMING, hosted_by
from recruiting.filters import BookingFilter
from recruiting.models import Booking, Fair
from recruiting.rules.fairs import ON_SITE
from recruiting.states import BookingState, FairState
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage
from schools.scope import staff_of

_PERMISSION = "recruiting.fairs"
_STATES = dict(BookingState.choices)


@staff_view(_PERMISSION)
def screen(request: StaffRequest, pk: int) -> HttpResponse:
    """The big screen at the door: the code, and how full the event is. htmx asks every five seconds for
    that part alone."""
    fair = get_object_or_404(hosted_by(request.user), pk=pk)
    now = database_now()
    why_not = _why_no_code(fair, now)
    context = {
        "fair": fair,
        "words": visiting.words_of(fair),
        "taken": visiting.occupancy(fair),
        "why_not": why_not,
        "over": fair.state not in COMING or now >= fair.ends_at,
        "qr": "" if why_not else _qr(fair, now),
        "now": now,
    }
    part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"recruiting/console/{part}check_in.html", context)


def _qr(fair: Fair, now: datetime.datetime) -> str:
    code = check_in_code.code_of(fair.pk, now)
    return pdf.qr_svg(f"{settings.PUBLIC_ORIGIN}{reverse('check-in', args=[code])}")


def _why_no_code(fair: Fair, now: datetime.datetime) -> str:
    """Why the screen shows no code now; "" if it does."""
    if fair.kind not in ON_SITE:
        return "网络活动不用签到"
    if fair.state == FairState.CANCELLED:
        return "活动已取消"
    if fair.state == FairState.ENDED or now >= fair.ends_at:
        return "活动已结束，签到停止"
    if fair.state not in COMING:
        return "活动还没有开放报名"
    opens = fair.starts_at - visiting.CHECK_IN_BEFORE
    if now < opens:
        at = localtime(opens)
        return f"{at.month}月{at.day}日 {at:%H:%M}起显示签到二维码"
    return ""


def _slot(row: Row) -> str:
    return localtime(row["slot"]).strftime("%m-%d %H:%M") if row["slot"] else ""


def _checked_in(row: Row) -> str:
    at = row["checked_in_at"]
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


class BookingList(StaffListPage):
    """Who booked and who came. Of other schools' graduates the host sees name and school alone."""

    permission = _PERMISSION
    title = "预约与签到"
    template_name = "recruiting/console/bookings.html"
    filterset_class = BookingFilter
    export_name = "check-ins"
    empty_title = "没有符合条件的预约"
    empty_text = "毕业生预约或现场签到后会出现在这里。"
    orders = (
        Order("newest", "最近预约", ("id",), descending=True),
        Order("name", "姓名", ("graduate__name_sort", "id"), column="name"),
    )
    columns: ClassVar = (
        Column("name", "姓名", ("graduate__name",)),
        Column("school", "学校", ("school__name",), css="wide"),
        Column("school_class", "班级", ("own_class",), css="wide"),
        Column("student_no", "学号", ("own_number",), css="mono"),
        Column("slot", "入场时段", ("slot",), _slot, _slot, css="num"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("checked_in_at", "签到时间", ("checked_in_at",), _checked_in, _checked_in, css="num"),
    )  # fmt: skip

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.fair: Fair | None = None
        return super().dispatch(request, *args, **kwargs)

    def _fair(self) -> Fair:
        """The event, if this person runs it; otherwise a 404."""
        if self.fair is None:
            self.fair = get_object_or_404(hosted_by(self.user), pk=self.kwargs["pk"])
        return self.fair

    def get_queryset(self) -> QuerySet[Booking]:
        staff = staff_of(self.user)
        own = staff.school_id if staff is not None else None
        rows = Booking.objects.filter(fair=self._fair())
        return rows.annotate(
            own_class=_of_school(own, "graduate__school_class__name"),
            own_number=_of_school(own, "graduate__student_no"),
        )

    def get_context(self, page: Page) -> dict[str, Any]:
        fair = self._fair()
        taken = visiting.occupancy(fair)
        return {"fair": fair, "taken": taken, "on_site": fair.kind in ON_SITE}

    def exported(self, size: int) -> None:
        fair = self._fair()
        audit.record(
            "core.export", by=self.user, object_type=self.export_name, object_id=fair.pk,
            label=fair.title, school_id=fair.school_id,
            data={"query": self.request.GET.urlencode(), "bytes": size},
        )  # fmt: skip


def _of_school(school_id: int | None, path: str) -> Case:
    """The value for graduates of this school; "" for all others."""
    return Case(
        When(school=school_id or 0, then=F(path)), default=Value(""), output_field=CharField()
    )
