"""Two people act at the same instant, on parallel database connections: one succeeds, the other is
told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from core.errors import DomainError
from core.models import StoredFile
from employers.actions import letters, members
from employers.letter_steps import CHECKLIST, review_mark
from employers.models import Letter, LetterKind, Membership, Unit, UnitMember, UnitName
from schools.models import StaffMember
from schools.roles import Role
from tests import factories


@pytest.fixture
def unit(django_db_setup: None, django_db_blocker: Any) -> Iterator[Unit]:
    """A committed unit, which is deleted afterwards with its people. The audit log stays."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            made = factories.make_unit(factories.make_unit_code(body="MA2RACE0"))
        try:
            yield made
        finally:
            _remove(made)


def _remove(unit: Unit) -> None:
    people = UnitMember.objects.filter(unit=unit)
    slots = ("signature_id", "id_front_id", "id_back_id")
    file_ids = [i for row in people.values_list(*slots) for i in row]
    file_ids += [*Letter.objects.filter(unit=unit).values_list("scan_id", flat=True)]
    file_ids.append(unit.certificate_id)
    users = [*people.values_list("user_id", flat=True)]
    staff = StaffMember.objects.filter(role=Role.PROVINCE, user__label__startswith="试用")
    users += [*staff.values_list("user_id", flat=True)]
    Letter.objects.filter(unit=unit).delete()
    people.delete()
    UnitName.objects.filter(unit=unit).delete()
    unit.delete()
    staff.delete()
    StoredFile.objects.filter(pk__in=file_ids).delete()
    User.objects.filter(pk__in=users).delete()


def run_at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run all actions at the same time; returns "done" or the code of the refusal for each, sorted."""
    gate, said = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=10)
            act()
            said.append("done")
        except DomainError as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_of_two_reviewers_at_once_one_is_told_of_the_decision(unit: Unit) -> None:
    with transaction.atomic():
        one, two = (factories.make_staff(Role.PROVINCE) for _ in range(2))
        letter = letters.submit(
            member=factories.make_member(unit), kind=LetterKind.CERTIFY,
            scan=factories.make_photo(),
        )  # fmt: skip
    seen = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
    values = {"letter_id": letter.pk, "ticks": list(CHECKLIST), "seen": seen}
    said = run_at_once(
        lambda: letters.approve(by=one, **values), lambda: letters.approve(by=two, **values)
    )
    assert said == ["decided", "done"]


def test_two_first_approvals_at_once_count_once(unit: Unit) -> None:
    """The two do not count as the two approvals that a recovery needs."""
    with transaction.atomic():
        one, two = (factories.make_staff(Role.PROVINCE) for _ in range(2))
        factories.make_member(unit)
        letter = Letter.objects.create(
            unit=unit, kind=LetterKind.RECOVER, name="虚构", mobile="13700003333",
            scan=factories.keep_file("letter"),
        )  # fmt: skip
    seen = review_mark(Letter.objects.select_related("unit").get(pk=letter.pk))
    values = {"letter_id": letter.pk, "ticks": list(CHECKLIST), "seen": seen}
    said = run_at_once(
        lambda: letters.approve(by=one, **values), lambda: letters.approve(by=two, **values)
    )
    assert said == ["changed", "done"]


def test_of_two_verified_people_ending_each_other_one_stays(unit: Unit) -> None:
    with transaction.atomic():
        _manager, one, two = (
            factories.make_member(unit, state=Membership.VERIFIED) for _ in range(3)
        )
    said = run_at_once(
        lambda: members.end_member(member_id=two.pk, by=one),
        lambda: members.end_member(member_id=one.pk, by=two),
    )
    assert said == ["done", "not_verified"]
    assert UnitMember.objects.filter(unit=unit, state=Membership.VERIFIED).count() == 2
