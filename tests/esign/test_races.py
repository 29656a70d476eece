"""Acceptances at the same instant, on parallel database connections.

Control tests switch the guards off and show that the races then happen.
"""

from __future__ import annotations

import datetime
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from core.errors import DomainError
from esign.actions import accept, base, invite
from esign.models import Agreement, Invitation
from esign.states import AgreementState, InvitationState
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World


def run_at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run all jobs at the same time, each on a connection of its own; returns what each one returned
    or raised."""
    ready = threading.Barrier(len(jobs))
    answers: list[Any] = [None] * len(jobs)

    def run(number: int, job: Callable[[], Any]) -> None:
        try:
            ready.wait(10)
            answers[number] = job()
        except BaseException as error:
            answers[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def two_offers(world: World) -> tuple[Graduate, list[Callable[[], Any]]]:
    graduate = factories.make_graduate(world)
    user = signing.confirm_origin(graduate)
    jobs: list[Callable[[], Any]] = []
    for mobile in ("13900000001", "13900000002"):
        invitation = signing.send_invitation(graduate, mobile)
        signing.read_notice(invitation, user)
        code = signing.request_code(invitation, user)
        jobs.append(lambda i=invitation, c=code: signing.accept_invitation(i, user, c))
    return graduate, jobs


def count_active(graduate: Graduate) -> int:
    return Agreement.objects.filter(graduate=graduate, state=AgreementState.ACTIVE).count()


def test_two_acceptances_at_once_make_one_agreement(committed_world: World) -> None:
    for _ in range(4):
        graduate, jobs = two_offers(committed_world)
        answers = run_at_once(*jobs)
        made = [a for a in answers if isinstance(a, Agreement)]
        refusals = [a for a in answers if isinstance(a, DomainError)]
        assert (len(made), len(refusals), count_active(graduate)) == (1, 1, 1), answers
        assert refusals[0].code == "active_agreement"


def test_a_double_click_makes_one_agreement(committed_world: World) -> None:
    graduate = factories.make_graduate(committed_world)
    invitation, user, code = signing.prepare_acceptance(graduate)
    answers = run_at_once(*[lambda: signing.accept_invitation(invitation, user, code)] * 4)
    assert {a.pk for a in answers} == {answers[0].pk}, answers
    assert count_active(graduate) == 1


@contextmanager
def without_locks() -> Iterator[None]:
    """Replace the step of an invitation by one that checks without locks. Both threads pass the check
    before either of them continues."""
    original = base.take_step

    @contextmanager
    def unlocked(action: str, invitation: Invitation, by: Any, *, terms_hash: str = "") -> Any:
        with transaction.atomic():
            facts = base.invitation_facts(invitation, terms_hash=terms_hash)
            base.INVITATION.check(action, facts, by)
            barrier.wait(10)
            yield facts

    barrier = threading.Barrier(2)
    accept.base.take_step = unlocked
    try:
        yield
    finally:
        accept.base.take_step = original


def test_control_without_the_locks_both_acceptances_pass_the_checks(committed_world: World) -> None:
    """Without the locks both pass the checks; only the partial unique index stops the second."""
    graduate, jobs = two_offers(committed_world)
    with without_locks():
        answers = run_at_once(*jobs)
    stopped = [a for a in answers if isinstance(a, DomainError)]
    assert len(stopped) == 1, answers
    assert isinstance(stopped[0].__cause__, IntegrityError)
    assert count_active(graduate) == 1


@contextmanager
def without_database_guarantees() -> Iterator[None]:
    """Take the database's own guarantees out of this worker's database: an index and two triggers."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    triggers = {
        "esign_agreement": "esign_agreement_is_lock",
        "destinations_destination": "esign_lock_is_agreement",
    }
    connections.close_all()  # an open transaction would block the DDL
    with psycopg.connect(url.geturl(), autocommit=True) as owner:
        (index,) = owner.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'agreement_one_active'"
        ).fetchone()  # type: ignore[misc]
        owner.execute("DROP INDEX agreement_one_active")
        for table, trigger in triggers.items():
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        try:
            yield
        finally:
            with owner.transaction():
                owner.execute("SET LOCAL session_replication_role = replica")
                owner.execute("DELETE FROM esign_agreementversion")
                owner.execute("DELETE FROM esign_agreement")
            owner.execute(index)
            for table, trigger in triggers.items():
                owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


def test_control_without_any_guard_two_agreements_are_made(committed_world: World) -> None:
    """Without locks, index and triggers both acceptances succeed."""
    graduate, jobs = two_offers(committed_world)
    with without_database_guarantees(), without_locks():
        answers = run_at_once(*jobs)
        assert all(isinstance(a, Agreement) for a in answers), answers
        assert count_active(graduate) == 2


def test_acceptance_against_withdrawal_has_one_outcome(committed_world: World) -> None:
    for _ in range(3):
        graduate = factories.make_graduate(committed_world)
        invitation, user, code = signing.prepare_acceptance(graduate)
        by = invitation.member.user
        answers = run_at_once(
            lambda i=invitation, u=user, c=code: signing.accept_invitation(i, u, c),
            lambda i=invitation, b=by: invite.withdraw(invitation=i, by=b),
        )
        refused = [a for a in answers if isinstance(a, DomainError)]
        invitation.refresh_from_db()
        assert len(refused) == 1, answers
        assert (invitation.state == InvitationState.ACCEPTED) == (count_active(graduate) == 1)


def test_acceptance_against_expiry_has_one_outcome(committed_world: World) -> None:
    graduate = factories.make_graduate(committed_world)
    invitation, user, code = signing.prepare_acceptance(graduate)
    soon = timezone.now() + datetime.timedelta(milliseconds=300)
    Invitation.objects.filter(pk=invitation.pk).update(valid_until=soon)
    invitation.refresh_from_db()

    def expire() -> int:
        while timezone.now() <= soon:
            pass
        return invite.expire_due()

    run_at_once(lambda: signing.accept_invitation(invitation, user, code), expire)
    invitation.refresh_from_db()
    assert invitation.state in (InvitationState.ACCEPTED, InvitationState.EXPIRED)
    assert (invitation.state == InvitationState.ACCEPTED) == (count_active(graduate) == 1)
    if invitation.state == InvitationState.ACCEPTED:
        assert invitation.decided_at is not None
        assert invitation.decided_at <= invitation.valid_until


def test_the_database_refuses_an_acceptance_after_the_period(committed_world: World) -> None:
    graduate = factories.make_graduate(committed_world)
    invitation, _, _ = signing.prepare_acceptance(graduate)
    late = invitation.valid_until + datetime.timedelta(seconds=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.filter(pk=invitation.pk).update(
            state=InvitationState.ACCEPTED, decided_at=late
        )


def test_an_agreement_without_its_locked_destination_is_never_committed(
    committed_world: World,
) -> None:
    graduate = factories.make_graduate(committed_world)
    made = signing.sign_agreement(graduate)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE esign_agreement SET state = 'terminated', ended_at = now() WHERE id = %s",
            [made.pk],
        )
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE destinations_destination SET agreement_no = '', locked_at = NULL"
            " WHERE graduate_id = %s",
            [graduate.pk],
        )


def test_the_database_refuses_to_change_signed_terms(committed_world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(committed_world))
    for statement in (
        "UPDATE esign_agreementversion SET terms = '{}' WHERE agreement_id = %s",
        "DELETE FROM esign_agreementversion WHERE agreement_id = %s",
        "UPDATE esign_agreement SET number = '1' WHERE id = %s",
        "DELETE FROM esign_agreement WHERE id = %s",
        "UPDATE esign_invitation SET terms = '{}' WHERE id ="
        " (SELECT invitation_id FROM esign_agreement WHERE id = %s)",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [made.pk])
