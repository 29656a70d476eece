"""Destinations as the columns of a workbook, in the layout that the import reads."""

from __future__ import annotations

from typing import Any

from import_export import resources
from import_export.fields import Field

from codes.fields import choices_by_label
from destinations.catalogue import catalogue
from destinations.fields import (
    ALL,
    CATEGORY,
    FORM,
    FORMS,
    NAME,
    STATE,
    STUDENT_NO,
    DestinationField,
    form_label,
)
from destinations.models import Destination
from destinations.states import State


class DestinationResource(resources.Resource):
    """A row for each destination, with a column for each declared field under its label."""

    student_no = Field(column_name=STUDENT_NO)
    name = Field(column_name=NAME)
    category = Field(column_name=CATEGORY)
    form = Field(column_name=FORM)
    state = Field(column_name=STATE)

    def dehydrate_student_no(self, d: Destination) -> str:
        return d.graduate.student_no

    def dehydrate_name(self, d: Destination) -> str:
        return d.graduate.name

    def dehydrate_category(self, d: Destination) -> str:
        return catalogue().label_of(d.category)

    def dehydrate_form(self, d: Destination) -> str:
        return form_label(d.form, d.agreement_no)

    def dehydrate_state(self, d: Destination) -> str:
        return State(d.state).label

    def get_export_fields(self, selected_fields: Any = None) -> list[Field]:
        first = [self.fields[k] for k in ("student_no", "name", "category", "form")]
        return [*first, *_value_fields(), self.fields["state"]]

    def export_field(self, field: Field, instance: Destination, **kwargs: Any) -> str:
        if isinstance(field, _ValueField):
            return field.source.show(getattr(instance, field.source.key))
        return str(super().export_field(field, instance, **kwargs))


class _ValueField(Field):
    """The column of one declared field, which shows the words for its values."""

    def __init__(self, source: DestinationField) -> None:
        super().__init__(column_name=source.label)
        self.source = source


def _value_fields() -> list[_ValueField]:
    return [_ValueField(f) for f in ALL]


def workbook_choices() -> dict[str, list[str]]:
    """The words that a workbook of destinations offers to choose from, by header."""
    categories = [leaf.label for leaf in catalogue().leaves.values()]
    return {CATEGORY: categories, FORM: list(FORMS.values())} | choices_by_label(ALL)
