"""Every state and message of amendments, conclusions, disputes, applications and interviews, for every
reader: it names whose turn it is, calls the reader 您, and never calls the reader by their role."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from destinations.dispute_words import dispute_state
from destinations.models import DisputeState
from esign import reader_words as esign
from esign.states import AmendmentState, ConclusionState, Proposer, Side
from recruiting import reader_words as recruiting
from recruiting.states import ApplicationState, InterviewState
from schools.roles import Level

G, E, STAFF = Side.GRADUATE, Side.EMPLOYER, esign.STAFF
# How the others call each reader.
CALLED = {
    G: "毕业生", E: "单位", STAFF: "老师", "graduate": "毕业生", "unit": "单位",
    Level.SCHOOL: "学校", Level.PROVINCE: "省级",
}  # fmt: skip
_BY_SCHOOL, _BY_UNIT = Proposer.SCHOOL, Proposer.EMPLOYER

SAID: list[tuple[str, str, str, str]] = [
    ("amendment", AmendmentState.PROPOSED, G, "待您确认"),
    ("amendment", AmendmentState.PROPOSED, E, "待毕业生确认"),
    ("amendment", AmendmentState.CONFIRMED, G, "您已确认"),
    ("amendment", AmendmentState.CONFIRMED, E, "毕业生已确认"),
    ("amendment", AmendmentState.REFUSED, G, "您已拒绝"),
    ("amendment", AmendmentState.REFUSED, E, "毕业生已拒绝"),
    ("amendment", AmendmentState.WITHDRAWN, G, "单位已撤回"),
    ("amendment", AmendmentState.WITHDRAWN, E, "您已撤回"),
    ("application", ApplicationState.DELIVERED, "graduate", "已投递，待单位查看"),
    ("application", ApplicationState.DELIVERED, "unit", "已投递，待您查看"),
    ("application", ApplicationState.OFFERED, "graduate", "已发邀约，待您答复"),
    ("application", ApplicationState.OFFERED, "unit", "已发邀约，待毕业生答复"),
    ("application", ApplicationState.REJECTED, "graduate", "单位已答复不合适"),
    ("application", ApplicationState.REJECTED, "unit", "您已答复不合适"),
    ("interview", InterviewState.WAITING, "graduate", "待您答复"),
    ("interview", InterviewState.WAITING, "unit", "待毕业生答复"),
    ("interview", InterviewState.DECLINED, "graduate", "您已谢绝"),
    ("interview", InterviewState.DECLINED, "unit", "毕业生已谢绝"),
    ("dispute", DisputeState.OPEN, "graduate", "待学校处理"),
    ("dispute", DisputeState.OPEN, Level.SCHOOL, "待您处理"),
    ("dispute", DisputeState.PROVINCE, Level.SCHOOL, "待省级处理"),
    ("dispute", DisputeState.PROVINCE, Level.PROVINCE, "待您处理"),
    ("dispute", DisputeState.DISMISSED, "graduate", "您的异议不成立"),
]
WORDS: dict[str, Callable[[str, str], str]] = {
    "amendment": esign.amendment_state,
    "application": recruiting.application_state,
    "interview": recruiting.interview_state,
    "dispute": dispute_state,
}
STATES: dict[str, tuple[list[str], tuple[str, ...]]] = {
    "amendment": (AmendmentState.values, (G, E, STAFF)),
    "application": (ApplicationState.values, ("graduate", "unit")),
    "interview": (InterviewState.values, ("graduate", "unit")),
    "dispute": (DisputeState.values, ("graduate", Level.SCHOOL, Level.PROVINCE)),
}


@pytest.mark.parametrize(("kind", "state", "reader", "words"), SAID)
def test_a_state_in_the_readers_words(kind: str, state: str, reader: str, words: str) -> None:
    assert WORDS[kind](state, reader) == words


@pytest.mark.parametrize("kind", STATES)
def test_no_reader_is_called_by_their_role(kind: str) -> None:
    states, readers = STATES[kind]
    for state, reader in itertools.product(states, readers):
        said = WORDS[kind](state, reader)
        assert said
        assert "对方" not in said
        assert CALLED[reader] not in said, (state, reader)


@pytest.mark.parametrize("kind", STATES)
def test_whoever_has_to_act_is_named_as_the_reader_to_nobody_else(kind: str) -> None:
    """待您 is said to one reader of a state at most."""
    states, readers = STATES[kind]
    for state in states:
        told = [reader for reader in readers if "待您" in WORDS[kind](state, reader)]
        assert len(told) <= 1, (state, told)


@pytest.mark.parametrize(
    ("state", "by", "by_graduate", "to_graduate", "to_unit", "to_staff"),
    [
        (ConclusionState.PROPOSED, _BY_UNIT, True, "待您确认", "待毕业生确认", "待毕业生确认"),
        (ConclusionState.PROPOSED, _BY_SCHOOL, True,
         "待您或另一位老师确认", "待毕业生或另一位老师确认", "待毕业生或另一位老师确认"),
        (ConclusionState.CONFIRMED, _BY_UNIT, True, *["已转为劳动合同"] * 3),
        (ConclusionState.REFUSED, _BY_UNIT, True, "您已拒绝", "毕业生已拒绝", "毕业生已拒绝"),
        (ConclusionState.REFUSED, _BY_UNIT, False, *["学校没有同意"] * 3),
        (ConclusionState.WITHDRAWN, _BY_UNIT, True, "单位已撤回", "您已撤回", "单位已撤回"),
        (ConclusionState.WITHDRAWN, _BY_SCHOOL, True, *["学校已撤回"] * 3),
    ],
)  # fmt: skip
def test_a_conclusion_in_the_readers_words(
    state: str, by: str, by_graduate: bool, to_graduate: str, to_unit: str, to_staff: str
) -> None:
    said = [
        esign.conclusion_state(state, by, reader, by_graduate=by_graduate)
        for reader in (G, E, STAFF)
    ]
    assert said == [to_graduate, to_unit, to_staff]


def test_messages_say_you_to_who_acted() -> None:
    assert esign.amendment_title("refused", G).startswith("您已拒绝")
    assert esign.amendment_title("refused", E).startswith("已拒绝")
    assert esign.amendment_title("withdrawn", E).startswith("您已撤回")
    assert esign.conclusion_title("refused", _BY_UNIT, G).startswith("您已拒绝")
    assert esign.conclusion_title("refused", _BY_UNIT, E).startswith("毕业生已拒绝")
    assert esign.conclusion_title("refused", _BY_UNIT, G, by_graduate=False).startswith(
        "学校没有同意"
    )
    assert esign.conclusion_title("withdrawn", _BY_UNIT, E).startswith("您已撤回")
    assert esign.conclusion_title("withdrawn", _BY_SCHOOL, G).startswith("学校已撤回")
