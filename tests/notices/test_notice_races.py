"""Notices that are pinned at the same time."""

from __future__ import annotations

from core.errors import DomainError
from notices.actions import notices
from notices.models import Notice
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.notices import scene


def test_of_four_pinned_at_once_three_find_a_place(committed_world: World) -> None:
    admin = committed_world.school_admin
    shown = [scene.publish(admin) for _ in range(4)]
    done = run_at_once(*(lambda pk=n.pk: notices.pin(notice_id=pk, by=admin) for n in shown))
    refused = [r for r in done if isinstance(r, DomainError)]
    assert [r.code for r in refused] == ["full"]
    places = Notice.objects.filter(pin_place__isnull=False).values_list("pin_place", flat=True)
    assert sorted(places) == [1, 2, 3]
