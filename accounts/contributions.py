"""What accounts contribute to the frame."""

from accounts import inbox
from core.frame import Contributions, MenuItem, PeriodicTask
from core.menu import TOPBAR

CONTRIBUTIONS = Contributions(
    console_menu=(
        MenuItem(
            TOPBAR, "未读消息", "console:messages", "bell", "messages.view", 10, count=inbox.unread
        ),
    ),
    periodic_tasks=(PeriodicTask("clear-sessions", "accounts.tasks.clear_sessions", 6 * 3600.0),),
)
