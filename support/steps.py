"""The transition tables of 困难群体帮扶: listings with what is done for them, proposals, records."""

from __future__ import annotations

import datetime

from accounts.models import User
from core.clock import database_now
from core.errors import NotPermitted, Refused
from core.states import Machine, Step, roles, states
from graduates.permissions import phase_for
from recruiting.acting import role_of
from schools.models import Phase
from schools.roles import LEVEL_LABELS, Level
from schools.scope import visible_to
from support import queries
from support.models import JobRecommendation, Listing, Proposal, Record
from support.states import ListingState, ProposalState, RecordState

ROLE_LABELS = dict(LEVEL_LABELS)
DELETE_WITHIN = datetime.timedelta(hours=24)


# --- guards ------------------------------------------------------------------------------------


def not_sealed(row: Listing | Proposal, actor: User) -> None:
    if phase_for(row.graduate) == Phase.SEALED:
        raise Refused("sealed", f"{row.graduate.cohort}已封存，不能再改动。")


def may_help(listing: Listing, actor: User) -> None:
    """The 责任人, and the department and the school in whose scope the graduate is."""
    if not queries.listings_for(actor).filter(pk=listing.pk).exists():
        raise NotPermitted("not_yours", "您不是该毕业生的责任人，或该毕业生不在您的管理范围内。")


def has_responsible(listing: Listing, actor: User) -> None:
    if listing.responsible_id is None:
        raise Refused("no_responsible", "还没有指定责任人，请先由院系或学校指定。")


def has_profile(listing: Listing, actor: User) -> None:
    if getattr(listing, "profile", None) is None:
        raise Refused("no_profile", "请先填写帮扶档案，再制定帮扶方案。")


def graduate_in_scope(proposal: Proposal, actor: User) -> None:
    rows = Proposal.objects.filter(pk=proposal.pk)
    if not visible_to(rows, actor, graduate="graduate").exists():
        raise NotPermitted("scope", "该毕业生不在您的管理范围内。")


def by_proposer(proposal: Proposal, actor: User) -> None:
    if proposal.proposed_by_id != actor.pk:
        raise Refused("not_proposer", "只有申请人可以撤回。")


def helps_listing(record: Record, actor: User) -> None:
    may_help(record.listing, actor)


def listing_is_open(record: Record, actor: User) -> None:
    if record.listing.state != ListingState.LISTED:
        raise Refused("removed", "该毕业生已移出帮扶名单，记录只能查看。")
    not_sealed(record.listing, actor)


def written_by_hand(record: Record, actor: User) -> None:
    if JobRecommendation.objects.filter(record=record).exists():
        raise Refused("recommended", "此记录由平台推荐职位时生成，不能更正或删除。")


def by_author(record: Record, actor: User) -> None:
    if record.created_by_id != actor.pk:
        raise Refused("not_author", "只有记录人本人可以删除。")


def is_recent(record: Record, actor: User) -> None:
    if database_now() - record.created_at > DELETE_WITHIN:
        raise Refused("too_old", "记录超过24小时，不能删除；如有错误请更正。")


def corrects_nothing(record: Record, actor: User) -> None:
    if record.corrects_id is not None:
        raise Refused("is_correction", "此记录更正了另一条记录，不能删除；如有错误请再更正。")


# --- the tables --------------------------------------------------------------------------------

_L, _P, _R = ListingState, ProposalState, RecordState
_SCHOOL = roles(Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
_ADMINS = roles(Level.DEPARTMENT, Level.SCHOOL)
_PROVINCE = roles(Level.PROVINCE)
_OPEN = (may_help, not_sealed)

LISTING = Machine(
    name="帮扶对象",
    labels=dict(ListingState.choices),
    state_of=lambda listing: listing.state,
    role_of=role_of,
    steps=(
        Step("list", "列入", _PROVINCE, states(), _L.LISTED, note="by workbook or proposal"),
        Step("list_again", "重新列入", _PROVINCE, states(_L.REMOVED), _L.LISTED,
             note="by workbook or proposal"),
        Step("change_groups", "变更类型", _PROVINCE, states(_L.LISTED), None,
             note="by workbook or proposal"),
        Step("remove", "移出", _PROVINCE, states(_L.LISTED), _L.REMOVED, note="by a full workbook"),
        Step("assign", "指定责任人", _ADMINS, states(_L.LISTED), None, _OPEN),
        Step("write_profile", "填写档案", _SCHOOL, states(_L.LISTED), None,
             (*_OPEN, has_responsible)),
        Step("write_plan", "制定方案", _SCHOOL, states(_L.LISTED), None,
             (*_OPEN, has_responsible, has_profile)),
        Step("record", "记录帮扶", _SCHOOL, states(_L.LISTED), None, (*_OPEN, has_responsible)),
        Step("recommend", "推荐职位", _SCHOOL, states(_L.LISTED), None, (*_OPEN, has_responsible)),
    ),
)  # fmt: skip

PROPOSAL = Machine(
    name="申请增列",
    labels=dict(ProposalState.choices),
    state_of=lambda proposal: proposal.state,
    role_of=role_of,
    steps=(
        Step("propose", "申请", _SCHOOL, states(), _P.WAITING, note="with reason and evidence"),
        Step("withdraw", "撤回", _SCHOOL, states(_P.WAITING), _P.WITHDRAWN,
             (by_proposer, graduate_in_scope)),
        Step("accept", "同意", _PROVINCE, states(_P.WAITING), _P.ACCEPTED, (not_sealed,),
             "the graduate is listed"),
        Step("refuse", "不同意", _PROVINCE, states(_P.WAITING), _P.REFUSED, needs_reason=True),
    ),
)  # fmt: skip

RECORD = Machine(
    name="帮扶记录",
    labels=dict(RecordState.choices),
    state_of=lambda record: record.state,
    role_of=role_of,
    steps=(
        Step("add", "记录", _SCHOOL, states(), _R.VALID, note="asks the listing's table, too"),
        Step("correct", "更正", _SCHOOL, states(_R.VALID), _R.CORRECTED,
             (helps_listing, listing_is_open, written_by_hand),
             "by a later record that names this one"),
        Step("delete", "删除", _SCHOOL, states(_R.VALID), None,
             (helps_listing, listing_is_open, by_author, written_by_hand, corrects_nothing, is_recent),
             "the record is gone, the event stays"),
    ),
)  # fmt: skip
