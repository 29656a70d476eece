"""这不是我的去向: a graduate objects to the registered destination (DOMAIN §6).

While the dispute is open, approving, entering, releasing, uploading and printing are refused. A
school admin who neither entered nor approved the destination settles it. After five working days,
or when the graduate appeals, the province settles it instead.
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Subquery
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import Realm, User
from accounts.second_person import check_another_person
from core import audit
from core.errors import Conflict, NotPermitted, Refused
from destinations import hooks
from destinations.actions import base
from destinations.actions.evidence import hide_evidence
from destinations.dispute_steps import DISPUTE_STEPS
from destinations.dispute_words import GRADUATE, dispute_state
from destinations.models import Destination, DestinationEvent, Dispute, DisputeState
from destinations.states import State
from destinations.steps import DISPUTE, SystemActor
from graduates.actions.corrections import due_on
from graduates.models import Graduate
from graduates.queries import has_reset_account
from schools.roles import Level
from schools.scope import responsible_staff_ids, staff_of

WORKING_DAYS = 5
# Why a dispute goes to the province, in the words of the message about it.
_ESCALATED = {
    "appeal": "毕业生不接受学校的处理并申诉",
    "overdue": f"学校未在{WORKING_DAYS}个工作日内处理",
}


def open_dispute(graduate_id: int) -> Dispute | None:
    return Dispute.objects.filter(
        graduate_id=graduate_id, state__in=DISPUTE_STEPS.sources("settle")
    ).first()


def raise_dispute(*, graduate_id: int, reason: str, by: User) -> Dispute:
    """Open a dispute. Only the graduate may, about a registered destination."""
    if not reason.strip():
        raise Refused("reason", "请说明为什么这不是您的去向。", field="reason")
    with transaction.atomic():
        d = base.lock(graduate_id, "graduate__person")
        if by.realm != Realm.GRADUATE or d.graduate.person.user_id != by.pk:
            raise NotPermitted("role", "只有本人可以提出异议。")
        if d.state == State.UNSUBMITTED:
            raise Refused("nothing", "目前没有登记的去向。")
        if d.disputed_at is not None:
            raise Refused("disputed", "您已提出异议，请等待处理。")
        raised = Dispute.objects.create(
            graduate_id=graduate_id, school_id=d.school_id, cohort_id=d.cohort_id,
            reason=reason.strip()[:300], snapshot=base.snapshot(d),
            due_on=due_on(timezone.localdate(), WORKING_DAYS),
        )  # fmt: skip
        _set_disputed_at(d, timezone.now())
        audit.record("destinations.dispute", by=by, obj=raised, reason=raised.reason)
        _tell_staff(raised, d.graduate)
    return raised


def _tell_staff(row: Dispute, graduate: Graduate) -> None:
    """Tell the staff who look after the graduate, and the school, which settles the dispute."""
    people = responsible_staff_ids(
        school_id=graduate.school_id, cohort_id=graduate.cohort_id, level=graduate.level,
        department_id=graduate.department_id, school_class_id=graduate.school_class_id,
    )  # fmt: skip
    title = f"{graduate.name}提出异议：这不是我的去向"
    text = f"学号{graduate.student_no}，请在{row.due_on}前由学校系统管理员处理；处理前不能审核、打印和上报。"
    link, key = reverse("console:dispute", args=[row.pk]), f"dispute:{row.pk}:raised"
    inbox.deliver(
        inbox.message(to, title, text=text, link=link, key=key)
        for to in [f"school:{graduate.school_id}", *(f"user:{pk}" for pk in people)]
    )


def _tell_of_escalation(row: Dispute, graduate: Graduate, why: str) -> None:
    """Tell the province, which settles the dispute from now on, and the school, which doesn't any
    more. `why` is a key of `_ESCALATED`."""
    link, key = reverse("console:dispute", args=[row.pk]), f"dispute:{row.pk}:{why}"
    cause = _ESCALATED[why]
    text = f"学号{graduate.student_no}，{cause}，请在{row.due_on}前处理。"
    title = f"{graduate.school.name}{graduate.name}的去向异议转由省级处理"
    inbox.tell("province", title, text=text, link=link, key=key)
    inbox.tell(
        f"school:{graduate.school_id}", f"{graduate.name}的去向异议已转由省级处理",
        text=f"学号{graduate.student_no}，{cause}。", link=link, key=key,
    )  # fmt: skip


def _set_disputed_at(d: Destination, at: datetime.datetime | None) -> None:
    d.disputed_at = at
    d.version += 1
    d.save(update_fields=["disputed_at", "version"])


def settle(*, dispute: Dispute, upheld: bool, answer: str, by: User) -> Dispute:
    """Uphold or dismiss a dispute. The graduate is told the `answer`.

    An upheld dispute releases the destination, and ends its agreement if it has one.
    """
    if not answer.strip():
        raise Refused("answer", "请填写处理说明，毕业生会看到。", field="answer")
    with transaction.atomic():
        d = base.lock(dispute.graduate_id, "graduate__person")
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if not DISPUTE_STEPS.allows("settle", row.state):
            raise Conflict("decided", f"此异议已由{row.decided_by}处理，没有重复执行。")
        _check_may_settle(row, d, by)
        row.state = DisputeState.UPHELD if upheld else DisputeState.DISMISSED
        row.answer, row.decided_at, row.decided_by = answer.strip()[:300], timezone.now(), by.label
        row.save()
        _set_disputed_at(d, None)
        if upheld:
            _release(d, row.answer, by)
        audit.record(f"destinations.dispute_{row.state}", by=by, obj=row, reason=row.answer)
        hooks.dispute_settled.run(graduate_id=d.pk)
        inbox.tell(
            f"person:{d.graduate.person_id}", f"去向异议：{dispute_state(row.state, GRADUATE)}",
            text=row.answer, link=reverse("destination"), key=f"dispute:{row.pk}:{row.state}",
            mail_to=d.graduate.email,
        )  # fmt: skip
    return row


def _check_may_settle(row: Dispute, d: Destination, by: User) -> None:
    staff = staff_of(by)
    wanted = Level.PROVINCE if row.state == DisputeState.PROVINCE else Level.SCHOOL
    if staff is None or staff.role_level != wanted:
        whom = "省级" if wanted == Level.PROVINCE else "学校系统管理员"
        raise NotPermitted("role", f"此异议由{whom}处理。")
    same = "此去向由您录入或审核，须由另一人处理异议。"
    check_another_person(first=who_handled_registration(d), second=by, same=same)
    if has_reset_account(by, d.pk):
        raise Refused("reset_by_you", "您在30天内重置过此毕业生的帐号，须由另一人处理异议。")


# The steps that begin a registration, and those by which staff answer for it.
_BEGINNINGS, _DECISIONS = ("register", "enter", "sign"), ("enter", "approve", "resume")


def who_handled_registration(d: Destination) -> list[int | None]:
    """The ids of the staff who entered or approved what is registered now. Names are not compared, for
    people may change theirs."""
    events = DestinationEvent.objects.filter(graduate_id=d.pk)
    began = events.filter(action__in=_BEGINNINGS).order_by("-id").values("pk")[:1]
    decided = events.filter(pk__gte=Subquery(began), actor_realm=Realm.STAFF, action__in=_DECISIONS)
    return list(decided.values_list("actor_id", flat=True).distinct())


def why_not(dispute: Dispute, by: User) -> str:
    """Why this person may not settle the dispute now, as a sentence; "" if they may."""
    try:
        _check_may_settle(dispute, Destination.objects.get(pk=dispute.graduate_id), by)
    except (NotPermitted, Refused) as refusal:
        return refusal.message
    return ""


def _release(d: Destination, reason: str, by: User) -> None:
    if any(hooks.dispute_upheld.run(destination=d, reason=reason, by=by)):
        return  # an agreement was ended, which released the destination
    with base.step("release", d.pk, SystemActor(DISPUTE)) as change:
        base.clear(change.destination)
        hide_evidence(d.pk)
        change.write(reason=reason)


def appeal(*, dispute: Dispute, by: User) -> Dispute:
    """Pass a dismissed dispute to the province, because the graduate does not accept the school's
    answer. A dispute can be appealed once."""
    with transaction.atomic():
        d = base.lock(dispute.graduate_id, "graduate__person", "graduate__school")
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if d.graduate.person.user_id != by.pk:
            raise NotPermitted("role", "只有本人可以申诉。")
        if not can_appeal(row):
            raise Refused("no_appeal", "此异议不能申诉。")
        row.state, row.appealed_at = DisputeState.PROVINCE, timezone.now()
        row.due_on = due_on(timezone.localdate(), WORKING_DAYS)
        row.save()
        _set_disputed_at(d, timezone.now())
        audit.record("destinations.dispute_appeal", by=by, obj=row)
        _tell_of_escalation(row, d.graduate, "appeal")
    return row


def escalate_overdue() -> int:
    """Pass to the province what schools did not settle in five working days. Returns how many."""
    waiting = DISPUTE_STEPS.sources("escalate_overdue")
    late = Dispute.objects.filter(state__in=waiting, due_on__lt=timezone.localdate())
    count = 0
    for row in late.order_by("graduate_id")[:500]:
        with transaction.atomic():
            d = base.lock(row.graduate_id, "graduate__person", "graduate__school")
            row.state = DisputeState.PROVINCE
            row.due_on = due_on(timezone.localdate(), WORKING_DAYS)
            changed = Dispute.objects.filter(pk=row.pk, state__in=waiting).update(
                state=row.state, due_on=row.due_on
            )
            if changed:
                audit.record("destinations.dispute_overdue", by=None, obj=row)
                _tell_of_escalation(row, d.graduate, "overdue")
                count += 1
    return count


def newest_dispute(graduate_id: int) -> Dispute | None:
    """The graduate's newest dispute, open or settled."""
    return Dispute.objects.filter(graduate_id=graduate_id).order_by("-id").first()


def is_open(dispute: Dispute) -> bool:
    """Whether the dispute still has to be settled."""
    return DISPUTE_STEPS.allows("settle", dispute.state)


def can_appeal(dispute: Dispute) -> bool:
    """Whether the graduate may appeal against the answer, which is possible once."""
    return DISPUTE_STEPS.allows("appeal", dispute.state) and dispute.appealed_at is None
