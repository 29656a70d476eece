"""The transition table of notices (DOMAIN-AROUND §2). A published notice is not changed: it is withdrawn
with a reason, and a copy of it published."""

from __future__ import annotations

from accounts.models import User
from core.errors import Refused
from core.states import Machine, Step, roles, states
from notices import queries
from notices.models import Notice
from notices.states import NoticeState
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

CLOCK = "clock"
ROLE_LABELS = {**LEVEL_LABELS, CLOCK: "系统"}


def role_of(actor: User | None) -> str:
    """The level of a staff member, "" for anybody else; no actor at all is the system."""
    if actor is None:
        return CLOCK
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""


def by_the_publisher(notice: Notice, actor: User) -> None:
    """The province acts on its own notices, a school on all of the school, a department admin on those
    they wrote."""
    staff = staff_of(actor)
    if staff is None or staff.school_id != notice.school_id:
        raise Refused("other_publisher", "只能办理本单位发布的通知。")
    if staff.role_level == Level.DEPARTMENT and notice.created_by_id != actor.pk:
        raise Refused("other_publisher", "只能办理自己发布的通知。")


def audience_is_own(notice: Notice, actor: User) -> None:
    """The departments of a draft may have been taken from its writer since."""
    staff = staff_of(actor)
    below = staff is not None and staff.role_level == Level.DEPARTMENT
    if below and not set(notice.department_ids) <= queries.departments_of(actor):
        raise Refused("audience", "面向的院系已不在您的管理范围内，请先修改面向的院系。")


_S = NoticeState
_PUBLISHERS = roles(Level.DEPARTMENT, Level.SCHOOL, Level.PROVINCE)
NOTICE = Machine(
    name="通知公告",
    labels=dict(NoticeState.choices),
    state_of=lambda notice: notice.state,
    role_of=role_of,
    steps=(
        Step("edit", "修改", _PUBLISHERS, states(_S.DRAFT), None, (by_the_publisher,)),
        Step("discard", "删除", _PUBLISHERS, states(_S.DRAFT), None, (by_the_publisher,),
             "the draft is gone"),
        Step("publish", "发布", _PUBLISHERS, states(_S.DRAFT), _S.PUBLISHED,
             (by_the_publisher, audience_is_own)),
        Step("pin", "置顶", _PUBLISHERS, states(_S.PUBLISHED), None, (by_the_publisher,),
             "at most three of one publisher"),
        Step("unpin", "取消置顶", _PUBLISHERS, states(_S.PUBLISHED), None, (by_the_publisher,)),
        Step("withdraw", "撤回", _PUBLISHERS, states(_S.PUBLISHED), _S.WITHDRAWN,
             (by_the_publisher,), needs_reason=True),
        Step("expire", "过期", roles(CLOCK), states(_S.PUBLISHED), _S.EXPIRED, (),
             "the day after its last one"),
    ),
)  # fmt: skip
