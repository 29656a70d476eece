"""What this app adds to the shared frame (`core/frame.py`)."""

from django.db.models import QuerySet

from accounts.models import User
from core import bodies
from core.frame import (
    BulkAction,
    Contributions,
    Demo,
    MenuItem,
    PeriodicTask,
    ReminderTopic,
    Service,
    Tab,
    WorkLine,
)
from graduates import demo, demo_roster, origin_steps, slips
from graduates.actions import hand_entries, origin
from graduates.actions.archive_imports import ARCHIVE_IMPORTS
from graduates.actions.roster import ROSTERS
from graduates.filters import without_account
from graduates.invariants import INVARIANTS
from graduates.models import CorrectionRequest, Graduate
from graduates.queries import corrections_of_turn
from graduates.states import Confirmation
from schools.queries import ends_of
from schools.roles import ADMINS, ALL_LEVELS, PROVINCE, SCHOOL, SCHOOL_STAFF
from schools.scope import visible_to


def unconfirmed(rows: QuerySet[Graduate]) -> QuerySet[Graduate]:
    return rows.filter(confirmation=Confirmation.UNSUBMITTED)


def _unconfirmed(user: User) -> QuerySet[Graduate]:
    return unconfirmed(visible_to(Graduate.objects.all(), user))


def _hand_entries_waiting(user: User) -> QuerySet[Graduate]:
    if not user.has_perm(hand_entries.PERMISSION):
        return Graduate.objects.none()
    return hand_entries.with_waiting_entries(visible_to(Graduate.objects.all(), user))


def _corrections_waiting(user: User) -> QuerySet[CorrectionRequest]:
    if not user.has_perm("graduates.correct"):
        return CorrectionRequest.objects.none()
    rows = visible_to(CorrectionRequest.objects.all(), user, graduate="graduate")
    return corrections_of_turn(rows, user)


CONTRIBUTIONS = Contributions(
    body_limits={
        "console:imports": bodies.ROSTER, "console:archive-imports": bodies.ROSTER,
        "correction-ask": bodies.PICTURES,
    },
    permissions={
        "graduates.view": ALL_LEVELS,
        "graduates.reveal": ALL_LEVELS,
        "graduates.export": ALL_LEVELS,
        "graduates.export_full": ADMINS,
        "graduates.edit": SCHOOL_STAFF,
        "graduates.lock": SCHOOL_STAFF,
        "graduates.unlock": SCHOOL,
        "graduates.add": SCHOOL,
        hand_entries.PERMISSION: origin_steps.ENTRY_CONFIRMERS,
        "graduates.standing": SCHOOL,
        "graduates.import": SCHOOL,
        "graduates.initial_codes": SCHOOL_STAFF,
        "graduates.reset_account": SCHOOL_STAFF,
        "graduates.correct": SCHOOL_STAFF,
        "graduates.duplicates": PROVINCE,
    },
    bulk_actions=(
        BulkAction(key="lock", label="锁定", lists=("origins",), permission="graduates.lock",
                   effect="锁定后，毕业生和院系不能再修改这些生源信息；必填项空着的不锁定。", run=origin.lock_one),
        BulkAction(key="unlock", label="解锁", lists=("origins",), permission="graduates.unlock",
                   effect="解锁后可以重新修改这些生源信息。", run=origin.unlock_one),
    ),
    reminder_topics=(
        ReminderTopic(key="activate", label="激活帐号", lists=("origins",), title="请激活您的帐号",
                      text="请激活毕业去向登记平台的帐号，核对并确认生源信息，登记毕业去向。", link="activate",
                      open_for=without_account, due_on=ends_of),
        ReminderTopic(key="confirm-origin", label="确认生源信息", lists=("origins",), title="请确认您的生源信息",
                      text="请登录平台核对并确认您的生源信息，有误的可以申请更正。", link="origin",
                      open_for=unconfirmed, due_on=ends_of),
    ),
    work_lines=(
        WorkLine("帐号未激活", "console:origins", "account=none", "graduates.initial_codes", 10,
                 slips.not_activated),
        WorkLine("生源未确认", "console:origins", "confirmation=unsubmitted", "graduates.lock", 20,
                 _unconfirmed),
    ),
    console_menu=(
        MenuItem("生源", "生源信息", "console:origins", "people", "graduates.view", 10),
        MenuItem("生源", "导入名册", "console:imports", "upload", "graduates.import", 20),
        MenuItem("生源", "手工新增待确认", "console:hand-entries", "person-check",
                 hand_entries.PERMISSION, 15, _hand_entries_waiting),
        MenuItem("生源", "档案转寄", "console:archives", "mailbox", "graduates.view", 22),
        MenuItem("生源", "信息反馈", "console:corrections", "chat-left-text", "graduates.view", 25,
                 _corrections_waiting, home_order=90),
        MenuItem("生源", "最近修改", "console:changes", "clock-history", "graduates.view", 30),
        MenuItem("生源", "初始码", "console:initial-codes", "ticket-perforated",
                 "graduates.initial_codes", 40),
        MenuItem("生源", "重新开放名单", "console:reopened", "calendar2-plus", "graduates.view", 50),
        MenuItem("学校设置", "字段权限", "console:field-permissions", "ui-checks", "schools.set_up", 60),
        MenuItem("省级管理", "信息重复", "console:duplicates", "people-fill", "graduates.duplicates", 25),
        MenuItem("省级管理", "逾期重新开放", "console:reopen-find", "unlock", "province.schools", 30),
    ),
    graduate_tabs=(
        Tab("home", "首页", "home", "house", 10),
        Tab("register", "登记", "register-tab", "pencil-square", 20),
        Tab("services", "服务", "services", "grid", 30),
        Tab("me", "我的", "me", "person", 40),
    ),
    graduate_services=(
        Service("信息反馈", "信息有误又不能修改，请老师更正", "corrections", "chat-left-text", 10),
    ),
    periodic_tasks=(
        # Celery messages can be lost, so the sweep continues imports that nobody works on.
        PeriodicTask("sweep-imports", "graduates.tasks.sweep_imports", 60.0),
        PeriodicTask("sweep-archive-imports", "graduates.tasks.sweep_archive_imports", 60.0),
    ),
    machines=(
        (origin_steps.CONFIRMATION, origin_steps.ROLE_LABELS),
        (origin_steps.STANDING, origin_steps.ROLE_LABELS),
        (origin_steps.HAND_ENTRY, origin_steps.ROLE_LABELS),
        (origin_steps.CORRECTION, origin_steps.ROLE_LABELS),
    ),
    jobs=(ROSTERS, ARCHIVE_IMPORTS),
    demo=Demo(
        demo.graduates_exist, demo.make_graduates, demo.show_graduate, demo_roster.fill_graduates
    ),
    invariants=INVARIANTS,
)  # fmt: skip
