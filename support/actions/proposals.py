"""申请增列: school staff ask the province to list a graduate; the province agrees or refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import inbox
from accounts.models import User
from codes import lookup
from core import audit
from core.clock import database_now
from core.errors import Invalid, NotPermitted, Refused
from core.models import StoredFile
from graduates.models import Graduate
from graduates.permissions import refuse_sealed
from recruiting.acting import role_of
from schools.scope import visible_to
from support.actions import listing as listings
from support.actions.base import check_images, read_words
from support.models import Listing, Proposal, ProposalImage
from support.states import ListingState, ProposalState
from support.steps import PROPOSAL

LONGEST_REASON = 300
_LEAST_REASON = 10


def read_groups(typed: Sequence[str]) -> list[str]:
    """The codes of the chosen groups, in the order of the table. Raises `Invalid`."""
    offered = lookup.table("support_group").offered
    groups = [code for code in offered if code in set(typed)]
    if not groups or len(groups) != len(set(typed)):
        raise Invalid({"groups": ["请选择类型。"]})
    return groups


def propose(
    *, graduate_id: int, groups: Sequence[str], reason: str, evidence: Sequence[StoredFile],
    by: User,
) -> Proposal:  # fmt: skip
    """Ask for one graduate. Raises `Invalid`; while a proposal for the graduate waits, another one is
    refused, and so is one that would change nothing."""
    propose_step = PROPOSAL.steps_of("propose")[0]
    if role_of(by) not in propose_step.roles:
        raise NotPermitted("role", "您的角色没有此项操作的权限。")
    errors: dict[str, list[str]] = {}
    reason = read_words(errors, "reason", "理由", reason, most=LONGEST_REASON, least=_LEAST_REASON)
    codes: list[str] = []
    try:
        codes = read_groups(groups)
    except Invalid as invalid:
        errors |= invalid.errors
    if errors:
        raise Invalid(errors)
    check_images(evidence)
    try:
        with transaction.atomic():
            rows = Graduate.objects.select_for_update(no_key=True, of=("self",))
            graduate = rows.select_related("cohort").get(pk=graduate_id)
            if not visible_to(Graduate.objects.filter(pk=graduate_id), by).exists():
                raise NotPermitted("scope", "该毕业生不在您的管理范围内。")
            refuse_sealed(graduate.cohort)
            known = Listing.objects.filter(
                graduate=graduate, state=ListingState.LISTED, groups__contains=codes
            )
            if known.exists():
                raise Refused("listed", "该毕业生已在名单中，且已有这些类型。")
            proposal = Proposal.objects.create(
                graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
                groups=codes, reason=reason, proposed_by=by, proposed_label=by.label,
            )  # fmt: skip
            ProposalImage.objects.bulk_create(
                ProposalImage(proposal=proposal, file=file) for file in evidence
            )
            audit.record("support.propose", by=by, obj=proposal)
    except IntegrityError as twice:
        raise Refused("waiting", "该毕业生已有申请等待省级决定，没有重复提交。") from twice
    return proposal


@contextmanager
def _take_step(action: str, proposal_id: int, by: User) -> Iterator[Proposal]:
    """A transaction for one step: lock the graduate, then the proposal, and ask the transition table."""
    with transaction.atomic():
        graduate_id = Proposal.objects.values_list("graduate_id", flat=True).get(pk=proposal_id)
        Graduate.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=graduate_id)
        rows = Proposal.objects.select_for_update(of=("self",))
        proposal = rows.select_related("graduate__cohort", "school").get(pk=proposal_id)
        PROPOSAL.check(action, proposal, by)
        yield proposal


def _end(proposal: Proposal, state: ProposalState, answer: str, by: User) -> None:
    proposal.state, proposal.answer = state, answer
    proposal.decided_by, proposal.decided_at = by.label, database_now()
    proposal.save(update_fields=["state", "answer", "decided_by", "decided_at"])


def accept(*, proposal_id: int, answer: str, by: User) -> Proposal:
    """List the graduate with the groups of the proposal, beside those there are."""
    errors: dict[str, list[str]] = {}
    answer = read_words(errors, "answer", "答复", answer, most=LONGEST_REASON)
    if errors:
        raise Invalid(errors)
    with _take_step("accept", proposal_id, by) as proposal:
        _end(proposal, ProposalState.ACCEPTED, answer, by)
        listings.list_by_proposal(proposal, by=by)
        audit.record("support.accept_proposal", by=by, obj=proposal)
        _tell(proposal, "同意")
    return proposal


def refuse(*, proposal_id: int, answer: str, by: User) -> Proposal:
    errors: dict[str, list[str]] = {}
    answer = read_words(errors, "answer", "原因", answer, most=LONGEST_REASON, least=1)
    if errors:
        raise Invalid(errors)
    with _take_step("refuse", proposal_id, by) as proposal:
        _end(proposal, ProposalState.REFUSED, answer, by)
        audit.record("support.refuse_proposal", by=by, obj=proposal, reason=answer)
        _tell(proposal, "不同意")
    return proposal


def withdraw(*, proposal_id: int, by: User) -> Proposal:
    with _take_step("withdraw", proposal_id, by) as proposal:
        _end(proposal, ProposalState.WITHDRAWN, "", by)
        audit.record("support.withdraw_proposal", by=by, obj=proposal)
    return proposal


def _tell(proposal: Proposal, decision: str) -> None:
    inbox.tell(
        f"user:{proposal.proposed_by_id}", f"增列申请：省级{decision}",
        key=f"support-proposal:{proposal.pk}",
        link=reverse("console:support-proposal", args=[proposal.pk]),
    )  # fmt: skip
