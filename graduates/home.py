"""The steps on the graduate's home page."""

from __future__ import annotations

from django.urls import reverse

from graduates import hooks
from graduates.hooks import FeedList, HomeCard, HomeStep
from graduates.models import Graduate
from graduates.records import is_confirmation_current
from graduates.states import Confirmation


def steps_of(graduate: Graduate) -> list[HomeStep]:
    """All steps of a graduate, taken or not, in order."""
    return [step for step in hooks.next_step.run(graduate=graduate) if step is not None]


def feed_of(graduate: Graduate) -> tuple[list[HomeCard], list[FeedList]]:
    """The cards and the short lists of the home page, each in the order of their ranks."""
    parts = [part for found in hooks.home_feed.run(graduate=graduate) for part in found]
    parts.sort(key=lambda part: part.rank)
    cards = [part for part in parts if isinstance(part, HomeCard)]
    return cards, [part for part in parts if isinstance(part, FeedList)]


@hooks.next_step.plug(order=10)
def confirm_step(*, graduate: Graduate) -> HomeStep:
    lapsed = graduate.confirmation == Confirmation.LOCKED or graduate.confirmed_at is not None
    return HomeStep(
        label="确认生源",
        done=is_confirmation_current(graduate),
        todo="信息有变化，请重新确认生源信息" if lapsed else "请先确认生源信息",
        address=reverse("origin"),
        state=graduate.confirmation,
        state_label=graduate.get_confirmation_display(),
    )
