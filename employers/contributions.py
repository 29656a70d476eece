"""What employers add to the shared frame: permission, menu, tabs, transition table and demo data."""

from django.db.models import QuerySet

from accounts.models import User
from core import bodies
from core.frame import Contributions, Demo, MenuItem, Tab
from employers import demo, letter_steps, member_steps
from employers.models import Letter
from employers.queries import letters_waiting
from schools.roles import PROVINCE


def _letters_waiting(user: User) -> QuerySet[Letter]:
    return letters_waiting()


CONTRIBUTIONS = Contributions(
    body_limits={
        "employer-recover": bodies.PICTURE, "employer-letter": bodies.PICTURE,
        "employer-signature": bodies.PICTURE, "employer-papers": bodies.PICTURES,
    },
    permissions={"employers.certify": PROVINCE},
    console_menu=(
        MenuItem("省级管理", "单位认证公函", "console:letters", "patch-check", "employers.certify",
                 35, _letters_waiting, waiting_query="waiting=1"),
    ),
    employer_tabs=(
        Tab("home", "首页", "employer-home", "house", 10),
        Tab("unit", "单位", "employer-unit", "building", 80),
        Tab("messages", "消息", "employer-messages", "bell", 90, count="unread"),
    ),
    machines=(
        (member_steps.MEMBERSHIP, member_steps.ROLE_LABELS),
        (letter_steps.LETTER, letter_steps.ROLE_LABELS),
    ),
    demo=Demo(demo.employer_exists, demo.make_employer, demo.show_employer),
)  # fmt: skip
