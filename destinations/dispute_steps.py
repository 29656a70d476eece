"""The transition table of disputes, which the actions ask."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from destinations.models import DisputeState
from schools.roles import LEVEL_LABELS, Level

ROLE_LABELS = {"graduate": "毕业生"} | LEVEL_LABELS | {"clock": "到期"}
_OPEN, _PROVINCE = DisputeState.OPEN, DisputeState.PROVINCE

DISPUTE_STEPS = Lifecycle(
    name="去向异议",
    labels=dict(DisputeState.choices),
    steps=(
        Step("raise_dispute", "提出异议", roles("graduate"), states(), _OPEN),
        Step("settle", "异议成立", roles(Level.SCHOOL), states(_OPEN), DisputeState.UPHELD,
             note="by somebody who neither entered nor reviewed; releases the destination"),
        Step("settle", "异议不成立", roles(Level.SCHOOL), states(_OPEN), DisputeState.DISMISSED,
             note="by somebody who neither entered nor reviewed; with an answer"),
        Step("escalate_overdue", "逾期转省级", roles("clock"), states(_OPEN), _PROVINCE,
             note="after five working days"),
        Step("appeal", "申诉", roles("graduate"), states(DisputeState.DISMISSED), _PROVINCE,
             note="once"),
        Step("settle", "异议成立", roles(Level.PROVINCE), states(_PROVINCE), DisputeState.UPHELD,
             note="releases the destination"),
        Step("settle", "异议不成立", roles(Level.PROVINCE), states(_PROVINCE),
             DisputeState.DISMISSED, note="with an answer"),
    ),
)  # fmt: skip
