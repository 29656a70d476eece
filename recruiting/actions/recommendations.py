"""就业推荐表: the graduate writes and submits, the department gives its opinion, the school seals.

A sealed form has a number, its canonical text with a hash, and a token for the page that verifies it.
The database refuses to change these. A graduate has one valid form: a new one makes the one before
void in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core import audit, files, pdf
from core.clock import database_now
from core.errors import Conflict, DomainError, Invalid, Refused
from core.files import images
from graduates.models import Graduate
from graduates.states import Standing
from recruiting import snapshots
from recruiting.models import Recommendation
from recruiting.recommendation_steps import RECOMMENDATION, RECOMMENDED
from recruiting.recommendation_text import LONGEST, LONGEST_OPINION, RELATED, WRITTEN, compose
from recruiting.states import OPEN_RECOMMENDATION, RecommendationState
from schools.models import Cohort

MOST_AT_ONCE = 100
USUAL_OPINION = "同意推荐"
_LONGEST_REASON = 300
STALE = "推荐表刚刚有变动，这次操作没有执行，请核对最新内容后再办理。"
_AT_ONCE = 1000  # of one run of the nightly task
_S = RecommendationState


def version_of(form: Recommendation | None) -> str:
    """What a page showed of a form, for its button: another one after any change of the form or of
    the graduate's record; "" for a form to be made."""
    if form is None:
        return ""
    seen = [
        form.pk, form.state, *(getattr(form, key) for key, _ in WRITTEN), form.transcript_id,
        form.submitted_at, form.department_at, form.graduate.version,
    ]  # fmt: skip
    return snapshots.digest(repr(seen))[:24]


@contextmanager
def _take_step(
    action: str, form_id: int, by: User | None, version: str | None = None
) -> Iterator[Recommendation]:
    """A transaction for one step: lock the graduate, then the form, and ask the transition table."""
    with transaction.atomic():
        graduate_id = Recommendation.objects.values_list("graduate_id", flat=True).get(pk=form_id)
        _lock_graduate(graduate_id)
        rows = Recommendation.objects.select_for_update(of=("self",)).select_related(*RELATED)
        form = rows.get(pk=form_id)
        RECOMMENDATION.check(action, form, by)
        if version is not None and version != version_of(form):
            raise Conflict("stale", STALE)
        yield form


def _lock_graduate(graduate_id: int) -> Graduate:
    rows = Graduate.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("person").get(pk=graduate_id)


# --- the graduate -------------------------------------------------------------------------------


def edit(*, graduate: Graduate, typed: Mapping[str, str], version: str, by: User) -> Recommendation:
    """Save the graduate's draft, which is made if there is no open form. A draft may have gaps.

    `version` is the `version_of` the form that the page showed. Raises `Conflict` if it was changed
    since; the same values sent twice are saved once.
    """
    values = {key: texts.clean_lines(typed[key]) for key, _ in WRITTEN}
    errors = {key: [f"{label}最多{LONGEST}个字，现有{len(values[key])}个字。"]
              for key, label in WRITTEN if len(values[key]) > LONGEST}  # fmt: skip
    if errors:
        raise Invalid(errors)
    with _own_draft(graduate, by) as (form, is_new):
        if not is_new and all(getattr(form, key) == value for key, value in values.items()):
            return form
        if version != ("" if is_new else version_of(form)):
            raise Conflict("stale", "推荐表已在别处修改，这次没有保存，请核对后再改。")
        for key, value in values.items():
            setattr(form, key, value)
        form.save()
        audit.record("recruiting.edit_recommendation", by=by, obj=form)
    return form


def set_transcript(*, graduate: Graduate, content: bytes, by: User) -> Recommendation:
    """Enclose a picture of the transcript with the draft, in place of the one before. Raises
    `Invalid` for what is no picture."""
    if not content:
        raise Invalid({"picture": ["请选择成绩单图片。"]})
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise Invalid({"picture": ["图片超过20MB，请用手机重新拍照后上传。"]})
    try:
        picture = images.compress(content)
    except images.ImageRefused as refusal:
        raise Invalid({"picture": [refusal.message]}) from refusal
    with _own_draft(graduate, by) as (form, _):
        form.transcript = files.store(
            picture, name="成绩单.jpg", content_type="image/jpeg", purpose="transcript",
            school_id=form.school_id, by_id=by.pk,
        )  # fmt: skip
        form.save()
        audit.record("recruiting.set_transcript", by=by, obj=form)
    return form


def drop_transcript(*, graduate: Graduate, by: User) -> Recommendation:
    """Leave the transcript out again. The sweep of files deletes a picture that no form has."""
    with _own_draft(graduate, by) as (form, _):
        form.transcript = None
        form.save()
        audit.record("recruiting.drop_transcript", by=by, obj=form)
    return form


@contextmanager
def _own_draft(graduate: Graduate, by: User) -> Iterator[tuple[Recommendation, bool]]:
    """A transaction for a change of the graduate's open form, and whether it is a new one."""
    with transaction.atomic():
        locked = _lock_graduate(graduate.pk)
        rows = Recommendation.objects.select_for_update(of=("self",)).select_related(*RELATED)
        form = rows.filter(graduate=locked, state__in=OPEN_RECOMMENDATION).first()
        is_new = form is None
        if form is None:
            form = Recommendation(
                graduate=locked, school_id=locked.school_id, cohort_id=locked.cohort_id
            )
        RECOMMENDATION.check("edit", form, by)
        yield form, is_new


def gaps_of(form: Recommendation) -> dict[str, list[str]]:
    """What keeps the draft from being submitted, as sentences by field."""
    errors: dict[str, list[str]] = {}
    for key, label in WRITTEN:
        words = getattr(form, key)
        if not words:
            errors[key] = [f"请填写{label}，没有的写“无”。"]
        elif sentence := _glyph_sentence(words):
            errors[key] = [f"{label}{sentence}"]
    return errors


def _glyph_sentence(words: str) -> str:
    """A sentence about characters that can't be printed; "" if there are none."""
    missing = pdf.missing_characters(words)
    shown = "".join(c for c in dict.fromkeys(words) if c in missing)
    return f"中的“{shown}”无法打印，请换一种写法。" if shown else ""


def submit(*, form_id: int, version: str | None = None, by: User) -> Recommendation:
    """Hand the draft to the department. Raises `Invalid` for gaps."""
    with _take_step("submit", form_id, by, version) as form:
        if errors := gaps_of(form):
            raise Invalid(errors)
        form.state, form.submitted_at, form.reason = _S.WAITING_DEPARTMENT, database_now(), ""
        form.save()
        audit.record("recruiting.submit_recommendation", by=by, obj=form)
    return form


def withdraw(*, form_id: int, by: User) -> Recommendation:
    """Take the form back before the department gave its opinion."""
    with _take_step("withdraw", form_id, by) as form:
        form.state = _S.DRAFT
        form.save()
        audit.record("recruiting.withdraw_recommendation", by=by, obj=form)
    return form


# --- the department and the school --------------------------------------------------------------


def recommend(*, form_id: int, opinion: str, version: str, by: User) -> Recommendation:
    """Give the department's opinion on the form as the page showed it, and pass it on to the school."""
    opinion = _read_opinion(opinion, "院系意见")
    with _take_step("recommend", form_id, by, version) as form:
        form.department_opinion, form.department_by = opinion, by.label
        form.department_at, form.state = database_now(), _S.WAITING_SCHOOL
        form.save()
        audit.record(RECOMMENDED, by=by, obj=form)
        _tell(form, "院系已在您的就业推荐表上填写意见，等待学校盖章")
    return form


def give_back(*, form_id: int, reason: str, version: str, by: User) -> Recommendation:
    """Return the form to the graduate with a reason, from either wait. The opinion is given anew."""
    reason = _read_reason(reason)
    with _take_step("return", form_id, by, version) as form:
        form.state, form.reason = _S.DRAFT, reason
        form.department_opinion, form.department_by, form.department_at = "", "", None
        form.save()
        audit.record("recruiting.return_recommendation", by=by, obj=form, reason=reason)
        _tell(form, "您的就业推荐表被退回，请修改后重新提交", text=reason)
    return form


def seal(*, form_id: int, opinion: str, version: str, by: User) -> Recommendation:
    """Seal the form for the school: it gets the next number of the cohort and is frozen. The valid
    one before becomes void in the same transaction."""
    opinion = _read_opinion(opinion, "学校意见")
    with _take_step("seal", form_id, by, version) as form:
        form.school_opinion, form.school_by = opinion, by.label
        form.valid_at, form.state = database_now(), _S.VALID
        form.serial, form.number = _next_number(form)
        form.text = compose(form)
        if missing := pdf.missing_characters(form.text):
            shown = "".join(sorted(missing))
            raise Refused("no_glyph", f"表中的“{shown}”无法打印，请联系运维人员安装字体。")
        form.text_hash, form.token = snapshots.digest(form.text), secrets.token_urlsafe(32)
        before = Recommendation.objects.select_for_update(of=("self",))
        for old in before.filter(graduate=form.graduate_id, state=_S.VALID):
            _end(old, f"已换发新表，编号{form.number}", by)
        form.save()
        data = {"number": form.number, "hash": form.text_hash}
        audit.record("recruiting.seal_recommendation", by=by, obj=form, data=data)
        _tell(form, "您的就业推荐表已由学校盖章生效", text=f"编号{form.number}，可以下载打印。")
    return form


def _next_number(form: Recommendation) -> tuple[int, str]:
    """The next serial of the form's school and cohort, and the number with it. The cohort stays locked,
    so that no serial is given twice; one that is not used after all is given again."""
    cohort = Cohort.objects.select_for_update(no_key=True).get(pk=form.cohort_id)
    given = Recommendation.objects.filter(school=form.school_id, cohort=cohort)
    serial = (given.aggregate(last=Max("serial"))["last"] or 0) + 1
    return serial, f"{form.school.code}{cohort.year}{serial:05d}"


def void(*, form_id: int, reason: str, by: User) -> Recommendation:
    """Declare a valid form void, with a reason that the graduate reads."""
    reason = _read_reason(reason)
    with _take_step("void", form_id, by) as form:
        _end(form, reason, by)
        _tell(form, "您的就业推荐表已作废", text=reason)
    return form


def void_ended() -> int:
    """Declare void the valid forms of graduates who are not 在籍 any more, were moved to another
    cohort, or whose cohort has ended; returns how many."""
    today = timezone.localdate()
    cohort_ended = Q(cohort__ends_on__lt=today) | Q(cohort__sealed_at__isnull=False)
    reopened = Q(graduate__reopened_until__gte=today, cohort__sealed_at__isnull=True)
    left = ~Q(graduate__standing=Standing.ENROLLED)
    moved = ~Q(graduate__cohort=F("cohort"))
    due = Recommendation.objects.filter(
        Q(state=_S.VALID) & (left | moved | (cohort_ended & ~reopened))
    ).order_by("pk")
    count = 0
    for pk in due.values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with _take_step("void", pk, None) as form:
                reason = _end_reason(form)
                _end(form, reason, None)
                _tell(form, "您的就业推荐表已作废", text=f"{reason}。")
                count += 1
        except DomainError:
            continue  # it became void at the last moment
    return count


def _end_reason(form: Recommendation) -> str:
    if form.graduate.standing != Standing.ENROLLED:
        return f"学籍状态已变为{form.graduate.get_standing_display()}"
    if form.graduate.cohort_id != form.cohort_id:
        return f"已转入{form.graduate.cohort}"
    return f"{form.cohort}已截止"


def _end(form: Recommendation, reason: str, by: User | None) -> None:
    """A valid form, locked by the caller, becomes void."""
    form.state, form.void_at, form.reason = _S.VOID, database_now(), reason
    form.save(update_fields=["state", "void_at", "reason"])
    audit.record("recruiting.void_recommendation", by=by, obj=form, reason=reason)


def _read_opinion(typed: str, label: str) -> str:
    opinion = texts.clean_lines(typed)
    if not opinion:
        raise Invalid({"opinion": [f"请填写{label}。"]})
    if len(opinion) > LONGEST_OPINION:
        raise Invalid({"opinion": [f"{label}最多{LONGEST_OPINION}个字，现有{len(opinion)}个字。"]})
    if sentence := _glyph_sentence(opinion):
        raise Invalid({"opinion": [f"{label}{sentence}"]})
    return opinion


def _read_reason(typed: str) -> str:
    reason = texts.clean_lines(typed)
    if not reason:
        raise Invalid({"reason": ["请填写原因，毕业生会看到。"]})
    if len(reason) > _LONGEST_REASON:
        raise Invalid({"reason": [f"原因最多{_LONGEST_REASON}个字。"]})
    return reason


def _tell(form: Recommendation, title: str, *, text: str = "") -> None:
    """Tell the graduate. A form may be returned several times, so the key holds the time."""
    inbox.tell(
        f"person:{form.graduate.person_id}", title, text=text, link=reverse("recommendation"),
        key=f"recommendation:{form.pk}:{form.state}:{database_now():%Y%m%d%H%M%S%f}",
    )  # fmt: skip


# --- several at once ----------------------------------------------------------------------------


@dataclass(frozen=True)
class BulkAnswer:
    """What a bulk step did with one form."""

    label: str
    ok: bool
    message: str


def recommend_many(*, seen: Sequence[tuple[int, str]], opinion: str, by: User) -> list[BulkAnswer]:
    """Give one opinion on several forms, as (id, version) of the page. Each is answered by itself."""
    opinion = _read_opinion(opinion, "院系意见")
    return _each(seen, lambda pk, version: recommend(
        form_id=pk, opinion=opinion, version=version, by=by), "已填写院系意见")  # fmt: skip


def seal_many(*, seen: Sequence[tuple[int, str]], opinion: str, by: User) -> list[BulkAnswer]:
    """Seal several forms, as (id, version) of the page. Each is answered by itself."""
    opinion = _read_opinion(opinion, "学校意见")
    return _each(seen, lambda pk, version: seal(
        form_id=pk, opinion=opinion, version=version, by=by), "已盖章")  # fmt: skip


def _each(
    seen: Sequence[tuple[int, str]], step: Callable[[int, str], Recommendation], done: str
) -> list[BulkAnswer]:
    if len(seen) > MOST_AT_ONCE:
        raise Invalid({"": [f"一次最多办理{MOST_AT_ONCE}份推荐表。"]})
    rows = Recommendation.objects.select_related("graduate").in_bulk([pk for pk, _ in seen])
    answers = []
    for pk, version in seen:
        if pk not in rows:
            continue
        label = str(rows[pk].graduate)
        try:
            form = step(pk, version)
        except DomainError as refusal:
            answers.append(BulkAnswer(label, False, refusal.message))
        else:
            message = f"{done}，编号{form.number}" if form.number else done
            answers.append(BulkAnswer(label, True, message))
    return answers


def check_opinion(typed: str) -> str:
    """The opinion as it is written into the forms. Raises `Invalid`."""
    return _read_opinion(typed, "意见")
