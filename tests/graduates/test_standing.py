"""Changes of the standing (学籍变动): leaving, coming back, and moving to another cohort."""

from __future__ import annotations

import pytest

from core.errors import NotPermitted, Refused
from core.models import Event
from graduates.actions import standing
from graduates.states import Confirmation, Standing
from schools.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_graduate_can_leave_and_be_enrolled_again(world: factories.World) -> None:
    admin = factories.make_staff(Role.SCHOOL_ADMIN, world)
    graduate = factories.make_graduate(world)
    left = standing.end_enrolment(
        graduate_id=graduate.pk, standing=Standing.WITHDRAWN, reason="本人申请", by=admin
    )
    assert left.standing == Standing.WITHDRAWN
    back = standing.restore_enrolment(graduate_id=graduate.pk, reason="办理有误", by=admin)
    assert back.standing == Standing.ENROLLED
    assert Event.objects.filter(action="graduates.standing", object_id=graduate.pk).count() == 2


def test_a_deferred_graduate_moves_with_the_destination(world: factories.World) -> None:
    admin = factories.make_staff(Role.SCHOOL_ADMIN, world)
    graduate = factories.make_graduate(world)
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    moved = standing.defer(graduate_id=graduate.pk, to=later, reason="延长学制", by=admin)
    assert moved.cohort_id == later.pk
    assert moved.school_class.cohort_id == later.pk
    assert moved.confirmation == Confirmation.UNSUBMITTED
    assert factories.destination_of(graduate).cohort_id == later.pk


def test_a_graduate_with_an_agreement_cannot_leave(world: factories.World) -> None:
    admin = factories.make_staff(Role.SCHOOL_ADMIN, world)
    graduate = factories.make_graduate(world)
    factories.sign_agreement(graduate)
    with pytest.raises(Refused) as refusal:
        standing.end_enrolment(
            graduate_id=graduate.pk, standing=Standing.TRANSFERRED, reason="转学", by=admin
        )
    assert refusal.value.code == "agreement"


def test_a_change_of_standing_needs_a_reason_and_the_permission(world: factories.World) -> None:
    graduate = factories.make_graduate(world)
    adviser = factories.make_staff(Role.COUNSELLOR, world)
    with pytest.raises(NotPermitted):
        standing.end_enrolment(
            graduate_id=graduate.pk, standing=Standing.WITHDRAWN, reason="本人申请", by=adviser
        )
    admin = factories.make_staff(Role.SCHOOL_ADMIN, world)
    with pytest.raises(Refused) as refusal:
        standing.end_enrolment(
            graduate_id=graduate.pk, standing=Standing.WITHDRAWN, reason=" ", by=admin
        )
    assert refusal.value.code == "reason"
