"""The states of a proposal to release, for docs/states.md. Who may take a step, and when, stands in the
transition table of destinations."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from destinations.states import OPEN_RELEASE, ReleaseState
from schools.roles import LEVEL_LABELS, Level

ROLE_LABELS = {"graduate": "毕业生"} | LEVEL_LABELS | {"system": "去向另有变动"}
_DEPARTMENT, _SCHOOL = ReleaseState.WAITING_DEPARTMENT, ReleaseState.WAITING_SCHOOL
_STAFF = roles(Level.CLASS, Level.DEPARTMENT)

RELEASE_PROPOSAL = Lifecycle(
    name="非网签解约",
    labels=dict(ReleaseState.choices),
    steps=(
        Step("propose_release", "提出", roles("graduate"), states(), _DEPARTMENT,
             note="to the school where nobody of a department is responsible"),
        Step("propose_release", "提出", _STAFF, states(), _SCHOOL),
        Step("endorse_release", "同意，报学校", _STAFF, states(_DEPARTMENT), _SCHOOL),
        Step("refuse_release", "不同意", _STAFF, states(_DEPARTMENT), ReleaseState.REFUSED,
             note="with a reason"),
        Step("refuse_release", "不同意", roles(Level.SCHOOL), states(*OPEN_RELEASE),
             ReleaseState.REFUSED, note="with a reason"),
        Step("release", "解约", roles(Level.SCHOOL), states(*OPEN_RELEASE), ReleaseState.RELEASED,
             note="by another person than who proposed or endorsed it"),
        Step("withdraw_release", "撤回", roles("graduate") | _STAFF, states(*OPEN_RELEASE),
             ReleaseState.WITHDRAWN, note="by who proposed it"),
        Step("lapse", "失效", roles("system"), states(*OPEN_RELEASE), ReleaseState.LAPSED,
             note="the destination was entered, registered or released otherwise"),
    ),
)  # fmt: skip
