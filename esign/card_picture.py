"""A graduate's card as a picture, for sending it in a chat."""

from __future__ import annotations

import hashlib

from django.template.loader import render_to_string

from core import pdf
from core.files.pages import PagesUnavailable, pictures_of
from esign.models import Card

_TEMPLATE = "esign/card_pdf.html"


def card_pdf(card: Card, address: str) -> bytes:
    """The card as a PDF of one page: the QR code of `address`, name, school, major and the last day."""
    return pdf.render(_TEMPLATE, _context(card, address))


def card_picture(card: Card, address: str) -> bytes:
    """The same as a PNG. If the page can't be drawn now, the QR code alone."""
    shown = render_to_string(_TEMPLATE, _context(card, address))
    name = hashlib.sha256(shown.encode()).hexdigest()
    try:
        return pictures_of(lambda: card_pdf(card, address), name)[0]
    except PagesUnavailable:
        return pdf.qr_png(address)


def _context(card: Card, address: str) -> dict[str, object]:
    return {"card": card, "graduate": card.graduate, "qr": pdf.qr_svg(address)}
