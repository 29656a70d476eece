"""What surveys (DOMAIN-AROUND §7) add to the shared frame."""

from celery.schedules import crontab

from core.frame import Contributions, Demo, MenuItem, PeriodicTask, Service
from schools.roles import ADMINS, PROVINCE, SCHOOL_AND_PROVINCE
from surveys import demo
from surveys.steps import INVITATION, ROLE_LABELS, SURVEY

CONTRIBUTIONS = Contributions(
    permissions={
        "surveys.view": ADMINS | PROVINCE,
        "surveys.edit": SCHOOL_AND_PROVINCE,
    },
    console_menu=(
        MenuItem("就业调查", "问卷", "console:surveys", "ui-checks", "surveys.view", 10),
        MenuItem("就业调查", "调查结果", "console:surveys-results", "clipboard-data", "surveys.view", 20),
    ),
    graduate_services=(
        Service("问卷", "自愿填写的就业调查，也可设置不再接收", "surveys", "ui-checks", 28),
    ),
    periodic_tasks=(
        PeriodicTask("move-surveys", "surveys.tasks.move_surveys", 60.0),
        PeriodicTask(
            "remind-of-surveys", "surveys.tasks.remind_of_surveys", crontab(hour="9", minute="40")
        ),
    ),
    demo=Demo(fill=demo.fill_surveys),
    machines=((SURVEY, ROLE_LABELS), (INVITATION, ROLE_LABELS)),
)  # fmt: skip
