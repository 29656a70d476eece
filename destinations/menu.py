from accounts.models import User
from core.registry import MenuItem, add_menu
from destinations.queries import disputes_for, waiting_for


def _waiting(user: User) -> int:
    return waiting_for(user).order_by()[:1000].count()


def _disputed(user: User) -> int:
    if not user.has_perm("destinations.settle"):
        return 0
    return disputes_for(user).order_by()[:1000].count()


add_menu(
    MenuItem(
        "去向登记",
        "待审核去向",
        "console:review-queue",
        "check2-square",
        "destinations.review",
        10,
        _waiting,
    ),
    MenuItem(
        "去向登记",
        "去向登记与审核",
        "console:destinations",
        "signpost-split",
        "destinations.view",
        20,
    ),
    MenuItem(
        "去向登记",
        "去向异议",
        "console:disputes",
        "exclamation-diamond",
        "destinations.view",
        40,
        _disputed,
    ),
    MenuItem("统计", "毕业去向落实率", "console:figures", "bar-chart", "figures.view", 10),
    MenuItem("省级管理", "去向类别", "console:catalogue", "list-check", "province.catalogue", 40),
    MenuItem("省级管理", "各校进度", "console:progress", "speedometer2", "province.progress", 20),
    MenuItem("省级管理", "最低工资标准", "console:wages", "cash-coin", "province.catalogue", 50),
)
