"""What the employer's home page shows of applications and fairs."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from employers import hooks
from employers.hooks import Tile, Todo
from employers.models import Membership, UnitMember
from recruiting.fair_queries import booths_of
from recruiting.queries import applications_of
from recruiting.states import ApplicationState, BoothState


@hooks.home_tiles.plug()
def application_tiles(*, member: UnitMember) -> list[Tile]:
    if member.state != Membership.VERIFIED:
        return []
    unread = applications_of(member).filter(state=ApplicationState.DELIVERED).count()
    address = f"{reverse('employer-applications')}?state=delivered"
    return [Tile("投递待查看", unread, address)]


@hooks.home_todos.plug()
def booths_to_confirm(*, member: UnitMember) -> list[Todo]:
    """The booths that became free and that the unit has to confirm in time."""
    offered = booths_of(member).filter(state=BoothState.OFFERED).select_related("fair")
    return [
        Todo(
            f"“{booth.fair.title}”有展位空出",
            f"请在{timezone.localtime(booth.confirm_by):%m月%d日 %H:%M}前确认参会。",
            reverse("employer-fair", args=[booth.fair_id]),
            "calendar-event",
        )
        for booth in offered.order_by("confirm_by")
    ]
