"""What notices add to the shared frame: permissions, a line of the menu, a task, the transition table."""

from celery.schedules import crontab

from core import bodies
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, Service
from notices import demo
from notices.actions.reminders import REMINDERS
from notices.queries import unconfirmed_by
from notices.steps import NOTICE, ROLE_LABELS
from schools.roles import ALL_LEVELS, Level

CONTRIBUTIONS = Contributions(
    permissions={
        "notices.view": ALL_LEVELS,
        "notices.publish": frozenset({Level.DEPARTMENT, Level.SCHOOL, Level.PROVINCE}),
        "notices.remind": ALL_LEVELS,
    },
    console_menu=(
        MenuItem("通知", "通知公告", "console:notices", "megaphone", "notices.view", 10,
                 unconfirmed_by, waiting_query="waiting=1"),
        MenuItem("通知", "催办", "console:reminders", "bell", "notices.remind", 20),
    ),
    graduate_services=(
        Service("通知公告", "学校和省级发布的通知", "notices", "megaphone", 9),
    ),
    body_limits={"console:notice-new": bodies.PICTURES, "console:notice-edit": bodies.PICTURES},
    periodic_tasks=(
        PeriodicTask("expire-notices", "notices.tasks.expire_notices", crontab(hour="0", minute="10")),
        PeriodicTask("sweep-reminders", "notices.tasks.sweep_reminders", 60.0),
        PeriodicTask("send-reminder-texts", "notices.tasks.send_reminder_texts", 600.0),
        PeriodicTask("count-reminders", "notices.tasks.count_reminders", crontab(minute="35")),
    ),
    machines=((NOTICE, ROLE_LABELS),),
    jobs=(REMINDERS,),
    demo=Demo(fill=demo.fill),
)  # fmt: skip
