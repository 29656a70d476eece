"""The lifecycle of an agreement: it ends because a labour contract followed, or by termination. The actions
on conclusions, terminations and disputes ask this table."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from esign.states import AgreementState

ROLE_LABELS = {"conclusion": "转为劳动合同", "termination": "解约申请", "dispute": "异议成立"}

AGREEMENT = Lifecycle(
    name="就业协议",
    labels=dict(AgreementState.choices),
    steps=(
        Step("conclude", "转为劳动合同", roles("conclusion"), states(AgreementState.ACTIVE),
             AgreementState.ENDED, (), "article three: a second person confirmed that a labour contract followed"),
        Step("terminate", "解约", roles("termination", "dispute"), states(AgreementState.ACTIVE),
             AgreementState.TERMINATED, (), "an application was agreed, or a dispute upheld"),
    ),
)  # fmt: skip
