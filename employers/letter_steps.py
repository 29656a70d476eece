"""The transition table of certification letters (认证公函) and its guards."""

from __future__ import annotations

import datetime

from django.utils import timezone

from accounts.models import User
from accounts.second_person import check_another_person
from core.clock import database_now
from core.errors import Refused
from core.states import Machine, Step, roles, states
from employers.models import Letter, LetterKind, LetterState, Membership
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

ROLE_LABELS = LEVEL_LABELS
# What the reviewer compares and ticks, one line after the other.
CHECKLIST = {
    "signature": "帐号管理者已手写签名",
    "stamp": "盖有红色单位公章或人事章（其他印章无效）",
    "identity": "身份证人像面和国徽面清晰、与管理者姓名一致",
    "names": "公函上的单位名称、统一社会信用代码与平台一致",
}


# These end the rights of whoever manages the unit's account now. Two persons review them, and the
# present manager has time to object.
TAKES_OVER = (LetterKind.MANAGER, LetterKind.RECOVER)
OBJECTION_PERIOD = datetime.timedelta(hours=72)


def objection_ends(letter: Letter) -> datetime.datetime:
    """From when on a letter that takes an account over can be approved finally."""
    return letter.created_at + OBJECTION_PERIOD


def role_of(actor: User) -> str:
    staff = staff_of(actor) if isinstance(actor, User) else None
    return staff.role_level if staff is not None else ""


def needs_one_reviewer(letter: Letter, actor: User) -> None:
    if letter.kind in TAKES_OVER:
        raise Refused("needs_two", f"{letter.get_kind_display()}须由两人先后审核。")


def needs_two_reviewers(letter: Letter, actor: User) -> None:
    if letter.kind not in TAKES_OVER:
        raise Refused("one_is_enough", "此事项由一人审核。")


def another_person(letter: Letter, actor: User) -> None:
    same = f"{letter.get_kind_display()}须由另一位审核人复核，您已经初核过。"
    check_another_person(first=[letter.first_by_id], second=actor, same=same)


def objection_period_over(letter: Letter, actor: User) -> None:
    ends = timezone.localtime(objection_ends(letter))
    if database_now() < ends:
        sentence = f"原管理者可在{ends:%m月%d日 %H:%M}前提出异议，此后才能复核通过。"
        raise Refused("too_early", sentence)


def submitter_not_left(letter: Letter, actor: User) -> None:
    if letter.member is not None and letter.member.state == Membership.ENDED:
        raise Refused("member_left", "提交人已离开单位，不能通过，请填写原因退回。")


_WAITING, _SECOND, _APPROVED = LetterState.WAITING, LetterState.SECOND, LetterState.APPROVED
_PROVINCE = roles(Level.PROVINCE)
LETTER = Machine(
    name="认证公函",
    labels=dict(LetterState.choices),
    state_of=lambda letter: letter.state,
    role_of=role_of,
    steps=(
        Step("approve", "通过", _PROVINCE, states(_WAITING), _APPROVED,
             (needs_one_reviewer, submitter_not_left), "every line of the checklist ticked"),
        Step("approve", "初核通过", _PROVINCE, states(_WAITING), _SECOND, (needs_two_reviewers,),
             "of a new manager or a lost account"),
        Step("approve", "复核通过", _PROVINCE, states(_SECOND), _APPROVED,
             (another_person, submitter_not_left, objection_period_over),
             "by somebody else, 72 hours after the letter was handed in"),
        Step("refuse", "不通过", _PROVINCE, states(_WAITING, _SECOND), LetterState.REFUSED, (),
             "", needs_reason=True),
    ),
)  # fmt: skip


def review_mark(letter: Letter) -> str:
    """A mark of what the reviewer's page shows. A decision with an outdated mark is refused."""
    return f"{letter.state}:{letter.unit.name}:{'objection' if letter.objected_at else ''}"
