from accounts.models import User
from core.registry import MenuItem, add_menu
from national_sync.actions.handling import owner_of
from national_sync.models import Feedback
from national_sync.states import FeedbackState
from schools.scope import visible_to


def _mine(user: User) -> int:
    """Open feedback in scope whose turn is this person's."""
    rows = visible_to(Feedback.objects.all(), user, graduate="graduate")
    return rows.filter(state=FeedbackState.OPEN, owner=owner_of(user)).order_by()[:1000].count()


add_menu(
    MenuItem("全国系统", "全国系统信息反馈", "console:feedback", "chat-left-dots", "national.view",
             10, _mine),
    MenuItem("全国系统", "全国系统确认情况", "console:national-confirmations", "person-check",
             "national.view", 15),
    MenuItem("全国系统", "上报台账", "console:ledger", "journal-check", "national.view", 20),
    MenuItem("全国系统", "比对", "console:reconcile", "arrow-left-right", "national.compare", 30),
    MenuItem("全国系统", "文件上报", "console:national-files", "file-earmark-spreadsheet",
             "national.compare", 35),
    MenuItem("全国系统", "上报批次", "console:batches", "send", "national.operate", 40),
    MenuItem("全国系统", "国家代码对照", "console:national-codes", "translate",
             "national.operate", 50),
)  # fmt: skip
