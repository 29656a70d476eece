"""What views read from a request besides forms: the pressed button, ticked rows, a picture sent by a
script, and whole numbers."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest, QueryDict


def posted(request: HttpRequest) -> QueryDict | None:
    """The data for a form: what was posted, even if that is nothing; None on a GET."""
    return request.POST if request.method == "POST" else None


def pressed(request: HttpRequest, button: str) -> str:
    """The value of the button named `button`; "" if another one, or none, sent the form."""
    return request.POST.get(button, "") if request.method == "POST" else ""


def picked_ids(request: HttpRequest, name: str = "pick", *, most: int = 500) -> list[int]:
    """The ids of the rows ticked in a list, ascending, at most `most`."""
    return sorted(read_ids(request.POST.getlist(name)))[:most]


def sent_picture(request: HttpRequest, name: str = "image") -> bytes:
    """The picture that a script sent by itself as soon as it was drawn or chosen."""
    upload = request.FILES.get(name)
    return upload.read(settings.EVIDENCE_MAX_UPLOAD + 1) if upload else b""


def read_number(typed: str) -> int | None:
    """A whole number of at most nine digits, or None if `typed` is something else."""
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else None


def read_ids(typed: Iterable[str]) -> set[int]:
    return {number for number in map(read_number, typed) if number is not None}
