"""Reminding graduates (提醒) who have not confirmed inside the national system."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit
from core.errors import NotPermitted
from graduates.models import Graduate
from graduates.states import Standing
from national_sync.queries import held_there
from national_sync.states import CONFIRMED
from schools.scope import scope_of, visible_to

TITLE = "请在全国系统中确认您的毕业去向信息"
TEXT = (
    "您的信息已上报全国毕业去向登记系统。请先在“全国系统数据查看”中核对，有误的提交纠错；"
    "一致的点“以上信息与本人一致”，再登录全国毕业去向登记系统正式确认。"
)


@dataclass(frozen=True)
class Reminded:
    """How many were told now, and how many had been told earlier today."""

    told: int
    earlier: int


def to_be_reminded(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those of `graduates` who are 在籍, whom the national system has, and who have not confirmed
    there as far as we know."""
    rows = held_there(graduates.filter(standing=Standing.ENROLLED))
    return rows.exclude(national_copy__national_state=CONFIRMED)


def remind(*, graduates: QuerySet[Graduate], by: User, query: str = "") -> Reminded:
    """Send one message to each, at most one a day, and none to anybody outside the scope of `by`."""
    if not by.has_perm("national.remind"):
        raise NotPermitted("role", "您的角色不能提醒毕业生。")
    rows = to_be_reminded(visible_to(graduates, by)).order_by()
    today = timezone.localdate().isoformat()
    people = rows.values_list(
        Concat(Value("person:"), Cast(F("person_id"), CharField()), output_field=CharField()),
        Concat(
            Value("national-confirm:"), Cast(F("pk"), CharField()), Value(f":{today}"),
            output_field=CharField(),
        ),
    )  # fmt: skip
    with transaction.atomic():
        meant = rows.count()
        told = inbox.tell_each(people, TITLE, text=TEXT, link=reverse("national"))
        scope = scope_of(by)
        audit.record(
            "national.remind", by=by, object_type="graduate",
            school_id=scope.school_id if scope is not None else None,
            data={"query": query, "told": told, "earlier": meant - told},
        )  # fmt: skip
    return Reminded(told, meant - told)
