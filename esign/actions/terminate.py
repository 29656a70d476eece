"""Terminating an agreement (解约): one side asks, the other side answers, department and school review.
How the other side consents is in `consent`.

The agreement stays in force until the termination is agreed.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit, files
from core.errors import Invalid, Refused
from core.files import images
from core.models import StoredFile
from destinations.actions.release import release
from destinations.steps import AGREEMENT, SystemActor
from esign import agreement_steps
from esign.actions import amend, conclude
from esign.actions.termination_base import (
    take_step,
    tell_both_sides,
    tell_other_side,
    update_termination,
)
from esign.deadlines import end_of_day_after
from esign.models import Agreement, Termination, TerminationMaterial
from esign.states import OPEN_TERMINATION, AgreementState, Ground, Side, TerminationState
from esign.termination_steps import side_of, start_step_of

MOST_MATERIALS = 4


# An uploaded picture, or a page of one that `keep_material` has stored already.
Material = bytes | StoredFile


def keep_material(*, content: bytes, agreement: Agreement, by: User) -> list[StoredFile]:
    """Store the pages of a picture of a request that is not complete yet; only a TIFF has several. The
    sweep of files deletes them if they are never used."""
    return _store_material(content, agreement, by)


def start(
    *,
    agreement: Agreement,
    by: User,
    ground: str,
    reason: str,
    notified_on: datetime.date | None = None,
    materials: Sequence[Material] = (),
) -> Termination:
    """Either side asks to end the agreement. One-sided grounds need proof and the date of the written
    notice to the other side."""
    _check_request(ground, reason, notified_on, materials)
    stored = _store_materials(materials, agreement, by)
    with take_step(start_step_of(ground), agreement, by) as (facts, step):
        mutual = ground == Ground.MUTUAL
        termination = Termination.objects.create(
            agreement=facts.agreement,
            school_id=facts.agreement.school_id,
            cohort_id=facts.agreement.cohort_id,
            graduate=facts.graduate,
            started_by=side_of(by),
            started_by_user=by,
            ground=ground,
            reason=reason.strip()[:500],
            notified_on=notified_on,
            state=step.target or facts.state,
            answer_by=end_of_day_after(facts.now, facts.rules.silence_days) if mutual else None,
        )
        _attach_materials(termination, stored, side_of(by))
        audit.record("esign.terminate_start", by=by, obj=facts.agreement, reason=termination.reason)
        tell_other_side(facts, termination, "提出解除就业协议", "请登录平台查看并答复。", "started")
    return termination


def _check_request(
    ground: str, reason: str, notified_on: datetime.date | None, materials: Sequence[Material]
) -> None:
    errors: dict[str, list[str]] = {}
    if ground not in Ground.values:
        errors["ground"] = ["请选择解约事由。"]
    if not reason.strip():
        errors["reason"] = ["请说明解约的原因。"]
    if ground in Ground.values and ground != Ground.MUTUAL:
        if notified_on is None:
            errors["notified_on"] = ["单方解约须先书面告知对方，请填写告知日期。"]
        elif notified_on > timezone.localdate():
            errors["notified_on"] = ["告知日期不能晚于今天。"]
        if not materials:
            errors["materials"] = ["单方解约须上传证明材料。"]
    if len(materials) > MOST_MATERIALS:
        errors["materials"] = [f"最多上传{MOST_MATERIALS}张材料。"]
    if errors:
        raise Invalid(errors)


def refuse(*, agreement: Agreement, by: User, reason: str, seen: int | None = None) -> Termination:
    """The other side does not agree: the request is over and the agreement stays in force."""
    with take_step("refuse", agreement, by, reason=reason, seen=seen) as (facts, step):
        termination = update_termination(
            facts, step, answered_at=facts.now, answer=reason.strip()[:300],
            refusal=reason.strip()[:300],
        )  # fmt: skip
        audit.record("esign.terminate_refuse", by=by, obj=facts.agreement, reason=reason.strip())
        tell_both_sides(facts, termination, "refused", text=termination.refusal)
    return termination


def withdraw(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The side that asked takes its request back."""
    with take_step("withdraw", agreement, by, seen=seen) as (facts, step):
        termination = update_termination(facts, step)
        audit.record("esign.terminate_withdraw", by=by, obj=facts.agreement)
        tell_both_sides(facts, termination, "withdrawn")
    return termination


def upload_release(
    *, agreement: Agreement, by: User, materials: Sequence[Material], seen: int | None = None
) -> Termination:
    """The graduate uploads the unit's stamped release, since the unit did not answer in time. The
    school checks it by a telephone call."""
    if not materials:
        raise Invalid({"materials": ["请上传加盖单位公章或人力资源部门公章的解约材料。"]})
    if len(materials) > MOST_MATERIALS:
        raise Invalid({"materials": [f"最多上传{MOST_MATERIALS}张材料。"]})
    stored = _store_materials(materials, agreement, by)
    with take_step("upload_release", agreement, by, seen=seen) as (facts, step):
        termination = update_termination(facts, step, stamped_at=facts.now)
        _attach_materials(termination, stored, Side.GRADUATE, stamped=True)
        audit.record("esign.terminate_release", by=by, obj=facts.agreement)
        tell_other_side(facts, termination, "上传了盖章解约材料", "学校将电话回访核实。", "stamped")
    return termination


def note_call(*, agreement: Agreement, by: User, note: str, seen: int | None = None) -> Termination:
    """Record that staff telephoned the unit, which confirmed the release."""
    with take_step("note_call", agreement, by, reason=note, seen=seen) as (facts, step):
        termination = update_termination(
            facts, step, called_back_at=facts.now, called_back_note=note.strip()[:300]
        )
        audit.record("esign.terminate_call", by=by, obj=facts.agreement, reason=note.strip())
    return termination


def pass_on(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The department agrees. The school, whose review comes next, is told."""
    with take_step("pass_on", agreement, by, seen=seen) as (facts, step):
        termination = update_termination(
            facts, step, department_at=facts.now, department_by=by.label
        )
        audit.record("esign.terminate_pass", by=by, obj=facts.agreement)
        inbox.tell(
            f"school:{facts.agreement.school_id}", f"{facts.graduate.name}的解约申请等待终审",
            text=f"{by.label}已初审同意。", link=reverse("console:termination", args=[termination.pk]),
            key=f"termination:{termination.pk}:passed",
        )  # fmt: skip
    return termination


def turn_down(
    *, agreement: Agreement, by: User, reason: str, seen: int | None = None
) -> Termination:
    """The department or the school does not agree: the agreement stays in force."""
    with take_step("turn_down", agreement, by, reason=reason, seen=seen) as (facts, step):
        termination = update_termination(
            facts, step, refusal=reason.strip()[:300], decided_at=facts.now, decided_by=by.label
        )
        audit.record("esign.terminate_turn_down", by=by, obj=facts.agreement, reason=reason.strip())
        tell_both_sides(facts, termination, "turned_down", text=termination.refusal)
    return termination


def agree(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The last review agrees and the agreement ends. Verification says that it is void, and the
    graduate may sign again."""
    with take_step("agree", agreement, by, seen=seen) as (facts, step):
        first = {} if facts.open_termination.department_at else {
            "department_at": facts.now, "department_by": by.label,
        }  # fmt: skip
        termination = update_termination(
            facts, step, decided_at=facts.now, decided_by=by.label, **first
        )
        _end_agreement(facts.agreement)
        amend.close_proposals(facts.agreement)
        release(
            graduate_id=facts.graduate.pk,
            by=SystemActor(AGREEMENT),
            reason=facts.open_termination.reason,
        )
        audit.record(
            "esign.terminate", by=by, obj=facts.agreement, reason=facts.open_termination.reason
        )
        tell_both_sides(facts, termination, "agreed")
    return termination


def end_after_dispute(*, agreement: Agreement, reason: str, by: User) -> None:
    """End an agreement because the graduate's dispute (有异议) was upheld. An open termination
    or conclusion is withdrawn. Runs in the transaction that settles the dispute."""
    with amend.lock_agreement(agreement) as locked:
        _end_agreement(locked.agreement)
        amend.close_proposals(locked.agreement)
        Termination.objects.filter(agreement=locked.agreement, state__in=OPEN_TERMINATION).update(
            state=TerminationState.WITHDRAWN, refusal="去向异议成立，协议已结束"
        )
        conclude.close_proposals(locked.agreement, by=by, reason="去向异议成立，协议已结束")
        release(graduate_id=locked.graduate.pk, by=SystemActor(AGREEMENT), reason=reason)
        audit.record("esign.terminate", by=by, obj=locked.agreement, reason=reason)


def _end_agreement(agreement: Agreement) -> None:
    """End the agreement, which the caller has locked."""
    (step,) = agreement_steps.AGREEMENT.steps_of("terminate")
    if agreement.state not in step.sources:
        raise Refused("not_active", f"协议{agreement.get_state_display()}，不能解约。")
    agreement.state, agreement.ended_at = AgreementState(step.target or ""), timezone.now()
    agreement.save(update_fields=["state", "ended_at"])


def _store_materials(
    materials: Sequence[Material], agreement: Agreement, by: User
) -> list[StoredFile]:
    stored = [file for material in materials for file in _store_material(material, agreement, by)]
    if len(stored) > MOST_MATERIALS:
        raise Invalid({"materials": [f"每页算一张，最多上传{MOST_MATERIALS}张材料。"]})
    return stored


def _store_material(content: Material, agreement: Agreement, by: User) -> list[StoredFile]:
    if isinstance(content, StoredFile):
        return [content]
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
    return [
        files.store(
            page, name="解约材料.jpg", content_type="image/jpeg",
            purpose="termination", school_id=agreement.school_id, by_id=by.pk,
        )
        for page in images.compress_pages(content, most_pages=MOST_MATERIALS)
    ]  # fmt: skip


def _attach_materials(
    termination: Termination, stored: Sequence[StoredFile], side: str, *, stamped: bool = False
) -> None:
    TerminationMaterial.objects.bulk_create(
        TerminationMaterial(termination=termination, file=f, side=side, stamped=stamped)
        for f in stored
    )
