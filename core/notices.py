"""Messages of the next page that carry a button, such as one that undoes what was just done."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest


@dataclass(frozen=True)
class Button:
    """A button that sends `version` to `address`. The page takes it away after some seconds, and the
    action behind it refuses by itself what comes too late. `key` presses it."""

    label: str
    address: str
    version: int
    seconds: int
    key: str = ""


def success(request: HttpRequest, sentence: str, *, button: Button) -> None:
    messages.success(request, sentence, extra_tags=json.dumps(asdict(button)))


def button_of(message: Message) -> Button | None:
    """The button of a message; None if it has none."""
    return Button(**json.loads(message.extra_tags)) if message.extra_tags else None
