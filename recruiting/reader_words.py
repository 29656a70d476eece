"""What the states of applications and interviews are called, from the side of whoever reads: a state names
whose turn it is, and what the reader has done is said as 您."""

from __future__ import annotations

from recruiting.states import ApplicationState, InterviewState

GRADUATE, UNIT = "graduate", "unit"
_NAMES = {GRADUATE: "毕业生", UNIT: "单位"}
_A, _I = ApplicationState, InterviewState


def _named(side: str, reader: str) -> str:
    return "您" if side == reader else _NAMES[side]


def application_state(state: str, reader: str) -> str:
    """The state of an application. Offers are sent and answered as invitations to sign."""
    graduate, unit = _named(GRADUATE, reader), _named(UNIT, reader)
    words = {
        _A.DELIVERED: f"已投递，待{unit}查看",
        _A.VIEWED: f"{unit}已查看，待{unit}答复",
        _A.INTERVIEWING: "面试中",
        _A.SELECTED: f"{unit}拟录用，待{unit}发签约邀约",
        _A.OFFERED: f"已发邀约，待{graduate}答复",
        _A.SIGNED: "已签约",
        _A.REJECTED: f"{unit}已答复不合适",
        _A.WITHDRAWN: f"{graduate}已撤回",
        _A.LAPSED: f"{unit}逾期未回复",
        _A.ENDED: "已终止",
    }
    return words[ApplicationState(state)]


def interview_state(state: str, reader: str) -> str:
    graduate, unit = _named(GRADUATE, reader), _named(UNIT, reader)
    words = {
        _I.WAITING: f"待{graduate}答复",
        _I.ACCEPTED: f"{graduate}已接受",
        _I.DECLINED: f"{graduate}已谢绝",
        _I.EXPIRED: f"{graduate}逾期未答复，已失效",
        _I.CANCELLED: "已取消",  # by the unit, or because the application ended
        _I.MOVED: f"{unit}已改期",
        _I.ATTENDED: "已面试",
        _I.ABSENT: f"{unit}登记{graduate}未到",
        _I.DISPUTED: f"{unit}登记{graduate}未到，{graduate}有异议",
    }
    return words[InterviewState(state)]
