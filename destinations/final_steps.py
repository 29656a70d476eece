"""The transition table of the final confirmation (DOMAIN-AROUND §6). Only the graduate confirms."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Realm, User
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from destinations.models import Destination, FinalConfirmation, FinalRound
from destinations.states import FinalState, State
from graduates.permissions import phase_for
from graduates.states import Standing
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

WAITING, GRADUATE, SYSTEM = "waiting", "graduate", "system"
ROLE_LABELS = {GRADUATE: "毕业生"} | LEVEL_LABELS | {SYSTEM: "信息有变动"}
STATE_LABELS = {WAITING: "待确认", **dict(FinalState.choices)}


@dataclass
class FinalCase:
    """A graduate's destination, the opening of the cohort's confirmation, and the row that counts."""

    destination: Destination
    opening: FinalRound | None
    row: FinalConfirmation | None


def role_of(actor: User | None) -> str:
    if actor is None:
        return SYSTEM
    if actor.realm == Realm.GRADUATE:
        return GRADUATE
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""


def state_of(case: FinalCase) -> str:
    return case.row.state if case.row is not None else WAITING


def is_own(case: FinalCase, actor: User) -> None:
    if case.destination.graduate.person.user_id != actor.pk:
        raise NotPermitted("role", "只有本人可以确认。")


def is_open(case: FinalCase, actor: User) -> None:
    graduate = case.destination.graduate
    if case.opening is None:
        raise Refused("not_open", "学校还没有开放最终信息确认。")
    if graduate.standing != Standing.ENROLLED:
        raise Refused("left", "您不在籍，不需要确认。")
    if phase_for(graduate) != Phase.OPEN:
        raise Refused("over", "登记已截止，不能再确认。有误的请联系学校。")


def is_complete(case: FinalCase, actor: User) -> None:
    d = case.destination
    if d.disputed_at is not None:
        raise Refused("disputed", "您对毕业去向提出的异议还在处理，处理完毕后再确认。")
    if d.state != State.SCHOOL_APPROVED:
        raise Refused("not_approved", "毕业去向还没有通过学校审核，通过后再确认。")


_S = FinalState
_STAFF = roles(Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
FINAL = Machine(
    name="最终信息确认",
    labels=STATE_LABELS,
    state_of=state_of,
    role_of=role_of,
    steps=(
        Step("confirm", "确认", roles(GRADUATE), states(WAITING, _S.DOUBT), _S.CONFIRMED,
             (is_own, is_open, is_complete), "the values as they were shown"),
        Step("doubt", "提出疑问", roles(GRADUATE), states(WAITING, _S.CONFIRMED), _S.DOUBT,
             (is_own, is_open), "says what is not right"),
        Step("answer", "答复", _STAFF, states(_S.DOUBT), _S.LAPSED, (), "the graduate is asked again"),
        Step("lapse", "失效", roles(SYSTEM), states(_S.CONFIRMED, _S.DOUBT), _S.LAPSED, (),
             "a part has changed since"),
    ),
)  # fmt: skip
