"""Sending an invitation, withdrawing it, and marking those that have expired."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse

from accounts import inbox
from accounts.models import User
from core import audit, outbox
from core.audit import Actor
from core.clock import database_now
from core.errors import Invalid, Refused
from core.models import Channel
from employers.actions.units import record_member, record_unit
from employers.models import UnitMember
from employers.queries import name_for_texts
from esign import hooks, terms
from esign.actions import base, drafts
from esign.actions.notices import tell_unit
from esign.deadlines import end_of_day_after
from esign.fields import IMAGES, SIGNATURE
from esign.models import Draft, Invitation
from esign.rules import check_terms
from esign.states import InvitationState
from graduates.models import Graduate

_FILES = (*IMAGES, SIGNATURE)


def draft_errors(draft: Draft) -> dict[str, list[str]]:
    """The errors that a draft still has, by field."""
    errors = check_terms(draft.values).errors()
    for slot, label in IMAGES.items():
        if getattr(draft, f"{slot}_id") is None:
            errors[slot] = [f"请上传{label}。"]
    if draft.signature_id is None:
        errors[SIGNATURE] = ["请手写签名。"]
    return errors


def send(*, draft: Draft) -> Invitation:
    """Send the draft as an invitation. Sending it again returns the same invitation.

    Raises `Invalid` with every field that is wrong or missing; the draft keeps what was typed.
    """
    with transaction.atomic():
        draft = Draft.objects.select_for_update().get(pk=draft.pk)
        if draft.invitation is not None:
            return draft.invitation
        drafts.check_card_in_use(draft)
        if draft.mobile_proved_at is None:
            raise Refused("mobile", "请先验证手机号码。")
        errors = draft_errors(draft)
        if errors:
            raise Invalid(errors)
        graduate = Graduate.objects.select_related("school", "cohort").get(pk=draft.graduate_id)
        invitation = _create(draft, graduate, check_terms(draft.values).values)
        draft.invitation = invitation
        draft.save(update_fields=["invitation"])
        hooks.sent.run(draft=draft, invitation=invitation)
    return invitation


def _create(draft: Draft, graduate: Graduate, values: dict[str, Any]) -> Invitation:
    files = {slot: getattr(draft, slot) for slot in _FILES}
    unit = record_unit(values, files["certificate"])
    hooks.invitation_guards.run(unit_id=unit.pk)
    member = record_member(unit=unit, mobile=draft.mobile, name=values["contact_name"], files=files)
    now = database_now()
    until = end_of_day_after(now, values["valid_days"])
    text = terms.compose(
        graduate=graduate,
        values=values,
        files={slot: file.sha256 for slot, file in files.items()},
        sent_at=now,
        valid_until=until,
    )
    invitation = Invitation.objects.create(
        graduate=graduate,
        school_id=graduate.school_id,
        cohort_id=graduate.cohort_id,
        unit=unit,
        member=member,
        way=draft.way,
        terms=text,
        terms_hash=terms.digest(text),
        sent_at=now,
        valid_days=values["valid_days"],
        valid_until=until,
        **files,
    )
    audit.record(
        "esign.invite",
        by=Actor.of_unit(member.user_id, unit.name, member.name),
        obj=invitation,
        data={"terms": invitation.terms_hash, "from": draft.address, "way": draft.way},
    )
    tell_graduate(
        invitation,
        "邀请您签约",
        f"职位“{values['job_title']}”，请在有效期内阅读并答复。",
        key="sent",
    )
    outbox.post(
        Channel.SMS,
        graduate.mobile,
        f"{name_for_texts(unit)}向您发出签约邀约，请登录毕业去向登记平台阅读并答复。",
        key=f"invitation:{invitation.pk}:sent",
    )
    return invitation


def withdraw(*, invitation: Invitation, by: User) -> Invitation:
    """The unit takes the invitation back."""
    with base.take_step("withdraw", invitation, by) as facts:
        withdrawn = base.record_decision(facts, InvitationState.WITHDRAWN)
        audit.record("esign.withdraw", by=by, obj=withdrawn)
        hooks.decided.run(invitation=withdrawn)
        tell_graduate(withdrawn, "撤回了邀约", key="withdrawn")
    return withdrawn


def expire_due() -> int:
    """Mark invitations that have expired and tell both sides; returns how many were marked.

    Acceptance does not depend on the mark: after its last day an invitation can't be accepted even
    if it is not marked yet.
    """
    now = database_now()
    due = Invitation.objects.filter(state=InvitationState.SENT, valid_until__lt=now)
    marked = 0
    for invitation in due.order_by("graduate_id")[:1000]:
        with transaction.atomic():
            Graduate.objects.select_for_update(no_key=True).only("id").get(
                pk=invitation.graduate_id
            )
            changed = Invitation.objects.filter(
                pk=invitation.pk, state=InvitationState.SENT
            ).update(state=InvitationState.EXPIRED, decided_at=now)
            if not changed:
                continue
            marked += 1
            invitation.state = InvitationState.EXPIRED
            hooks.decided.run(invitation=invitation)
            tell_graduate(invitation, "的签约邀约已失效", key="expired")
            tell_member(invitation.member, "邀约已过有效期，毕业生没有答复", invitation, "expired")
    return marked


def tell_graduate(invitation: Invitation, what: str, text: str = "", *, key: str) -> None:
    """Tell the graduate what the unit did or what happened to its invitation; `what` follows the
    unit's name."""
    person, email = Graduate.objects.values_list("person_id", "email").get(
        pk=invitation.graduate_id
    )
    inbox.tell(
        f"person:{person}",
        f"{invitation.unit.name}{what}",
        text=text,
        link=reverse("invitation", args=[invitation.pk]),
        key=f"invitation:{invitation.pk}:{key}",
        mail_to=email,
        mail_title=f"{name_for_texts(invitation.unit)}{what}",
    )


def tell_member(member: UnitMember, title: str, invitation: Invitation, key: str) -> None:
    tell_unit(
        member,
        title,
        begun_at=invitation.sent_at,
        terms_text=invitation.terms,
        link=reverse("employer-invitation", args=[invitation.pk]),
        key=f"invitation:{invitation.pk}:{key}",
    )
