from core.registry import MenuItem, add_menu

add_menu(
    MenuItem("学校设置", "学校信息", "console:school-settings", "building", "schools.set_up", 10),
    MenuItem("学校设置", "届别", "console:cohorts", "calendar-range", "schools.set_up", 20),
    MenuItem("学校设置", "院系与班级", "console:departments", "diagram-3", "schools.set_up", 30,
             holds=("/console/setup/classes/",)),
    MenuItem("学校设置", "专业", "console:majors", "book", "schools.set_up", 40),
    MenuItem("学校设置", "工作人员", "console:staff", "person-gear", "schools.staff", 50),
    MenuItem("省级管理", "学校", "console:schools", "buildings", "province.schools", 10,
             holds=("/console/province/cohorts/",)),
)  # fmt: skip
