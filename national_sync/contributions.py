"""What the national loop contributes to the frame."""

from functools import partial

from celery.schedules import crontab
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core import bodies
from core.frame import BulkAction, Contributions, Demo, MenuItem, PeriodicTask, WorkLine
from national_sync import queries
from national_sync.actions.compare import COMPARISONS
from national_sync.actions.handling import may_reassign_to, owner_of, reassign_one
from national_sync.actions.send import BATCHES
from national_sync.invariants import INVARIANTS
from national_sync.mapping import load_simulated
from national_sync.models import Feedback, NationalCode
from national_sync.states import FeedbackState, Owner
from schools.roles import ALL_LEVELS, PROVINCE, SCHOOL_AND_PROVINCE, SCHOOL_STAFF
from schools.scope import visible_to


def feedback_waiting(user: User) -> QuerySet[Feedback]:
    """The open feedback in scope that is this person's to handle."""
    rows = visible_to(Feedback.objects.all(), user, graduate="graduate")
    return rows.filter(state=FeedbackState.OPEN, owner=owner_of(user))


def feedback_overdue(user: User) -> QuerySet[Feedback]:
    """The part of `feedback_waiting` whose due date is over."""
    return feedback_waiting(user).filter(due_on__lt=timezone.localdate())


def national_gauges() -> dict[str, float]:
    """Gauges of the queue: its age, failures, what is parked, answers that stay away."""
    found = queries.status()
    states = {f"national_entries_{state}": n for state, n in found.pop("entries").items()}
    return states | {f"national_{name}": int(value) for name, value in found.items()}


def mapping_exists() -> bool:
    return NationalCode.objects.filter(simulated=True).exists()


def make_mapping(password: str) -> None:
    """Load the codes marked 模拟, which are sent to the simulator only."""
    load_simulated()


def _may_reassign(to: str, user: User) -> bool:
    return to in may_reassign_to(user)


CONTRIBUTIONS = Contributions(
    body_limits={
        "console:national-file": bodies.PICTURE,
    },
    permissions={
        "national.view": ALL_LEVELS,
        "national.remind": SCHOOL_STAFF,
        "national.compare": SCHOOL_AND_PROVINCE,
        "national.operate": PROVINCE,
    },
    bulk_actions=tuple(
        BulkAction(
            key=f"reassign-{to}",
            label=f"转交{to.label}",
            lists=("feedback",),
            permission="national.view",
            effect=f"待处理的反馈将转交{to.label}，并重新计算应办日期；已解决的不动。",
            run=partial(reassign_one, to),
            asks_reason=True,
            reason_label="处理说明或答复",
            rows=lambda rows: rows.filter(state=FeedbackState.OPEN),
            allowed=partial(_may_reassign, to),
        )
        for to in (Owner.DEPARTMENT, Owner.SCHOOL, Owner.PROVINCE)
    ),
    work_lines=(
        WorkLine("全国反馈逾期", "console:feedback", "waiting=1&overdue=yes", "national.view", 70,
                 feedback_overdue),
    ),
    console_menu=(
        MenuItem("全国系统", "全国系统信息反馈", "console:feedback", "chat-left-dots", "national.view",
                 10, feedback_waiting, waiting_query="waiting=1", home_order=60),
        MenuItem("全国系统", "全国系统确认情况", "console:national-confirmations", "person-check",
                 "national.view", 15),
        MenuItem("全国系统", "上报台账", "console:ledger", "journal-check", "national.view", 20),
        MenuItem("全国系统", "比对", "console:reconcile", "arrow-left-right", "national.compare", 30),
        MenuItem("全国系统", "文件上报", "console:national-files", "file-earmark-spreadsheet",
                 "national.compare", 35),
        MenuItem("全国系统", "上报批次", "console:batches", "send", "national.operate", 40),
        MenuItem("全国系统", "国家代码对照", "console:national-codes", "translate",
                 "national.operate", 50),
    ),
    periodic_tasks=(
        PeriodicTask("upload-changes", "national_sync.tasks.upload_changes", 180.0),
        PeriodicTask(
            "upload-everything",
            "national_sync.tasks.upload_everything",
            crontab(hour="1", minute="30"),
        ),
        PeriodicTask("sweep-comparisons", "national_sync.tasks.sweep_comparisons", 60.0),
    ),
    jobs=(BATCHES, COMPARISONS),
    metrics=(national_gauges,),
    demo=Demo(mapping_exists, make_mapping),
    invariants=INVARIANTS,
)  # fmt: skip
