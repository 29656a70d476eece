"""What terminations, amendments and conclusions are called, from the side of whoever reads: a state names
whose turn it is, and a message says what the reader has done as 您."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esign.states import AmendmentState, ConclusionState, Proposer, Side, TerminationState

if TYPE_CHECKING:
    from esign.models import Conclusion, Termination

# A reader is one of the two sides, or staff.
STAFF = "staff"
_NAMES = {Side.GRADUATE: "毕业生", Side.EMPLOYER: "单位"}
_S = TerminationState


def other_side(side: str) -> Side:
    return Side.EMPLOYER if side == Side.GRADUATE else Side.GRADUATE


def named(side: str, reader: str) -> str:
    """A side as `reader` calls it."""
    return "您" if side == reader else _NAMES[Side(side)]


def termination_state(state: str, started_by: str, reader: str, *, by_side: bool = True) -> str:
    """The state in the reader's words. `by_side` says whether a refusal was the other side's, not the
    department's or the school's."""
    asked, answers = named(started_by, reader), named(other_side(started_by), reader)
    if state == _S.CONSENTED and reader == STAFF:
        state = _S.WAITING_OTHER  # staff learn of the consent once it can't be taken back
    match state:
        case _S.WAITING_OTHER:
            return f"待{answers}答复"
        case _S.CONSENTED:
            return f"{answers}已同意，一小时内可撤回"
        case _S.WAITING_DEPARTMENT:
            return "待院系审核"
        case _S.WAITING_SCHOOL:
            return "待学校审核"
        case _S.AGREED:
            return "已解约"
        case _S.REFUSED:
            return f"{answers}已拒绝" if by_side else "审核未同意"
        case _S.WITHDRAWN:
            return f"{asked}已撤回"
    return TerminationState(state).label


def termination_choices() -> list[tuple[str, str]]:
    """The states that staff choose from in lists, where either side may have asked."""
    words = {_S.WAITING_OTHER: "待另一方答复", _S.REFUSED: "未同意", _S.WITHDRAWN: "已撤回"}
    return [
        (state, words.get(state) or termination_state(state, Side.GRADUATE, STAFF))
        for state in _S
        if state != _S.CONSENTED
    ]


def state_of(row: Termination, reader: str) -> str:
    return termination_state(row.state, row.started_by, reader, by_side=row.decided_at is None)


def termination_title(event: str, started_by: str, reader: str, *, until: str = "") -> str:
    """The title of a message about a termination, after the other side's name and a colon. `event` is
    what happened: consented, taken_back, refused, withdrawn, forwarded, turned_down or agreed; a consent
    can be taken back `until` a time of the day."""
    asked, answers = named(started_by, reader), named(other_side(started_by), reader)
    if event in ("consented", "refused", "taken_back", "withdrawn"):
        # The message begins with the other side's name, so that only the reader is named again.
        who = asked if event == "withdrawn" else answers
        said = who if who == "您" else ""
        what = {
            "consented": f"已同意解约，{until}前可以撤回",
            "refused": "已拒绝解约，协议继续有效",
            "taken_back": "已撤回对解约的同意，协议继续有效",
            "withdrawn": "已撤回解约申请，协议继续有效",
        }[event]
        return f"{said}{what}"
    return {
        "forwarded": "双方已同意解约，等待院系审核",
        "turned_down": "学校没有同意解约，协议继续有效",
        "agreed": "协议已解约",
    }[event]


# --- amendments: the unit proposes, the graduate answers ------------------------------------------


def amendment_state(state: str, reader: str) -> str:
    graduate, unit = named(Side.GRADUATE, reader), named(Side.EMPLOYER, reader)
    match state:
        case AmendmentState.PROPOSED:
            return f"待{graduate}确认"
        case AmendmentState.CONFIRMED:
            return f"{graduate}已确认"
        case AmendmentState.REFUSED:
            return f"{graduate}已拒绝"
        case AmendmentState.WITHDRAWN:
            return f"{unit}已撤回"
    return "协议已终止，不再办理"


def amendment_title(event: str, reader: str) -> str:
    """The title of a message about an amendment, after the other side's name and a colon. `event` is
    confirmed, refused or withdrawn."""
    what = {
        "confirmed": "已确认修改签约信息，修改生效",
        "refused": "已拒绝修改签约信息，原协议不变",
        "withdrawn": "已撤回修改签约信息，原协议不变",
    }[event]
    acted = Side.EMPLOYER if event == "withdrawn" else Side.GRADUATE
    return f"您{what}" if acted == reader else what


# --- conclusions: the unit or the school proposes, the graduate or another teacher answers --------


def conclusion_state(state: str, proposed_by: str, reader: str, *, by_graduate: bool = True) -> str:
    """`by_graduate` says whether a refusal was the graduate's, not the school's."""
    graduate, unit = named(Side.GRADUATE, reader), named(Side.EMPLOYER, reader)
    by_school = proposed_by == Proposer.SCHOOL
    match state:
        case ConclusionState.PROPOSED:
            return f"待{graduate}{'或另一位老师' if by_school else ''}确认"
        case ConclusionState.CONFIRMED:
            return "已转为劳动合同"
        case ConclusionState.REFUSED:
            return f"{graduate}已拒绝" if by_graduate else "学校没有同意"
    return f"{'学校' if by_school else unit}已撤回"


def conclusion_state_of(row: Conclusion, reader: str) -> str:
    decided_by = row.decided_by_user if row.state == ConclusionState.REFUSED else None
    by_graduate = decided_by is None or decided_by.realm == "graduate"
    return conclusion_state(row.state, row.proposed_by, reader, by_graduate=by_graduate)


def conclusion_title(event: str, proposed_by: str, reader: str, *, by_graduate: bool = True) -> str:
    """The title of a message about a conclusion, after the other side's name and a colon. `event` is
    concluded, refused or withdrawn."""
    if event == "concluded":
        return "就业协议已终止，转为劳动合同"
    if event == "refused":
        who = named(Side.GRADUATE, reader) if by_graduate else "学校"
        done = "已拒绝" if by_graduate else "没有同意"
        return f"{who}{done}转为劳动合同，就业协议继续有效"
    who = "学校" if proposed_by == Proposer.SCHOOL else named(Side.EMPLOYER, reader)
    return f"{who}已撤回转为劳动合同的申请，就业协议继续有效"
