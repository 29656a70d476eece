"""Accepting an invitation: each condition, and what acceptance changes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Message, OneTimeCode
from core.errors import DomainError
from core.models import Event, OutboxMessage
from destinations.models import DestinationEvent
from destinations.states import State
from esign import terms
from esign.actions import accept, invite
from esign.models import Agreement, AgreementVersion, Invitation, Reading
from esign.states import AgreementState, InvitationState
from esign.steps import InvitationFacts
from graduates.actions import account, origin
from graduates.models import Graduate, Person
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


def refused(code: str, *call: Any, **changes: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        signing.accept_invitation(*call, **changes)
    assert refusal.value.code == code
    assert not Agreement.objects.exists()
    assert call[0].__class__.objects.get(pk=call[0].pk).state != InvitationState.ACCEPTED


def test_accepting_makes_the_agreement_and_fills_the_destination(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    made = signing.accept_invitation(invitation, user, code)
    assert made.state == AgreementState.ACTIVE
    version = AgreementVersion.objects.get(agreement=made)
    assert (version.terms, version.terms_hash) == (invitation.terms, invitation.terms_hash)
    assert terms.digest(version.terms) == version.terms_hash
    assert version.evidence["party"]["id_number"] == graduate.person.id_number
    assert version.evidence["graduate"]["address"] == signing.ADDRESS
    d = factories.destination_of(graduate)
    assert (d.state, d.category, d.form) == (State.ESIGNED, "10", "agreement")
    assert (d.agreement_no, d.unit_name) == (made.number, "虚构信息技术有限公司")
    assert d.locked_at is not None
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.ACCEPTED
    assert DestinationEvent.objects.filter(graduate_id=graduate.pk, action="sign").count() == 1
    assert Event.objects.filter(action="esign.accept", object_id=made.pk).count() == 1


def test_after_midnight_the_date_of_signing_is_the_local_one(
    graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = signing.confirm_origin(graduate)
    invitation = signing.send_invitation(graduate)
    signing.read_notice(invitation, user)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    after_midnight = datetime.datetime.combine(
        tomorrow, datetime.time(0, 30), timezone.get_current_timezone()
    ).astimezone(datetime.UTC)
    assert after_midnight.date() < tomorrow
    monkeypatch.setattr(InvitationFacts, "now", property(lambda _: after_midnight))
    signing.accept_invitation(invitation, user, signing.request_code(invitation, user))
    assert factories.destination_of(graduate).signed_on == tomorrow


def test_the_agreement_number_reveals_nothing_about_the_person(graduate: Graduate) -> None:
    made = signing.sign_agreement(graduate)
    assert graduate.student_no not in made.number
    assert graduate.person.id_number[6:14] not in made.number


def test_both_sides_are_told_once(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    made = signing.accept_invitation(invitation, user, code)
    key = f"agreement:{made.pk}:signed"
    told = Message.objects.filter(dedupe_key__endswith=key).values_list("to", flat=True)
    assert set(told) == {f"person:{graduate.person_id}", f"user:{invitation.member.user_id}"}
    assert OutboxMessage.objects.filter(dedupe_key=key).count() == 1


def test_accepting_twice_returns_the_same_agreement(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    first = signing.accept_invitation(invitation, user, code)
    assert signing.accept_invitation(invitation, user, code) == first
    assert Agreement.objects.count() == 1


def test_another_graduate_cannot_accept(world: World, graduate: Graduate) -> None:
    invitation, _, code = signing.prepare_acceptance(graduate)
    other = signing.confirm_origin(factories.make_graduate(world))
    refused("not_yours", invitation, other, code)


@pytest.mark.parametrize("role", ["counsellor", "department_admin", "school_admin", "province"])
def test_staff_cannot_accept(world: World, graduate: Graduate, role: str) -> None:
    invitation, _, code = signing.prepare_acceptance(graduate)
    refused("role", invitation, world.user(role), code)


def test_the_employer_cannot_accept_for_the_graduate(graduate: Graduate) -> None:
    invitation, _, code = signing.prepare_acceptance(graduate)
    refused("role", invitation, invitation.member.user, code)


def test_the_notice_must_have_been_open_for_sixty_seconds(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    signing.read_notice(invitation, user, seconds=58)
    refused("reading", invitation, user, code)


def test_the_notice_must_have_been_opened_at_all(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    Reading.objects.all().delete()
    refused("not_read", invitation, user, code)


def test_only_the_graduates_own_opening_starts_the_reading_time(
    world: World, graduate: Graduate
) -> None:
    signing.confirm_origin(graduate)
    invitation = signing.send_invitation(graduate)
    for stranger in (world.school_admin, invitation.member.user):
        accept.open_notice(invitation=invitation, by=stranger)
    assert not Reading.objects.exists()


def test_accepting_other_terms_than_those_read_is_refused(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    refused("terms_changed", invitation, user, code, terms_hash="0" * 64)


def test_the_origin_record_must_be_confirmed(world: World, graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    fresh = Graduate.objects.get(pk=graduate.pk)
    origin.edit(
        graduate_id=graduate.pk, typed={"politics": "群众"}, by=world.school_admin,
        version=fresh.version,
    )  # fmt: skip
    refused("not_confirmed", invitation, user, code)


def test_the_graduate_must_still_be_seeking_work(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    factories.register_contract(graduate, user)
    refused("not_seeking", invitation, user, code)


def test_a_second_agreement_is_refused(graduate: Graduate) -> None:
    signing.sign_agreement(graduate)
    invitation = signing.send_invitation(graduate, "13900000002")
    user = signing.account_of(graduate)
    signing.read_notice(invitation, user)
    with pytest.raises(DomainError) as refusal:
        signing.accept_invitation(invitation, user, "000000")
    assert refusal.value.code == "active_agreement"
    assert Agreement.objects.count() == 1


def test_an_expired_invitation_cannot_be_accepted_before_a_job_marks_it(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    Invitation.objects.update(valid_until=timezone.now() - datetime.timedelta(seconds=1))
    invitation.refresh_from_db()
    assert (invitation.state, invitation.state_now) == ("sent", InvitationState.EXPIRED)
    refused("expired", invitation, user, code)


def test_a_withdrawn_invitation_cannot_be_accepted(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    invite.withdraw(invitation=invitation, by=invitation.member.user)
    refused("state", invitation, user, code)


def test_nobody_signs_before_the_date_that_the_school_set(world: World, graduate: Graduate) -> None:
    from esign.models import SigningRules

    invitation, user, code = signing.prepare_acceptance(graduate)
    tomorrow = factories.today() + datetime.timedelta(days=1)
    SigningRules.objects.create(
        cohort=world.cohort, signing_from=tomorrow, termination_from=tomorrow
    )
    refused("signing_closed", invitation, user, code)


def test_nobody_signs_after_the_cohort_has_ended(world: World, graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    world.cohort.ends_on = factories.today() - datetime.timedelta(days=1)
    world.cohort.save()
    refused("cohort_ended", invitation, user, code)


def test_without_a_text_message_backend_signing_is_closed(
    graduate: Graduate, settings: Any
) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    settings.OUTBOX_BACKENDS = {"sms": "", "email": ""}
    refused("no_sms", invitation, user, code)


def test_an_empty_signature_is_refused(graduate: Graduate) -> None:
    from tests.esign.pictures import blank_picture

    invitation, user, code = signing.prepare_acceptance(graduate)
    refused("signature_empty", invitation, user, code, signature=blank_picture())


def test_after_five_wrong_codes_the_right_one_is_refused_too(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        refused("code", invitation, user, wrong)
    refused("code", invitation, user, code)
    assert OneTimeCode.objects.filter(purpose="accept").latest("pk").tries == 5


def test_a_code_is_valid_for_one_invitation_only(graduate: Graduate) -> None:
    _, user, code = signing.prepare_acceptance(graduate)
    second = signing.send_invitation(graduate, "13900000002")
    signing.read_notice(second, user)
    refused("code", second, user, code)


def test_after_a_reset_by_staff_the_graduate_waits_for_72_hours(
    world: World, graduate: Graduate
) -> None:
    invitation, user, _ = signing.prepare_acceptance(graduate)
    account.reset_account(graduate_id=graduate.pk, by=world.counsellor)
    fresh = Graduate.objects.select_related("person", "school").get(pk=graduate.pk)
    Client().post("/activate/", factories.activation_form(fresh))
    user = signing.account_of(graduate)
    refused("account_reset", invitation, user, "000000")
    Person.objects.filter(pk=graduate.person_id).update(
        activated_at=timezone.now() - datetime.timedelta(hours=73)
    )
    signing.read_notice(invitation, user)
    assert signing.accept_invitation(invitation, user, signing.request_code(invitation, user)).pk


def test_after_a_new_mobile_number_the_graduate_waits_for_72_hours(
    world: World, graduate: Graduate
) -> None:
    from esign.models import MobileChange

    invitation, user, code = signing.prepare_acceptance(graduate)
    # Changed without any action: a database trigger notices it.
    Graduate.objects.filter(pk=graduate.pk).update(mobile="13700000000")
    signing.confirm_origin(graduate)
    refused("mobile_changed", invitation, user, code)
    MobileChange.objects.update(at=timezone.now() - datetime.timedelta(hours=73))
    assert signing.accept_invitation(invitation, user, signing.request_code(invitation, user)).pk


def test_declining_needs_a_reason_and_tells_the_unit(graduate: Graduate) -> None:
    invitation, user, _ = signing.prepare_acceptance(graduate)
    with pytest.raises(DomainError) as refusal:
        accept.decline(invitation=invitation, by=user, reason=" ")
    assert refusal.value.code == "reason"
    done = accept.decline(invitation=invitation, by=user, reason="已有其他安排")
    assert done.state == InvitationState.DECLINED
    assert Message.objects.filter(
        to=f"user:{invitation.member.user_id}", text="已有其他安排"
    ).exists()
