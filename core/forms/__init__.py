"""The form system: `PlatformForm` on django.forms, with the platform's fields and widgets."""

from core.forms.base import PlatformForm
from core.forms.posted import (
    picked_ids,
    posted,
    pressed,
    read_ids,
    read_number,
    sent_picture,
)

__all__ = [
    "PlatformForm",
    "picked_ids",
    "posted",
    "pressed",
    "read_ids",
    "read_number",
    "sent_picture",
]
