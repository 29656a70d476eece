"""What this app adds to the shared frame (`core/frame.py`)."""

from functools import partial

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from core import bodies
from core.frame import (
    BulkAction,
    Contributions,
    Demo,
    HomePanel,
    MenuItem,
    PeriodicTask,
    ReminderTopic,
    Service,
    WorkLine,
)
from destinations import demo, demo_many, dispute_steps, final_steps, release_steps, reports, steps
from destinations.actions import final, review
from destinations.actions.imports import DESTINATION_IMPORTS
from destinations.filters import REGISTERED, REVIEWED
from destinations.invariants import INVARIANTS
from destinations.models import Destination, DestinationEvent, Dispute, FinalConfirmation
from destinations.queries import disputes_for, releases_for, unconfirmed_finally, waiting_for
from destinations.states import FinalState, State
from graduates.models import Graduate
from schools.current_cohort import kept_year
from schools.queries import ends_of
from schools.roles import ADMINS, ALL_LEVELS, PROVINCE, SCHOOL, SCHOOL_AND_PROVINCE, SCHOOL_STAFF
from schools.scope import visible_to


def _disputes_waiting(user: User) -> QuerySet[Dispute]:
    rows = disputes_for(user)
    return rows if user.has_perm("destinations.settle") else rows.none()


def _counted_in(state: State, user: User) -> QuerySet[Destination]:
    """The destinations in a state, of those that the figures count."""
    rows = visible_to(Destination.objects.all(), user, graduate="graduate")
    return reports.counted(rows.filter(state=state))


def _in_state(state: State, graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """The graduates whose destination is in a state."""
    return graduates.filter(destination__state=state)


def _doubts_waiting(user: User) -> QuerySet[Graduate]:
    """The graduates whose doubts in the final confirmation this person may answer."""
    if not user.has_perm(final.ANSWER_PERMISSION):
        return Graduate.objects.none()
    doubts = FinalConfirmation.objects.filter(state=FinalState.DOUBT)
    return visible_to(Graduate.objects.filter(pk__in=doubts.values("graduate")), user)


def progress_panel(user: User) -> HomePanel | None:
    """How far the year that the user works with is, in the user's scope."""
    kept = kept_year(user)
    if kept is None or not user.has_perm("figures.view"):
        return None
    year = kept.year
    rows = visible_to(Destination.objects.all(), user, graduate="graduate")
    n = reports.progress_counts(rows.filter(cohort_id__in=kept.cohort_ids))
    base = f"{reverse('console:destinations')}?cohort={year}&rate=total"
    lines = [
        ("生源已确认或锁定", n["confirmed"], n["total"], f"{base}&origin=done"),
        ("去向已登记", n["registered"], n["total"], f"{base}&state={REGISTERED}"),
        ("已通过初审", n["department"], n["total"], f"{base}&state={REVIEWED}"),
        ("已通过终审", n["school"], n["total"], f"{base}&state={State.SCHOOL_APPROVED}"),
    ]
    return HomePanel(f"{year}届进度", lines)


CONTRIBUTIONS = Contributions(
    body_limits={
        "console:destination-imports": bodies.ROSTER,
        "console:evidence-add": bodies.PICTURES,
        "console:destination-enter": bodies.PICTURES,
        "console:release-propose": bodies.PICTURES,
        "destination-materials": bodies.PICTURES,
        "destination-release": bodies.PICTURES,
    },
    permissions={
        "destinations.view": ALL_LEVELS,
        "destinations.enter": SCHOOL_STAFF,
        "destinations.review": SCHOOL_STAFF,
        "destinations.settle": SCHOOL_AND_PROVINCE,
        "destinations.import": ADMINS,
        "destinations.export": ALL_LEVELS,
        final.OPEN_PERMISSION: SCHOOL,
        final.ANSWER_PERMISSION: SCHOOL_STAFF,
        "figures.view": ALL_LEVELS,
        "province.catalogue": PROVINCE,
        "province.progress": PROVINCE,
    },
    work_lines=(
        WorkLine(
            "去向未登记",
            "console:destinations",
            f"rate=total&state={State.UNSUBMITTED}",
            "destinations.enter",
            30,
            partial(_counted_in, State.UNSUBMITTED),
        ),
        WorkLine(
            "审核不通过",
            "console:destinations",
            f"rate=total&state={State.REJECTED}",
            "destinations.enter",
            50,
            partial(_counted_in, State.REJECTED),
        ),
    ),
    reminder_topics=(
        ReminderTopic(
            key="register",
            label="登记毕业去向",
            lists=("destinations", "origins"),
            title="请登记您的毕业去向",
            text="请登录平台登记您的毕业去向；还在求职的，登记为待就业即可，学校会提供就业服务。",
            link="register-tab",
            open_for=partial(_in_state, State.UNSUBMITTED),
            due_on=ends_of,
        ),
        ReminderTopic(
            key="rejected",
            label="修改未通过的去向",
            lists=("destinations",),
            title="您登记的毕业去向需要修改",
            text="您登记的毕业去向没有通过审核，请登录平台查看原因，修改后重新提交。",
            link="register-tab",
            open_for=partial(_in_state, State.REJECTED),
            due_on=ends_of,
        ),
        ReminderTopic(
            key="final",
            label="最终信息确认",
            lists=("finals", "origins", "destinations"),
            title="请完成最终信息确认",
            text="请登录平台核对生源、去向、联系方式和档案四部分信息，无误后确认，有误的可以提出疑问。",
            link="final",
            open_for=unconfirmed_finally,
            due_on=ends_of,
        ),
    ),
    bulk_actions=(
        BulkAction(
            key="approve",
            label="通过",
            lists=("destinations", "review-queue"),
            permission="destinations.review",
            effect="等待您审核的去向将审核通过；确认以后又有变化的、不等待您审核的不动。",
            run=review.approve_one,
            version="version",
        ),
        BulkAction(
            key="reject",
            label="不通过",
            lists=("destinations", "review-queue"),
            permission="destinations.review",
            effect="等待您审核的去向将退回毕业生修改，原因告知每个人；确认以后又有变化的、不等待您审核的不动。",
            run=review.reject_one,
            version="version",
            asks_reason=True,
        ),
    ),
    console_menu=(
        MenuItem(
            "去向登记",
            "待审核去向",
            "console:review-queue",
            "check2-square",
            "destinations.review",
            10,
            waiting_for,
            home_order=40,
        ),
        MenuItem(
            "去向登记",
            "去向登记与审核",
            "console:destinations",
            "signpost-split",
            "destinations.view",
            20,
        ),
        MenuItem(
            "去向登记",
            "非网签解约",
            "console:releases",
            "scissors",
            "destinations.view",
            30,
            releases_for,
        ),
        MenuItem(
            "去向登记",
            "去向异议",
            "console:disputes",
            "exclamation-diamond",
            "destinations.view",
            40,
            _disputes_waiting,
            waiting_query="waiting=1",
        ),
        MenuItem(
            "去向登记",
            "最终信息确认",
            "console:finals",
            "patch-check",
            "destinations.view",
            50,
            _doubts_waiting,
            waiting_query="waiting=1",
        ),
        MenuItem("统计", "毕业去向落实率", "console:figures", "bar-chart", "figures.view", 10),
        MenuItem(
            "省级管理", "去向类别", "console:catalogue", "list-check", "province.catalogue", 40
        ),
        MenuItem(
            "省级管理", "各校进度", "console:progress", "speedometer2", "province.progress", 20
        ),
        MenuItem(
            "省级管理", "最低工资标准", "console:wages", "cash-coin", "province.catalogue", 50
        ),
    ),
    graduate_services=(
        Service(
            "去向界定与材料", "每类去向的含义和需要的证明", "categories", "question-circle", 20
        ),
    ),
    home_panels=(progress_panel,),
    periodic_tasks=(
        PeriodicTask("sweep-destination-imports", "destinations.tasks.sweep_imports", 60.0),
        PeriodicTask("lapse-finals", "destinations.tasks.lapse_finals", 60.0),
        PeriodicTask("escalate-disputes", "destinations.tasks.escalate_disputes", 3600.0),
    ),
    machines=(
        (steps.MACHINE, steps.ROLE_LABELS),
        (steps.EVIDENCE, steps.ROLE_LABELS),
        (dispute_steps.DISPUTE_STEPS, dispute_steps.ROLE_LABELS),
        (release_steps.RELEASE_PROPOSAL, release_steps.ROLE_LABELS),
        (final_steps.FINAL, final_steps.ROLE_LABELS),
    ),
    jobs=(DESTINATION_IMPORTS,),
    demo=Demo(make=demo.make_destinations, fill=demo_many.fill_destinations),
    invariants=INVARIANTS,
    event_tables=(DestinationEvent,),
)
