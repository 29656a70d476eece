"""Django's form fields with the platform's widgets. A field's label is its first argument, its
hint is `help_text`."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from core.forms import widgets
from core.forms.posted import read_ids, read_number

Choices = Sequence[tuple[Any, Any]]
# How many characters more than `max_length` the browser lets people enter: pasted values have blanks,
# which are removed before the length is checked.
ROOM_FOR_BLANKS = 20


class Labelled(forms.Field):
    """A field whose label comes first.

    With `star` the label has the star of a required field although `required` may be False: the
    action refuses an empty value itself, together with everything else that is wrong. `wide`
    fields take two columns where there is room.
    """

    def __init__(
        self, label: str = "", *, star: bool = False, wide: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(label=label, **({"required": False} if star else {}) | kwargs)
        self.star, self.wide = star, wide


class Text(Labelled, forms.CharField):
    """One line of text."""

    widget: type[forms.Widget] = widgets.TextInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        if "maxlength" in attrs and not isinstance(widget, forms.Textarea):
            attrs["maxlength"] = str(int(attrs["maxlength"]) + ROOM_FOR_BLANKS)
        return attrs


class LongText(Text):
    """Several lines of text."""

    widget = widgets.Textarea


class Digits(Text):
    """A code or number kept as text, such as a school's code."""

    widget = widgets.NumberInput


class Decimal(Text):
    """A number with decimals that the action reads itself."""

    widget = widgets.DecimalInput


class Phone(Text):
    """A mobile number or a telephone number as typed; the action cleans and checks it."""

    widget = widgets.PhoneInput


class Email(Text):
    widget = widgets.EmailInput


class OneTimeCode(Text):
    widget = widgets.CodeInput


class Password(Text):
    """A password; blanks at its ends belong to it."""

    def __init__(
        self, label: str, *, autocomplete: str = "current-password", **kwargs: Any
    ) -> None:
        super().__init__(
            label, strip=False, widget=widgets.PasswordInput(autocomplete=autocomplete), **kwargs
        )


class Number(Labelled, forms.IntegerField):
    widget = widgets.NumberInput


class Date(Labelled, forms.DateField):
    """A day, written as 2027-08-31."""

    widget = widgets.DateInput
    input_formats = ["%Y-%m-%d"]


class Moment(Labelled, forms.DateTimeField):
    """A day and a time of this or the next decades, in the province's time zone."""

    widget = widgets.MomentInput
    input_formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")

    def clean(self, value: Any) -> datetime.datetime | None:
        moment: datetime.datetime | None = super().clean(value)
        if moment is not None and not 2000 <= moment.year <= 2100:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class Choice(Labelled, forms.ChoiceField):
    """One of several; nothing is chosen before the person chooses."""

    widget = widgets.Select

    def __init__(
        self, label: str, choices: Choices, *, empty: str = "请选择", **kwargs: Any
    ) -> None:
        super().__init__(label, choices=[("", empty), *choices], **kwargs)
        if isinstance(self.widget, widgets.RadioSelect):  # all choices are in sight
            self.choices = choices


class Checklist(Labelled, forms.MultipleChoiceField):
    """Several boxes to tick; `cleaned_data` holds the values of those that were ticked."""

    widget = widgets.CheckboxSelectMultiple

    def __init__(self, label: str, choices: Choices, **kwargs: Any) -> None:
        super().__init__(label, choices=choices, **kwargs)


class Check(Labelled, forms.BooleanField):
    """A box to tick."""

    widget = widgets.Checkbox

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, **{"required": False} | kwargs)


class Mark(forms.CharField):
    """Hidden text that the page was made with, such as a hash of what it showed."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class Seen(forms.Field):
    """A hidden number that the page was made with, such as a record's version: 0 if it is missing
    or no number, so that an action can tell that somebody else changed the record meanwhile."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: object) -> int:
        return read_number(str(value or "")) or 0


class Ids(forms.Field):
    """The ids of what was ticked; anything else posted is left out."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Iterable[str] | None) -> set[int]:
        return read_ids(map(str, value or ()))


class Words(forms.Field):
    """The values of what was ticked, as text; the action checks them."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Iterable[str] | None) -> set[str]:
        return set(value or ())


class File(Labelled, forms.FileField):
    """One file; `accept` names the endings or kinds the browser offers."""

    def __init__(self, label: str, *, accept: str, **kwargs: Any) -> None:
        super().__init__(label, widget=widgets.FileInput(accept), **kwargs)


class Picture(Labelled, forms.FileField):
    """One picture; `cleaned_data` holds its bytes, b"" if none was chosen. The action checks them.
    Of a file that is too large, one byte more than the limit is read, so that it is refused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_empty_file": True} | kwargs)

    widget: type[forms.Widget] | forms.Widget = widgets.FileInput(widgets.PICTURES)

    def clean(self, data: Any, initial: Any = None) -> bytes:
        return _read(super().clean(data, initial))


class Signature(Picture):
    """A drawn signature, or a photo of one, as bytes."""

    widget: type[forms.Widget] | forms.Widget = widgets.SignaturePad()


class Uploads(Labelled, forms.FileField):
    """Several pictures as uploaded files, which have names; an empty list if none was chosen."""

    widget: type[forms.Widget] = widgets.ImagesInput

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_empty_file": True} | kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [file for file in data or () if file]
        if not files:
            super().clean(None, initial)
        return [super(Uploads, self).clean(file, initial) for file in files]


class Pictures(Uploads):
    """Several pictures; `cleaned_data` holds the bytes of each."""

    def clean(self, data: Any, initial: Any = None) -> list[bytes]:
        return [_read(file) for file in super().clean(data, initial)]


def _read(upload: UploadedFile | None) -> bytes:
    return upload.read(settings.EVIDENCE_MAX_UPLOAD + 1) if upload else b""
