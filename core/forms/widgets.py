"""Widgets with the look of the platform and the right keyboard on a phone.

A widget says by `inputmode` and `type` which keyboard a phone shows, and by `autocomplete` what the
browser may fill in.
"""

from __future__ import annotations

import base64
import datetime
from typing import Any, ClassVar

from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.widgets import DateTimeBaseInput
from django.urls import resolve

from core import bodies

# What file inputs for pictures offer. Computers do not know iPhones' HEIC as pictures, so their file
# dialogs need the endings.
PICTURES = "image/*,.heic,.heif"


class _Styled(forms.Widget):
    """A widget whose class gives attributes that the caller's `attrs` may replace."""

    defaults: ClassVar[dict[str, str]] = {"class": "form-control"}

    def __init__(self, attrs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(attrs=self.defaults | (attrs or {}), **kwargs)


class TextInput(_Styled, forms.TextInput):
    """One line of text."""


class NumberInput(_Styled, forms.TextInput):
    """Digits. Not `type=number`, which drops leading zeros and changes values by the wheel."""

    defaults: ClassVar = {"class": "form-control", "inputmode": "numeric"}


class DecimalInput(_Styled, forms.TextInput):
    """A number that may have decimals."""

    defaults: ClassVar = {"class": "form-control", "inputmode": "decimal"}


class PhoneInput(_Styled, forms.TextInput):
    """A mobile number or a telephone number."""

    input_type = "tel"
    defaults: ClassVar = {"class": "form-control", "inputmode": "tel", "autocomplete": "tel"}


class EmailInput(_Styled, forms.EmailInput):
    """An e-mail address."""

    defaults: ClassVar = {"class": "form-control", "inputmode": "email", "autocomplete": "email"}


class UrlInput(_Styled, forms.TextInput):
    """An address on the web. Not `type=url`, since people leave `https://` out."""

    defaults: ClassVar = {"class": "form-control", "inputmode": "url", "autocapitalize": "off"}


class _Picker(_Styled, DateTimeBaseInput):
    """The browser's own picker of a day or a moment. It would not show what is none, so that what was
    typed instead is shown as text, to be put right."""

    kind: ClassVar[type[datetime.date]]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        if shown:
            try:
                self.kind.fromisoformat(shown)
            except ValueError:
                context["widget"]["type"] = "text"
        return context


class DateInput(_Picker, forms.DateInput):
    """A day, written as 2027-08-31."""

    input_type = "date"
    kind = datetime.date

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class MomentInput(_Picker, forms.DateTimeInput):
    """A day and a time, written as 2027-08-31T14:30."""

    input_type = "datetime-local"
    kind = datetime.datetime

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class TimeInput(_Styled, forms.TextInput):
    """The browser's own picker of a time of day; values are written as 14:30."""

    input_type = "time"

    def build_attrs(
        self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        return {key: value for key, value in attrs.items() if key != "maxlength"}


class Textarea(_Styled, forms.Textarea):
    """Several lines of text."""

    defaults: ClassVar = {"class": "form-control", "rows": "3"}


class Select(_Styled, forms.Select):
    """A drop-down list."""

    template_name = "core/forms/select.html"
    defaults: ClassVar = {"class": "form-select"}


class RadioSelect(_Styled, forms.RadioSelect):
    """Every choice in sight, one may be taken."""

    template_name = "core/forms/checks.html"
    defaults: ClassVar = {"class": "form-check-input"}


class RadioRow(RadioSelect):
    """A row of short choices, such as numbers, one of which may be taken."""

    template_name = "core/forms/check_row.html"


class CheckboxSelectMultiple(_Styled, forms.CheckboxSelectMultiple):
    """Every choice in sight, any number may be taken."""

    template_name = "core/forms/checks.html"
    defaults: ClassVar = {"class": "form-check-input"}


class FoldedChecks(CheckboxSelectMultiple):
    """A long list to choose several from, folded up behind what is chosen; choices may stand in groups,
    each folded up again. It needs no script. `opened` unfolds it while nothing is chosen."""

    template_name = "core/forms/folded_checks.html"

    def __init__(self, *args: Any, opened: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened = opened

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        groups = [(group, options) for group, options, _ in context["widget"]["optgroups"]]
        chosen = [o["label"] for _, options in groups for o in options if o["selected"]]
        # Choices without a group come one by one.
        plain = [option for group, options in groups if not group for option in options]
        named = [
            (group, options, [o["label"] for o in options if o["selected"]])
            for group, options in groups
            if group
        ]
        own = {"plain": plain, "named": named, "chosen": chosen}
        return context | own | {"is_open": self.opened and not chosen}


class Checkbox(_Styled, forms.CheckboxInput):
    """One yes or no; `core/forms/field.html` puts its label to the right of the box."""

    defaults: ClassVar = {"class": "form-check-input"}


class PasswordInput(_Styled, forms.PasswordInput):
    """A password; never filled in again by the server. `autocomplete` is `current-password`
    or `new-password`."""

    def __init__(self, autocomplete: str) -> None:
        super().__init__(attrs={"autocomplete": autocomplete})


class CodeInput(_Styled, forms.TextInput):
    """The six digits of a one-time code, which a phone offers from the text message."""

    defaults: ClassVar = {
        "class": "form-control", "inputmode": "numeric", "autocomplete": "one-time-code",
        "maxlength": "10",
    }  # fmt: skip


class PlaceInput(_Styled, forms.TextInput):
    """A county by its name: suggestions while typing, or three taps in the place picker. The page
    includes `core/parts/places.html` once."""

    template_name = "core/forms/place.html"
    defaults: ClassVar = {
        "class": "form-control", "list": "places", "autocomplete": "off",
        "placeholder": "输入区县名称，如 巢湖市", "data-suggest": "true",
    }  # fmt: skip


class FileInput(_Styled, forms.FileInput):
    """One file. `accept` names the endings or kinds the browser offers.

    `shown` names what was kept of an earlier sending of the form, so that the page does not ask
    for the same file again.
    """

    def __init__(self, accept: str) -> None:
        super().__init__(attrs={"accept": accept})
        self.shown = ""


class ImagesInput(FileInput):
    """Several pictures, or files of the kinds that `accept` names."""

    allow_multiple_selected = True

    def __init__(self, accept: str = PICTURES) -> None:
        super().__init__(accept=accept)
        self.attrs["multiple"] = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])


class ImageSlot(FileInput):
    """A place for one picture, taken with the camera or chosen from the album.

    `shown` is the address of the picture already kept there, `title` says what it shows. With
    `send_to` the script `js/uploads.js` posts a picture to that address as soon as it is chosen;
    without it the picture goes with the form.
    """

    template_name = "core/forms/image_slot.html"

    def __init__(self, *, title: str, shown: str = "", send_to: str = "") -> None:
        super().__init__(accept=PICTURES)
        if send_to:
            self.attrs["class"] = "visually-hidden"
        self.title, self.shown, self.send_to = title, shown, send_to

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        own = {"title": self.title, "shown": self.shown, "send_to": self.send_to}
        context = super().get_context(name, value, attrs) | own
        if self.send_to:  # a script sends the file by itself, to an address with an own limit
            limit = bodies.files_limit(resolve(self.send_to).view_name)
            context["widget"]["attrs"]["data-files-limit"] = limit
        return context


class SignaturePad(FileInput):
    """A sheet to sign on with a finger; without scripts a file input for a photo of the
    signature. The page loads `js/pad.js`.

    `shown` is the address of the signature already kept. With `keep_at` the script posts what is
    drawn to that address at once, and the hidden input `kept` holds the id of what was kept.
    """

    template_name = "core/forms/signature.html"

    def __init__(self, *, shown: str = "", keep_at: str = "", kept: int | None = None) -> None:
        super().__init__(accept=PICTURES)
        self.shown, self.keep_at, self.kept = shown, keep_at, kept

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The chosen or drawn file. A browser that can't put a drawing into the form as a file sends it
        as a data URL in the hidden input `…_drawn`."""
        chosen = super().value_from_datadict(data, files, name)
        return chosen or _read_drawing(data.get(f"{name}_drawn") or "")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        own = {"shown": self.shown, "keep_at": self.keep_at, "kept": self.kept}
        return super().get_context(name, value, attrs) | own


_DRAWING = "data:image/png;base64,"


def _read_drawing(text: str) -> SimpleUploadedFile | None:
    """The PNG in a data URL, as an uploaded file; None if there is none."""
    if not text.startswith(_DRAWING):
        return None
    try:
        content = base64.b64decode(text.removeprefix(_DRAWING), validate=True)
    except ValueError:
        return None
    return SimpleUploadedFile("signature.png", content, "image/png")
