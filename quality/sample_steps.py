"""The transition tables of samples and of call-backs (DOMAIN-AROUND §5)."""

from __future__ import annotations

from accounts.models import User
from accounts.second_person import check_another_person
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from destinations.actions.dispute import who_handled_registration
from destinations.models import Destination
from quality.models import CallBack, Sample
from quality.states import CallState, SampleState
from schools.roles import LEVEL_LABELS, Level
from schools.scope import staff_of

CALLER, CLOCK = "caller", "clock"
ROLE_LABELS = {**LEVEL_LABELS, CLOCK: "系统"}
CALL_ROLE_LABELS = {CALLER: "回访人"}


def role_of(actor: User | None) -> str:
    if actor is None:
        return CLOCK
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""


def by_its_owner(sample: Sample, actor: User) -> None:
    """A school acts on its own samples, the province on those over all schools and on its own."""
    staff = staff_of(actor)
    creator = staff_of(sample.created_by)
    if staff is None or creator is None or staff.school_id != creator.school_id:
        raise Refused("other_owner", "只能办理本单位创建的抽样。")


def by_a_superior(sample: Sample, actor: User) -> None:
    """The province ends a school's sample; its own takes another account of the province."""
    check_another_person(
        first=[sample.created_by_id], second=actor, same="作废须由创建人以外的上级办理。"
    )


_S = SampleState
_OWNERS = roles(Level.SCHOOL, Level.PROVINCE)
SAMPLE = Machine(
    name="抽样核查",
    labels=dict(SampleState.choices),
    state_of=lambda sample: sample.state,
    role_of=role_of,
    steps=(
        Step("draw", "抽取", _OWNERS, states(_S.DRAFT), _S.DRAWN, (by_its_owner,),
             "the population is frozen, the first of each stratum are drawn"),
        Step("discard", "删除草稿", _OWNERS, states(_S.DRAFT), None, (by_its_owner,), "the draft is gone"),
        Step("assign", "分派", _OWNERS, states(_S.DRAWN, _S.CALLING), _S.CALLING, (by_its_owner,)),
        Step("end", "完成", roles(CLOCK), states(_S.CALLING), _S.DONE, (), "every call has ended"),
        Step("reopen", "继续", roles(CLOCK), states(_S.DONE), _S.CALLING, (),
             "a new number was found for somebody"),
        Step("publish", "公布", _OWNERS, states(_S.DONE), _S.PUBLISHED, (by_its_owner,),
             "with the seed"),
        Step("void", "作废", roles(Level.PROVINCE), states(_S.DRAWN, _S.CALLING), _S.VOID,
             (by_a_superior,), needs_reason=True),
    ),
)  # fmt: skip


def call_role(actor: User) -> str:
    return CALLER if staff_of(actor) is not None and actor.has_perm("quality.call") else ""


def is_assigned(call: CallBack, actor: User) -> None:
    if call.caller_id != actor.pk:
        raise NotPermitted("other_caller", "这位毕业生由其他人回访。")


def sample_goes_on(call: CallBack, actor: User) -> None:
    if call.sample.state not in (SampleState.CALLING, SampleState.DONE):
        raise Refused("sample", "这次抽样核查已经结束。")


def not_the_handler(call: CallBack, actor: User) -> None:
    """Who entered or approved a record does not ask about it."""
    d = Destination.objects.get(pk=call.graduate_id)
    check_another_person(
        first=who_handled_registration(d), second=actor,
        same="此去向由您录入或审核，须由另一人回访，请退回重新分派。",
    )  # fmt: skip


_C = CallState
_TO_CALL = states(_C.WAITING, _C.AGAIN)
_GUARDS = (is_assigned, sample_goes_on, not_the_handler)
CALL = Machine(
    name="回访",
    labels=dict(CallState.choices),
    state_of=lambda call: call.state,
    role_of=call_role,
    steps=(
        Step("reach", "已接通", roles(CALLER), _TO_CALL, _C.REACHED, _GUARDS, "with all answers"),
        Step("miss", "无人接听", roles(CALLER), _TO_CALL, None, _GUARDS,
             "未联系上 after the third try, on two days at least; else 待再拨"),
        Step("refuse", "拒答", roles(CALLER), _TO_CALL, _C.REFUSED, _GUARDS),
        Step("mistake", "号码错误", roles(CALLER), _TO_CALL, _C.WRONG, _GUARDS),
        Step("renew", "登记新号码", roles(CALLER), states(_C.NOT_REACHED, _C.WRONG), _C.AGAIN, _GUARDS),
    ),
)  # fmt: skip
