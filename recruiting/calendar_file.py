"""An interview as an iCalendar file (RFC 5545) for the calendar of a phone or computer."""

from __future__ import annotations

import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone

from recruiting.models import Interview
from recruiting.states import OPEN_INTERVIEW, InterviewState

_LINE = 75  # octets, without the line break (RFC 5545 §3.1)


def calendar_response(interview: Interview, title: str) -> HttpResponse:
    """The interview as a download. The caller has checked that the user may see it."""
    response = HttpResponse(calendar_text(interview, title), content_type="text/calendar")
    response["Content-Disposition"] = f'attachment; filename="interview-{interview.pk}.ics"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def calendar_text(interview: Interview, title: str) -> str:
    ends = interview.starts_at + datetime.timedelta(minutes=interview.minutes)
    contact = f"联系人：{interview.contact_name} {interview.contact_phone}"
    words = "\n".join(filter(None, (interview.link, contact, interview.note)))
    host = urlsplit(settings.PUBLIC_ORIGIN).hostname or "localhost"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//recruiting//interviews//ZH",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:interview-{interview.pk}@{host}",
        f"DTSTAMP:{_utc(timezone.now())}",
        f"DTSTART:{_utc(interview.starts_at)}",
        f"DTEND:{_utc(ends)}",
        f"SUMMARY:{_escape(title)}",
        f"LOCATION:{_escape(interview.place or interview.get_way_display())}",
        f"DESCRIPTION:{_escape(words)}",
        f"STATUS:{_status(interview)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _utc(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"


def _status(interview: Interview) -> str:
    if interview.state == InterviewState.WAITING:
        return "TENTATIVE"
    if interview.state in (*OPEN_INTERVIEW, InterviewState.ATTENDED):
        return "CONFIRMED"
    return "CANCELLED"


def _escape(text: str) -> str:
    """A TEXT value (§3.3.11). Line breaks are escaped, so that a text can't begin a new property."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(text.splitlines())


def _fold(line: str) -> str:
    """The line in parts of at most 75 octets, broken between characters."""
    parts, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > _LINE:
            parts.append("")
            size = 1  # the blank that a continued line begins with
        parts[-1] += character
        size += width
    return "\r\n ".join(parts)
