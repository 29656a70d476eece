from core.registry import MenuItem, add_menu

add_menu(
    MenuItem("生源", "生源信息", "console:origins", "people", "graduates.view", 10),
    MenuItem("生源", "导入名册", "console:imports", "upload", "graduates.import", 20),
    MenuItem("生源", "最近修改", "console:changes", "clock-history", "graduates.view", 30),
)
