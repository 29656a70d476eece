"""What graduates may ask to have corrected in their destination: its category and the category's fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.models import User
from codes.fields import FieldDeclaration
from codes.findings import Finding
from codes.readers import FORM, Reading, Source
from core.errors import Invalid, Refused
from core.models import StoredFile
from destinations.actions import enter, evidence, review
from destinations.catalogue import catalogue
from destinations.fields import BY_KEY, CATEGORY, FORMS, form_label
from destinations.models import NOT_REGISTERED, Destination
from destinations.rules import check_registration
from graduates import hooks
from graduates.hooks import CorrectionTarget
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


def _apply(
    *,
    graduate_id: int,
    field: str,
    value: str,
    by: User,
    reason: str,
    pictures: Sequence[StoredFile],
) -> None:
    """Store the accepted value. The pictures that came with another category prove it from now on."""
    _store(graduate_id=graduate_id, field=field, value=value, by=by, reason=reason)
    if field == "category":
        category = Destination.objects.values_list("category", flat=True).get(pk=graduate_id)
        evidence.attach_proof(
            graduate_id=graduate_id,
            category=category,
            proof=pictures[: evidence.free_places(graduate_id, category)],
            by=by,
        )


def _store(*, graduate_id: int, field: str, value: str, by: User, reason: str) -> None:
    """Enter the destination again with the accepted value, or correct a code of an e-signed one. The
    checks of these actions apply. A value that staff have entered meanwhile is left as it is."""
    d = Destination.objects.select_related("graduate").get(pk=graduate_id)
    declared = {"category": _CATEGORY, "form": _FORM}.get(field) or BY_KEY[field]
    stored = declared.read(value).value
    if stored == getattr(d, field):
        return
    if d.locked_at is None:
        typed = _typed(d, field, stored)
        if field == "category":
            _refuse_incomplete(d, typed)
        enter.enter(graduate_id=graduate_id, typed=typed, by=by)
    elif field in review.CORRECTABLE:
        review.correct_codes(graduate_id=graduate_id, typed={field: value}, reason=reason, by=by)
    else:
        raise Refused("agreement", _FIXED)


def _refuse_incomplete(d: Destination, typed: dict[str, Any]) -> None:
    """Another category asks for other fields. Say which ones have to be entered first."""
    checked = check_registration(typed, evidence=None, graduates_on=d.graduate.graduates_on)
    if checked.ok:
        return
    sentences = "；".join(text for texts in checked.errors().values() for text in texts)
    label = catalogue().label_of(checked.category)
    raise Invalid(
        {"answer": [f"改为“{label}”还须补全：{sentences}。请先在“录入去向”中录入，再采纳此反馈。"]}
    )


@hooks.correction_targets.plug(order=20)
def destination_target() -> CorrectionTarget:
    return CorrectionTarget(
        CorrectionKind.DESTINATION, "毕业去向", _fields, _current, _check, _apply
    )
