"""What may be done with an invitation, and everything that stands in the way of accepting it.

The notice page lists the same guards that the action asks under its locks.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Realm, User
from core import outbox
from core.errors import DomainError, Refused
from core.models import Channel
from core.states import Machine, Step, roles, states
from destinations.models import Destination
from employers.models import Membership
from employers.queries import speaks_for
from esign.models import Invitation, MobileChange, Reading, SigningRules
from esign.states import InvitationState
from graduates.models import Graduate
from graduates.permissions import phase_for
from graduates.records import is_confirmation_current
from graduates.states import Standing
from schools.models import Phase

GRADUATE, EMPLOYER, CLOCK = "graduate", "employer", "clock"
ROLE_LABELS = {GRADUATE: "毕业生", EMPLOYER: "用人单位", CLOCK: "到期"}
SETTLING = datetime.timedelta(hours=72)


@dataclass
class Case:
    """An invitation with everything its guards look at. `terms_hash` is what was read.

    The invitation comes from `with_evidence`, the graduate with its cohort's rules.
    """

    invitation: Any
    graduate: Graduate
    destination: Destination
    terms_hash: str = ""
    now: datetime.datetime = field(default_factory=timezone.now)

    @property
    def state(self) -> str:
        if self.invitation.state == InvitationState.SENT and self.now > self.invitation.valid_until:
            return InvitationState.EXPIRED
        return self.invitation.state


EVIDENCE = ("opened_at", "drawn", "renumbered")


def with_evidence(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Invitations with what the guards ask of them: `opened_at`, when these very terms were first
    read, `drawn`, the signature kept under them, and `renumbered`, whether the mobile number
    changed lately."""
    read = Reading.objects.filter(graduate=OuterRef("graduate"), terms_hash=OuterRef("terms_hash"))
    return rows.annotate(
        opened_at=Subquery(read.values("opened_at")[:1]),
        drawn=Subquery(read.values("signature_id")[:1]),
        renumbered=Exists(_renumbered().filter(graduate_id=OuterRef("graduate_id"))),
    )


def opened_at(graduate_id: int, terms_hash: str) -> datetime.datetime | None:
    rows = Reading.objects.filter(graduate_id=graduate_id, terms_hash=terms_hash)
    return rows.values_list("opened_at", flat=True).first()


def lately_renumbered(graduate_id: int) -> bool:
    return _renumbered().filter(graduate_id=graduate_id).exists()


def _renumbered() -> QuerySet[MobileChange]:
    return MobileChange.objects.filter(at__gt=Now() - SETTLING)


def role_of(actor: Any) -> str:
    if actor is None:
        return CLOCK
    if isinstance(actor, User):
        return {Realm.GRADUATE: GRADUATE, Realm.EMPLOYER: EMPLOYER}.get(Realm(actor.realm), "")
    return ""


def themselves(case: Case, actor: Any) -> None:
    """No staff account, and no other graduate's, accepts for a graduate."""
    if case.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以签约。")


def in_time(case: Case, actor: Any) -> None:
    if case.state == InvitationState.EXPIRED:
        raise Refused("expired", "邀约已过有效期, 如仍愿意签约请联系单位重新发送。")


def same_terms(case: Case, actor: Any) -> None:
    if case.terms_hash and case.terms_hash != case.invitation.terms_hash:
        raise Refused("terms_changed", "单位刚刚修改了邀约内容, 请重新阅读后再决定。")


def read_long_enough(case: Case, actor: Any) -> None:
    check_reading(case.invitation.opened_at, case.now)


def check_reading(opened_at: datetime.datetime | None, now: datetime.datetime) -> None:
    """The terms were open before the graduate for long enough."""
    left = reading_left(opened_at, now)
    if left is None:
        raise Refused("not_read", "请先打开并阅读全文。")
    if left > 0:
        raise Refused("reading", f"请仔细阅读, 还需 {left} 秒。")


def reading_left(opened_at: datetime.datetime | None, now: datetime.datetime) -> int | None:
    """Seconds until it was open for long enough; None if it never was opened."""
    if opened_at is None:
        return None
    return max(0, settings.NOTICE_SECONDS - int((now - opened_at).total_seconds()))


def origin_confirmed(case: Case, actor: Any) -> None:
    if not is_confirmation_current(case.graduate):
        raise Refused("not_confirmed", "请先确认生源信息。")


def seeking(case: Case, actor: Any) -> None:
    if case.destination.locked_at is not None:
        raise Refused(
            "active_agreement", "您已有生效的就业协议, 不能再签约; 如已协商一致请先解约。"
        )
    if case.destination.category.partition("-")[0] != "70":
        raise Refused("not_seeking", "当前毕业去向不是待就业, 请先撤回或更正登记。")


def enrolled(case: Case, actor: Any) -> None:
    if case.graduate.standing != Standing.ENROLLED:
        raise Refused("standing", "学籍状态不是在籍, 不能签约, 请联系学校。")


def signing_open(case: Case, actor: Any) -> None:
    cohort = case.graduate.cohort
    if phase_for(case.graduate, cohort) in (Phase.ENDED, Phase.SEALED):
        raise Refused("cohort_ended", f"{cohort}已{cohort.phase_label}, 不能签约。")
    start = SigningRules.of(cohort).signing_from
    if timezone.localtime(case.now).date() < start:
        raise Refused("signing_closed", f"学校规定自{start:%Y年%m月%d日}起可以签约。")
    if not outbox.can_send(Channel.SMS):
        raise Refused("no_sms", "短信通道尚未开通, 暂时不能签约。")


def number_settled(case: Case, actor: Any) -> None:
    check_settled(case.graduate, case.now, renumbered=case.invitation.renumbered)


def check_settled(
    graduate: Graduate, now: datetime.datetime, *, renumbered: bool, to: str = "签约"
) -> None:
    """After a reset by staff or a new mobile number the account must stand for 72 hours."""
    since = now - SETTLING
    person = graduate.person
    if person.code_counter and (person.activated_at is None or person.activated_at > since):
        raise Refused(
            "account_reset", f"帐号刚刚重置, 为保护您的权益, 重新激活满72小时后才能{to}。"
        )
    if renumbered:
        raise Refused("mobile_changed", f"手机号码刚刚变更, 为保护您的权益, 满72小时后才能{to}。")


def own(case: Case, actor: Any) -> None:
    member = case.invitation.member
    mine = member.user_id == actor.pk and member.state != Membership.ENDED
    if not mine and not speaks_for(actor, case.invitation.unit_id):
        raise Refused("not_yours", "只有发出邀约的联系人或单位的认证人员可以操作。")


ACCEPTING = (
    themselves, in_time, same_terms, enrolled, signing_open, origin_confirmed, seeking,
    number_settled, read_long_enough,
)  # fmt: skip

INVITATION = Machine(
    name="签约邀约",
    labels=dict(InvitationState.choices),
    state_of=lambda case: case.invitation.state,
    role_of=role_of,
    steps=(
        Step("accept", "接受", roles(GRADUATE), states(InvitationState.SENT),
             InvitationState.ACCEPTED, ACCEPTING, "with signature and one-time code"),
        Step("decline", "谢绝", roles(GRADUATE), states(InvitationState.SENT),
             InvitationState.DECLINED, (themselves, in_time)),
        Step("edit", "修改", roles(EMPLOYER), states(InvitationState.SENT), None,
             (own, in_time), "must be read again"),
        Step("withdraw", "撤回", roles(EMPLOYER), states(InvitationState.SENT),
             InvitationState.WITHDRAWN, (own, in_time)),
        Step("expire", "失效", roles(CLOCK), states(InvitationState.SENT),
             InvitationState.EXPIRED, (), "at the end of the last valid day"),
    ),
)  # fmt: skip


def what_blocks(case: Case, actor: User) -> list[DomainError]:
    """Everything that stands in the way of accepting now, for the notice page."""
    found: list[DomainError] = []
    for guard in ACCEPTING:
        try:
            guard(case, actor)
        except DomainError as refusal:
            found.append(refusal)
    return found
