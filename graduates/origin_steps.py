"""The transition tables of origin records: confirmation, standing (学籍) and corrections."""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from graduates.states import Confirmation, CorrectionState, EntryState, Standing
from schools.roles import ADMINS, LEVEL_LABELS, PROVINCE, SCHOOL, SCHOOL_STAFF, Level

ROLE_LABELS = {"graduate": "毕业生"} | LEVEL_LABELS
_GRADUATE = roles("graduate")
_UNSUBMITTED, _CONFIRMED, _LOCKED = (
    Confirmation.UNSUBMITTED, Confirmation.CONFIRMED, Confirmation.LOCKED,
)  # fmt: skip

CONFIRMATION = Lifecycle(
    name="生源信息确认",
    labels=dict(Confirmation.choices),
    steps=(
        Step("confirm", "确认", _GRADUATE, states(_UNSUBMITTED), _CONFIRMED),
        Step("confirm", "再次确认", _GRADUATE, states(_CONFIRMED, _LOCKED), None,
             note="the state stays"),
        Step("edit", "修改", _GRADUATE | SCHOOL_STAFF, states(_CONFIRMED), _UNSUBMITTED,
             note="of a value that was confirmed"),
        Step("lock", "锁定", SCHOOL_STAFF, states(_UNSUBMITTED, _CONFIRMED), _LOCKED),
        Step("unlock", "解锁", SCHOOL, states(_LOCKED), _CONFIRMED,
             note="if the graduate's confirmation is current"),
        Step("unlock", "解锁", SCHOOL, states(_LOCKED), _UNSUBMITTED,
             note="if it is not"),
    ),
)  # fmt: skip

STANDING = Lifecycle(
    name="学籍状态",
    labels=dict(Standing.choices),
    steps=(
        Step("end_enrolment", "转出", SCHOOL, states(Standing.ENROLLED), Standing.TRANSFERRED),
        Step("end_enrolment", "退学", SCHOOL, states(Standing.ENROLLED), Standing.WITHDRAWN),
        Step("defer", "延期", SCHOOL, states(Standing.ENROLLED), Standing.ENROLLED,
             note="moves the record to another cohort"),
        Step("restore_enrolment", "恢复在籍", SCHOOL,
             states(Standing.DEFERRED, Standing.TRANSFERRED, Standing.WITHDRAWN),
             Standing.ENROLLED),
    ),
)  # fmt: skip

# The province confirms for a school that has only one admin.
ENTRY_CONFIRMERS = ADMINS | PROVINCE

HAND_ENTRY = Lifecycle(
    name="手工录入",
    labels=dict(EntryState.choices),
    steps=(
        Step("enter", "新增或更改证件号码", SCHOOL_STAFF, states(), EntryState.WAITING),
        Step("confirm_entry", "确认", ENTRY_CONFIRMERS,
             states(EntryState.WAITING, EntryState.REFUSED), EntryState.CONFIRMED,
             note="never by the person who entered it"),
        Step("refuse_entry", "不确认", ENTRY_CONFIRMERS, states(EntryState.WAITING),
             EntryState.REFUSED, note="with a reason, never by the person who entered it"),
    ),
)  # fmt: skip

CORRECTION = Lifecycle(
    name="信息反馈",
    labels=dict(CorrectionState.choices),
    steps=(
        Step("ask", "提交反馈", _GRADUATE, states(), CorrectionState.OPEN),
        Step("accept", "采纳", SCHOOL_STAFF, states(CorrectionState.OPEN),
             CorrectionState.ACCEPTED, note="applies the value"),
        Step("refuse", "不采纳", SCHOOL_STAFF, states(CorrectionState.OPEN),
             CorrectionState.REFUSED, note="with an answer"),
        Step("pass_on", "转交学校", roles(Level.CLASS, Level.DEPARTMENT),
             states(CorrectionState.OPEN), None,
             note="once, with a note; from then on the school alone answers"),
        Step("withdraw", "撤回", _GRADUATE, states(CorrectionState.OPEN),
             CorrectionState.WITHDRAWN),
    ),
)  # fmt: skip
