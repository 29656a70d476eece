"""Sanctions of units that follow reports which were upheld, the unit's appeal, and what ends them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import DomainError, Invalid, Refused
from employers.models import Unit, UnitMember
from esign.models import Invitation
from esign.states import InvitationState
from recruiting.actions import applications_of_posting, booths, posting_review, postings, talks
from recruiting.actions.posting_base import tell_recruiters, unit_actor
from recruiting.models import Posting, Sanction
from recruiting.posting_steps import POSTING
from recruiting.report_steps import APPEAL
from recruiting.states import AppealState, PauseCause, PostingState, SanctionKind
from recruiting.unit_standing import sanctions_in_force

APPEAL_WITHIN = datetime.timedelta(days=15)
LONGEST_APPEAL = 500
_LONGEST_ANSWER = 300
# The most days of sanctions that end.
LONGEST = {SanctionKind.SUSPEND: 180, SanctionKind.BLACKLIST: 1825}
_AT_ONCE = 1000


def term_errors(kind: str, days: int | None) -> dict[str, list[str]]:
    """What is wrong with a kind of sanction and its term, by field of the form."""
    if kind not in SanctionKind.values:
        return {"kind": ["请选择处理方式。"]}
    most = LONGEST.get(SanctionKind(kind))
    if most is not None and not (days is not None and 1 <= days <= most):
        return {"days": [f"{SanctionKind(kind).label}请填写1至{most}天。"]}
    return {}


def impose(
    *, unit: Unit, posting: Posting | None, kind: SanctionKind, days: int | None, reason: str,
    by: User,
) -> Sanction:  # fmt: skip
    """Sanction a unit that the caller has locked, and tell it. `posting` is the reported one."""
    ends = timezone.localdate() + datetime.timedelta(days=days or 0)
    sanction = Sanction.objects.create(
        unit=unit, kind=kind, reason=reason, until=ends if kind in LONGEST else None,
        decided_by_id=by.pk, decided_by=by.label,
    )  # fmt: skip
    if kind == SanctionKind.TAKE_DOWN:
        _take_down(posting, reason, by)
    elif kind in LONGEST:
        postings.hold_unit(unit, PauseCause.SUSPENDED)
        booths.drop_of_unit(unit, until=ends)
        talks.bar_unit(unit, until=ends)
    if kind == SanctionKind.BLACKLIST:
        words = f"单位已被列入黑名单至{ends:%Y年%m月%d日}。"
        applications_of_posting.end_open_of_unit(unit, reason=words)
        _warn_invited(sanction)
    audit.record("recruiting.sanction", by=by, obj=sanction, reason=reason, data={"kind": kind})
    until = f"期限至{ends:%Y年%m月%d日}。" if sanction.until else ""
    _tell_unit(sanction, f"单位收到处理：{kind.label}", f"{until}{reason}", key="imposed")
    return sanction


def _take_down(posting: Posting | None, reason: str, by: User) -> None:
    locked = Posting.objects.select_for_update(of=("self",)).select_related("unit")
    found = locked.filter(pk=posting.pk).first() if posting is not None else None
    if found is None or not POSTING.can("take_down", found, by):
        sentence = "被举报的职位已不在发布中，或不由您审核，不能下架，请选择其他处理。"
        raise Refused("not_on_show", sentence, field="kind")
    posting_review.remove(found, reason=reason, by=by)


def _warn_invited(sanction: Sanction) -> None:
    """Tell the graduates who have an open invitation of the unit. It stays open; they decide."""
    person = Concat(Value("person:"), Cast("graduate__person_id", CharField()))
    rows = Invitation.objects.filter(unit=sanction.unit_id, state=InvitationState.SENT).order_by()
    inbox.tell_each(
        rows.values_list(person, Value(f"sanction:{sanction.pk}:warning")).distinct(),
        f"向您发出邀约的{sanction.unit.name}已被列入黑名单",
        text="此单位已被省级列入黑名单，请谨慎决定是否接受邀约。", link=reverse("invitations"),
    )  # fmt: skip


@contextmanager
def _take_step(action: str, sanction_id: int, by: User) -> Iterator[Sanction]:
    """A transaction for one step of an appeal: lock the unit, then the sanction."""
    with transaction.atomic():
        unit_id = Sanction.objects.values_list("unit_id", flat=True).get(pk=sanction_id)
        Unit.objects.select_for_update(no_key=True).get(pk=unit_id)
        rows = Sanction.objects.select_for_update(of=("self",)).select_related("unit")
        sanction = rows.get(pk=sanction_id)
        APPEAL.check(action, sanction, by)
        yield sanction


def may_appeal(sanction: Sanction) -> bool:
    """Whether the time for an appeal is not over."""
    return database_now() <= sanction.decided_at + APPEAL_WITHIN


def appeal(*, sanction_id: int, text: str, by: UnitMember) -> Sanction:
    """The unit objects to a sanction, once, within 15 days."""
    text = texts.clean_lines(text)
    if not text or len(text) > LONGEST_APPEAL:
        sentence = f"请填写申诉理由，最多{LONGEST_APPEAL}个字。"
        raise Invalid({"appeal": [sentence]})
    with _take_step("appeal", sanction_id, by.user) as sanction:
        if not may_appeal(sanction):
            raise Refused("too_late", f"处理作出满{APPEAL_WITHIN.days}天后不能再申诉。")
        sanction.appeal_state, sanction.appeal = AppealState.WAITING, text
        sanction.appealed_at, sanction.appealed_by = timezone.now(), unit_actor(by).label
        sanction.save()
        audit.record("recruiting.appeal_sanction", by=unit_actor(by), obj=sanction)
        inbox.tell(
            "province", f"{sanction.unit.name}对处理提出申诉",
            text="由作出处理以外的人员答复。", link=reverse("console:sanction", args=[sanction.pk]),
            key=f"sanction:{sanction.pk}:appealed",
        )  # fmt: skip
    return sanction


def keep(*, sanction_id: int, answer: str, by: User) -> Sanction:
    """The appeal is turned down, and the sanction stays."""
    with _take_step("keep", sanction_id, by) as sanction:
        _answer(sanction, AppealState.KEPT, answer, by)
        _tell_unit(sanction, "申诉未被采纳，处理维持", sanction.answer, key="answered")
    return sanction


def revoke(*, sanction_id: int, answer: str, by: User) -> Sanction:
    """The appeal is upheld: what the sanction stopped goes on. Applications that ended stay ended,
    since graduates were told so."""
    with _take_step("revoke", sanction_id, by) as sanction:
        _answer(sanction, AppealState.REVOKED, answer, by)
        more = ""
        if sanction.kind in LONGEST:
            _release_if_over(sanction.unit)
        elif sanction.kind == SanctionKind.TAKE_DOWN and not _restore(sanction, by):
            more = "职位的有效期已过，没有恢复显示，请复制为新职位提交审核。"
        title = "申诉成立，处理已撤销"
        _tell_unit(sanction, title, f"{sanction.answer}{more}", key="answered")
    return sanction


def _answer(sanction: Sanction, state: AppealState, answer: str, by: User) -> None:
    answer = texts.clean_lines(answer)
    if not answer or len(answer) > _LONGEST_ANSWER:
        raise Invalid({"answer": [f"请填写答复，单位会看到，最多{_LONGEST_ANSWER}个字。"]})
    sanction.appeal_state, sanction.answer = state, answer
    sanction.answered_at, sanction.answered_by_id = timezone.now(), by.pk
    sanction.answered_by = by.label
    sanction.save()
    audit.record(f"recruiting.appeal_{state}", by=by, obj=sanction, reason=answer)


def _restore(sanction: Sanction, by: User) -> bool:
    """Show the postings again that the sanction took down; whether all of them could be."""
    taken_down = Posting.objects.filter(
        reports__sanction=sanction, state=PostingState.TAKEN_DOWN, reason=sanction.reason,
        decided_by_id=sanction.decided_by_id,
    )  # fmt: skip
    restored = True
    for pk in taken_down.order_by("pk").values_list("pk", flat=True).distinct():
        try:
            posting_review.restore(posting_id=pk, by=by)
        except DomainError:
            restored = False  # its last day is over
    return restored


def _release_if_over(unit: Unit) -> None:
    """Show the unit's postings again if no sanction is in force. The caller has locked the unit."""
    if not sanctions_in_force().filter(unit=unit).exists():
        postings.release_unit(unit, PauseCause.SUSPENDED)


def release_lapsed() -> int:
    """Show the postings again of units whose suspension or blacklisting is over by its date; returns
    of how many units."""
    held = Posting.objects.filter(
        state=PostingState.PAUSED, pause_causes__contains=[PauseCause.SUSPENDED]
    )
    over = held.exclude(unit__in=sanctions_in_force().values("unit"))
    units = list(over.order_by("unit_id").values_list("unit_id", flat=True).distinct()[:_AT_ONCE])
    for pk in units:
        with transaction.atomic():
            _release_if_over(Unit.objects.select_for_update(no_key=True).get(pk=pk))
    return len(units)


def _tell_unit(sanction: Sanction, title: str, text: str, *, key: str) -> None:
    tell_recruiters(
        sanction.unit, title, text=text, link=reverse("employer-sanction", args=[sanction.pk]),
        key=f"sanction:{sanction.pk}:{key}",
    )  # fmt: skip
