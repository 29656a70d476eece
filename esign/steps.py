"""The transition table of invitations and its guards.

The page of the notice lists what the guards refuse; the action asks the same guards under its locks.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Realm, User
from core import outbox
from core.errors import DomainError, Refused
from core.models import Channel
from core.states import Machine, Step, roles, states
from destinations.models import Destination
from employers.queries import may_act_for
from esign import settling
from esign.models import Invitation, MobileChange, Reading, SigningRules
from esign.settling import SETTLING_PERIOD, Settling
from esign.states import InvitationState
from graduates.models import Graduate
from graduates.permissions import phase_for
from graduates.records import is_confirmation_current
from graduates.states import Standing
from schools.models import Phase

GRADUATE, EMPLOYER, CLOCK = "graduate", "employer", "clock"
ROLE_LABELS = {GRADUATE: "毕业生", EMPLOYER: "用人单位", CLOCK: "到期"}


@dataclass
class InvitationFacts:
    """An invitation with everything that its guards look at.

    `graduate` is read with its cohort and the cohort's rules. `opened_at` and `kept_signature_id` are
    annotations of `with_guard_annotations`; `settling` holds the others. `terms_hash` is the hash of
    the terms that the person read.
    """

    invitation: Invitation
    graduate: Graduate
    destination: Destination
    opened_at: datetime.datetime | None
    kept_signature_id: int | None
    settling: Settling
    terms_hash: str = ""

    @property
    def now(self) -> datetime.datetime:
        return self.settling.database_now

    @property
    def state(self) -> str:
        if self.invitation.state == InvitationState.SENT and self.now > self.invitation.valid_until:
            return InvitationState.EXPIRED
        return self.invitation.state


GUARD_ANNOTATIONS = (*settling.ANNOTATIONS, "opened_at", "kept_signature_id")


def with_guard_annotations(rows: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Invitations with what the guards need: `opened_at`, when the graduate first opened these terms,
    `kept_signature_id`, the signature kept under them, and the annotations of `esign.settling`."""
    reading = Reading.objects.filter(
        graduate=OuterRef("graduate"), terms_hash=OuterRef("terms_hash")
    )
    return settling.with_settling_annotations(rows, "graduate_id").annotate(
        opened_at=Subquery(reading.values("opened_at")[:1]),
        kept_signature_id=Subquery(reading.values("signature_id")[:1]),
    )


def facts_of(
    invitation: Invitation, destination: Destination, annotations: Mapping[str, Any], **more: Any
) -> InvitationFacts:
    """The facts about an invitation whose row has the `annotations` of `with_guard_annotations`."""
    graduate = destination.graduate
    return InvitationFacts(
        invitation,
        graduate,
        destination,
        opened_at=annotations["opened_at"],
        kept_signature_id=annotations["kept_signature_id"],
        settling=Settling(graduate, **{key: annotations[key] for key in settling.ANNOTATIONS}),
        **more,
    )


def opened_at(graduate_id: int, terms_hash: str) -> datetime.datetime | None:
    """When the graduate first opened these terms; None if never."""
    rows = Reading.objects.filter(graduate_id=graduate_id, terms_hash=terms_hash)
    return rows.values_list("opened_at", flat=True).first()


def mobile_changed_lately(graduate_id: int) -> bool:
    return _recent_mobile_changes().filter(graduate_id=graduate_id).exists()


def _recent_mobile_changes() -> QuerySet[MobileChange]:
    return MobileChange.objects.filter(at__gt=Now() - SETTLING_PERIOD)


def role_of(actor: User | None) -> str:
    """The actor's role in the table; no actor at all is the clock."""
    if actor is None:
        return CLOCK
    if isinstance(actor, User):
        return {Realm.GRADUATE: GRADUATE, Realm.EMPLOYER: EMPLOYER}.get(Realm(actor.realm), "")
    return ""


def by_the_graduate(facts: InvitationFacts, actor: User) -> None:
    """Neither staff nor another graduate can act for a graduate."""
    if facts.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以签约。")


def not_expired(facts: InvitationFacts, actor: User) -> None:
    if facts.state == InvitationState.EXPIRED:
        raise Refused("expired", "邀约已过有效期，如仍愿意签约请联系单位重新发送。")


def terms_unchanged(facts: InvitationFacts, actor: User) -> None:
    if facts.terms_hash and facts.terms_hash != facts.invitation.terms_hash:
        raise Refused("terms_changed", "单位刚刚修改了邀约内容，请重新阅读后再决定。")


def read_long_enough(facts: InvitationFacts, actor: User) -> None:
    check_reading(facts.opened_at, facts.now)


def check_reading(opened_at: datetime.datetime | None, now: datetime.datetime) -> None:
    """Refuse terms that were never opened, or not for long enough."""
    seconds_left = reading_left(opened_at, now)
    if seconds_left is None:
        raise Refused("not_read", "请先打开并阅读全文。")
    if seconds_left > 0:
        raise Refused("reading", f"请仔细阅读，还需 {seconds_left} 秒。")


def reading_left(opened_at: datetime.datetime | None, now: datetime.datetime) -> int | None:
    """The seconds of reading time that are left; None if the terms were never opened."""
    if opened_at is None:
        return None
    return max(0, settings.NOTICE_SECONDS - int((now - opened_at).total_seconds()))


def origin_confirmed(facts: InvitationFacts, actor: User) -> None:
    if not is_confirmation_current(facts.graduate):
        raise Refused("not_confirmed", "请先确认生源信息。")


def still_seeking_work(facts: InvitationFacts, actor: User) -> None:
    if facts.destination.locked_at is not None:
        raise Refused(
            "active_agreement", "您已有生效的就业协议，不能再签约；如已协商一致请先解约。"
        )
    if facts.destination.category.partition("-")[0] != "70":
        raise Refused("not_seeking", "当前毕业去向不是待就业，请先撤回或更正登记。")


def enrolled(facts: InvitationFacts, actor: User) -> None:
    if facts.graduate.standing != Standing.ENROLLED:
        raise Refused("standing", "学籍状态不是在籍，不能签约，请联系学校。")


def signing_open(facts: InvitationFacts, actor: User) -> None:
    cohort = facts.graduate.cohort
    if phase_for(facts.graduate, cohort) in (Phase.ENDED, Phase.SEALED):
        raise Refused("cohort_ended", f"{cohort}已{cohort.phase_label}，不能签约。")
    start = SigningRules.of(cohort).signing_from
    if timezone.localtime(facts.now).date() < start:
        raise Refused("signing_closed", f"学校规定自{start:%Y年%m月%d日}起可以签约。")
    if not outbox.can_send(Channel.SMS):
        raise Refused("no_sms", "短信通道尚未开通，暂时不能签约。")


def record_settled(facts: InvitationFacts, actor: User) -> None:
    """For 72 hours nobody signs with a new record, or after its person changed."""
    _raise_refusal(facts.settling.record_refusal())


def account_settled(facts: InvitationFacts, actor: User) -> None:
    """For 72 hours nobody signs after the account was activated, at first or after a reset."""
    _raise_refusal(facts.settling.account_refusal())


def mobile_settled(facts: InvitationFacts, actor: User) -> None:
    """For 72 hours nobody signs after the mobile number changed."""
    _raise_refusal(facts.settling.mobile_refusal())


def entry_confirmed(facts: InvitationFacts, actor: User) -> None:
    """A second staff member confirms a person who was entered by hand."""
    _raise_refusal(facts.settling.hand_entry_refusal())


def _raise_refusal(refusal: Refused | None) -> None:
    if refusal is not None:
        raise refusal


def check_account_settled(
    graduate: Graduate, now: datetime.datetime, *, mobile_changed: bool, to: str = "签约"
) -> None:
    """Refuse for 72 hours after staff reset the account or the mobile number changed, so that nobody
    can take an account over and sign at once. `to` completes the sentence of the refusal."""
    since = now - SETTLING_PERIOD
    person = graduate.person
    if person.code_counter and (person.activated_at is None or person.activated_at > since):
        raise Refused(
            "account_reset", f"帐号刚刚重置，为保护您的权益，重新激活满72小时后才能{to}。"
        )
    if mobile_changed:
        raise Refused("mobile_changed", f"手机号码刚刚变更，为保护您的权益，满72小时后才能{to}。")


def by_sender_or_colleague(facts: InvitationFacts, actor: User) -> None:
    if not may_act_for(actor, facts.invitation.member, facts.invitation.sent_at):
        raise Refused("not_yours", "只有发出邀约的联系人或单位的认证人员可以操作。")


ACCEPT_GUARDS = (
    by_the_graduate, not_expired, terms_unchanged, enrolled, signing_open, origin_confirmed,
    still_seeking_work, entry_confirmed, record_settled, account_settled, mobile_settled,
    read_long_enough,
)  # fmt: skip

INVITATION = Machine(
    name="签约邀约",
    labels=dict(InvitationState.choices),
    state_of=lambda facts: facts.invitation.state,
    role_of=role_of,
    steps=(
        Step("accept", "接受", roles(GRADUATE), states(InvitationState.SENT),
             InvitationState.ACCEPTED, ACCEPT_GUARDS, "with signature and one-time code"),
        Step("decline", "谢绝", roles(GRADUATE), states(InvitationState.SENT),
             InvitationState.DECLINED, (by_the_graduate, not_expired)),
        Step("edit", "修改", roles(EMPLOYER), states(InvitationState.SENT), None,
             (by_sender_or_colleague, not_expired), "must be read again"),
        Step("withdraw", "撤回", roles(EMPLOYER), states(InvitationState.SENT),
             InvitationState.WITHDRAWN, (by_sender_or_colleague, not_expired)),
        Step("expire", "失效", roles(CLOCK), states(InvitationState.SENT),
             InvitationState.EXPIRED, (), "at the end of the last valid day"),
    ),
)  # fmt: skip


def acceptance_refusals(facts: InvitationFacts, actor: User) -> list[DomainError]:
    """Every reason why the graduate can't accept now, for the page of the notice."""
    refusals: list[DomainError] = []
    for guard in ACCEPT_GUARDS:
        try:
            guard(facts, actor)
        except DomainError as refusal:
            refusals.append(refusal)
    return refusals
