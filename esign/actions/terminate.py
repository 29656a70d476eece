"""Ending an agreement in order (解约). While a procedure is open the agreement stays in force."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit, files
from core.errors import Conflict, Invalid, Refused
from core.files import images
from core.models import StoredFile
from core.states import Step
from destinations.actions.release import release
from destinations.steps import AGREEMENT, SystemActor
from esign import agreement_steps, history
from esign.actions import amend, notices
from esign.models import Agreement, SigningRules, Termination, TerminationMaterial
from esign.states import OPEN_TERMINATION, AgreementState, Ground, Side, TerminationState
from esign.termination_steps import TERMINATION, Case, side_of, start_of
from graduates.models import Graduate

MOST_MATERIALS = 4


def case_of(agreement: Agreement) -> Case:
    """For looking: nothing is locked."""
    graduate = Graduate.objects.select_related("person", "cohort", "school").get(
        pk=agreement.graduate_id
    )
    return Case(agreement, graduate, SigningRules.of(graduate.cohort), open_procedure(agreement))


def open_procedure(agreement: Agreement) -> Termination | None:
    return Termination.objects.filter(agreement=agreement, state__in=OPEN_TERMINATION).first()


@contextmanager
def _step(
    action: str, agreement: Agreement, by: User, *, reason: str = "", seen: int | None = None
) -> Iterator[tuple[Case, Step]]:
    """Lock graduate, destination, agreement and the open procedure; ask the table.

    `seen` is the procedure the person looked at: when it moved on, or another one is open by
    now, that is a `Conflict` which says what happened, and nothing changes.
    """
    with amend.locked(agreement) as at:
        termination = (
            Termination.objects.select_for_update()
            .filter(agreement=at.agreement, state__in=OPEN_TERMINATION)
            .first()
        )
        case = Case(at.agreement, at.graduate, SigningRules.of(at.graduate.cohort), termination)
        if seen is not None and (termination is None or termination.pk != seen):
            raise Conflict("changed", _what_happened(at.agreement))
        try:
            step = TERMINATION.check(action, case, by)
        except Refused as refusal:
            if seen is not None and refusal.code == "state":
                raise Conflict("changed", _what_happened(at.agreement)) from None
            raise
        if step.needs_reason and not reason.strip():
            raise Refused("reason", "请填写理由。", field="reason")
        yield case, step


def _what_happened(agreement: Agreement) -> str:
    """For the second of two who act on one procedure."""
    event = history.last_word(agreement)
    if event is None:
        return "解约申请刚刚有变化, 您的操作没有执行, 请刷新后核对。"
    when = timezone.localtime(event.at).strftime("%m月%d日 %H:%M")
    word = history.WORDS.get(event.action, "处理")
    return f"{event.actor_label}已于{when}“{word}”。您的操作没有执行, 请核对后再办理。"


Material = bytes | StoredFile


def keep(*, content: bytes, agreement: Agreement, by: User) -> StoredFile:
    """Take a picture in before the request is complete; unused ones are swept."""
    return _store(content, agreement, by)


def start(
    *,
    agreement: Agreement,
    by: User,
    ground: str,
    reason: str,
    notified_on: datetime.date | None = None,
    materials: Sequence[Material] = (),
) -> Termination:
    """Either side asks. One-sided grounds need proof and the date of the written notice."""
    _check_request(ground, reason, notified_on, materials)
    stored = [_store(m, agreement, by) for m in materials]
    with _step(start_of(ground), agreement, by) as (case, step):
        mutual = ground == Ground.MUTUAL
        made = Termination.objects.create(
            agreement=case.agreement,
            school_id=case.agreement.school_id,
            cohort_id=case.agreement.cohort_id,
            graduate=case.graduate,
            started_by=side_of(by),
            started_by_user=by,
            ground=ground,
            reason=reason.strip()[:500],
            notified_on=notified_on,
            state=step.target or case.state,
            answer_by=_end_of_day(case.now, case.rules.silence_days) if mutual else None,
        )
        _attach(made, stored, side_of(by))
        audit.record("esign.terminate_start", by=by, obj=case.agreement, reason=made.reason)
        _tell_other(case, made, "提出解除就业协议", "请登录平台查看并答复。", "started")
    return made


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
            errors["notified_on"] = ["单方解约须先书面告知对方, 请填写告知日期。"]
        elif notified_on > timezone.localdate():
            errors["notified_on"] = ["告知日期不能晚于今天。"]
        if not materials:
            errors["materials"] = ["单方解约须上传证明材料。"]
    if len(materials) > MOST_MATERIALS:
        errors["materials"] = [f"最多上传{MOST_MATERIALS}张材料。"]
    if errors:
        raise Invalid(errors)


def consent(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    with _step("consent", agreement, by, seen=seen) as (case, step):
        done = _move(case, step, answered_at=case.now, answer="同意")
        audit.record("esign.terminate_consent", by=by, obj=case.agreement)
        _tell_both(case, done, "对方同意解约, 等待院系审核", "consented")
    return done


def refuse(*, agreement: Agreement, by: User, reason: str, seen: int | None = None) -> Termination:
    """The other side does not agree: the request is over, the agreement stands."""
    with _step("refuse", agreement, by, reason=reason, seen=seen) as (case, step):
        done = _move(
            case, step, answered_at=case.now, answer=reason.strip()[:300],
            refusal=reason.strip()[:300],
        )  # fmt: skip
        audit.record("esign.terminate_refuse", by=by, obj=case.agreement, reason=reason.strip())
        _tell_both(case, done, "对方不同意解约, 协议继续有效", "refused")
    return done


def withdraw(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    with _step("withdraw", agreement, by, seen=seen) as (case, step):
        done = _move(case, step)
        audit.record("esign.terminate_withdraw", by=by, obj=case.agreement)
        _tell_both(case, done, "解约申请已撤回, 协议继续有效", "withdrawn")
    return done


def upload_release(
    *, agreement: Agreement, by: User, materials: Sequence[Material], seen: int | None = None
) -> Termination:
    """The other side was silent: the unit's stamped release, which the school will check."""
    if not materials:
        raise Invalid({"materials": ["请上传加盖单位公章或人力资源部门公章的解约材料。"]})
    if len(materials) > MOST_MATERIALS:
        raise Invalid({"materials": [f"最多上传{MOST_MATERIALS}张材料。"]})
    stored = [_store(m, agreement, by) for m in materials]
    with _step("upload_release", agreement, by, seen=seen) as (case, step):
        done = _move(case, step, stamped_at=case.now)
        _attach(done, stored, Side.GRADUATE, stamped=True)
        audit.record("esign.terminate_release", by=by, obj=case.agreement)
        _tell_other(case, done, "上传了盖章解约材料", "学校将电话回访核实。", "stamped")
    return done


def note_call(*, agreement: Agreement, by: User, note: str, seen: int | None = None) -> Termination:
    """Staff rang the unit back and heard that the release is real."""
    with _step("note_call", agreement, by, reason=note, seen=seen) as (case, step):
        done = _move(case, step, called_back_at=case.now, called_back_note=note.strip()[:300])
        audit.record("esign.terminate_call", by=by, obj=case.agreement, reason=note.strip())
    return done


def pass_on(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The department's first review; the school is told that its review comes next."""
    with _step("pass_on", agreement, by, seen=seen) as (case, step):
        done = _move(case, step, department_at=case.now, department_by=by.label)
        audit.record("esign.terminate_pass", by=by, obj=case.agreement)
        inbox.tell(
            f"school:{case.agreement.school_id}", f"{case.graduate.name}的解约申请等待终审",
            text=f"{by.label}已初审同意。", link=f"/console/terminations/{done.pk}/",
            key=f"termination:{done.pk}:passed",
        )  # fmt: skip
    return done


def turn_down(
    *, agreement: Agreement, by: User, reason: str, seen: int | None = None
) -> Termination:
    with _step("turn_down", agreement, by, reason=reason, seen=seen) as (case, step):
        done = _move(
            case, step, refusal=reason.strip()[:300], decided_at=case.now, decided_by=by.label
        )
        audit.record("esign.terminate_turn_down", by=by, obj=case.agreement, reason=reason.strip())
        _tell_both(case, done, "解约申请未通过, 协议继续有效", "turned_down")
    return done


def agree(*, agreement: Agreement, by: User, seen: int | None = None) -> Termination:
    """The agreement ends: void on the verification page, the graduate may sign again."""
    with _step("agree", agreement, by, seen=seen) as (case, step):
        first = {} if case.asked.department_at else {
            "department_at": case.now, "department_by": by.label,
        }  # fmt: skip
        done = _move(case, step, decided_at=case.now, decided_by=by.label, **first)
        _end(case.agreement)
        amend.close_open(case.agreement)
        release(graduate_id=case.graduate.pk, by=SystemActor(AGREEMENT), reason=case.asked.reason)
        audit.record("esign.terminate", by=by, obj=case.agreement, reason=case.asked.reason)
        _tell_both(case, done, "协议已解约", "agreed")
    return done


def by_dispute(*, agreement: Agreement, reason: str, by: User) -> None:
    """The graduate's dispute was upheld: the agreement ends at once, an open procedure with it.
    Runs in the transaction of the settlement."""
    with amend.locked(agreement) as at:
        _end(at.agreement)
        amend.close_open(at.agreement)
        Termination.objects.filter(agreement=at.agreement, state__in=OPEN_TERMINATION).update(
            state=TerminationState.WITHDRAWN, refusal="去向异议成立, 协议已结束"
        )
        release(graduate_id=at.graduate.pk, by=SystemActor(AGREEMENT), reason=reason)
        audit.record("esign.terminate", by=by, obj=at.agreement, reason=reason)


def _end(agreement: Agreement) -> None:
    """End the agreement, which the caller has locked."""
    (step,) = agreement_steps.AGREEMENT.steps_of("terminate")
    if agreement.state not in step.sources:
        raise Refused("not_active", f"协议{agreement.get_state_display()}, 不能解约。")
    agreement.state, agreement.ended_at = AgreementState(step.target or ""), timezone.now()
    agreement.save(update_fields=["state", "ended_at"])


def _move(case: Case, step: Step, **values: object) -> Termination:
    row = case.asked
    if step.target:
        row.state = TerminationState(step.target)
    for key, value in values.items():
        setattr(row, key, value)
    row.save()
    return row


def _store(content: Material, agreement: Agreement, by: User) -> StoredFile:
    if isinstance(content, StoredFile):
        return content
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB, 请用手机重新拍照后上传。")
    return files.store(
        images.compress(content), name="解约材料.jpg", content_type="image/jpeg",
        purpose="termination", school_id=agreement.school_id, by_id=by.pk,
    )  # fmt: skip


def _attach(
    termination: Termination, stored: Sequence[StoredFile], side: str, *, stamped: bool = False
) -> None:
    TerminationMaterial.objects.bulk_create(
        TerminationMaterial(termination=termination, file=f, side=side, stamped=stamped)
        for f in stored
    )


def _end_of_day(now: datetime.datetime, days: int) -> datetime.datetime:
    last = timezone.localtime(now).date() + datetime.timedelta(days=days)
    midnight = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time())
    return timezone.make_aware(midnight) - datetime.timedelta(microseconds=1)


def _tell_other(case: Case, row: Termination, title: str, text: str, key: str) -> None:
    """The side that did not start it."""
    if row.started_by == Side.GRADUATE:
        _tell_unit(case, row, f"{case.graduate.name}{title}", text, key)
    else:
        _tell_graduate(case, row, f"{case.agreement.unit.name}{title}", text, key)


def _tell_both(case: Case, row: Termination, title: str, key: str) -> None:
    _tell_unit(case, row, f"{case.graduate.name}: {title}", "", key)
    _tell_graduate(case, row, f"{case.agreement.unit.name}: {title}", "", key)


def _tell_graduate(case: Case, row: Termination, title: str, text: str, key: str) -> None:
    inbox.tell(
        f"person:{case.graduate.person_id}", title, text=text,
        link=f"/agreements/{case.agreement.pk}/", key=f"termination:{row.pk}:{key}",
        mail_to=case.graduate.email,
    )  # fmt: skip


def _tell_unit(case: Case, row: Termination, title: str, text: str, key: str) -> None:
    notices.tell_unit(
        case.agreement.member, title, said=notices.terms_of(case.agreement), text=text,
        link=f"/employer/agreements/{case.agreement.pk}/", key=f"termination:{row.pk}:{key}",
    )  # fmt: skip
