"""Forms built from field declarations: one declared field is one form field.

A form field reads what was typed by the reader that imports use, too. Errors have the code of the
finding. Warnings are shown beside the field and refuse nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField

from codes import lookup
from codes.fields import FieldDeclaration
from core.errors import Conflict, DomainError
from core.forms import PlatformForm, fields, widgets

_OF_SEVERAL_LINES = ("long", "clauses")
_WIDGETS: dict[str, type[forms.Widget]] = {
    "place": widgets.PlaceInput,
    "date": widgets.DateInput,
    # Workbooks may name a month; a page asks for the day.
    "date_or_month": widgets.DateInput,
    "long": widgets.Textarea,
    "clauses": widgets.Textarea,
    "mobile": widgets.PhoneInput,
    "phone": widgets.PhoneInput,
    "email": widgets.EmailInput,
    "url": widgets.UrlInput,
    "number": widgets.NumberInput,
    "year": widgets.NumberInput,
    "money": widgets.NumberInput,
    "one_time_code": widgets.CodeInput,
    "postcode": widgets.NumberInput,
    "qq": widgets.NumberInput,
    "decimal": widgets.DecimalInput,
}


class DeclaredField(fields.Labelled):
    """The form field of one declaration. `cleaned_data` has the value to store.

    `star` marks the label as required, but the form refuses an empty value only if it is
    `demanded`; otherwise the action decides whether the record is complete. `choices` are (value,
    label) pairs that no code table has, such as the classes of a cohort.
    """

    def __init__(
        self,
        declared: FieldDeclaration,
        *,
        demanded: bool = False,
        star: bool = False,
        hint: str = "",
        choices: Sequence[tuple[Any, Any]] | None = None,
    ) -> None:
        self.declared, self.demanded = declared, demanded
        self.doubts: list[str] = []
        # Instead of a stored number the input shows it masked; sent back like that, it stays.
        self.kept_number: tuple[str, str] | None = None
        super().__init__(
            declared.label,
            star=star,
            required=False,
            help_text=hint or declared.hint,
            widget=_widget(declared, choices),
            wide=declared.kind in _OF_SEVERAL_LINES,
        )

    def clean(self, value: Any) -> Any:
        """None for a field that the page did not have."""
        if value is None:
            return None
        if self.kept_number is not None and value.strip() == self.kept_number[0]:
            return self.kept_number[1]
        stored, findings = self.declared.read(value, required=self.demanded)
        self.doubts = [f.message for f in findings if not f.is_error]
        errors = [ValidationError(f.message, code=f.code) for f in findings if f.is_error]
        if errors:
            raise ValidationError(errors)
        return stored

    def prepare_value(self, value: Any) -> Any:
        """A stored value, or what was typed, as its input shows it."""
        kind = self.declared.kind
        if self.kept_number is not None and value == self.kept_number[1]:
            return self.kept_number[0]
        if isinstance(value, bool):
            return "是" if value else "否"
        if value in (None, ""):
            return ""
        if kind == "place":
            return lookup.place_name(str(value)) or value
        if isinstance(value, list):
            return self.declared.show(value)
        if kind == "code":
            return lookup.table(self.declared.table).by_text.get(str(value), value)
        if kind == "decimal" and not isinstance(value, str):
            return self.declared.show(value)
        return value


def _widget(declared: FieldDeclaration, choices: Sequence[tuple[Any, Any]] | None) -> forms.Widget:
    if choices is None:
        choices = declared.choices()
    if choices is not None:
        return widgets.Select(choices=[("", "请选择"), *choices])
    widget = _WIDGETS.get(declared.kind, widgets.TextInput)()
    if declared.max_length and declared.kind != "place":
        room = 0 if declared.kind in _OF_SEVERAL_LINES else fields.ROOM_FOR_BLANKS
        widget.attrs["maxlength"] = str(declared.max_length + room)
    return widget


class DeclaredForm(PlatformForm):
    """The base class of forms made by `declared_form`. An app may derive a base of its own, with
    fields that are not declared, such as `version`.

    `initial` has stored values by key. Of a grey field only the words are shown.
    """

    declarations: ClassVar[tuple[FieldDeclaration, ...]] = ()
    greyed: ClassVar[Mapping[str, str]] = {}
    masked: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for declared in self.declarations:
            if declared.key in self.greyed:
                self.grey(
                    declared.key,
                    self.greyed[declared.key],
                    shown=declared.show(self.initial.get(declared.key)),
                    masked=declared.key in self.masked,
                    may_reveal=declared.key in self.masked,
                )

    def add_refusal(self, refusal: DomainError) -> None:
        """As every form does. Where somebody else saved the record meanwhile, what was typed stays in the
        inputs, and beside each input stands what is stored now if it differs. Whoever saves again has
        seen it."""
        super().add_refusal(refusal)
        if not isinstance(refusal, Conflict):
            return
        for declared in self.declarations:
            name, stored = self.add_prefix(declared.key), self.initial.get(declared.key)
            field = self.fields[declared.key]
            if declared.key in self.greyed or name not in self.data:
                continue
            now = str(field.prepare_value(stored))
            if now != str(field.prepare_value(self.data[name])).strip():
                masked = getattr(field, "kept_number", None)
                words = masked[0] if masked else declared.show(stored)
                self.stored_now[declared.key] = (words or "空着", now)
        if "version" in self.fields and "version" in self.initial:
            data: Any = self.data
            data = data.copy()
            data[self.add_prefix("version")] = str(self.initial["version"])
            self.data = data

    @property
    def values(self) -> dict[str, Any]:
        """The values to store of the declared fields that the page had and that may be edited.
        Decimals are text, which the readers accept."""
        return {
            d.key: _readable(self.cleaned_data[d.key])
            for d in self.declarations
            if d.key in self.cleaned_data and self.add_prefix(d.key) in self.data
        }

    @property
    def typed(self) -> dict[str, str]:
        """The text that was typed into the same fields as in `values`. An action that reads a whole
        record is given this text, so that it refuses at once what could not be read and what is
        wrong between the fields. Drafts keep this text, too."""
        return {
            d.key: self.data[self.add_prefix(d.key)]
            for d in self.declarations
            if d.key not in self.greyed and self.add_prefix(d.key) in self.data
        }

    def may_try(self) -> bool:
        """Whether an action may be given `typed`: something was posted, and at most declared
        fields are wrong."""
        return self.is_bound and set(self.errors) <= {d.key for d in self.declarations}

    @property
    def posted_for_grey(self) -> dict[str, str]:
        """What was posted for fields that can't be edited. No page of ours sends any; the action
        refuses it."""
        return {key: self.data[key] for key in self.greyed if self.add_prefix(key) in self.data}

    def groups(self) -> list[tuple[str, list[BoundField]]]:
        """The fields by group, both in the order of the declarations."""
        groups: dict[str, list[BoundField]] = {}
        for declared in self.declarations:
            groups.setdefault(declared.group, []).append(self[declared.key])
        return list(groups.items())


def _readable(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def declared_form(
    declarations: Iterable[FieldDeclaration],
    *,
    required: Iterable[str] = (),
    demanded: Iterable[str] = (),
    greyed: Mapping[str, str] | None = None,
    masked: Iterable[str] = (),
    hints: Mapping[str, str] | None = None,
    choices: Mapping[str, Sequence[tuple[Any, Any]]] | None = None,
    base: type[DeclaredForm] = DeclaredForm,
) -> type[DeclaredForm]:
    """A form class with one field for each declaration.

    `required` fields have a star, and the form itself refuses empty values of `demanded` ones.
    `greyed` maps the keys of fields that can't be edited to the reason; those in `masked` show a
    masked number that a click reveals. `hints` and `choices` by key replace the declarations' own.
    """
    stars, refused_empty = frozenset(required), frozenset(demanded)
    every = tuple(declarations)
    attributes: dict[str, Any] = {
        d.key: DeclaredField(
            d,
            demanded=d.key in refused_empty,
            star=d.key in stars,
            hint=(hints or {}).get(d.key, ""),
            choices=(choices or {}).get(d.key),
        )
        for d in every
    }
    attributes |= {"declarations": every, "greyed": greyed or {}, "masked": frozenset(masked)}
    return type("DeclaredForm", (base,), attributes)
