"""Reminding the people of a list (催办): the page that asks, the reminders sent, and the people of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import frame, outbox
from core.errors import DomainError, Refused
from core.forms import picked_ids, pressed
from core.frame import ReminderTopic
from core.lists import html, walk
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from core.models import Channel
from graduates.models import Graduate
from graduates.states import Standing
from notices import queries
from notices.actions import reminders as actions
from notices.filters import RecipientFilter, ReminderFilter
from notices.forms import ReminderForm
from notices.models import Reminder, ReminderRecipient
from notices.recipients import with_reading
from notices.rules import hours
from notices.states import ReminderState, Skipped, TextState
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList, StaffListPage

_STATES, _SKIPPED, _TEXTS = (
    dict(ReminderState.choices), dict(Skipped.choices), dict(TextState.choices),
)  # fmt: skip
_view = staff_view("notices.remind")
_FEN = 100


@dataclass(frozen=True)
class Audience:
    """How many people a list names; who of them is not reminded and why, as (number, words); how many
    can be reached in which way; and the most that the text messages cost, in yuan."""

    total: int
    told: int
    skipped: list[tuple[int, str]]
    with_account: int
    with_mail: int
    with_mobile: int
    parts: int
    cost: str


def _audience(topic: ReminderTopic, people: QuerySet[Graduate], text: str) -> Audience:
    today = timezone.localdate()
    still_open = topic.open_for(Graduate.objects.filter(pk__in=people.values("pk")))
    reminded = ReminderRecipient.objects.filter(
        person_id=OuterRef("person_id"), topic=topic.key, day=today, skipped=""
    )
    enrolled = Q(standing=Standing.ENROLLED)
    marked = people.order_by().annotate(
        open=Exists(still_open.filter(pk=OuterRef("pk"))), had_one=Exists(reminded)
    )
    told = enrolled & Q(open=True, had_one=False)
    found = marked.aggregate(
        total=Count("pk"),
        left=Count("pk", filter=~enrolled),
        done=Count("pk", filter=enrolled & Q(open=False)),
        again=Count("pk", filter=enrolled & Q(open=True, had_one=True)),
        told=Count("pk", filter=told),
        account=Count("pk", filter=told & Q(person__activated_at__isnull=False)),
        mail=Count("pk", filter=told & ~Q(email="")),
        mobile=Count("pk", filter=told & ~Q(mobile="")),
    )
    reasons = (
        ("left", Skipped.LEFT), ("done", Skipped.DONE), ("again", Skipped.TODAY),
    )  # fmt: skip
    parts = hours.parts_of(hours.text_of(text, reverse(topic.link)))
    cost = found["mobile"] * parts * settings.SMS_PRICE_FEN
    return Audience(
        total=found["total"],
        told=found["told"],
        skipped=[(found[key], why.label) for key, why in reasons if found[key]],
        with_account=found["account"],
        with_mail=found["mail"],
        with_mobile=found["mobile"],
        parts=parts,
        cost=f"{cost // _FEN}.{cost % _FEN:02}",
    )


@_view
@require_POST
def remind(request: StaffRequest) -> HttpResponse:
    """Say who of a list would be reminded and how, and let a job do it once that is confirmed."""
    topic = frame.reminder_topics().get(pressed(request, "topic"))
    address = walk.address_of(request)
    page = walk.page_at(request, address)
    if topic is None or not isinstance(page, StaffListPage) or topic not in page.reminder_topics():
        raise Refused("no_list", "请从列表中选择要催办的人；搜索的内容已过期的，请重新搜索。")
    rows, _ = page.filtered()
    picked = picked_ids(request)
    if picked:
        rows = rows.filter(pk__in=picked)
    can_mail, can_text = outbox.can_send(Channel.EMAIL), outbox.can_send(Channel.SMS)
    form = ReminderForm(
        request.POST if pressed(request, "sure") == "1" else None,
        initial={"text": topic.text, "with_mail": can_mail},
    )
    if not can_mail:
        del form.fields["with_mail"]
    if not can_text:
        del form.fields["with_texts"]
    if form.is_valid():
        typed = form.cleaned_data
        try:
            reminder = actions.send(
                topic=topic, rows=rows, text=typed["text"], with_mail=typed.get("with_mail", False),
                with_texts=typed.get("with_texts", False), expected=typed["expected"] or 0,
                came_from=address, list_title=page.title, by=request.user,
            )  # fmt: skip
            return redirect("console:reminder", pk=reminder.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    audience = _audience(topic, actions.people_of(topic, rows, request.user), topic.text)
    context = {
        "topic": topic, "address": address, "form": form, "audience": audience, "picked": picked,
        "list_title": page.title, "can_mail": can_mail, "can_text": can_text,
    }  # fmt: skip
    return render(request, "notices/console/remind.html", context, status=form.status)


def _topic(row: Row) -> str:
    topic = frame.reminder_topics().get(row["topic"])
    return topic.label if topic is not None else row["topic"]


def _at(moment: Any) -> str:
    return f"{localtime(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


class ReminderList(StaffListPage):
    permission = "notices.remind"
    leads_to = "console:reminder"
    title = "催办"
    filterset_class = ReminderFilter
    template_name = "notices/console/reminders.html"
    export_name = "reminders"
    empty_title = "还没有催办"
    empty_text = "在生源信息、去向登记等列表中筛选出要提醒的人，点右上角的“催办”。"
    orders = (Order("newest", "最新", ("id",), descending=True, indexed=True, column="time"),)
    columns: ClassVar = (
        Column("topic", "事项", ("topic", "pk"),
               lambda r: row_link("console:reminder", r["pk"], _topic(r)), _topic),
        Column("text", "内容", css="wide"),
        Column("state", "状态", ("state",),
               lambda r: f'<span class="state state-{r["state"]}">{_STATES[r["state"]]}</span>',
               lambda r: _STATES[r["state"]]),
        Column("total", "名单人数", css="right num"),
        Column("told", "已提醒", css="right num"),
        Column("read", "已读", css="right num"),
        Column("acted", "7日内完成", css="right num"),
        Column("by_label", "发送人"),
        Column("time", "时间", ("created_at",), lambda r: _at(r["created_at"]),
               lambda r: _at(r["created_at"]), css="num"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Reminder]:
        return queries.reminders_of(self.user)


def _outcome(row: Row) -> str:
    """What became of a reminder: done, read, or not read yet."""
    if row["skipped"]:
        return ""
    read = "已读" if row["message_read"] else "未读"
    return f"{read}，已完成" if row["acted_at"] else read


class Recipients(ConsoleList):
    """One reminder: how far it is, what became of it, and its people within the scope."""

    permission = "notices.remind"
    leads_to = "console:origin"
    walked_by = "graduate_id"
    graduate_path = "graduate"
    title = "催办情况"
    filterset_class = RecipientFilter
    template_name = "notices/console/reminder.html"
    export_name = "reminder"
    export_permission = "graduates.export"
    empty_title = "没有符合条件的人"
    empty_text = "正在发送的，稍后刷新；或更改筛选条件。"
    orders = (
        Order("place", "名单顺序", ("id",), indexed=True),
        Order("student_no", "学号", ("graduate__student_no", "id"), column="student_no"),
    )
    columns: ClassVar = (
        Column("name", "姓名", ("graduate__name", "graduate_id"),
               lambda r: row_link("console:origin", r["graduate_id"], r["graduate__name"]),
               lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("school_class", "班级", ("graduate__school_class__name",), css="wide"),
        Column("skipped", "提醒情况", ("skipped",), lambda r: html.text(_SKIPPED[r["skipped"]]),
               lambda r: _SKIPPED[r["skipped"]]),
        Column("mail", "邮件", ("mailed",), lambda r: "已交发" if r["mailed"] else "",
               lambda r: "已交发" if r["mailed"] else ""),
        Column("text", "短信", ("text_state",),
               lambda r: _TEXTS[r["text_state"]] if r["text_state"] else "",
               lambda r: _TEXTS[r["text_state"]] if r["text_state"] else ""),
        Column("outcome", "之后", ("acted_at", "message_read"), _outcome, _outcome),
        Column("acted", "完成时间", ("acted_at",), lambda r: _at(r["acted_at"]),
               lambda r: _at(r["acted_at"]), css="num", optional=True),
    )  # fmt: skip

    @property
    def reminder(self) -> Reminder:
        if not hasattr(self, "_reminder"):
            rows = queries.reminders_of(self.user)
            self._reminder = get_object_or_404(rows, pk=self.kwargs["pk"])
        return self._reminder

    def all_rows(self) -> QuerySet[Any]:
        return with_reading(ReminderRecipient.objects.filter(reminder=self.reminder))

    def placed_rows(self) -> QuerySet[Any]:
        return self.get_queryset()

    def get_context(self, page: Page) -> dict[str, Any]:
        reminder = self.reminder
        skipped = reminder.recipients.exclude(skipped="").values_list("skipped")
        return {
            "reminder": reminder,
            "topic": frame.reminder_topics().get(reminder.topic),
            "running": reminder.state in (ReminderState.WAITING, ReminderState.SENDING),
            "skipped": [
                (why, _SKIPPED[why], n)
                for why, n in skipped.annotate(Count("pk")).order_by("skipped")
            ],
            "back": reminder.came_from,
        }
