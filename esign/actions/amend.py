"""Amending an agreement (修改签约信息): the unit proposes other terms, and they come into force when the
graduate confirms them.

A unit may propose changes until the school has approved the destination, and again after a
rejection. The unit's code never changes, and its name only to correct typing errors (DOMAIN §4).
Earlier versions are kept: a confirmed change makes a new version.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox, one_time_codes
from accounts.models import User
from core import audit, outbox
from core.clock import database_now
from core.errors import DomainError, Invalid, Refused
from core.models import Channel
from destinations.actions import agreement as destination_agreement
from destinations.actions.base import lock
from destinations.models import Destination
from destinations.states import State
from destinations.steps import AGREEMENT, SystemActor
from employers.models import UnitMember
from employers.queries import may_act_for, name_for_texts
from esign import terms
from esign.actions.base import GRADUATE_RELATED
from esign.actions.notices import tell_unit
from esign.actions.reading import kept_signature_id, read_signature, store_signature
from esign.amendment_steps import AMENDMENT, no_open_conclusion, no_open_termination
from esign.fields import DESTINATION_KEYS, SIGNATURE, UNCHANGEABLE
from esign.models import Agreement, AgreementVersion, Amendment
from esign.queries import agreements_of
from esign.reader_words import amendment_title
from esign.rules import check_terms
from esign.states import AgreementState, AmendmentState, Side
from esign.steps import check_account_settled, check_reading, mobile_changed_lately, opened_at
from graduates.models import Graduate

_AMENDABLE = (State.ESIGNED, State.DEPARTMENT_APPROVED, State.REJECTED)


@dataclass
class LockedAgreement:
    """An agreement with its graduate and destination. All three rows are locked, the graduate first."""

    graduate: Graduate
    destination: Destination
    agreement: Agreement

    @property
    def version(self) -> AgreementVersion:
        return self.agreement.versions.get(number=self.agreement.version)


@contextmanager
def lock_agreement(agreement: Agreement) -> Iterator[LockedAgreement]:
    """A transaction that holds the locks of graduate, destination and agreement."""
    with transaction.atomic():
        destination = lock(agreement.graduate_id, *GRADUATE_RELATED)
        fresh = (
            Agreement.objects.select_for_update(no_key=True, of=("self",))
            .select_related("unit", "member__user", "invitation")
            .get(pk=agreement.pk)
        )
        yield LockedAgreement(destination.graduate, destination, fresh)


def amendment_refusal(agreement: Agreement, destination: Destination) -> str | None:
    """The sentence that says why the unit can't propose a change now; None when it can."""
    if agreement.state != AgreementState.ACTIVE:
        return f"协议{agreement.get_state_display()}，不能修改。"
    if destination.state not in _AMENDABLE:
        return "学校已审核通过，签约信息不能再修改；如确有错误请联系学校。"
    if agreement.amendments.filter(state=AmendmentState.PROPOSED).exists():
        return "已有一份修改等待毕业生确认，可以先撤回再重新提交。"
    try:
        no_open_termination(agreement)
        no_open_conclusion(agreement)
    except Refused as refusal:
        return refusal.message
    return None


def check_change(old: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """All values of the changed terms. Raises `Invalid` with each field that is wrong or may not be
    changed."""
    kept = {k: old[k] for k in UNCHANGEABLE}
    checked = check_terms({**old, **typed, **kept})
    errors = checked.errors()
    # An unchanged report date may have passed since the agreement was signed; that is no error.
    if checked.values["report_by"] == old["report_by"]:
        errors.pop("report_by", None)
    if not _is_same_unit(old["unit_name"], checked.values["unit_name"]):
        errors["unit_name"] = ["单位名称只能更正错别字；如单位变更，请解约后重新签约。"]
    if errors:
        raise Invalid(errors)
    return checked.values


def _is_same_unit(old: str, new: str) -> bool:
    """Whether the names differ by typing errors only, which leave most characters in their order."""
    return difflib.SequenceMatcher(None, old, new).ratio() >= 0.8


def propose(
    *, agreement: Agreement, member: UnitMember, typed: Mapping[str, Any], reason: str
) -> Amendment:
    """The unit proposes other terms. The agreement stays as it is until the graduate confirms."""
    if not agreements_of(member).filter(pk=agreement.pk).exists():
        raise Refused("not_yours", "这不是本单位可以修改的协议。")
    if member.signature is None:
        raise Invalid({SIGNATURE: ["请先在“手写签名”中保存您的签名。"]})
    if not reason.strip():
        raise Invalid({"reason": ["请说明修改的原因，毕业生会看到。"]})
    with lock_agreement(agreement) as locked:
        refusal = amendment_refusal(locked.agreement, locked.destination)
        if refusal:
            raise Refused("not_amendable", refusal)
        before = locked.version
        old = terms.values_of(before.terms)
        values = check_change(old, typed)
        text = terms.amended(before.terms, values, {SIGNATURE: member.signature.sha256})
        if not terms.difference(before.terms, text):
            raise Refused("nothing_changed", "没有任何修改。")
        amendment = Amendment.objects.create(
            agreement=locked.agreement,
            member=member,
            terms=text,
            terms_hash=terms.digest(text),
            signature=member.signature,
            reason=reason.strip()[:200],
        )
        audit.record(
            "esign.amend_propose", by=member.user, obj=locked.agreement, reason=amendment.reason
        )
        inbox.tell(
            f"person:{locked.graduate.person_id}",
            f"{locked.agreement.unit.name}提出修改签约信息",
            text="请核对新旧内容后确认或拒绝；确认之前原协议不变。",
            link=reverse("amendment", args=[amendment.pk]),
            key=f"amendment:{amendment.pk}:proposed",
            mail_to=locked.graduate.email,
        )
        outbox.post(
            Channel.SMS,
            locked.graduate.mobile,
            f"{name_for_texts(locked.agreement.unit, '签约单位')}提出修改签约信息，请登录毕业去向登记平台核对。",
            key=f"amendment:{amendment.pk}:proposed",
        )
    return amendment


def withdraw(*, amendment: Amendment, member: UnitMember) -> Amendment:
    with lock_agreement(amendment.agreement):
        if not may_act_for(member.user, amendment.member, amendment.created_at):
            raise Refused("not_yours", "只有提出修改的人或单位的认证人员可以撤回。")
        withdrawn = _record_answer(amendment, "withdraw")
        audit.record("esign.amend_withdraw", by=member.user, obj=withdrawn.agreement)
        agreement = withdrawn.agreement
        inbox.tell(
            f"person:{agreement.graduate.person_id}",
            f"{agreement.unit.name}：{amendment_title('withdrawn', Side.GRADUATE)}",
            link=reverse("agreement", args=[agreement.pk]),
            key=f"amendment:{withdrawn.pk}:withdrawn",
        )
    return withdrawn


def send_code(*, amendment: Amendment, by: User, address: str) -> None:
    with lock_agreement(amendment.agreement) as locked:
        _check_answer(locked, amendment, by)
        one_time_codes.issue(
            purpose="amend",
            phone=locked.graduate.mobile,
            subject=_subject(amendment),
            address=address,
        )


def code_is_open(amendment: Amendment) -> bool:
    """Whether the graduate has a code for these terms that can still be typed."""
    return one_time_codes.is_open(
        purpose="amend",
        phone=amendment.agreement.graduate.mobile,
        subject=_subject(amendment),
    )


def _subject(amendment: Amendment) -> str:
    return f"amend:{amendment.pk}:{amendment.terms_hash[:24]}"


def confirm(
    *, amendment: Amendment, by: User, terms_hash: str, code: str, address: str,
    signature: bytes = b"", kept_id: int | None = None, agent: str = "",
) -> AgreementVersion:  # fmt: skip
    """The graduate signs the new terms. Hash, reading time, code and signature are checked as they
    are when an invitation is accepted; so are `signature` and `kept_id`."""
    if terms_hash != amendment.terms_hash:
        raise Refused("terms_changed", "内容有变化，请重新阅读后再决定。")
    with lock_agreement(amendment.agreement) as locked:
        _check_answer(locked, amendment, by)
        phone = locked.graduate.mobile
    signature_id = kept_signature_id(amendment.agreement.graduate_id, terms_hash)
    ink = read_signature(signature, kept_id, signature_id)
    proof = one_time_codes.prove(
        purpose="amend", phone=phone, subject=_subject(amendment), typed=code
    )
    if ink is not None:
        signature_id = store_signature(ink, amendment.agreement.school_id, by).pk
    with lock_agreement(amendment.agreement) as locked:
        _check_answer(locked, amendment, by)
        if locked.graduate.mobile != proof.phone:
            raise Refused("mobile_changed", "手机号码刚刚变更，请重新获取验证码。")
        one_time_codes.spend(proof)
        confirmed = _record_answer(amendment, "confirm")
        before = locked.version
        now = database_now()
        version = AgreementVersion.objects.create(
            agreement=locked.agreement,
            number=before.number + 1,
            terms=confirmed.terms,
            terms_hash=confirmed.terms_hash,
            employer_signature_id=confirmed.signature_id,
            graduate_signature_id=signature_id or 0,  # no file has the id 0, so the database would refuse it
            signed_at=now,
            evidence=before.evidence
            | {
                "graduate": {
                    "at": now.isoformat(), "code_at": proof.proved_at.isoformat(),  # type: ignore[union-attr]
                    "address": address, "agent": agent[:200],
                },
                "employer": {
                    "at": confirmed.created_at.isoformat(),
                    "name": confirmed.member.name,
                    "mobile": confirmed.member.user.login,
                },
            },
        )  # fmt: skip
        Agreement.objects.filter(pk=locked.agreement.pk).update(version=version.number)
        values = terms.values_of(confirmed.terms)
        destination_agreement.amend(
            graduate_id=locked.graduate.pk,
            values={k: values[k] for k in DESTINATION_KEYS}
            | {"signed_on": timezone.localtime(locked.agreement.signed_at).date().isoformat()},
            by=SystemActor(AGREEMENT),
        )
        audit.record("esign.amend_confirm", by=by, obj=locked.agreement, data={"terms": terms_hash})
        _tell_member(confirmed, "confirmed")
    return version


def refuse(*, amendment: Amendment, by: User) -> Amendment:
    """The graduate refuses the new terms; the old ones stay in force."""
    with lock_agreement(amendment.agreement) as locked:
        if locked.graduate.person.user_id != by.pk:
            raise Refused("not_yours", "只有毕业生本人可以答复。")
        refused = _record_answer(amendment, "refuse")
        audit.record("esign.amend_refuse", by=by, obj=locked.agreement)
        _tell_member(refused, "refused")
    return refused


def close_proposals(agreement: Agreement) -> None:
    """Close what was proposed for an agreement that ends, in the caller's transaction."""
    (step,) = AMENDMENT.steps_of("close")
    agreement.amendments.filter(state__in=step.sources).update(
        state=step.target, decided_at=timezone.now()
    )


def _check_answer(locked: LockedAgreement, amendment: Amendment, by: User) -> None:
    if locked.graduate.person.user_id != by.pk:
        raise Refused("not_yours", "只有毕业生本人可以确认。")
    amendment.refresh_from_db()
    if not AMENDMENT.allows("confirm", amendment.state):
        raise Refused("state", f"此修改{amendment.get_state_display()}，不能再确认。")
    if locked.destination.state not in _AMENDABLE:
        raise Refused("not_amendable", "学校已审核通过，签约信息不能再修改。")
    no_open_termination(locked.agreement)
    no_open_conclusion(locked.agreement)
    now, graduate_id = database_now(), locked.graduate.pk
    check_account_settled(locked.graduate, now, mobile_changed=mobile_changed_lately(graduate_id))
    check_reading(opened_at(graduate_id, amendment.terms_hash), now)


def confirmation_refusal(amendment: Amendment, by: User) -> DomainError | None:
    """Why the graduate can't confirm now; None when they can. The reading time is left out, since
    the page counts it down itself."""
    graduate = Graduate.objects.select_related("person").get(pk=amendment.agreement.graduate_id)
    destination = Destination.objects.get(pk=graduate.pk)
    try:
        _check_answer(LockedAgreement(graduate, destination, amendment.agreement), amendment, by)
    except DomainError as refusal:
        return None if refusal.code in ("reading", "not_read") else refusal
    return None


def _record_answer(amendment: Amendment, action: str) -> Amendment:
    """Take a step of the amendment's lifecycle. The caller holds the agreement's lock, and a proposal
    takes one answer only."""
    (step,) = AMENDMENT.steps_of(action)
    changed = Amendment.objects.filter(pk=amendment.pk, state__in=step.sources).update(
        state=step.target, decided_at=timezone.now()
    )
    if not changed:
        amendment.refresh_from_db()
        raise Refused("state", f"此修改{amendment.get_state_display()}，没有执行。")
    return Amendment.objects.select_related(
        "member__user", "agreement__unit", "agreement__graduate"
    ).get(pk=amendment.pk)


def _tell_member(amendment: Amendment, key: str) -> None:
    """Tell the unit what the graduate answered; `key` is the event."""
    name = amendment.agreement.graduate.name
    tell_unit(
        amendment.member,
        f"{name}：{amendment_title(key, Side.EMPLOYER)}",
        begun_at=amendment.created_at,
        terms_text=amendment.terms,
        link=reverse("employer-agreement", args=[amendment.agreement_id]),
        key=f"amendment:{amendment.pk}:{key}",
    )
