"""What schools contribute to the frame."""

from core.frame import Contributions, Demo, MenuItem, PeriodicTask
from schools import demo
from schools.actions.bulk import BULK_JOBS
from schools.roles import ALL_LEVELS, PROVINCE, SCHOOL

CONTRIBUTIONS = Contributions(
    permissions={
        "console.use": ALL_LEVELS,
        "messages.view": ALL_LEVELS,
        "schools.set_up": SCHOOL,
        "schools.staff": SCHOOL,
        "province.schools": PROVINCE,
        "province.jobs": PROVINCE,
    },
    console_menu=(
        MenuItem("学校设置", "学校信息", "console:school-settings", "building", "schools.set_up", 10),
        MenuItem("学校设置", "届别", "console:cohorts", "calendar-range", "schools.set_up", 20),
        MenuItem("学校设置", "院系与班级", "console:departments", "diagram-3", "schools.set_up", 30,
                 holds=("/console/setup/classes/",)),
        MenuItem("学校设置", "专业", "console:majors", "book", "schools.set_up", 40),
        MenuItem("学校设置", "工作人员", "console:staff", "person-gear", "schools.staff", 50),
        MenuItem("省级管理", "学校", "console:schools", "buildings", "province.schools", 10,
                 holds=("/console/province/cohorts/",)),
        MenuItem("系统", "后台任务", "console:jobs", "cpu", "province.jobs", 10),
    ),
    jobs=(BULK_JOBS,),
    periodic_tasks=(PeriodicTask("sweep-bulk-jobs", "schools.tasks.sweep_bulk_jobs", 60.0),),
    demo=Demo(demo.schools_exist, demo.make_schools, demo.accounts, demo.fill_school),
)  # fmt: skip
