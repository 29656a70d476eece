"""What surveys plug into the hooks of the apps below."""

from __future__ import annotations

from django.urls import reverse
from django.utils.timezone import localtime

from employers import hooks as employer_hooks
from employers.hooks import Todo
from employers.models import UnitMember
from graduates import hooks as graduate_hooks
from graduates.hooks import FeedLine, FeedList, HomeCard, Rank
from graduates.models import Graduate
from surveys import queries
from surveys.models import Invitation
from surveys.states import ANSWERABLE

_MOST = 3


@graduate_hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    Invitation.objects.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)


@graduate_hooks.home_feed.plug(order=20)
def running_surveys(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """The surveys that the graduate may answer. They are no obligation, so they stand in a list."""
    rows = queries.answerable_by(graduate).filter(state__in=ANSWERABLE)[:_MOST]
    lines = [
        FeedLine(
            title=one.survey.title,
            text=f"自愿填写，{localtime(one.survey.closes_at):%-m月%-d日}截止",
            address=reverse("surveys"),
        )
        for one in rows
    ]
    return [FeedList(Rank.NOTICE, "问卷", reverse("surveys"), lines)] if lines else []


@employer_hooks.home_todos.plug()
def surveys_to_answer(*, member: UnitMember) -> list[Todo]:
    rows = queries.answerable_by_unit(member).filter(state__in=ANSWERABLE)[:_MOST]
    return [
        Todo(
            f"问卷“{one.survey.title}”",
            f"自愿填写，{localtime(one.survey.closes_at):%-m月%-d日}截止。",
            reverse("employer-surveys"), "ui-checks",
        )
        for one in rows
    ]  # fmt: skip
