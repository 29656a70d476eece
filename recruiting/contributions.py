"""What recruiting adds to the shared frame: permissions, menus, tabs, tasks, transition tables."""

from celery.schedules import crontab

from accounts.models import User
from core.frame import Contributions, MenuItem, PeriodicTask, Tab
from recruiting import (
    application_steps,
    fair_steps,
    posting_steps,
    recommendation_steps,
    report_steps,
)
from recruiting.queries import waiting_for
from schools.roles import ALL_LEVELS, PROVINCE, SCHOOL_AND_PROVINCE, SCHOOL_STAFF


def _postings_waiting(user: User) -> int:
    return waiting_for(user)[:1000].count()


CONTRIBUTIONS = Contributions(
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
    console_menu=(
        MenuItem("招聘", "职位审核", "console:postings", "briefcase", "recruiting.review", 10,
                 _postings_waiting),
    ),
    employer_tabs=(Tab("postings", "职位", "employer-postings", "briefcase", 15),),
    periodic_tasks=(
        PeriodicTask("expire-postings", "recruiting.tasks.expire_postings", crontab(hour="0", minute="5")),
    ),
    machines=(
        (report_steps.VERIFICATION, report_steps.ROLE_LABELS),
        (posting_steps.POSTING, posting_steps.ROLE_LABELS),
        (posting_steps.REVISION, posting_steps.ROLE_LABELS),
        (application_steps.APPLICATION, application_steps.ROLE_LABELS),
        (application_steps.INTERVIEW, application_steps.ROLE_LABELS),
        (recommendation_steps.RECOMMENDATION, recommendation_steps.ROLE_LABELS),
        (report_steps.REPORT, report_steps.ROLE_LABELS),
        (report_steps.APPEAL, report_steps.ROLE_LABELS),
        (fair_steps.FAIR, fair_steps.ROLE_LABELS),
        (fair_steps.BOOTH, fair_steps.ROLE_LABELS),
        (fair_steps.BOOKING, fair_steps.ROLE_LABELS),
    ),
)  # fmt: skip
