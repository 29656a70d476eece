"""What the national loop contributes to the frame."""

from celery.schedules import crontab
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core import bodies
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, WorkLine
from national_sync import queries
from national_sync.actions.compare import COMPARISONS
from national_sync.actions.handling import owner_of
from national_sync.actions.send import BATCHES
from national_sync.invariants import INVARIANTS
from national_sync.mapping import load_simulated
from national_sync.models import Feedback, NationalCode
from national_sync.states import FeedbackState
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
