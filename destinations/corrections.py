"""What graduates may ask to have corrected in their destination: its category and the category's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from accounts.models import User
from codes.fields import FieldDeclaration
from codes.findings import Finding
from codes.readers import FORM, Reading, Source
from core.errors import DomainError, Invalid, Refused
from core.models import StoredFile
from destinations.actions import enter, evidence, review
from destinations.catalogue import catalogue
from destinations.fields import BY_KEY, CATEGORY, FORMS, TOUCH_UP, form_label
from destinations.models import NOT_REGISTERED, Destination
from destinations.rules import check_registration
from destinations.states import State
from destinations.steps import MACHINE
from graduates import hooks
from graduates.hooks import CorrectionEffect, CorrectionTarget
from graduates.models import Graduate
from graduates.states import CorrectionKind

_FIXED = "网签协议的内容须由单位在“修改签约信息”中提出更正。"


class CategoryDeclaration(FieldDeclaration):
    """The category, chosen among those that graduates may register."""

    def choices(self) -> Sequence[tuple[str, str]]:
        return [(leaf.code, leaf.label) for leaf in catalogue().for_graduates()]

    def read(self, raw: Any, *, source: Source = FORM, required: bool | None = None) -> Reading:
        leaf = catalogue().by_text(str(raw or ""))
        if leaf is None or not leaf.for_graduates:
            return Reading(None, [Finding("category", "请选择毕业去向", field=self.key)])
        return Reading(leaf.code, [])

    def show(self, value: Any) -> str:
        return catalogue().label_of(value) if value else ""


class FormDeclaration(FieldDeclaration):
    """The form (形式) of the one category that has forms."""

    def choices(self) -> Sequence[tuple[str, str]]:
        return list(FORMS.items())

    def read(self, raw: Any, *, source: Source = FORM, required: bool | None = None) -> Reading:
        keys = {text: key for key, label in FORMS.items() for text in (key, label)}
        if raw not in keys:
            return Reading(None, [Finding("form", "请选择就业协议的形式", field=self.key)])
        return Reading(keys[raw], [])

    def show(self, value: Any) -> str:
        return FORMS.get(value, "")


_CATEGORY = CategoryDeclaration("category", CATEGORY, "text", CATEGORY)
_FORM = FormDeclaration("form", "就业协议的形式", "text", CATEGORY)


def _fields(graduate: Graduate) -> list[FieldDeclaration]:
    d = Destination.objects.get(pk=graduate.pk)
    if d.category == NOT_REGISTERED:
        return []
    fields: list[FieldDeclaration] = [_CATEGORY]
    leaf = catalogue().leaves.get(d.category)
    if leaf is not None:
        fields += [_FORM] if leaf.has_forms else []
        fields += [leaf.declared(key) for key in leaf.shown(d.form)]
    return fields


def _current(graduate: Graduate, key: str) -> str:
    if key == "form":
        d = Destination.objects.get(pk=graduate.pk)
        return form_label(d.form, d.agreement_no)
    declared = {"category": _CATEGORY, "form": _FORM}.get(key) or BY_KEY[key]
    return declared.show(getattr(Destination.objects.get(pk=graduate.pk), key))


def _typed(d: Destination, field: str, value: Any) -> dict[str, Any]:
    """The whole destination with another value in one field, as the rules check it."""
    typed = {key: getattr(d, key) for key in BY_KEY}
    return typed | {"category": d.category, "form": d.form, field: value}


def _check(graduate: Graduate, field: str, value: Any) -> list[str]:
    d = Destination.objects.select_related("graduate").get(pk=graduate.pk)
    if d.locked_at is not None and field not in review.CORRECTABLE:
        return [_FIXED]
    checked = check_registration(
        _typed(d, field, value), evidence=None, graduates_on=d.graduate.graduates_on
    )
    return checked.errors().get(field, [])


def _counting(d: Destination, field: str, category: str, pictures: int) -> int | None:
    """How many pictures would prove the destination under `category`, as for a registration; None for
    contacts and the like, which no picture proves."""
    if field in TOUCH_UP:
        return None
    return evidence.standing_evidence(d.pk, category).count() + pictures


def _apply(
    *,
    graduate_id: int,
    field: str,
    value: str,
    by: User,
    reason: str,
    pictures: Sequence[StoredFile],
) -> None:
    """Store the accepted value. The pictures that came with another category, or with a destination that
    nothing proves yet, prove it from now on."""
    _store(
        graduate_id=graduate_id, field=field, value=value, by=by, reason=reason,
        pictures=len(pictures),
    )  # fmt: skip
    category = Destination.objects.values_list("category", flat=True).get(pk=graduate_id)
    proves = field == "category" or not evidence.standing_evidence(graduate_id, category).exists()
    if proves and field not in TOUCH_UP:
        evidence.attach_proof(
            graduate_id=graduate_id,
            category=category,
            proof=pictures[: evidence.free_places(graduate_id, category)],
            by=by,
        )


def _store(
    *, graduate_id: int, field: str, value: str, by: User, reason: str, pictures: int
) -> None:
    """Enter the destination again with the accepted value, or correct a code of an e-signed one. The
    checks of these actions apply, and the rules of a registration: evidence and wage are asked for. A
    value that staff have entered meanwhile is left as it is."""
    d = Destination.objects.select_related("graduate").get(pk=graduate_id)
    declared = {"category": _CATEGORY, "form": _FORM}.get(field) or BY_KEY[field]
    stored = declared.read(value).value
    if stored == getattr(d, field):
        return
    if d.locked_at is None:
        typed = _typed(d, field, stored)
        count = _counting(d, field, str(typed["category"]), pictures)
        _refuse_incomplete(d, typed, count)
        enter.enter(
            graduate_id=graduate_id, typed=typed, by=by, evidence=count,
            wage_override=d.wage_override,
        )  # fmt: skip
    elif field in review.CORRECTABLE:
        review.correct_codes(graduate_id=graduate_id, typed={field: value}, reason=reason, by=by)
    else:
        raise Refused("agreement", _FIXED)


def _refuse_incomplete(d: Destination, typed: dict[str, Any], count: int | None) -> None:
    """Another value may ask for other fields, or for a picture. Say which ones have to be there first."""
    if sentences := _missing(d, typed, count):
        said = "；".join(sentences)
        raise Invalid({"answer": [f"采纳前还须补全：{said}。请先在“录入去向”中录入或补充材料。"]})


def _missing(d: Destination, typed: dict[str, Any], count: int | None) -> list[str]:
    checked = check_registration(
        typed, evidence=count, graduates_on=d.graduate.graduates_on, wage_override=d.wage_override
    )
    return [text for texts in checked.errors().values() for text in texts]


def _why_not(graduate: Graduate, field: str, by: User) -> str:
    """Why this person could not apply a correction of the destination; "" if they could."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=graduate.pk)
    if d.locked_at is None:
        return MACHINE.why_not("enter", d, by)
    return MACHINE.why_not("correct_codes", d, by) if field in review.CORRECTABLE else _FIXED


def _effect(
    graduate: Graduate, field: str, words: str, by: User, pictures: int
) -> CorrectionEffect:
    """Old and new of every field that would change, what the review state becomes, what is missing, and
    the present evidence."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=graduate.pk)
    declared = {"category": _CATEGORY, "form": _FORM}.get(field) or BY_KEY[field]
    typed = _typed(d, field, declared.read(words).value)
    count = _counting(d, field, str(typed["category"]), pictures)
    checked = check_registration(
        typed, evidence=count, graduates_on=d.graduate.graduates_on, wage_override=d.wage_override
    )
    new = checked.values | {"category": checked.category, "form": checked.form}
    if field in BY_KEY:  # shown as it was asked for, also where the rules refuse it
        new[field] = typed[field]
    changes = [
        (f.label, f.show(getattr(d, f.key)), f.show(new[f.key]) or "不再填写")
        for f in (_CATEGORY, _FORM, *BY_KEY.values())
        if f.show(getattr(d, f.key)) != f.show(new[f.key])
        # What another category takes over may mean something else there, as the unit of a job does.
        or (field == "category" and f.show(new[f.key]))
    ]
    standing = evidence.standing_evidence(d.pk, d.category)
    return CorrectionEffect(
        rows=changes,
        notes=[*_state_notes(d, by), *(w.message for w in checked.warnings())],
        missing=[] if d.locked_at is not None else _missing(d, typed, count),
        pictures=[
            (f"证明材料 {number}", reverse("console:evidence", args=[row.pk]))
            for number, row in enumerate(standing, 1)
        ],
    )


def _state_notes(d: Destination, by: User) -> list[str]:
    """What becomes of the review, as a sentence; none where this person can't accept."""
    action = "enter" if d.locked_at is None else "correct_codes"
    try:
        step = MACHINE.check(action, d, by)
    except DomainError:
        return []
    target = step.target or d.state
    if target == State.SCHOOL_APPROVED and action == "enter" and d.school.two_person_review:
        target = State.DEPARTMENT_APPROVED
    old, new = State(d.state).label, State(target).label
    return [f"审核情况：{old} → {new}" if old != new else f"审核情况不变：{old}"]


@hooks.correction_targets.plug(order=20)
def destination_target() -> CorrectionTarget:
    return CorrectionTarget(
        CorrectionKind.DESTINATION, "毕业去向", _fields, _current, _check, _apply, _why_not, _effect
    )
