"""What checks of registered data (DOMAIN-AROUND §5) add to the shared frame."""

from celery.schedules import crontab

from core import bodies
from core.frame import BulkAction, Contributions, Demo, MenuItem, PeriodicTask, WorkLine
from quality import demo, finding_steps, run_kinds, sample_steps  # noqa: F401 - the last fills in what runs do
from quality.actions import findings
from quality.actions.prints import PRINTS
from quality.actions.runs import RUNS
from quality.invariants import INVARIANTS
from quality.queries import calls_to_make, findings_overdue, findings_waiting
from quality.states import UNSETTLED
from schools.roles import ADMINS, ALL_LEVELS, PROVINCE, SCHOOL_AND_PROVINCE

CONTRIBUTIONS = Contributions(
    demo=Demo(fill=demo.fill_quality),
    permissions={
        "quality.view": ADMINS | PROVINCE,
        "quality.settle": ADMINS | PROVINCE,
        "quality.run": SCHOOL_AND_PROVINCE,
        "quality.rules": PROVINCE,
        "quality.sample": SCHOOL_AND_PROVINCE,
        "quality.call": ALL_LEVELS,
    },
    body_limits={
        "console:quality-runs": bodies.ROSTER,
    },
    console_menu=(
        MenuItem("数据核查", "核查问题", "console:quality-findings", "flag", "quality.view", 10,
                 findings_waiting, waiting_query="waiting=1", home_order=65),
        MenuItem("数据核查", "比对与筛查", "console:quality-runs", "search", "quality.run", 20),
        MenuItem("数据核查", "抽样核查", "console:samples", "dice-5", "quality.sample", 30),
        MenuItem("数据核查", "回访", "console:callbacks", "telephone", "quality.call", 40,
                 calls_to_make, waiting_query="waiting=1", home_order=67),
        MenuItem("数据核查", "核查规则", "console:quality-rules", "ui-checks", "quality.rules", 90),
    ),
    work_lines=(
        WorkLine("核查问题逾期", "console:quality-findings", "waiting=1&due=over", "quality.settle", 66,
                 findings_overdue),
    ),
    bulk_actions=(
        BulkAction(
            key="dismiss-findings",
            label="误报",
            lists=("quality-findings",),
            permission="quality.settle",
            effect="待核实、核实中的问题将按误报办结，以后的筛查不再提出；其他状态的和不由您核实的不动。",
            run=findings.dismiss_one,
            version="version",
            asks_reason=True,
            reason_label="误报的说明",
            rows=lambda rows: rows.filter(state__in=UNSETTLED),
        ),
    ),
    periodic_tasks=(
        PeriodicTask("sweep-quality-runs", "quality.tasks.sweep_runs", 60.0),
        PeriodicTask("sweep-evidence-prints", "quality.tasks.sweep_prints", 300.0),
        PeriodicTask("delete-stray-prints", "quality.tasks.delete_stray_prints",
                     crontab(hour="3", minute="35")),
    ),
    machines=(
        (finding_steps.FINDING, finding_steps.ROLE_LABELS),
        (sample_steps.SAMPLE, sample_steps.ROLE_LABELS),
        (sample_steps.CALL, sample_steps.CALL_ROLE_LABELS),
    ),
    invariants=INVARIANTS,
    jobs=(
        RUNS,
        PRINTS,
    ),
)  # fmt: skip
