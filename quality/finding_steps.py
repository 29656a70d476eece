"""The transition table of findings (DOMAIN-AROUND §5)."""

from __future__ import annotations

from accounts.models import User
from accounts.second_person import check_another_person
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from destinations.actions.dispute import open_dispute
from quality.models import Finding
from quality.queries import findings_for
from quality.states import FindingOwner, FindingState
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

RUN = "run"
ROLE_LABELS = {**LEVEL_LABELS, RUN: "核查任务"}
# The level that stands for each owner, and how high it is.
_RANK = {
    Level.CLASS: 0, Level.DEPARTMENT: 1, Level.SCHOOL: 2, Level.PROVINCE: 3,
}  # fmt: skip
_RANK_OF_OWNER = {
    FindingOwner.DEPARTMENT: 1, FindingOwner.SCHOOL: 2, FindingOwner.PROVINCE: 3,
}  # fmt: skip


def role_of(actor: User | None) -> str:
    if actor is None:
        return RUN
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""


def in_own_scope(finding: Finding, actor: User) -> None:
    if actor is not None and not findings_for(actor).filter(pk=finding.pk).exists():
        raise NotPermitted("scope", "这条问题不在您的管理范围内。")


def owned_by_level(finding: Finding, actor: User) -> None:
    """A level settles what is its own to settle or that of a level below."""
    staff = staff_of(actor)
    if staff is None or _RANK[staff.role_level] < _RANK_OF_OWNER[FindingOwner(finding.owner)]:
        owner = FindingOwner(finding.owner).label
        raise NotPermitted("owner", f"这条问题由{owner}核实。")


def not_about_own_work(finding: Finding, actor: User) -> None:
    """Whoever a finding names as having done the entries does not declare it a false alarm."""
    named = finding.evidence.get("staff_ids", [])
    same = "这条问题与您经办的录入或您的电话有关，须由另一人核实。"
    check_another_person(first=named, second=actor, same=same)


def about_a_graduate(finding: Finding, actor: User) -> None:
    """Only the graduate may object to a destination, so that a finding joins an objection that there is."""
    if finding.graduate_id is None or open_dispute(finding.graduate_id) is None:
        sentence = "毕业生目前没有待处理的去向异议。异议只能由毕业生本人提出，提出后才能转异议。"
        raise Refused("no_dispute", sentence)


_S = FindingState
_STAFF = roles(Level.DEPARTMENT, Level.SCHOOL, Level.PROVINCE)
_MINE = (in_own_scope, owned_by_level)
_UNSETTLED = states(_S.OPEN, _S.CHECKING)
FINDING = Machine(
    name="核查问题",
    labels=dict(FindingState.choices),
    state_of=lambda finding: finding.state,
    role_of=role_of,
    steps=(
        Step("find", "查到", roles(RUN), states(), _S.OPEN),
        Step("begin", "开始核实", _STAFF, states(_S.OPEN), _S.CHECKING, _MINE),
        Step("confirm", "属实", _STAFF, _UNSETTLED, _S.TRUE, _MINE,
             "the record is wrong and has to be corrected", needs_reason=True),
        Step("correct", "已更正", _STAFF, states(_S.OPEN, _S.CHECKING, _S.TRUE), _S.CORRECTED,
             _MINE, "the next run opens it again if it still finds it"),
        Step("dismiss", "误报", _STAFF, _UNSETTLED, _S.FALSE_ALARM, (*_MINE, not_about_own_work),
             "later runs leave it so", needs_reason=True),
        Step("dispute", "转异议", _STAFF, states(_S.OPEN, _S.CHECKING, _S.TRUE), _S.DISPUTED,
             (*_MINE, about_a_graduate), "joins the graduate's own open dispute"),
        Step("dispute_upheld", "异议成立", roles(RUN), states(_S.DISPUTED), _S.CORRECTED,
             note="the destination was released"),
        Step("dispute_dismissed", "异议不成立", roles(RUN), states(_S.DISPUTED), _S.CHECKING),
        Step("vanish", "不再查到", roles(RUN), states(_S.OPEN, _S.CHECKING, _S.TRUE), _S.GONE),
        Step("find_again", "再次查到", roles(RUN), states(_S.CORRECTED, _S.GONE), _S.OPEN),
        Step("reopen", "重新核实", _STAFF, states(_S.TRUE, _S.CORRECTED, _S.FALSE_ALARM, _S.GONE),
             _S.OPEN, _MINE, needs_reason=True),
        Step("pass_on", "转交", _STAFF, _UNSETTLED, None, (in_own_scope,),
             "to the level above or below, with a new due date", needs_reason=True),
    ),
)  # fmt: skip
# The two that only change whose turn it is, and the verdicts, as the page offers them.
VERDICTS = ("confirm", "correct", "dismiss", "dispute")
