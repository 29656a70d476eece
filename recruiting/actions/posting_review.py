"""The review of postings by the province and by schools: approve, give back, take down, restore, hide."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import text
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from recruiting.actions import applications_of_posting
from recruiting.actions.posting_base import (
    STALE,
    add_cause,
    end_revision,
    open_revision,
    publish,
    record,
    save,
    store_content,
    take_step,
    tell_about,
)
from recruiting.models import Posting
from recruiting.queries import reviewed_by
from recruiting.states import PauseCause, PostingState, RevisionState
from recruiting.unit_standing import recruiting_refusals
from schools.roles import Level
from schools.scope import staff_of

MOST_AT_ONCE = 50


def approve(*, posting_id: int, version: int, by: User) -> Posting:
    """Approve a posting, or the change of a published one, as the reviewer's page showed it.

    If the unit may not recruit any more meanwhile, the posting is paused until it may again.
    """
    with take_step("approve", posting_id, by, version=version) as (posting, step):
        revision = open_revision(posting)
        if step.target is None and revision is None and not posting.review_pending:
            raise Refused("nothing_waits", "没有等待审核的内容。")
        if step.target == PostingState.PUBLISHED:
            _publish_if_allowed(posting)
        elif revision is not None:
            store_content(posting, revision.values)
            posting.warnings = revision.warnings
            revision.state = RevisionState.APPROVED
            revision.decided_at, revision.decided_by_id = timezone.now(), by.pk
            revision.decided_by = by.label
            revision.save()
        posting.review_pending = False
        _decide(posting, by, reason="")
        save(posting)
        record("approve_posting", posting, by)
        what = "的修改已通过" if step.target is None and revision is not None else "已通过审核"
        tell_about(posting, f"职位“{posting.title}”{what}", key="approved")
    return posting


def give_back(*, posting_id: int, version: int, reason: str, by: User) -> Posting:
    """Return a posting for correction, or refuse the change of a published one, with a reason."""
    reason = _require(reason)
    with take_step("return", posting_id, by, version=version) as (posting, step):
        revision = open_revision(posting)
        if step.target == PostingState.RETURNED:
            posting.state = PostingState.RETURNED
            _decide(posting, by, reason=reason)
        elif revision is not None:
            revision.state, revision.reason = RevisionState.REFUSED, reason
            revision.decided_at, revision.decided_by_id = timezone.now(), by.pk
            revision.decided_by = by.label
            revision.save()
        elif posting.review_pending:
            posting.state, posting.review_pending = PostingState.RETURNED, False
            posting.pause_causes = []
            _decide(posting, by, reason=reason)
        else:
            raise Refused("nothing_waits", "没有等待审核的内容。")
        save(posting)
        record("return_posting", posting, by, reason=reason)
        tell_about(posting, f"职位“{posting.title}”未通过审核", text=reason, key="returned")
    return posting


def take_down(*, posting_id: int, reason: str, by: User) -> Posting:
    """Remove a posting from all pages of graduates. Open applications end and graduates are told."""
    reason = _require(reason)
    with take_step("take_down", posting_id, by) as (posting, _):
        remove(posting, reason=reason, by=by)
    return posting


def remove(posting: Posting, *, reason: str, by: User) -> None:
    """Take down a posting that the caller has locked."""
    staff = staff_of(by)
    own_school = staff.school if staff is not None and staff.role_level == Level.SCHOOL else None
    posting.taken_down_by_school = own_school
    posting.state, posting.pause_causes = PostingState.TAKEN_DOWN, []
    posting.review_pending = False
    end_revision(posting)
    _decide(posting, by, reason=reason)
    save(posting)
    record("take_down_posting", posting, by, reason=reason)
    applications_of_posting.end_open(posting, reason=f"职位已下架：{reason}")
    tell_about(posting, f"职位“{posting.title}”已下架", text=reason, key="taken_down")


def restore(*, posting_id: int, by: User) -> Posting:
    """Show a posting again that was taken down."""
    with take_step("restore", posting_id, by) as (posting, _):
        _publish_if_allowed(posting)
        posting.taken_down_by_school = None
        _decide(posting, by, reason="")
        save(posting)
        record("restore_posting", posting, by)
        tell_about(posting, f"职位“{posting.title}”已恢复", key="restored")
    return posting


def set_hidden(*, posting_id: int, hidden: bool, by: User) -> Posting:
    """A school hides a posting of the whole province from its own graduates, or shows it again."""
    staff = staff_of(by)
    if staff is None or staff.role_level != Level.SCHOOL or staff.school_id is None:
        raise NotPermitted("role", "只有学校系统管理员可以对本校隐藏职位。")
    with transaction.atomic():
        posting = Posting.objects.select_for_update(of=("self",)).get(pk=posting_id)
        others = [pk for pk in posting.hidden_from if pk != staff.school_id]
        posting.hidden_from = [*others, staff.school_id] if hidden else others
        posting.save(update_fields=["hidden_from"])
        record("hide_posting" if hidden else "show_posting", posting, by)
    return posting


@dataclass(frozen=True)
class BulkAnswer:
    """What a bulk approval did with one posting."""

    posting: Posting
    done: bool
    message: str


def approve_many(*, seen: Collection[tuple[int, int]], by: User) -> list[BulkAnswer]:
    """Approve several postings without warnings, given as (id, version) of the page. Each is answered
    by itself: one that can't be approved leaves the others alone."""
    if len(seen) > MOST_AT_ONCE:
        raise Invalid({"": [f"一次最多通过{MOST_AT_ONCE}个职位。"]})
    answers = []
    for pk, version in seen:
        posting = Posting.objects.select_related("unit").filter(pk=pk).first()
        if posting is None:
            continue
        try:
            _check_bulk(posting)
            posting = approve(posting_id=pk, version=version, by=by)
        except Conflict:
            answers.append(BulkAnswer(posting, False, STALE))
        except DomainError as refusal:
            answers.append(BulkAnswer(posting, False, refusal.message))
        else:
            answers.append(BulkAnswer(posting, True, "已通过"))
    return answers


def _check_bulk(posting: Posting) -> None:
    revision = open_revision(posting)
    if posting.warnings or (revision is not None and revision.warnings):
        raise Refused("has_warnings", "有提示的职位须逐个打开审核。")


def _publish_if_allowed(posting: Posting) -> None:
    """Show the posting, or pause it at once while the unit may not recruit."""
    publish(posting)
    for refusal in recruiting_refusals(posting.unit):
        suspended = refusal.code == "sanctioned"
        add_cause(posting, PauseCause.SUSPENDED if suspended else PauseCause.UNVERIFIED)


def _decide(posting: Posting, by: User, *, reason: str) -> None:
    posting.decided_at, posting.decided_by_id = timezone.now(), by.pk
    posting.decided_by, posting.reason = by.label, reason


def _require(reason: str) -> str:
    reason = text.clean(reason)[:300]
    if not reason:
        raise Invalid({"reason": ["请填写原因，单位会看到。"]})
    return reason


def approve_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of approving all that a list shows (`core.frame.BulkAction`)."""
    if not reviewed_by(by).filter(pk=pk).exists():
        return None
    (answer,) = approve_many(seen=[(pk, version)], by=by)
    return answer.done, answer.posting.title, answer.message
