"""What notices add to the shared frame: permissions, a line of the menu, a task, the transition table."""

from celery.schedules import crontab

from core import bodies
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, Service
from notices import demo
from notices.queries import unconfirmed_by
from notices.steps import NOTICE, ROLE_LABELS
from schools.roles import ALL_LEVELS, Level

CONTRIBUTIONS = Contributions(
    permissions={
        "notices.view": ALL_LEVELS,
        "notices.publish": frozenset({Level.DEPARTMENT, Level.SCHOOL, Level.PROVINCE}),
    },
    console_menu=(
        MenuItem("通知", "通知公告", "console:notices", "megaphone", "notices.view", 10,
                 unconfirmed_by, waiting_query="waiting=1"),
    ),
    graduate_services=(
        Service("通知公告", "学校和省级发布的通知", "notices", "megaphone", 9),
    ),
    body_limits={"console:notice-new": bodies.PICTURES, "console:notice-edit": bodies.PICTURES},
    periodic_tasks=(
        PeriodicTask("expire-notices", "notices.tasks.expire_notices", crontab(hour="0", minute="10")),
    ),
    machines=((NOTICE, ROLE_LABELS),),
    demo=Demo(fill=demo.fill_notices),
)  # fmt: skip
