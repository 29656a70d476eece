"""What the employer's home page shows of applications."""

from __future__ import annotations

from django.urls import reverse

from employers import hooks
from employers.hooks import Tile
from employers.models import Membership, UnitMember
from recruiting.queries import applications_of
from recruiting.states import ApplicationState


@hooks.home_tiles.plug()
def application_tiles(*, member: UnitMember) -> list[Tile]:
    if member.state != Membership.VERIFIED:
        return []
    unread = applications_of(member).filter(state=ApplicationState.DELIVERED).count()
    address = f"{reverse('employer-applications')}?state=delivered"
    return [Tile("投递待查看", unread, address)]
