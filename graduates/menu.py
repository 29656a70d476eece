from accounts.models import User
from core.registry import MenuItem, add_menu
from graduates.models import CorrectionRequest
from graduates.states import CorrectionState
from schools.scope import visible_to


def _asked(user: User) -> int:
    if not user.has_perm("graduates.correct"):
        return 0
    rows = visible_to(CorrectionRequest.objects.all(), user, graduate="graduate")
    return rows.filter(state=CorrectionState.OPEN).order_by()[:1000].count()


add_menu(
    MenuItem("生源", "生源信息", "console:origins", "people", "graduates.view", 10),
    MenuItem("生源", "导入名册", "console:imports", "upload", "graduates.import", 20),
    MenuItem("生源", "信息反馈", "console:corrections", "chat-left-text", "graduates.view", 25,
             _asked),
    MenuItem("生源", "最近修改", "console:changes", "clock-history", "graduates.view", 30),
    MenuItem("生源", "初始码", "console:initial-codes", "ticket-perforated",
             "graduates.initial_codes", 40),
    MenuItem("生源", "重新开放名单", "console:reopened", "calendar2-plus", "graduates.view", 50),
    MenuItem("学校设置", "字段权限", "console:field-permissions", "ui-checks", "schools.set_up", 60),
    MenuItem("省级管理", "信息重复", "console:duplicates", "people-fill", "graduates.duplicates", 25),
    MenuItem("省级管理", "逾期重新开放", "console:reopen-find", "unlock", "province.schools", 30),
)  # fmt: skip
