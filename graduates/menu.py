from core.registry import MenuItem, add_menu

add_menu(
    MenuItem("生源", "生源信息", "console:origins", "people", "graduates.view", 10),
    MenuItem("生源", "导入名册", "console:imports", "upload", "graduates.import", 20),
    MenuItem("生源", "最近修改", "console:changes", "clock-history", "graduates.view", 30),
    MenuItem("生源", "初始码", "console:initial-codes", "ticket-perforated",
             "graduates.initial_codes", 40),
    MenuItem("学校设置", "字段权限", "console:field-permissions", "ui-checks", "schools.set_up", 60),
    MenuItem("省级管理", "逾期重新开放", "console:reopen-find", "unlock", "province.schools", 30),
)  # fmt: skip
