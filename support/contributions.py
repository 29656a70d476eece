"""What the support of graduates in difficulty (DOMAIN-AROUND §3) adds to the shared frame."""

from core import bodies
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, Service, WorkLine
from schools.roles import ADMINS, ALL_LEVELS, PROVINCE, SCHOOL_STAFF
from support import demo, queries, steps
from support.actions.group_imports import GROUP_IMPORTS

_SECTION = "就业帮扶"

CONTRIBUTIONS = Contributions(
    body_limits={
        "console:support-imports": bodies.ROSTER,
        "console:support-record": bodies.PICTURES,
        "console:support-record-correct": bodies.PICTURES,
        "console:support-propose": bodies.PICTURES,
    },
    permissions={
        # Read and write help for named people: who is responsible for them, their department, the school.
        "support.view": ALL_LEVELS,
        "support.help": SCHOOL_STAFF,
        "support.assign": ADMINS,
        "support.import": PROVINCE,
    },
    console_menu=(
        MenuItem(_SECTION, "帮扶对象", "console:support", "people", "support.view", 10),
        MenuItem(_SECTION, "申请增列", "console:support-proposals", "person-plus", "support.view", 20,
                 queries.proposals_waiting, waiting_query="waiting=1"),
        MenuItem(_SECTION, "困难群体导入", "console:support-imports", "upload", "support.import", 30),
        MenuItem(_SECTION, "帮扶统计", "console:support-figures", "bar-chart", "support.view", 40),
        MenuItem(_SECTION, "帮扶方式与标准", "console:support-rules", "sliders", "support.import", 50),
    ),
    work_lines=(
        WorkLine("还没有方案的帮扶对象", "console:support", "plan=no", "support.help", 120,
                 queries.without_plan),
    ),
    graduate_services=(
        Service("就业服务记录", "老师为您提供的就业服务和推荐的职位", "employment-services", "journal-text", 28),
    ),
    periodic_tasks=(
        PeriodicTask("sweep-group-imports", "support.tasks.sweep_group_imports", 60.0),
    ),
    demo=Demo(fill=demo.fill_support),
    jobs=(GROUP_IMPORTS,),
    machines=(
        (steps.LISTING, steps.ROLE_LABELS),
        (steps.PROPOSAL, steps.ROLE_LABELS),
        (steps.RECORD, steps.ROLE_LABELS),
    ),
)  # fmt: skip
