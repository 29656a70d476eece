"""What recruiting adds to the shared frame: permissions, menus, tabs, tasks, transition tables."""

from functools import partial
from typing import Any

from celery.schedules import crontab
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
)
from recruiting import (
    application_steps,
    demo,
    fair_queries,
    fair_steps,
    posting_steps,
    recommendation_steps,
    report_steps,
)
from recruiting.acting import ROLE_LABELS
from recruiting.actions import booth_bulk, posting_review, recommendation_bulk, recommendations
from recruiting.actions.posting_imports import POSTING_IMPORTS
from recruiting.actions.recommendation_prints import PRINTS
from recruiting.invariants import INVARIANTS
from recruiting.models import Sanction, UnitReport, Verification
from recruiting.queries import (
    recommendations_waiting,
    reports_for,
    sanctions_for,
    waiting_for,
    with_poor_resume,
)
from recruiting.states import (
    OPEN_REPORT,
    AppealState,
    BoothState,
    RecommendationState,
    VerificationState,
)
from schools.roles import ALL_LEVELS, PROVINCE, SCHOOL_AND_PROVINCE, SCHOOL_STAFF, Level
from schools.scope import staff_of


def _verifications_waiting(user: User) -> QuerySet[Verification]:
    return Verification.objects.filter(state=VerificationState.WAITING)


def _reports_open(user: User) -> QuerySet[UnitReport]:
    return reports_for(user).filter(state__in=OPEN_REPORT)


def _appeals_waiting(user: User) -> QuerySet[Sanction]:
    staff = staff_of(user)
    if staff is None or staff.role_level != Level.PROVINCE:
        return Sanction.objects.none()  # the province alone answers
    return sanctions_for(user).filter(appeal_state=AppealState.WAITING)


def _is_of_school(user: User) -> bool:
    staff = staff_of(user)
    return staff is not None and staff.role_level == Level.SCHOOL


def _in_turn(rows: QuerySet[Any], *, states: tuple[str, ...]) -> QuerySet[Any]:
    """The registrations in one of these states, those that came first before the others."""
    return rows.filter(state__in=states).order_by("created_at", "id")


# Steps on all units that a fair's list shows: key, label, what will happen, from which states.
_BOOTH_STEPS = (
    ("approve", "通过", "待审核和候补的单位按报名先后依次安排空展位，展位用完后其余的不动。",
     (BoothState.WAITING, BoothState.RESERVE)),
    ("reserve", "列入候补", "待审核的单位将列入候补，展位空出时按报名先后递补；还有空展位的不办理。",
     (BoothState.WAITING,)),
    ("arrive", "标记到场", "已通过、未到场的单位将标记为到场。", (BoothState.APPROVED, BoothState.ABSENT)),
)  # fmt: skip

CONTRIBUTIONS = Contributions(
    body_limits={
        "employer-posting-workbooks": bodies.SMALL_FILE,
        "employer-recruiter": bodies.PICTURE,
        "job-report": bodies.PICTURES,
        "resume-photo": bodies.PICTURE,
        "resume-attachments": bodies.SMALL_FILE,
        "recommendation-transcript": bodies.PICTURE,
        "console:fair-booths-import": bodies.SMALL_FILE,
    },
    permissions={
        "recruiting.verify": PROVINCE,
        "recruiting.rules": PROVINCE,
        "recruiting.review": SCHOOL_AND_PROVINCE,
        "recruiting.reports": SCHOOL_AND_PROVINCE,
        "recruiting.fairs": SCHOOL_AND_PROVINCE,
        "recruiting.resumes": SCHOOL_STAFF,
        "recruiting.recommend": SCHOOL_STAFF,
        "recruiting.figures": ALL_LEVELS,
    },
    employer_tabs=(
        Tab("postings", "职位", "employer-postings", "briefcase", 15),
        Tab("applications", "投递", "employer-applications", "inbox", 16),
        Tab("fairs", "招聘会", "employer-fairs", "calendar-event", 17),
    ),
    graduate_services=(
        Service("职位搜索", "查看用人单位发布的职位并投递简历", "jobs", "briefcase", 20),
        Service("我的简历", "填写简历，完整后才能投递", "resume", "file-earmark-person", 21),
        Service("投递记录", "单位是否查看、答复了什么", "applications", "send", 22),
        Service("面试", "面试邀请、时间地点和答复", "interviews", "calendar-event", 23),
        Service("谁看过我的简历", "哪个单位的谁，什么时候打开的", "resume-readings", "eye", 24),
        Service("就业推荐表", "院系填写意见，学校盖章编号，可下载打印", "recommendation", "award", 25),
        Service("招聘会与宣讲会", "查看活动和参会单位，预约入场，现场签到", "fairs", "calendar2-week", 26),
        Service("举报记录", "对用人单位的举报和答复", "unit-reports", "flag", 29),
    ),
    bulk_actions=(
        BulkAction(key="approve-posting", label="通过", lists=("postings",), permission="recruiting.review",
                   effect="通过后毕业生即可看到这些职位。有提示的职位不会通过，须逐个打开审核。",
                   run=posting_review.approve_one, version="version"),
        BulkAction(key="recommend-form", label="填写院系意见", lists=("recommendations",),
                   permission="recruiting.recommend",
                   effect="等待院系意见的推荐表将写入以下意见，转学校盖章。确认以后又有变动的不办理。",
                   run=recommendation_bulk.recommend_one, version="seen", asks_reason=True, reason_label="院系意见",
                   usual_reason=recommendations.USUAL_OPINION, check=recommendations.check_opinion,
                   rows=lambda rows: rows.filter(state=RecommendationState.WAITING_DEPARTMENT)),
        BulkAction(key="seal-form", label="盖章", lists=("recommendations",), permission="recruiting.recommend",
                   effect="等待盖章的推荐表将写入以下意见，编号生效，已有的旧表同时作废。确认以后又有变动的不办理。",
                   run=recommendation_bulk.seal_one, version="seen", asks_reason=True, reason_label="学校意见",
                   usual_reason=recommendations.USUAL_OPINION, check=recommendations.check_opinion,
                   rows=lambda rows: rows.filter(state=RecommendationState.WAITING_SCHOOL),
                   allowed=_is_of_school),
        *(BulkAction(key=f"{key}-booths", label=label, lists=("fair-booths",), permission="recruiting.fairs",
                     effect=effect, run=partial(booth_bulk.take_one, key),
                     rows=partial(_in_turn, states=states))
          for key, label, effect, states in _BOOTH_STEPS),
    ),
    reminder_topics=(
        ReminderTopic(key="resume", label="完善简历", lists=("resumes",), title="请完善您的简历",
                      text="简历达到规定的完整度才能投递职位，请登录平台在“我的简历”中补充。", link="resume",
                      open_for=with_poor_resume),
    ),
    console_menu=(
        MenuItem("招聘", "招聘资格核验", "console:verifications", "patch-check", "recruiting.verify", 5,
                 _verifications_waiting, waiting_query="waiting=1"),
        MenuItem("招聘", "职位审核", "console:postings", "briefcase", "recruiting.review", 10,
                 waiting_for, waiting_query="waiting=1"),
        MenuItem("招聘", "就业推荐表", "console:recommendations", "award", "recruiting.recommend", 15,
                 recommendations_waiting, waiting_query="waiting=1"),
        MenuItem("招聘", "招聘会与宣讲会", "console:fairs", "calendar-event", "recruiting.fairs", 16,
                 fair_queries.waiting_for, waiting_query="waiting=1"),
        MenuItem("招聘", "简历维护情况", "console:resumes", "file-earmark-person", "recruiting.resumes", 17),
        MenuItem("招聘", "单位举报", "console:unit-reports", "flag", "recruiting.reports", 20, _reports_open,
                 waiting_query="waiting=1"),
        MenuItem("招聘", "处理与申诉", "console:sanctions", "shield-exclamation", "recruiting.reports", 21,
                 _appeals_waiting, waiting_query="waiting=1"),
        MenuItem("招聘", "招聘规则", "console:recruiting-rules", "sliders", "recruiting.rules", 25),
        MenuItem("招聘", "招聘统计", "console:recruiting-figures", "bar-chart", "recruiting.figures", 30),
    ),
    periodic_tasks=(
        PeriodicTask("expire-postings", "recruiting.tasks.expire_postings", crontab(hour="0", minute="5")),
        PeriodicTask(
            "remind-recruiters", "recruiting.tasks.remind_recruiters", crontab(hour="9", minute="20")
        ),
        PeriodicTask("move-fairs", "recruiting.tasks.move_fairs", 60.0),
        PeriodicTask("expire-interviews", "recruiting.tasks.expire_interviews", 300.0),
        PeriodicTask(
            "sweep-recommendation-prints", "recruiting.tasks.sweep_recommendation_prints", 60.0
        ),
        PeriodicTask("sweep-posting-imports", "recruiting.tasks.sweep_posting_imports", 60.0),
        PeriodicTask("end-applications", "recruiting.tasks.end_applications", crontab(hour="0", minute="25")),
        PeriodicTask(
            "end-recommendations", "recruiting.tasks.end_recommendations", crontab(hour="0", minute="40")
        ),
    ),
    demo=Demo(demo.recruiting_exists, demo.make_recruiting),
    invariants=INVARIANTS,
    jobs=(PRINTS, POSTING_IMPORTS),
    machines=(
        (report_steps.VERIFICATION, ROLE_LABELS),
        (posting_steps.POSTING, ROLE_LABELS),
        (posting_steps.REVISION, ROLE_LABELS),
        (application_steps.APPLICATION, ROLE_LABELS),
        (application_steps.INTERVIEW, ROLE_LABELS),
        (recommendation_steps.RECOMMENDATION, ROLE_LABELS),
        (report_steps.REPORT, ROLE_LABELS),
        (report_steps.APPEAL, ROLE_LABELS),
        (fair_steps.FAIR, ROLE_LABELS),
        (fair_steps.BOOTH, ROLE_LABELS),
        (fair_steps.BOOKING, ROLE_LABELS),
    ),
)  # fmt: skip
