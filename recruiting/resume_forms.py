"""Forms of the graduate's résumé that are not made of text fields."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import PlatformForm, fields, widgets
from recruiting.actions.resumes import version_of
from recruiting.fields import INTENTION, RecruitingField
from recruiting.models import Intention


class IntentionForm(PlatformForm):
    """What the graduate looks for, and the version that the page showed. The action says what is
    missing and what is too much."""

    version = fields.Mark()

    @property
    def typed(self) -> dict[str, Any]:
        return {field.key: self.cleaned_data[field.key] for field in INTENTION}


def intention_form(intention: Intention | None, data: Any = None) -> IntentionForm:
    form_class = type("IntentionForm", (IntentionForm,), {f.key: _choice(f) for f in INTENTION})
    initial: dict[str, Any] = {"version": version_of(intention)}
    if intention is not None:
        initial |= {field.key: getattr(intention, field.key) for field in INTENTION}
    return form_class(data, initial=initial)


def _choice(declared: RecruitingField) -> forms.Field:
    """The form field of a declared one whose value is chosen from a list."""
    choices = declared.choices() or ()
    if not declared.several:
        return fields.Choice(
            declared.label, choices, required=False, star=declared.required, help_text=declared.hint
        )
    return fields.Checklist(
        declared.label, choices, required=False, star=declared.required,
        help_text=declared.hint or f"最多选择{declared.several}个",
        widget=widgets.FoldedChecks(opened=declared.required),
    )  # fmt: skip
