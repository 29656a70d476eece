"""The transition tables of applications and interviews (DOMAIN-AROUND §1.5, §1.6) and their guards."""

from __future__ import annotations

import datetime

from accounts.models import User
from core.clock import database_now
from core.errors import Refused
from core.states import Machine, Step, roles, states
from recruiting.acting import CLOCK, GRADUATE, UNIT, role_of
from recruiting.models import Application, Interview
from recruiting.states import (
    BEFORE_OFFER,
    OPEN_INTERVIEW,
    ApplicationState,
    InterviewState,
)
from recruiting.unit_standing import check_may_recruit, check_recruits_for

# How long the graduate may object to having been marked as absent.
OBJECTION_DAYS = 7


def by_the_graduate(row: Application | Interview, actor: User) -> None:
    if row.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有毕业生本人可以操作。")


def by_recruiter(row: Application | Interview, actor: User) -> None:
    check_recruits_for(actor, row.unit_id)


def unit_may_recruit(row: Application | Interview, actor: User) -> None:
    check_may_recruit(row.unit)


def has_lapsed(application: Application, actor: User | None) -> None:
    if application.lapses_at is None or application.lapses_at > database_now():
        raise Refused("not_due", "还没有到逾期时间。")


_S = ApplicationState
_BEFORE = states(*BEFORE_OFFER)
APPLICATION = Machine(
    name="投递",
    labels=dict(ApplicationState.choices),
    state_of=lambda application: application.state,
    role_of=role_of,
    steps=(
        Step("view", "查看", roles(UNIT), states(_S.DELIVERED), _S.VIEWED, (by_recruiter,),
             "the first time that the unit opens it"),
        Step("interview", "邀请面试", roles(UNIT), states(_S.DELIVERED, _S.VIEWED, _S.INTERVIEWING),
             _S.INTERVIEWING, (by_recruiter, unit_may_recruit)),
        Step("select", "拟录用", roles(UNIT), states(_S.DELIVERED, _S.VIEWED, _S.INTERVIEWING),
             _S.SELECTED, (by_recruiter, unit_may_recruit)),
        Step("offer", "发邀约", roles(UNIT), states(_S.SELECTED), _S.OFFERED, (by_recruiter,),
             "the invitation to sign was sent"),
        Step("offer_signed", "签约", roles(CLOCK), states(_S.OFFERED), _S.SIGNED, (),
             "the graduate accepted the invitation"),
        Step("offer_ended", "邀约结束", roles(CLOCK), states(_S.OFFERED), _S.SELECTED, (),
             "declined, expired or withdrawn"),
        Step("reject", "不合适", roles(UNIT), _BEFORE, _S.REJECTED, (by_recruiter,),
             "with one of the reasons", needs_reason=True),
        Step("withdraw", "撤回", roles(GRADUATE), _BEFORE, _S.WITHDRAWN, (by_the_graduate,),
             "the unit can't open the résumé any more"),
        Step("lapse", "逾期", roles(CLOCK), _BEFORE, _S.LAPSED, (has_lapsed,),
             "30 days unread, 60 days without a step of the unit"),
        Step("end", "终止", roles(CLOCK), _BEFORE, _S.ENDED, (),
             "the posting was taken down or the unit blacklisted"),
    ),
)  # fmt: skip


def before_deadline(interview: Interview, actor: User) -> None:
    if database_now() > interview.answer_by:
        raise Refused("too_late", "答复时间已过，如仍愿意参加请联系单位重新邀请。")


def after_deadline(interview: Interview, actor: User | None) -> None:
    if database_now() <= interview.answer_by:
        raise Refused("not_due", "还没有到答复截止时间。")


def before_start(interview: Interview, actor: User) -> None:
    if database_now() >= interview.starts_at:
        raise Refused("begun", "面试时间已到，请登记面试情况。")


def after_start(interview: Interview, actor: User) -> None:
    if database_now() < interview.starts_at:
        raise Refused("not_begun", "面试时间还没有到。")


def within_objection(interview: Interview, actor: User) -> None:
    ends = (interview.closed_at or interview.starts_at) + datetime.timedelta(days=OBJECTION_DAYS)
    if database_now() > ends:
        raise Refused("too_late", f"登记未到满{OBJECTION_DAYS}天后不能再提出异议。")


_I = InterviewState
_OPEN = states(*OPEN_INTERVIEW)
INTERVIEW = Machine(
    name="面试邀请",
    labels=dict(InterviewState.choices),
    state_of=lambda interview: interview.state,
    role_of=role_of,
    steps=(
        Step("accept", "接受", roles(GRADUATE), states(_I.WAITING), _I.ACCEPTED,
             (by_the_graduate, before_deadline)),
        Step("decline", "谢绝", roles(GRADUATE), states(_I.WAITING), _I.DECLINED,
             (by_the_graduate, before_deadline), "a reason is optional"),
        Step("expire", "失效", roles(CLOCK), states(_I.WAITING), _I.EXPIRED, (after_deadline,)),
        Step("cancel", "取消", roles(UNIT), _OPEN, _I.CANCELLED, (by_recruiter, before_start),
             "also by the system when the application ends", needs_reason=True),
        Step("end", "取消", roles(CLOCK), _OPEN, _I.CANCELLED, (), "the application ended"),
        Step("move", "改期", roles(UNIT), _OPEN, _I.MOVED, (by_recruiter, before_start),
             "makes a new invitation"),
        Step("attend", "已面试", roles(UNIT), states(_I.ACCEPTED), _I.ATTENDED,
             (by_recruiter, after_start)),
        Step("miss", "未到", roles(UNIT), states(_I.ACCEPTED), _I.ABSENT,
             (by_recruiter, after_start)),
        Step("judge", "结果", roles(UNIT), states(_I.ATTENDED), None, (by_recruiter,),
             "passed, failed or undecided"),
        Step("object", "提出异议", roles(GRADUATE), states(_I.ABSENT), _I.DISPUTED,
             (by_the_graduate, within_objection), "within seven days", needs_reason=True),
    ),
)  # fmt: skip
