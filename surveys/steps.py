"""The transition tables of surveys and of invitations to them (DOMAIN-AROUND §7)."""

from __future__ import annotations

import datetime

from accounts.models import User
from core.clock import database_now
from core.errors import Refused
from core.models import OutboxMessage, OutboxState
from core.states import Machine, Step, roles, states
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of
from surveys import flow, questions
from surveys.models import Invitation, Survey
from surveys.states import InvitationState, SurveyState

CLOCK, HOLDER = "clock", "holder"
ROLE_LABELS = {**LEVEL_LABELS, HOLDER: "受邀人", CLOCK: "系统"}
# So many days after the end the key of the links is deleted.
KEY_DAYS = 90


def role_of(actor: User | str | None) -> str:
    """The level of a staff member, "" for anybody else; no actor is the system, `HOLDER` whoever has the
    link."""
    if actor is None:
        return CLOCK
    if isinstance(actor, str):
        return actor
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""


def by_the_publisher(survey: Survey, actor: User) -> None:
    """The province acts on its own surveys, a school on its own."""
    staff = staff_of(actor)
    if staff is None or staff.school_id != survey.school_id:
        raise Refused("other_publisher", "只能办理本单位的问卷。")


def is_ready(survey: Survey, actor: User) -> None:
    found = flow.survey_problems(questions.load(survey.questions))
    if found:
        raise Refused("not_ready", f"还不能发布：{found[0]}")
    if survey.closes_at <= database_now():
        raise Refused("over", "截止时间已过，请先修改。")


def opening_has_come(survey: Survey, actor: None) -> None:
    if survey.opens_at > database_now():
        raise Refused("early", "还没有到开始时间。")


def closing_has_come(survey: Survey, actor: None) -> None:
    if survey.closes_at > database_now():
        raise Refused("early", "还没有到截止时间。")


def key_days_are_over(survey: Survey, actor: None) -> None:
    ended = survey.ended_at
    if ended is None or ended + datetime.timedelta(days=KEY_DAYS) > database_now():
        raise Refused("early", f"结束后{KEY_DAYS}天才归档。")


def takes_answers(invitation: Invitation, actor: str) -> None:
    survey = invitation.survey
    if survey.state != SurveyState.RUNNING or survey.closes_at <= database_now():
        raise Refused("closed", "问卷现在不能作答。")


def reaches_nobody(invitation: Invitation, actor: None) -> None:
    """The mail with the link came back, and the graduate has no account to read a message with."""
    parked = OutboxMessage.objects.filter(
        dedupe_key=mail_key(invitation.pk), state=OutboxState.PARKED
    )
    graduate = invitation.graduate
    has_account = graduate is None or graduate.person.user_id is not None
    if has_account or not parked.exists():
        raise Refused("reached", "邀请没有被退回。")


def mail_key(invitation_id: int) -> str:
    return f"survey-link:{invitation_id}"


def survey_is_over(invitation: Invitation, actor: None) -> None:
    if invitation.survey.state not in (SurveyState.ENDED, SurveyState.ARCHIVED):
        raise Refused("open", "问卷还没有结束。")


_S = SurveyState
_PUBLISHERS = roles(Level.SCHOOL, Level.PROVINCE)
SURVEY = Machine(
    name="问卷",
    labels=dict(SurveyState.choices),
    state_of=lambda survey: survey.state,
    role_of=role_of,
    steps=(
        Step("edit", "修改", _PUBLISHERS, states(_S.DRAFT), None, (by_the_publisher,),
             "audience, times and questions"),
        Step("discard", "删除", _PUBLISHERS, states(_S.DRAFT), None, (by_the_publisher,),
             "the draft is gone"),
        Step("publish", "发布", _PUBLISHERS, states(_S.DRAFT), _S.PUBLISHED,
             (by_the_publisher, is_ready), "version frozen, invitations drawn"),
        Step("open", "开始", roles(CLOCK), states(_S.PUBLISHED), _S.RUNNING, (opening_has_come,)),
        Step("reword", "修订措辞", _PUBLISHERS, states(_S.RUNNING), None, (by_the_publisher,),
             "version +1; questions neither added nor removed"),
        Step("end", "提前结束", _PUBLISHERS, states(_S.PUBLISHED, _S.RUNNING), _S.ENDED,
             (by_the_publisher,), needs_reason=True),
        Step("close", "截止", roles(CLOCK), states(_S.PUBLISHED, _S.RUNNING), _S.ENDED,
             (closing_has_come,)),
        Step("archive", "归档", roles(CLOCK), states(_S.ENDED), _S.ARCHIVED, (key_days_are_over,),
             "the key of the links is deleted"),
    ),
)  # fmt: skip

_I = InvitationState
INVITATION = Machine(
    name="问卷邀请",
    labels=dict(InvitationState.choices),
    state_of=lambda invitation: invitation.state,
    role_of=role_of,
    steps=(
        Step("save", "保存一页", roles(HOLDER), states(_I.WAITING, _I.PARTIAL), _I.PARTIAL,
             (takes_answers,)),
        Step("send", "提交", roles(HOLDER), states(_I.WAITING, _I.PARTIAL), _I.DONE,
             (takes_answers,), "the answer is cut off from the invitation"),
        Step("decline", "拒答", roles(HOLDER), states(_I.WAITING, _I.PARTIAL), _I.DECLINED,
             (takes_answers,)),
        Step("bounce", "退信", roles(CLOCK), states(_I.WAITING), _I.BOUNCED, (reaches_nobody,)),
        Step("close", "截止", roles(CLOCK), states(_I.PARTIAL), _I.UNFINISHED, (survey_is_over,),
             "the answer is kept if all core questions were answered"),
    ),
)  # fmt: skip
