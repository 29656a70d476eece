"""The lifecycle of an amendment. The actions ask this table."""

from __future__ import annotations

from core.errors import Refused
from core.states import Lifecycle, Step, roles, states
from esign.models import Agreement, Conclusion, Termination
from esign.states import OPEN_TERMINATION, AmendmentState, ConclusionState

ROLE_LABELS = {"graduate": "毕业生", "employer": "用人单位", "agreement": "网签协议"}
_PROPOSED = states(AmendmentState.PROPOSED)

AMENDMENT = Lifecycle(
    name="协议修改",
    labels=dict(AmendmentState.choices),
    steps=(
        Step("propose", "提出修改", roles("employer"), states(), AmendmentState.PROPOSED,
             note="until the school approved, or after a rejection; not while a termination or conclusion is open"),
        Step("confirm", "确认", roles("graduate"), _PROPOSED, AmendmentState.CONFIRMED,
             note="with signature and one-time code, not while a termination or conclusion is open; makes a new version"),
        Step("refuse", "拒绝", roles("graduate"), _PROPOSED, AmendmentState.REFUSED),
        Step("withdraw", "撤回", roles("employer"), _PROPOSED, AmendmentState.WITHDRAWN),
        Step("close", "关闭", roles("agreement"), _PROPOSED, AmendmentState.CLOSED,
             note="when the agreement ends"),
    ),
)  # fmt: skip


def no_open_conclusion(agreement: Agreement) -> None:
    """Refuse to propose or confirm a change while a conclusion waits for confirmation. The database
    refuses it too (migration 0005)."""
    if Conclusion.objects.filter(agreement=agreement, state=ConclusionState.PROPOSED).exists():
        raise Refused(
            "conclusion_open", "转为劳动合同的申请正等待确认，办结或撤回之前不能修改签约信息。"
        )


def no_open_termination(agreement: Agreement) -> None:
    """Refuse to propose or confirm a change while a termination is open. The database refuses it
    too (migration 0005)."""
    if Termination.objects.filter(agreement=agreement, state__in=OPEN_TERMINATION).exists():
        raise Refused(
            "termination_open", "此协议的解约申请正在办理，办理结束或撤回之前不能修改签约信息。"
        )
