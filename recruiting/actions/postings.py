"""What a unit's people do with their postings: write, hand in, change, pause, end, renew."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from codes.readers import FORM, Source
from core.errors import DomainError, Invalid, Refused
from employers.models import Unit, UnitMember
from recruiting.actions.posting_base import (
    add_cause,
    end_revision,
    open_revision,
    publish,
    record,
    remove_cause,
    save,
    store_content,
    take_step,
    tell_about,
    unit_actor,
)
from recruiting.fields import POSTING, REVIEWED_KEYS
from recruiting.models import Posting, PostingRevision, Recruiter, RecruitingRules, UnitReport
from recruiting.rules.postings import LONGEST, CheckedPosting, check_posting, read_posting
from recruiting.states import (
    ON_SHOW,
    AccountKind,
    Education,
    MajorMatch,
    PauseCause,
    PostingState,
    ReportState,
    RevisionState,
    WorkKind,
)
from recruiting.unit_standing import check_recruits_for
from schools.models import School

# A unit with so many approved postings and no report upheld may publish before the review, if the
# province has switched that on.
_RELIABLE_AFTER = 3
_AT_ONCE = 1000
_DRAFT_DEFAULTS = {
    "title": "", "job_category": "", "work_kind": WorkKind.FULL_TIME, "headcount": 1,
    "education": Education.ANY, "major_match": MajorMatch.ANY, "duties": "", "requirements": "",
}  # fmt: skip


def account_kind(unit: Unit) -> str:
    kind = Recruiter.objects.filter(unit=unit).values_list("account_kind", flat=True).first()
    return kind or AccountKind.OWN


def check(typed: Mapping[str, Any], unit: Unit, *, source: Source = FORM) -> CheckedPosting:
    """Read and check a posting of the unit as it is typed, or written in a workbook."""
    return check_posting(typed, unit=unit, account_kind=account_kind(unit), source=source)


def save_draft(
    *, member: UnitMember, typed: Mapping[str, Any], school_ids: list[int],
    posting_id: int | None = None, version: int | None = None,
) -> Posting:  # fmt: skip
    """Save a new draft, or the changes of one. Gaps are allowed; what was typed and can't be read is
    refused with `Invalid`, since it could not be kept."""
    read = read_posting(typed)
    unreadable = {
        finding.field: [finding.message]
        for finding in read.findings
        if finding.is_error and str(typed.get(finding.field) or "").strip()
    }
    if unreadable:
        raise Invalid(unreadable)
    values = {k: v for k, v in read.values.items() if v is not None or k not in _DRAFT_DEFAULTS}
    values = _DRAFT_DEFAULTS | values
    if values.get("valid_until") is None:
        values["valid_until"] = timezone.localdate() + datetime.timedelta(days=30)
    if posting_id is None:
        check_recruits_for(member.user, member.unit_id)
        with transaction.atomic():
            unit = Unit.objects.select_for_update().get(pk=member.unit_id)
            _check_daily_limit(unit)
            posting = Posting(unit=unit, member=member, school_ids=_known_schools(school_ids))
            store_content(posting, values)
            posting.save()
            record("write_posting", posting, unit_actor(member))
        return posting
    with take_step("edit", posting_id, member.user, version=version) as (posting, _):
        posting.school_ids = _known_schools(school_ids)
        store_content(posting, values)
        save(posting)
        record("edit_posting", posting, unit_actor(member))
    return posting


def _check_daily_limit(unit: Unit) -> None:
    if left_today(unit) <= 0:
        most = RecruitingRules.current().most_postings
        raise Refused("daily_limit", f"每个单位每天最多新增{most}个职位，请明天再试。")


def left_today(unit: Unit) -> int:
    """How many postings the unit may still add today."""
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    added = Posting.objects.filter(unit=unit, created_at__gte=start).count()
    return RecruitingRules.current().most_postings - added


def _known_schools(ids: list[int]) -> list[int]:
    known = School.objects.filter(pk__in=ids, is_open=True).values_list("pk", flat=True)
    return sorted(known)


def content_of(posting: Posting) -> dict[str, Any]:
    """The values of the posting's fields, as the checks read them."""
    return {declared.key: getattr(posting, declared.key) for declared in POSTING}


def submit(*, posting_id: int, by: UnitMember, version: int | None = None) -> Posting:
    """Hand a posting in for review. Raises `Invalid` with every error that the checks find.

    A reliable unit's posting is shown at once where the province allows it; its review follows.
    """
    with take_step("submit", posting_id, by.user, version=version) as (posting, _):
        checked = check(content_of(posting), posting.unit)
        if checked.errors():
            raise Invalid(checked.errors())
        posting.warnings = [{"field": f.field, "message": f.message} for f in checked.warnings()]
        posting.submitted_at, posting.member, posting.reason = timezone.now(), by, ""
        if is_reliable(posting.unit) and RecruitingRules.current().post_review:
            publish(posting)
            posting.review_pending = True
        else:
            posting.state = PostingState.WAITING
        save(posting)
        record("submit_posting", posting, unit_actor(by), data={"warnings": len(posting.warnings)})
    return posting


def is_reliable(unit: Unit) -> bool:
    """Whether three postings of the unit were approved and no report about it was upheld."""
    approved = Posting.objects.filter(
        unit=unit, decided_by_id__isnull=False, first_published_at__isnull=False
    )
    upheld = UnitReport.objects.filter(unit=unit, state=ReportState.UPHELD)
    return approved[:_RELIABLE_AFTER].count() >= _RELIABLE_AFTER and not upheld.exists()


def withdraw(*, posting_id: int, by: UnitMember) -> Posting:
    """Take a posting back before it was reviewed."""
    with take_step("withdraw", posting_id, by.user) as (posting, _):
        posting.state = PostingState.DRAFT
        save(posting)
        record("withdraw_posting", posting, unit_actor(by))
    return posting


def delete_draft(*, posting_id: int, by: UnitMember) -> None:
    """Delete a draft that was never handed in."""
    with take_step("delete", posting_id, by.user) as (posting, _):
        record("delete_posting", posting, unit_actor(by))
        posting.revisions.all().delete()
        posting.delete()


def revise(
    *, posting_id: int, by: UnitMember, typed: Mapping[str, Any], version: int | None = None
) -> Posting:
    """Change a published posting. Number of people and deadline change at once; a change of anything
    else waits for review, and the published text stands until then. Raises `Invalid`."""
    with take_step("revise", posting_id, by.user, version=version) as (posting, _):
        checked = check(typed, posting.unit)
        if checked.errors():
            raise Invalid(checked.errors())
        values = checked.values
        posting.headcount, posting.valid_until = values["headcount"], values["valid_until"]
        present = content_of(posting)
        changed = {k: values[k] for k in REVIEWED_KEYS if values[k] != present[k]}
        end_revision(posting)
        if changed:
            PostingRevision.objects.create(
                posting=posting, member=by, values=changed,
                warnings=[{"field": f.field, "message": f.message} for f in checked.warnings()],
            )  # fmt: skip
        save(posting)
        record("revise_posting", posting, unit_actor(by), data={"fields": sorted(changed)})
    return posting


def withdraw_revision(*, posting_id: int, by: UnitMember) -> Posting:
    """Take a change back before it was reviewed."""
    with take_step("revise", posting_id, by.user) as (posting, _):
        revision = open_revision(posting)
        if revision is None:
            raise Refused("no_revision", "没有等待审核的修改。")
        revision.state, revision.decided_at = RevisionState.WITHDRAWN, timezone.now()
        revision.save(update_fields=["state", "decided_at"])
        save(posting)
        record("withdraw_revision", posting, unit_actor(by))
    return posting


def pause(*, posting_id: int, by: UnitMember) -> Posting:
    with take_step("pause", posting_id, by.user) as (posting, _):
        add_cause(posting, PauseCause.UNIT)
        save(posting)
        record("pause_posting", posting, unit_actor(by))
    return posting


def resume(*, posting_id: int, by: UnitMember) -> Posting:
    """Show a posting again that the unit has paused. It stays paused if there is another cause."""
    with take_step("resume", posting_id, by.user) as (posting, _):
        remove_cause(posting, PauseCause.UNIT)
        save(posting)
        record("resume_posting", posting, unit_actor(by))
    return posting


def confirm_open(*, posting_id: int, by: UnitMember) -> Posting:
    """The unit says that it is still recruiting."""
    with take_step("confirm", posting_id, by.user) as (posting, _):
        posting.confirmed_at = timezone.now()
        remove_cause(posting, PauseCause.UNCONFIRMED)
        save(posting)
        record("confirm_posting", posting, unit_actor(by))
    return posting


def close(*, posting_id: int, by: UnitMember) -> Posting:
    """End a posting. Applications that are under way go on."""
    with take_step("close", posting_id, by.user) as (posting, _):
        posting.state, posting.pause_causes = PostingState.CLOSED, []
        end_revision(posting)
        save(posting)
        record("close_posting", posting, unit_actor(by))
    return posting


def renew(*, posting_id: int, until: datetime.date | None, by: UnitMember) -> Posting:
    """Show an ended or expired posting again, unchanged, until another day."""
    today = timezone.localdate()
    if until is None or not today < until <= today + LONGEST:
        raise Invalid({"valid_until": [f"请填写明天至{LONGEST.days}天以内的日期。"]})
    with take_step("renew", posting_id, by.user) as (posting, _):
        posting.valid_until = until
        publish(posting)
        save(posting)
        record("renew_posting", posting, unit_actor(by), data={"until": until.isoformat()})
    return posting


def expire_due() -> int:
    """Mark the postings whose last day is over; returns how many."""
    due = Posting.objects.filter(state__in=ON_SHOW, valid_until__lt=timezone.localdate())
    marked = 0
    for pk in due.order_by("id").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step("expire", pk, None) as (posting, _):
                posting.state, posting.pause_causes = PostingState.EXPIRED, []
                end_revision(posting)
                save(posting)
                record("expire_posting", posting, None)
                title = f"职位“{posting.title}”已过期"
                tell_about(posting, title, text="可以在职位页面续期。", key="expired")
                marked += 1
        except DomainError:
            continue  # the unit ended or changed it at the last moment
    return marked


def hold_unconfirmed() -> int:
    """Pause the postings that the unit has not confirmed for 60 days; returns how many."""
    limit = timezone.now() - datetime.timedelta(days=RecruitingRules.current().confirm_days)
    due = Posting.objects.filter(state=PostingState.PUBLISHED, confirmed_at__lt=limit)
    held = 0
    for pk in due.order_by("id").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step("hold", pk, None) as (posting, _):
                if posting.confirmed_at is None or posting.confirmed_at < limit:
                    _hold(posting, PauseCause.UNCONFIRMED)
                    held += 1
        except DomainError:
            continue  # the unit ended or paused it at the last moment
    return held


def _hold(posting: Posting, cause: PauseCause) -> None:
    """Pause a posting that the caller has locked, and tell the unit why."""
    add_cause(posting, cause)
    save(posting)
    record("hold_posting", posting, None, data={"cause": cause})
    words = f"原因：{cause.label}。"
    tell_about(posting, f"职位“{posting.title}”已暂停", text=words, key=cause)


def hold_unit(unit: Unit, cause: PauseCause) -> None:
    """Pause every posting of a unit for a cause, in the caller's transaction."""
    rows = Posting.objects.select_for_update(of=("self",)).select_related("unit").order_by("id")
    for posting in rows.filter(unit=unit, state__in=ON_SHOW):
        if cause not in posting.pause_causes:
            _hold(posting, cause)


def release_unit(unit: Unit, cause: PauseCause) -> None:
    """The cause is over for every posting of a unit, in the caller's transaction."""
    rows = Posting.objects.select_for_update(of=("self",)).select_related("unit").order_by("id")
    for posting in rows.filter(
        unit=unit, state=PostingState.PAUSED, pause_causes__contains=[cause]
    ):
        remove_cause(posting, cause)
        save(posting)
        record("release_posting", posting, None, data={"cause": cause})
