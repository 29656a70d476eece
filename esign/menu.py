from accounts import inbox
from accounts.models import User
from core.registry import TOPBAR, MenuItem, add_menu
from esign.queries import waiting_for


def _waiting(user: User) -> int:
    return waiting_for(user).order_by()[:1000].count()


add_menu(
    MenuItem("网络签约", "待审核解约", "console:termination-queue", "scissors", "esign.review", 10,
             _waiting),
    MenuItem("网络签约", "网络签约管理", "console:agreements", "file-earmark-text", "esign.view", 20),
    MenuItem("网络签约", "协议书打印管理", "console:prints", "printer", "esign.print", 30),
    MenuItem("网络签约", "解约管理", "console:terminations", "file-earmark-x", "esign.view", 40),
    MenuItem("网络签约", "签约设置", "console:signing-rules", "sliders", "esign.set_up", 50),
    MenuItem("省级管理", "协议书文件", "console:documents", "file-earmark-lock", "province.schools",
             60),
    MenuItem(TOPBAR, "未读消息", "console:messages", "bell", "messages.view", 10, inbox.unread),
)  # fmt: skip
