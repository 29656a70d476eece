from accounts.models import User
from core.registry import MenuItem, add_menu
from employers.queries import letters_waiting


def _waiting(user: User) -> int:
    return letters_waiting()[:1000].count()


add_menu(
    MenuItem(
        "省级管理",
        "单位认证公函",
        "console:letters",
        "patch-check",
        "employers.certify",
        35,
        _waiting,
    ),
)
