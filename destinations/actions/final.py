"""The final confirmation: a school opens it, graduates confirm or doubt, staff answer doubts, and a
change lets what was said lapse."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, Invalid, Refused
from destinations import final
from destinations.final_steps import FINAL, FinalCase
from destinations.final_words import TITLES
from destinations.models import Destination, FinalConfirmation, FinalRound
from destinations.models.final import LIVE_FINAL
from destinations.states import FinalState
from graduates.models import Graduate
from graduates.records import RELATED
from schools.actions.base import require
from schools.models import Cohort, Phase
from schools.scope import responsible_staff_ids

LONGEST = 300
OPEN_PERMISSION, ANSWER_PERMISSION = "destinations.final_open", "destinations.final_answer"
_BATCH = 200


def open_round(*, cohort_id: int, by: User) -> FinalRound:
    """Let the graduates of a cohort confirm, until its registration ends."""
    with transaction.atomic():
        cohort = Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)
        require(by, OPEN_PERMISSION, cohort.school_id)
        if FinalRound.objects.filter(cohort=cohort).exists():
            raise Refused("open", "最终信息确认已经开放。")
        if cohort.phase() != Phase.OPEN:
            raise Refused(
                "phase", f"{cohort}{cohort.phase_label}，只有开放登记的届别可以开放最终信息确认。"
            )
        made = FinalRound.objects.create(cohort=cohort, opened_by_id=by.pk, opened_by=by.label)
        audit.record("destinations.final_open", by=by, obj=cohort)
    return made


def case_of(destination: Destination) -> FinalCase:
    """What the transition table asks, for a destination read with its graduate."""
    rows = FinalConfirmation.objects.filter(graduate_id=destination.pk, state__in=LIVE_FINAL)
    opening = FinalRound.objects.filter(cohort_id=destination.graduate.cohort_id)
    return FinalCase(destination, opening.first(), rows.first())


def destinations() -> QuerySet[Destination]:
    """Destinations with everything that the parts show."""
    related = [f"graduate__{name}" for name in (*RELATED, "archive")]
    return Destination.objects.select_related("school", "cohort", *related)


def confirm(
    *, graduate_id: int, digest: str, by: User, device: str, address: str
) -> FinalConfirmation:
    """The graduate says that everything is right. `digest` is the hash of what the page showed; raises
    `Conflict` if something has changed since."""
    with transaction.atomic():
        case, parts = _locked(graduate_id)
        FINAL.check("confirm", case, by)
        if digest != final.digest_of(parts):
            raise Conflict("changed", "信息刚刚有变化，请重新核对后再确认。")
        return _say(case, parts, FinalState.CONFIRMED, by, device=device, address=address)


def doubt(
    *, graduate_id: int, part: str, text: str, by: User, device: str, address: str
) -> FinalConfirmation:
    """The graduate says what is not right, in which part. Raises `Invalid`."""
    text = texts.clean_lines(text)
    errors: dict[str, list[str]] = {}
    if part not in TITLES:
        errors["part"] = ["请选择哪一部分有疑问。"]
    if not text or len(text) > LONGEST:
        errors["text"] = [f"请写明哪里不对、应当是什么，最多{LONGEST}个字。"]
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        case, parts = _locked(graduate_id)
        FINAL.check("doubt", case, by)
        row = _say(
            case, parts, FinalState.DOUBT, by, device=device, address=address, part=part, doubt=text
        )
        _tell_staff(row, case.destination.graduate)
    return row


def _locked(graduate_id: int) -> tuple[FinalCase, list[final.Part]]:
    """The case under the graduate's lock, and its parts as they are now."""
    Graduate.objects.select_for_update(no_key=True).only("pk").get(pk=graduate_id)
    case = case_of(destinations().get(pk=graduate_id))
    return case, final.parts_of(case.destination)


def _say(
    case: FinalCase, parts: list[final.Part], state: str, by: User, **values: str
) -> FinalConfirmation:
    """Write what the graduate says now; what they said before no longer counts."""
    d = case.destination
    if case.row is not None:
        _lapse(case.row, [])
    values["device"] = values["device"][:200]
    row = FinalConfirmation.objects.create(
        graduate_id=d.pk, school_id=d.school_id, cohort_id=d.cohort_id, state=state,
        hashes=final.hashes_of(parts), **values,
    )  # fmt: skip
    audit.record(f"destinations.final_{state}", by=by, obj=d.graduate, data={"part": row.part})
    return row


def _lapse(row: FinalConfirmation, changed: list[str]) -> None:
    row.state, row.lapsed_at, row.changed = FinalState.LAPSED, database_now(), changed
    row.touched_at = None
    row.save(update_fields=["state", "lapsed_at", "changed", "touched_at"])


def _tell_staff(row: FinalConfirmation, graduate: Graduate) -> None:
    people = responsible_staff_ids(
        school_id=graduate.school_id, cohort_id=graduate.cohort_id, level=graduate.level,
        department_id=graduate.department_id, school_class_id=graduate.school_class_id,
    )  # fmt: skip
    title = f"{graduate.name}在最终信息确认中提出疑问"
    link = reverse("console:final", args=[graduate.pk])
    inbox.deliver(
        inbox.message(to, title, key=f"final:{row.pk}", text=TITLES[row.part], link=link)
        for to in (*(f"user:{pk}" for pk in people), f"school:{graduate.school_id}")
    )


def answer(*, graduate_id: int, text: str, by: User) -> FinalConfirmation:
    """Staff answer a doubt; the graduate is told and asked to confirm again. Raises `Invalid`."""
    text = texts.clean_lines(text)
    if not text or len(text) > LONGEST:
        raise Invalid({"text": [f"请填写答复，最多{LONGEST}个字。"]})
    with transaction.atomic():
        case, _ = _locked(graduate_id)
        require(by, ANSWER_PERMISSION, case.destination.school_id)
        FINAL.check("answer", case, by)
        row = case.row
        assert row is not None
        row.answer, row.answered_by = text, by.label
        row.save(update_fields=["answer", "answered_by"])
        _lapse(row, [])
        audit.record("destinations.final_answer", by=by, obj=case.destination.graduate, reason=text)
        _tell_graduate(row, case.destination.graduate, "您提出的疑问已答复", text)
    return row


def _tell_graduate(row: FinalConfirmation, graduate: Graduate, title: str, text: str) -> None:
    inbox.tell(
        f"person:{graduate.person_id}", title, key=f"final:{row.pk}:lapsed", text=text,
        link=reverse("final"), mail_to=graduate.email,
    )  # fmt: skip


def lapse_changed(*, most: int = 20_000) -> int:
    """Look at what was said of graduates of whom something was written since, and let it lapse where a
    part has changed; returns how many lapsed."""
    lapsed = looked_at = 0
    while looked_at < most:
        touched = FinalConfirmation.objects.filter(touched_at__isnull=False)
        ids = list(touched.order_by("touched_at").values_list("graduate_id", flat=True)[:_BATCH])
        if not ids:
            break
        looked_at += len(ids)
        for graduate_id in ids:
            lapsed += _look_again(graduate_id)
    return lapsed


def _look_again(graduate_id: int) -> bool:
    with transaction.atomic():
        case, parts = _locked(graduate_id)
        row = case.row
        if row is None:
            FinalConfirmation.objects.filter(graduate_id=graduate_id).update(touched_at=None)
            return False
        now = final.hashes_of(parts)
        changed = [key for key, value in now.items() if row.hashes.get(key) != value]
        if not changed or not FINAL.can("lapse", case, None):
            row.touched_at = None
            row.save(update_fields=["touched_at"])
            return False
        _lapse(row, changed)
        graduate = case.destination.graduate
        audit.record("destinations.final_lapse", by=None, obj=graduate, data={"changed": changed})
        named = "、".join(TITLES[key] for key in changed)
        day = timezone.localdate()
        _tell_graduate(
            row,
            graduate,
            "您的信息有变动，请重新确认",
            f"{day:%-m月%-d日}，{named}有变动，请核对后重新确认。",
        )
        return True
