"""What a field's template asks of a field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property


class GreyField(forms.Field):
    """A field that may not be edited here: it shows words and why, and takes no posted value.

    `masked` shows the value as a masked number; `may_reveal` offers a button that shows it whole.
    """

    def __init__(
        self, *, label: str, shown: str, reason: str, masked: bool = False, may_reveal: bool = False
    ) -> None:
        super().__init__(label=label, required=False, disabled=True)
        self.shown, self.reason = shown, reason
        self.masked, self.may_reveal = masked, may_reveal


class PlatformBoundField(forms.BoundField):
    """Django's bound field with what `core/forms/field.html` shows beside it."""

    reason_is_said = False  # whether the card says above why grey fields can't be edited

    @cached_property
    def grey(self) -> GreyField | None:
        return self.field if isinstance(self.field, GreyField) else None

    @property
    def is_grey(self) -> bool:
        return self.grey is not None

    @property
    def grey_reason(self) -> str:
        return self.grey.reason if self.grey else ""

    @property
    def shown(self) -> str:
        return self.grey.shown if self.grey else ""

    @property
    def is_masked(self) -> bool:
        return self.grey is not None and self.grey.masked

    @property
    def may_reveal(self) -> bool:
        return self.grey is not None and self.grey.may_reveal

    @property
    def masks_number(self) -> bool:
        """Whether the input shows a masked number, which a click reveals."""
        return bool(getattr(self.field, "kept_number", None))

    @property
    def is_required(self) -> bool:
        """Whether the label has a star. Some fields have one although the form itself would take
        them empty, since the action refuses that or the record is a draft."""
        return self.field.required or bool(getattr(self.field, "star", False))

    def build_widget_attrs(
        self, attrs: dict[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        attrs = super().build_widget_attrs(attrs, widget)
        if self.is_required and not self.is_hidden and not self.use_fieldset:
            attrs.setdefault("aria-required", "true")
        return attrs

    @property
    def is_wide(self) -> bool:
        """Long fields take two columns where there is room."""
        return bool(getattr(self.field, "wide", False))

    @property
    def must_choose_again(self) -> bool:
        """A browser forgets which files were chosen once the page comes back with errors."""
        is_kept = bool(getattr(self.field.widget, "shown", ""))
        return isinstance(self.field, forms.FileField) and bool(self.form.errors) and not is_kept

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def warnings(self) -> list[str]:
        """Sentences that ask for a second look and refuse nothing."""
        of_form: dict[str, list[str]] = getattr(self.form, "warnings", {})
        of_field: list[str] = getattr(self.field, "doubts", [])
        return list(dict.fromkeys([*of_form.get(self.name, []), *of_field]))

    @property
    def stored_now(self) -> tuple[str, str] | None:
        """What somebody else has stored meanwhile, in words and as the input shows it; None if that is
        what was typed."""
        found: dict[str, tuple[str, str]] = getattr(self.form, "stored_now", {})
        return found.get(self.name)

    @property
    def auto_id(self) -> str:
        """No id for a hidden field: nothing names it, and several forms of a page may hold the same."""
        return "" if self.is_hidden else str(super().auto_id)

    @property
    def frame_id(self) -> str:
        """The id of the field's frame, of which a page with several forms has no other."""
        plain = ("", self.html_name, f"id_{self.html_name}")
        return f"field-{self.html_name if self.auto_id in plain else self.auto_id}"

    @property
    def summary_target(self) -> str:
        """The id that the error summary links to: the input, or else the field's frame."""
        shows_no_input = self.is_grey or self.use_fieldset or not self.id_for_label
        return self.frame_id if shows_no_input else self.id_for_label
