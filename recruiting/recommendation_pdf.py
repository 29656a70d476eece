"""The PDF of sealed 就业推荐表, drawn from the frozen text each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from accounts.models import User
from core import audit, files, pdf, rate
from core.errors import Refused
from recruiting import recommendation_text
from recruiting.models import Recommendation
from recruiting.states import RecommendationState

TEMPLATE = "recruiting/pdf/recommendation.html"
STYLESHEET = "recruiting/pdf/recommendation.css"
_MOST_AN_HOUR = 60  # of one person
# Longer texts are set in smaller letters, so that they fit one sheet.
_MOST_LINES, _OF_A_LINE = 26, 48


def refusal_of(form: Recommendation) -> str:
    """Why a form can't be printed; "" if it can. A text that is not what was sealed is never printed."""
    if form.state != RecommendationState.VALID:
        return f"推荐表{form.get_state_display()}，不能打印。"
    if not recommendation_text.is_intact(form):
        return "推荐表的内容与盖章时不一致，不能打印，请联系学校。"
    return ""


def render(forms: Sequence[Recommendation]) -> bytes:
    """One PDF of valid forms, each on its own page, with the transcript behind it. Raises `Refused`
    for one that can't be printed, and `pdf.MissingGlyphs` rather than draw a box."""
    for form in forms:
        if reason := refusal_of(form):
            raise Refused("not_printable", reason)
    context = {"province": settings.PROVINCE_NAME, "sheets": [_sheet(form) for form in forms]}
    return pdf.render(
        TEMPLATE, context, stylesheet=STYLESHEET, finisher=pdf.require_glyphs, pdf_tags=True
    )


def _sheet(form: Recommendation) -> dict[str, Any]:
    said = recommendation_text.read(form.text)
    address = recommendation_text.address_of(form)
    return {
        "said": said,
        "b": dict(said["basics"]),
        "dense": _lines_of(said) > _MOST_LINES,
        "hash": form.text_hash,
        "address": address,
        "qr": pdf.qr_picture(address),
        "transcript": _transcript(form, said["transcript"]),
    }


def _lines_of(said: dict[str, Any]) -> int:
    """About how many lines the texts of a form take."""
    texts = [said[key] for key, _ in recommendation_text.WRITTEN]
    texts += [said["department_opinion"], said["school_opinion"]]
    return sum(1 + len(line) // _OF_A_LINE for text in texts for line in text.split("\n"))


def _transcript(form: Recommendation, sealed_hash: str) -> str:
    """The picture that was sealed with the form, as a `data:` address; "" if there was none."""
    if not sealed_hash:
        return ""
    if form.transcript is None or form.transcript.sha256 != sealed_hash:
        raise Refused("not_printable", "成绩单与盖章时不一致，不能打印，请联系学校。")
    with files.open_file(form.transcript) as f:
        return pdf.data_address(f.read(), form.transcript.content_type)


def respond(form: Recommendation, *, by: User) -> HttpResponse:
    """The PDF as a download. It is recorded who printed it."""
    rate.limit(f"recommendation-pdf:{by.pk}", most=_MOST_AN_HOUR, seconds=3600)
    content = render([form])
    audit.record("recruiting.print_recommendation", by=by, obj=form)
    return pdf.download(content, f"就业推荐表{form.number}.pdf")
