"""Amending an agreement (修改签约信息): the unit proposes, the graduate confirms, then it counts.

Allowed until the school approved, or after a rejection; never of the unit's code, and of its name
only for typing errors (DOMAIN §4). What was signed stays: a confirmed change is a new version.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import inbox, one_time_codes
from accounts.models import User
from core import audit, outbox
from core.errors import DomainError, Invalid, Refused
from core.models import Channel
from destinations.actions import agreement as destination_agreement
from destinations.actions.base import lock
from destinations.models import Destination
from destinations.states import State
from destinations.steps import AGREEMENT, SystemActor
from employers.models import UnitMember
from employers.queries import seen_by, speaks_for
from esign import terms
from esign.actions.base import GRADUATE
from esign.actions.notices import tell_unit
from esign.actions.reading import kept_signature, read_ink, store_ink
from esign.amendment_steps import AMENDMENT
from esign.fields import DESTINATION_KEYS, SIGNATURE, UNCHANGEABLE
from esign.models import Agreement, AgreementVersion, Amendment
from esign.rules import check_terms
from esign.states import AgreementState, AmendmentState
from esign.steps import check_reading, check_settled, lately_renumbered, opened_at
from graduates.models import Graduate

_AMENDABLE = (State.ESIGNED, State.DEPARTMENT_APPROVED, State.REJECTED)


@dataclass
class Locked:
    """An agreement with its graduate and destination, locked in the house's order."""

    graduate: Graduate
    destination: Destination
    agreement: Agreement

    @property
    def version(self) -> AgreementVersion:
        return self.agreement.versions.get(number=self.agreement.version)


@contextmanager
def locked(agreement: Agreement) -> Iterator[Locked]:
    with transaction.atomic():
        destination = lock(agreement.graduate_id, *GRADUATE)
        fresh = (
            Agreement.objects.select_for_update(no_key=True, of=("self",))
            .select_related("unit", "member__user", "invitation")
            .get(pk=agreement.pk)
        )
        yield Locked(destination.graduate, destination, fresh)


def why_not(agreement: Agreement, destination: Destination) -> str | None:
    """Why the unit can't propose a change now; None when it can."""
    if agreement.state != AgreementState.ACTIVE:
        return f"协议{agreement.get_state_display()}, 不能修改。"
    if destination.state not in _AMENDABLE:
        return "学校已审核通过, 签约信息不能再修改; 如确有错误请联系学校。"
    if agreement.amendments.filter(state=AmendmentState.PROPOSED).exists():
        return "已有一份修改等待毕业生确认, 可以先撤回再重新提交。"
    return None


def check_change(old: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The whole new values. Raises `Invalid` beside each field that is wrong or may not change."""
    kept = {k: old[k] for k in UNCHANGEABLE}
    checked = check_terms({**old, **typed, **kept})
    errors = checked.errors()
    # The past is no fault of a change: the report date may have gone by since.
    if checked.values["report_by"] == old["report_by"]:
        errors.pop("report_by", None)
    if not _same_unit(old["unit_name"], checked.values["unit_name"]):
        errors["unit_name"] = ["单位名称只能更正错别字; 如单位变更, 请解约后重新签约。"]
    if errors:
        raise Invalid(errors)
    return checked.values


def _same_unit(old: str, new: str) -> bool:
    """A typing error keeps most characters in their order."""
    return difflib.SequenceMatcher(None, old, new).ratio() >= 0.8


def propose(
    *, agreement: Agreement, member: UnitMember, typed: Mapping[str, Any], reason: str
) -> Amendment:
    """The unit proposes other terms; nothing counts yet."""
    if not seen_by(Agreement.objects.filter(pk=agreement.pk), member).exists():
        raise Refused("not_yours", "这不是本单位可以修改的协议。")
    if member.signature is None:
        raise Invalid({SIGNATURE: ["请先在“手写签名”中保存您的签名。"]})
    if not reason.strip():
        raise Invalid({"reason": ["请说明修改的原因, 毕业生会看到。"]})
    with locked(agreement) as at:
        refusal = why_not(at.agreement, at.destination)
        if refusal:
            raise Refused("not_amendable", refusal)
        before = at.version
        old = terms.values_of(before.terms)
        values = check_change(old, typed)
        text = terms.amended(before.terms, values, {SIGNATURE: member.signature.sha256})
        if not terms.difference(before.terms, text):
            raise Refused("nothing_changed", "没有任何修改。")
        made = Amendment.objects.create(
            agreement=at.agreement,
            member=member,
            terms=text,
            terms_hash=terms.digest(text),
            signature=member.signature,
            reason=reason.strip()[:200],
        )
        audit.record("esign.amend_propose", by=member.user, obj=at.agreement, reason=made.reason)
        inbox.tell(
            f"person:{at.graduate.person_id}",
            f"{at.agreement.unit.name}提出修改签约信息",
            text="请核对新旧内容后确认或拒绝; 确认之前原协议不变。",
            link=f"/amendments/{made.pk}/",
            key=f"amendment:{made.pk}:proposed",
            mail_to=at.graduate.email,
        )
        outbox.post(
            Channel.SMS,
            at.graduate.mobile,
            f"{at.agreement.unit.name}提出修改签约信息, 请登录毕业去向登记平台核对。",
            key=f"amendment:{made.pk}:proposed",
        )
    return made


def withdraw(*, amendment: Amendment, member: UnitMember) -> Amendment:
    with locked(amendment.agreement):
        mine = amendment.member_id == member.pk
        if not mine and not speaks_for(member.user, amendment.agreement.unit_id):
            raise Refused("not_yours", "只有提出修改的人或单位的认证人员可以撤回。")
        done = _decide(amendment, "withdraw")
        audit.record("esign.amend_withdraw", by=member.user, obj=done.agreement)
    return done


def send_code(*, amendment: Amendment, by: User, address: str) -> None:
    with locked(amendment.agreement) as at:
        _check_answer(at, amendment, by)
        one_time_codes.issue(
            purpose="amend", phone=at.graduate.mobile, subject=_subject(amendment), address=address
        )


def _subject(amendment: Amendment) -> str:
    return f"amend:{amendment.pk}:{amendment.terms_hash[:24]}"


def confirm(
    *, amendment: Amendment, by: User, terms_hash: str, code: str, address: str,
    signature: bytes = b"", kept: int | None = None, agent: str = "",
) -> AgreementVersion:  # fmt: skip
    """The graduate signs the new terms: hash, reading time, code and hand as at acceptance."""
    if terms_hash != amendment.terms_hash:
        raise Refused("terms_changed", "内容有变化, 请重新阅读后再决定。")
    with locked(amendment.agreement) as at:
        _check_answer(at, amendment, by)
        phone = at.graduate.mobile
    signature_id = kept_signature(amendment.agreement.graduate_id, terms_hash)
    ink = read_ink(signature, kept, signature_id)
    proof = one_time_codes.prove(
        purpose="amend", phone=phone, subject=_subject(amendment), typed=code
    )
    if ink is not None:
        signature_id = store_ink(ink, amendment.agreement.school_id, by).pk
    with locked(amendment.agreement) as at:
        _check_answer(at, amendment, by)
        if at.graduate.mobile != proof.phone:
            raise Refused("mobile_changed", "手机号码刚刚变更, 请重新获取验证码。")
        one_time_codes.spend(proof)
        done = _decide(amendment, "confirm")
        before = at.version
        now = timezone.now()
        version = AgreementVersion.objects.create(
            agreement=at.agreement,
            number=before.number + 1,
            terms=done.terms,
            terms_hash=done.terms_hash,
            employer_signature_id=done.signature_id,
            graduate_signature_id=signature_id or 0,  # 0 is no file: the database refuses it
            signed_at=now,
            evidence=before.evidence
            | {
                "graduate": {
                    "at": now.isoformat(), "code_at": proof.proved_at.isoformat(),  # type: ignore[union-attr]
                    "address": address, "agent": agent[:200],
                },
                "employer": {
                    "at": done.created_at.isoformat(),
                    "name": done.member.name,
                    "mobile": done.member.user.login,
                },
            },
        )  # fmt: skip
        Agreement.objects.filter(pk=at.agreement.pk).update(version=version.number)
        values = terms.values_of(done.terms)
        destination_agreement.amend(
            graduate_id=at.graduate.pk,
            values={k: values[k] for k in DESTINATION_KEYS}
            | {"signed_on": timezone.localtime(at.agreement.signed_at).date().isoformat()},
            by=SystemActor(AGREEMENT),
        )
        audit.record("esign.amend_confirm", by=by, obj=at.agreement, data={"terms": terms_hash})
        _tell_member(done, "毕业生确认了修改, 新的签约信息已生效", "confirmed")
    return version


def refuse(*, amendment: Amendment, by: User) -> Amendment:
    """The old terms stay as they are."""
    with locked(amendment.agreement) as at:
        if at.graduate.person.user_id != by.pk:
            raise Refused("not_yours", "只有毕业生本人可以答复。")
        done = _decide(amendment, "refuse")
        audit.record("esign.amend_refuse", by=by, obj=at.agreement)
        _tell_member(done, "毕业生没有同意修改, 原协议不变", "refused")
    return done


def close_open(agreement: Agreement) -> None:
    """The agreement ends: what was proposed for it ends, too. Runs in the caller's transaction."""
    (step,) = AMENDMENT.steps_of("close")
    agreement.amendments.filter(state__in=step.sources).update(
        state=step.target, decided_at=timezone.now()
    )


def _check_answer(at: Locked, amendment: Amendment, by: User) -> None:
    if at.graduate.person.user_id != by.pk:
        raise Refused("not_yours", "只有毕业生本人可以确认。")
    amendment.refresh_from_db()
    if not AMENDMENT.allows("confirm", amendment.state):
        raise Refused("state", f"此修改{amendment.get_state_display()}, 不能再确认。")
    if at.destination.state not in _AMENDABLE:
        raise Refused("not_amendable", "学校已审核通过, 签约信息不能再修改。")
    now, graduate_id = timezone.now(), at.graduate.pk
    check_settled(at.graduate, now, renumbered=lately_renumbered(graduate_id))
    check_reading(opened_at(graduate_id, amendment.terms_hash), now)


def what_blocks(amendment: Amendment, by: User) -> DomainError | None:
    """What stands in the way of confirming, beside the reading time, which the page counts."""
    graduate = Graduate.objects.select_related("person").get(pk=amendment.agreement.graduate_id)
    destination = Destination.objects.get(pk=graduate.pk)
    try:
        _check_answer(Locked(graduate, destination, amendment.agreement), amendment, by)
    except DomainError as refusal:
        return None if refusal.code in ("reading", "not_read") else refusal
    return None


def _decide(amendment: Amendment, action: str) -> Amendment:
    """Under the agreement's lock: only one answer to a proposal."""
    (step,) = AMENDMENT.steps_of(action)
    changed = Amendment.objects.filter(pk=amendment.pk, state__in=step.sources).update(
        state=step.target, decided_at=timezone.now()
    )
    if not changed:
        amendment.refresh_from_db()
        raise Refused("state", f"此修改{amendment.get_state_display()}, 没有执行。")
    return Amendment.objects.select_related("member__user", "agreement__unit").get(pk=amendment.pk)


def _tell_member(amendment: Amendment, title: str, key: str) -> None:
    tell_unit(
        amendment.member,
        title,
        said=amendment.terms,
        link=f"/employer/agreements/{amendment.agreement_id}/",
        key=f"amendment:{amendment.pk}:{key}",
    )
