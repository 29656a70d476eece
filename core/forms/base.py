"""The base class of every form on a page.

A view builds the form, asks `is_valid`, calls an action with `cleaned_data`, puts what the action
refuses onto the form with `add_refusal`, and shows the page again. See
docs/how-to/add-a-form-field.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from core.errors import DomainError, Invalid
from core.forms.bound import GreyField, PlatformBoundField
from core.forms.renderer import PlatformRenderer


class PlatformForm(forms.Form):
    """A Django form in Chinese, drawn by `templates/core/forms/`.

    `warnings` maps a field's name to sentences that ask for a second look and refuse nothing.
    `stored_now` maps it to what somebody else has stored meanwhile, in words and as the input shows it.
    """

    default_renderer = PlatformRenderer
    bound_field_class = PlatformBoundField
    # The server checks everything and answers in Chinese beside the field. With the attribute the
    # browser's own bubbles would come first, one field at a time.
    use_required_attribute = False
    # How an empty field is asked for, by the kind of field; 请填写 for all others.
    _VERBS: ClassVar[tuple[tuple[type[forms.Field], str], ...]] = (
        (forms.FileField, "请上传"),
        (forms.ChoiceField, "请选择"),
    )

    def __init__(self, data: Any = None, files: Any = None, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        # Django takes a form that was given files, even an empty dictionary, for a submitted one.
        super().__init__(data, None if data is None else files, *args, **kwargs)
        self.warnings: dict[str, list[str]] = {}
        self.stored_now: dict[str, tuple[str, str]] = {}
        self._refused_with = 0
        for name, field in self.fields.items():
            self._speak_chinese(field, str(field.label or name))

    def _speak_chinese(self, field: forms.Field, label: str) -> None:
        """Replace Django's general sentences by ones that name the field. A sentence that the
        form's own declaration gives stays."""
        verb = next((verb for kind, verb in self._VERBS if isinstance(field, kind)), "请填写")
        sentences = {"required": f"{verb}{label}。"}
        if isinstance(field, forms.CharField) and field.max_length:
            sentences["max_length"] = f"{label}不能超过{field.max_length}个字。"
        if isinstance(field, forms.DateField):
            sentences["invalid"] = "日期不正确，应如 2027-08-31。"
        elif isinstance(field, forms.DateTimeField):
            sentences["invalid"] = "时间不正确，应如 2027-08-31 14:30。"
        elif isinstance(field, forms.IntegerField):
            sentences["invalid"] = f"{label}应为整数。"
        elif isinstance(field, forms.ChoiceField):
            sentences["invalid_choice"] = f"请选择{label}。"
        of_django: dict[str, Any] = {}
        for kind in reversed(type(field).__mro__):
            of_django |= kind.__dict__.get("default_error_messages", {})
        for code, sentence in sentences.items():
            if field.error_messages.get(code) == of_django.get(code):
                field.error_messages[code] = sentence

    def grey(
        self, name: str, reason: str, *, shown: str, masked: bool = False, may_reveal: bool = False
    ) -> None:
        """Make `name` a field that can't be edited: it shows `shown` and says `reason`. A value
        posted for it is ignored, and `cleaned_data` does not have it."""
        label = str(self.fields[name].label or name)
        self.fields[name] = GreyField(
            label=label, shown=shown, reason=reason, masked=masked, may_reveal=may_reveal
        )

    def offer(self, name: str, choices: Iterable[tuple[Any, Any]], *, empty: str = "") -> None:
        """Give the list `name` its choices, after an empty one named `empty`, if it has a name."""
        field, every = self.fields[name], [*([("", empty)] if empty else []), *choices]
        if isinstance(field, forms.ChoiceField):
            field.choices = every
        elif isinstance(field.widget, forms.Select):
            field.widget.choices = every

    def clean(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if not isinstance(self.fields[name], GreyField)
        }

    def add_refusal(self, refusal: DomainError) -> None:
        """Show what an action refused: beside the field that caused it if this form has it,
        otherwise at the top of the form. `status` becomes the refusal's."""
        if isinstance(refusal, Invalid):
            by_field: Mapping[str, list[str]] = refusal.errors
        else:
            by_field = {refusal.field or "": [refusal.message]}
        for name, sentences in by_field.items():
            known = set(self.errors.get(name, ()))  # the form itself may have said the same
            errors = [ValidationError(s, code=refusal.code) for s in sentences if s not in known]
            self.add_error(name if name in self.fields else None, errors)
        self._refused_with = refusal.status

    @property
    def status(self) -> int:
        """The page's HTTP status: 200, 422 for values that don't hold, or that of a refusal."""
        return self._refused_with or (422 if self.errors else 200)

    @property
    def invalid_fields(self) -> list[forms.BoundField]:
        """The fields that have errors, in the order of the form, for the summary at its top."""
        return [field for field in self.visible_fields() if field.errors]

    @property
    def keeps_what_was_typed(self) -> bool:
        """Whether the page shows again all that was typed; passwords must be typed once more."""
        return not any(isinstance(f.widget, forms.PasswordInput) for f in self.fields.values())

    @property
    def first_error(self) -> str:
        """One sentence, for a page that shows no form; "" if nothing is wrong."""
        return next((str(errors[0]) for errors in self.errors.values()), "")

    @property
    def top_errors(self) -> list[str]:
        """Sentences that belong to no field one can see, each with a full stop."""
        hidden = [e for field in self.hidden_fields() for e in field.errors]
        sentences = [str(e) for e in [*self.non_field_errors(), *hidden]]
        return [s if s.endswith(("。", "！", "？", "?", "!")) else f"{s}。" for s in sentences]
