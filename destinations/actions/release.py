"""Releasing a destination that is not e-signed: somebody proposes it with the paper that the unit
stamped, and others decide.

A graduate proposes to the department, which passes it on to the school or refuses; the department's
own proposal goes to the school. Where nobody of a department is responsible for the graduate, the
proposal goes to the school at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import Realm, User
from core import audit, files
from core.clock import database_now
from core.errors import Conflict, Invalid, Refused
from core.files import images
from destinations.actions import base
from destinations.actions.evidence import hide_evidence
from destinations.models import Destination, ReleaseImage, ReleaseProposal
from destinations.states import OPEN_RELEASE, ReleaseState
from destinations.steps import GRADUATE, MACHINE, SystemActor, role_of
from graduates.models import Graduate
from schools.scope import responsible_staff_ids

MOST_IMAGES = 4
_LONGEST = 300


def propose_release(
    *,
    graduate_id: int,
    by: User,
    reason: str,
    pictures: Sequence[bytes] = (),
    version: int | None = None,
) -> ReleaseProposal:
    """Propose a release, with pictures of the paper that the unit stamped. Raises `Invalid` with
    sentences by field."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    MACHINE.check("propose_release", rows.get(pk=graduate_id), by)
    reason = reason.strip()
    errors = {}
    if not reason:
        errors["reason"] = ["请填写解约原因。"]
    elif len(reason) > _LONGEST:
        errors["reason"] = [f"解约原因最多{_LONGEST}个字。"]
    if not pictures:
        errors["images"] = ["请上传加盖单位公章或人力资源部门公章的解约材料。"]
    if errors:
        raise Invalid(errors)
    pages = _read_pages(pictures)
    stored = _store(pages, graduate_id, by)
    with base.step("propose_release", graduate_id, by, version=version) as change:
        d = change.destination
        d.release_proposed_at, d.release_proposed_by_id = timezone.now(), by.pk
        people = _department(d.graduate)
        to_department = role_of(by) == GRADUATE and bool(people)
        row = ReleaseProposal.objects.create(
            graduate_id=graduate_id, school_id=d.school_id, cohort_id=d.cohort_id, reason=reason,
            state=ReleaseState.WAITING_DEPARTMENT if to_department else ReleaseState.WAITING_SCHOOL,
            snapshot=base.snapshot(d), category=d.category, unit_name=d.unit_name,
            proposed_by_id=by.pk, proposed_by=by.label,
        )  # fmt: skip
        ReleaseImage.objects.bulk_create(ReleaseImage(proposal=row, file=f) for f in stored)
        audit.record("destinations.propose_release", by=by, obj=row, reason=reason)
        change.write(reason=reason)
        _tell_reviewers(row, d.graduate, people)
        if role_of(by) != GRADUATE:
            _tell_graduate(row, d.graduate, f"{by.label}为您提出了解约，等待学校处理", reason)
    return row


def _read_pages(pictures: Sequence[bytes]) -> list[bytes]:
    """The compressed pages of the pictures; only a TIFF has several."""
    pages: list[bytes] = []
    for content in pictures:
        if len(content) > settings.EVIDENCE_MAX_UPLOAD:
            raise Invalid({"images": ["图片超过20MB，请用手机重新拍照后上传。"]})
        try:
            pages += images.compress_pages(content, most_pages=MOST_IMAGES)
        except images.ImageRefused as refusal:
            raise Invalid({"images": [refusal.message]}) from refusal
        if len(pages) > MOST_IMAGES:
            raise Invalid({"images": [f"每页算一张，最多上传{MOST_IMAGES}张图片。"]})
    return pages


def _store(pages: Sequence[bytes], graduate_id: int, by: User) -> list[files.StoredFile]:
    school_id = Graduate.objects.values_list("school_id", flat=True).get(pk=graduate_id)
    return [
        files.store(
            page, name="解约材料.jpg", content_type="image/jpeg", purpose="release",
            school_id=school_id, by_id=by.pk,
        )
        for page in pages
    ]  # fmt: skip


@contextmanager
def _deciding(
    action: str, proposal: ReleaseProposal, by: User, *, reason: str = ""
) -> Iterator[tuple[base.Change, ReleaseProposal]]:
    """A step about an open proposal: the graduate and the destination are locked, then the proposal."""
    _check_open(ReleaseProposal.objects.filter(pk=proposal.pk).first())
    with base.step(action, proposal.graduate_id, by, reason=reason) as change:
        row = ReleaseProposal.objects.select_for_update().get(pk=proposal.pk)
        _check_open(row)
        yield change, row


def _check_open(row: ReleaseProposal | None) -> None:
    if row is not None and row.state not in OPEN_RELEASE:
        who = f"，由{row.decided_by}处理" if row.decided_by else ""
        raise Conflict("decided", f"此解约{row.get_state_display()}{who}，没有重复执行。")


def endorse_release(*, proposal: ReleaseProposal, by: User, answer: str = "") -> ReleaseProposal:
    """Pass the graduate's proposal on to the school."""
    with _deciding("endorse_release", proposal, by) as (change, row):
        row.state, row.endorsed_by_id = ReleaseState.WAITING_SCHOOL, by.pk
        row.endorsed_by, row.endorsed_at = by.label, database_now()
        row.save()
        audit.record("destinations.endorse_release", by=by, obj=row, reason=answer.strip())
        change.write(reason=answer.strip())
        graduate = change.destination.graduate
        _tell_reviewers(row, graduate, [])
        _tell_graduate(row, graduate, "院系已同意您的解约，等待学校处理", answer.strip())
    return row


def refuse_release(*, proposal: ReleaseProposal, by: User, answer: str) -> ReleaseProposal:
    """Refuse a proposal; the destination stands as it is. The graduate and who proposed it are told
    why."""
    if not answer.strip():
        raise Refused("answer", "请填写不同意的原因，毕业生会看到。", field="reason")
    with _deciding("refuse_release", proposal, by, reason=answer) as (change, row):
        _decide(change, row, ReleaseState.REFUSED, by, answer)
        change.write(reason=row.answer)
        graduate = change.destination.graduate
        _tell_graduate(row, graduate, "解约没有获得同意，原去向不变", row.answer)
        _tell_proposer(row, graduate, f"{graduate.name}的解约没有获得同意")
    return row


def withdraw_release(*, proposal: ReleaseProposal, by: User) -> ReleaseProposal:
    """Take back the own proposal."""
    with _deciding("withdraw_release", proposal, by) as (change, row):
        _decide(change, row, ReleaseState.WITHDRAWN, by, "")
        change.write()
        if role_of(by) != GRADUATE:
            graduate = change.destination.graduate
            _tell_graduate(row, graduate, f"{by.label}撤回了为您提出的解约，原去向不变", "")
    return row


def grant_release(*, proposal: ReleaseProposal, by: User, answer: str = "") -> ReleaseProposal:
    """Release the destination, as proposed."""
    with _deciding("release", proposal, by) as (change, row):
        _decide(change, row, ReleaseState.RELEASED, by, answer or "已同意解约。")
        _void(change, row.answer)
        graduate = change.destination.graduate
        _tell_graduate(row, graduate, "已同意解约，您可以重新登记或签约", row.answer)
        _tell_proposer(row, graduate, f"{graduate.name}已解约")
    return row


def _decide(change: base.Change, row: ReleaseProposal, state: str, by: User, answer: str) -> None:
    """Close the locked proposal and take the mark off its destination; the caller writes the step."""
    row.state, row.answer = state, answer.strip()[:_LONGEST]
    row.decided_at, row.decided_by = database_now(), by.label
    row.save()
    change.destination.release_proposed_at = None
    change.destination.release_proposed_by_id = None
    audit.record(f"destinations.release_{state}", by=by, obj=row, reason=row.answer)


def release(
    *, graduate_id: int, by: SystemActor, reason: str = "", version: int | None = None
) -> Destination:
    """Void the destination because its agreement ended: it is 未提交 again under 70-1. Its evidence is
    kept, but hidden."""
    with base.step("release", graduate_id, by, version=version) as change:
        return _void(change, reason.strip())


def _void(change: base.Change, reason: str) -> Destination:
    d = change.destination
    base.clear(d)
    d.agreement_no, d.locked_at = "", None
    hide_evidence(d.pk)
    return change.write(reason=reason)


# --- who is told ----------------------------------------------------------------------------------


def _department(graduate: Graduate) -> list[int]:
    """The accounts of the counsellors and department admins who look after the graduate."""
    return responsible_staff_ids(
        school_id=graduate.school_id, cohort_id=graduate.cohort_id, level=graduate.level,
        department_id=graduate.department_id, school_class_id=graduate.school_class_id,
    )  # fmt: skip


def _tell_reviewers(row: ReleaseProposal, graduate: Graduate, people: Sequence[int]) -> None:
    """Tell those whose turn it is: the department's people, or the school."""
    by_department = row.state == ReleaseState.WAITING_DEPARTMENT
    to = [f"user:{pk}" for pk in people] if by_department else [f"school:{row.school_id}"]
    link, key = reverse("console:release", args=[row.pk]), f"release:{row.pk}:{row.state}"
    text = f"学号{graduate.student_no}，{row.unit_name}。原因：{row.reason}"
    title = f"{graduate.name}的解约等待您处理"
    inbox.deliver(inbox.message(name, title, text=text, link=link, key=key) for name in to)


def _tell_graduate(row: ReleaseProposal, graduate: Graduate, title: str, text: str) -> None:
    inbox.tell(
        f"person:{graduate.person_id}", title, text=text, link=reverse("destination-release"),
        key=f"release:{row.pk}:{row.state}", mail_to=graduate.email,
    )  # fmt: skip


def _tell_proposer(row: ReleaseProposal, graduate: Graduate, title: str) -> None:
    """Tell the staff who proposed a release or passed it on what became of it."""
    people = [pk for pk in (row.proposed_by_id, row.endorsed_by_id) if pk is not None]
    known = User.objects.filter(pk__in=people, realm=Realm.STAFF).values_list("pk", flat=True)
    link, key = reverse("console:release", args=[row.pk]), f"release:{row.pk}:{row.state}"
    text = f"学号{graduate.student_no}，{row.unit_name}。{row.answer}"
    inbox.deliver(
        inbox.message(f"user:{pk}", title, text=text, link=link, key=key) for pk in sorted(known)
    )


def newest_proposal(graduate_id: int) -> ReleaseProposal | None:
    """The graduate's newest proposal, open or decided."""
    return ReleaseProposal.objects.filter(graduate_id=graduate_id).order_by("-id").first()
