"""The transition table of postings (DOMAIN-AROUND §1.3) and its guards."""

from __future__ import annotations

import datetime

from django.utils import timezone

from accounts.models import User
from core.errors import Refused
from core.states import Lifecycle, Machine, Step, roles, states
from recruiting.acting import CLOCK, UNIT, role_of
from recruiting.models import Posting, ReviewingSchool
from recruiting.states import ON_SHOW, PauseCause, PostingState, RevisionState
from recruiting.unit_standing import check_may_recruit, check_recruits_for
from schools.roles import Level
from schools.scope import staff_of

# A posting may be shown again without a review until so many days after it was first published.
RENEWABLE_FOR = datetime.timedelta(days=180)


def by_recruiter(posting: Posting, actor: User) -> None:
    check_recruits_for(actor, posting.unit_id)


def unit_may_recruit(posting: Posting, actor: User) -> None:
    check_may_recruit(posting.unit)


def by_its_reviewer(posting: Posting, actor: User) -> None:
    if not may_review(posting, actor):
        raise Refused("other_reviewer", "面向全省的职位由省级或受托的学校审核。")


def may_review(posting: Posting, actor: User) -> bool:
    """Whether `actor` reviews this posting: the province reviews all, a school those for its own
    graduates alone, a school to which the province delegated it those for the whole province, too."""
    staff = staff_of(actor)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return False
    if staff.role_level == Level.PROVINCE:
        return True
    if posting.school_ids:
        return staff.school_id in posting.school_ids
    return ReviewingSchool.objects.filter(school=staff.school_id).exists()


def paused_by_unit(posting: Posting, actor: User) -> None:
    if PauseCause.UNIT not in posting.pause_causes:
        raise Refused("not_by_unit", f"职位因{cause_words(posting)}暂停，处理后自动恢复。")


def cause_words(posting: Posting) -> str:
    """The causes of the pause in words."""
    return "、".join(PauseCause(cause).label for cause in posting.pause_causes)


def still_renewable(posting: Posting, actor: User) -> None:
    first = posting.first_published_at
    if first is None or first + RENEWABLE_FOR < timezone.now():
        raise Refused("too_old", "首次发布已超过180天，不能续期，请复制为新职位提交审核。")


def last_day_is_over(posting: Posting, actor: User | None) -> None:
    if posting.valid_until >= timezone.localdate():
        raise Refused("not_over", "职位的有效期还没有过。")


def last_day_to_come(posting: Posting, actor: User) -> None:
    if posting.valid_until < timezone.localdate():
        raise Refused("over", "职位的有效期已过，请退回，由单位改好有效期后再提交。")


def taken_down_by_own_level(posting: Posting, actor: User) -> None:
    staff = staff_of(actor)
    if staff is None or staff.role_level == Level.PROVINCE:
        return
    if posting.taken_down_by_school_id != staff.school_id:
        raise Refused("taken_down_above", "职位由省级或其他学校下架，只能由其恢复。")


_S = PostingState
_REVIEWERS = roles(Level.SCHOOL, Level.PROVINCE)
_ON_SHOW = states(*ON_SHOW)
POSTING = Machine(
    name="职位",
    labels=dict(PostingState.choices),
    state_of=lambda posting: posting.state,
    role_of=role_of,
    steps=(
        Step("edit", "修改", roles(UNIT), states(_S.DRAFT, _S.RETURNED), None, (by_recruiter,)),
        Step("delete", "删除", roles(UNIT), states(_S.DRAFT), None, (by_recruiter,),
             "the row is deleted"),
        Step("submit", "提交审核", roles(UNIT), states(_S.DRAFT, _S.RETURNED), _S.WAITING,
             (by_recruiter, unit_may_recruit), "the checks of wording and law find no error"),
        Step("withdraw", "撤回", roles(UNIT), states(_S.WAITING), _S.DRAFT, (by_recruiter,)),
        Step("approve", "通过", _REVIEWERS, states(_S.WAITING), _S.PUBLISHED,
             (by_its_reviewer, last_day_to_come),
             "paused at once if the unit may not recruit any more"),
        Step("approve", "通过", _REVIEWERS, _ON_SHOW, None, (by_its_reviewer,),
             "a change, or a posting that appeared before its review"),
        Step("return", "退回修改", _REVIEWERS, states(_S.WAITING), _S.RETURNED, (by_its_reviewer,),
             needs_reason=True),
        Step("return", "不通过", _REVIEWERS, _ON_SHOW, None, (by_its_reviewer,),
             "a change; the published text stays", needs_reason=True),
        Step("revise", "修改", roles(UNIT), _ON_SHOW, None, (by_recruiter,),
             "the published text stays until the change is approved"),
        Step("pause", "暂停", roles(UNIT), states(_S.PUBLISHED), _S.PAUSED, (by_recruiter,)),
        Step("resume", "恢复", roles(UNIT), states(_S.PAUSED), _S.PUBLISHED,
             (by_recruiter, paused_by_unit), "if no other cause is left"),
        Step("confirm", "仍在招聘", roles(UNIT), _ON_SHOW, None, (by_recruiter,),
             "asked for every 60 days"),
        Step("hold", "暂停", roles(CLOCK), states(_S.PUBLISHED), _S.PAUSED, (),
             "verification ended, report pending, suspension, not confirmed at day 60"),
        Step("release", "恢复", roles(CLOCK), states(_S.PAUSED), _S.PUBLISHED, (),
             "when no cause is left"),
        Step("close", "结束", roles(UNIT), _ON_SHOW, _S.CLOSED, (by_recruiter,)),
        Step("expire", "过期", roles(CLOCK), _ON_SHOW, _S.EXPIRED, (last_day_is_over,),
             "the day after 有效期至"),
        Step("renew", "续期", roles(UNIT), states(_S.EXPIRED, _S.CLOSED), _S.PUBLISHED,
             (by_recruiter, unit_may_recruit, still_renewable), "unchanged"),
        Step("take_down", "下架", _REVIEWERS, _ON_SHOW, _S.TAKEN_DOWN, (by_its_reviewer,),
             "open applications end", needs_reason=True),
        Step("restore", "恢复", _REVIEWERS, states(_S.TAKEN_DOWN), _S.PUBLISHED,
             (by_its_reviewer, taken_down_by_own_level, last_day_to_come)),
    ),
)  # fmt: skip

REVISION = Lifecycle(
    name="职位修改",
    labels=dict(RevisionState.choices),
    steps=(
        Step("revise", "提交", roles(UNIT), frozenset(), RevisionState.WAITING),
        Step("approve", "通过", _REVIEWERS, states(RevisionState.WAITING), RevisionState.APPROVED,
             (), "its values replace those of the posting"),
        Step("return", "不通过", _REVIEWERS, states(RevisionState.WAITING), RevisionState.REFUSED,
             needs_reason=True),
        Step("withdraw", "撤回", roles(UNIT, CLOCK), states(RevisionState.WAITING),
             RevisionState.WITHDRAWN, (), "also when the posting leaves the page"),
    ),
)  # fmt: skip
