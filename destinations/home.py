"""The two steps about the destination on the graduate's home page."""

from __future__ import annotations

from django.urls import reverse

from destinations.models import Destination
from destinations.states import APPROVED, State
from graduates import hooks
from graduates.hooks import HomeStep
from graduates.models import Graduate


def _destination_of(graduate: Graduate) -> Destination:
    """The graduate's destination, read once for both steps of a page."""
    if not hasattr(graduate, "_own_destination"):
        row = Destination.objects.only("state", "reason").get(pk=graduate.pk)
        graduate._own_destination = row  # type: ignore[attr-defined]
    return graduate._own_destination  # type: ignore[attr-defined]


@hooks.next_step.plug(order=20)
def register_step(*, graduate: Graduate) -> HomeStep:
    d = _destination_of(graduate)
    todo = "请登记毕业去向"
    if d.state == State.REJECTED:
        todo = f"登记未通过：{d.reason}，请修改后重新提交"
    return HomeStep(
        label="登记去向",
        done=d.state not in (State.UNSUBMITTED, State.REJECTED),
        todo=todo,
        address=reverse("destination"),
        state=d.state,
        state_label=State(d.state).label,
    )


@hooks.next_step.plug(order=30)
def reviewed_step(*, graduate: Graduate) -> HomeStep:
    d = _destination_of(graduate)
    return HomeStep(
        label="审核通过",
        done=d.state in APPROVED,
        todo="已提交，请等待老师审核",
        address=reverse("destination"),
    )
