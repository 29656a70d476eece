"""What recruiting adds to the shared frame: permissions, menus, tabs, tasks, transition tables."""

from celery.schedules import crontab
from django.db.models import QuerySet

from accounts.models import User
from core import bodies
from core.frame import BulkAction, Contributions, Demo, MenuItem, PeriodicTask, Service, Tab
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
from recruiting.actions import posting_review
from recruiting.actions.posting_imports import POSTING_IMPORTS
from recruiting.actions.recommendation_prints import PRINTS
from recruiting.invariants import INVARIANTS
from recruiting.models import Sanction, UnitReport, Verification
from recruiting.queries import recommendations_waiting, reports_for, sanctions_for, waiting_for
from recruiting.states import OPEN_REPORT, AppealState, VerificationState
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
