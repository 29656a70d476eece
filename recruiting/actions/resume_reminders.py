"""Reminding graduates (提醒) whose résumé is missing or not complete enough to apply."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import Message, User
from core import audit
from core.clock import database_now
from core.errors import NotPermitted
from graduates.models import Graduate
from graduates.states import Standing
from recruiting.models import RecruitingRules
from recruiting.queries import enough_to_apply
from schools.models import School
from schools.scope import scope_of, visible_to

TITLE = "请完善您的简历"
EVERY = datetime.timedelta(days=7)  # a person is reminded once within this time


@dataclass(frozen=True)
class Reminded:
    """How many were told now, and how many had been told within the last days."""

    told: int
    earlier: int


def to_be_reminded(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those of `graduates` who are 在籍, in a cohort that is not sealed, and may not apply yet."""
    rows = graduates.filter(standing=Standing.ENROLLED, cohort__sealed_at__isnull=True)
    return rows.filter(Q(resume_store__isnull=True) | ~enough_to_apply())


def remind(*, graduates: QuerySet[Graduate], by: User, query: str = "") -> Reminded:
    """Send one message to each person, at most one in seven days, and none outside the scope of `by`."""
    scope = scope_of(by)
    if scope is None or not by.has_perm("recruiting.resumes"):
        raise NotPermitted("role", "您的角色不能提醒毕业生。")
    rows = to_be_reminded(visible_to(graduates, by)).order_by()
    address = Concat(
        Value("person:"), Cast(F("person_id"), CharField()), output_field=CharField()
    )  # fmt: skip
    since = database_now() - EVERY
    told_lately = Message.objects.filter(to=OuterRef("address"), title=TITLE, created_at__gt=since)
    people = rows.annotate(address=address).filter(~Exists(told_lately))
    key = Value(f"resume:{timezone.localdate().isoformat()}")
    least = RecruitingRules.current().min_completeness
    text = (
        f"简历完整度达到{least}%才能投递职位。请在“我的简历”中补充：页面上写明还缺哪些内容；"
        "填写求职意向后，可以看到相符的职位。"
    )
    with transaction.atomic():
        # Two members of staff at once: the second one finds the messages of the first.
        School.objects.select_for_update(no_key=True).only("id").get(pk=scope.own_school)
        meant = rows.values("person_id").distinct().count()
        told = inbox.tell_each(
            people.values_list("address", key), TITLE, text=text, link=reverse("resume")
        )
        audit.record(
            "recruiting.remind_resumes", by=by, object_type="graduate", school_id=scope.school_id,
            data={"query": query, "told": told, "earlier": meant - told},
        )  # fmt: skip
    return Reminded(told, meant - told)
