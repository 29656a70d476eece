"""PDFs from templates. Nothing is fetched from outside: a template contains all that it shows."""

from __future__ import annotations

import base64
import functools
import gc
import io
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import qrcode
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString, mark_safe
from PIL import Image
from qrcode.image.svg import SvgPathImage

if TYPE_CHECKING:
    import pydyf
    from weasyprint import CSS, HTML, Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher


def render(
    template: str, context: Mapping[str, Any], *, stylesheet: str = "", **options: Any
) -> bytes:
    """Render a template as PDF. `options` go to WeasyPrint's `write_pdf`.

    With `stylesheet`, a file that is the same for every context, drawing is much faster: the file
    is read once a process and replaces WeasyPrint's own stylesheet, which makes six
    pseudo-elements of each element. The template must then be well-formed XML, which is read ten
    times as fast as HTML.

    WeasyPrint is imported here, since it costs half a second and few processes need it.
    """
    weasyprint = _weasyprint()
    html = render_to_string(template, dict(context))
    with _no_collection():
        if stylesheet:
            page = _strict()(html)
            options["stylesheets"] = [_stylesheet(stylesheet)]
        else:
            page = weasyprint.HTML(string=html, url_fetcher=_data_fetcher())
        return page.write_pdf(font_config=_fonts(), **options)


@functools.cache
def _strict() -> type[HTML]:
    """A WeasyPrint document class for well-formed XML, without WeasyPrint's own stylesheet."""
    import cssselect2

    class Strict(_weasyprint().HTML):  # type: ignore[misc]
        def __init__(self, text: str) -> None:
            self.base_url, self.url_fetcher, self.media_type = None, _data_fetcher(), "print"
            self.wrapper_element = cssselect2.ElementWrapper.from_html_root(
                parse(text), content_language=None
            )
            self.etree_element = self.wrapper_element.etree_element

        def _ua_stylesheets(self, forms: bool = False) -> list[Any]:
            return []

    return Strict


# Django escapes markup. These characters are forbidden in XML even when they are escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(text: str) -> ElementTree.Element:
    """A rendered template as a tree. Characters that XML forbids are removed first, so that typed
    text cannot make it unreadable."""
    return ElementTree.fromstring(_FORBIDDEN.sub("", text))  # noqa: S314 - our own template


@functools.cache
def _stylesheet(name: str) -> CSS:
    text = render_to_string(name)
    return _weasyprint().CSS(string=text, url_fetcher=_data_fetcher(), font_config=_fonts())


class MissingGlyphs(Exception):
    """No installed font has a glyph for these `characters`: a PDF would show boxes in their place."""

    def __init__(self, characters: Collection[str]) -> None:
        super().__init__("".join(characters))
        self.characters = tuple(characters)


def require_glyphs(document: Document, file: pydyf.PDF | None = None) -> None:
    """Raise `MissingGlyphs` if the drawn `document` shows a box for a character. WeasyPrint notes these
    with each font while it draws, so this costs nothing. It can be a finisher of `write_pdf`."""
    missing = {code for font in document.fonts.values() for code in font.missing}
    if missing:
        raise MissingGlyphs([chr(code) for code in sorted(missing)])


def missing_characters(text: str) -> set[str]:
    """The characters of `text` that no installed font has.

    What is not in GB 2312, which every Chinese font has, is drawn once a process to find out.
    """
    if _is_common(text):
        return set()
    rare = {c for c in set(text) if not _is_common(c)}
    if unknown := rare - _HAS_GLYPH.keys():
        missing = _draw_to_find_missing(unknown)
        _HAS_GLYPH.update({c: c not in missing for c in unknown})
    return {c for c in rare if not _HAS_GLYPH[c]}


# Whether fonts have the characters outside GB 2312 that this process was asked for.
_HAS_GLYPH: dict[str, bool] = {}


def _is_common(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _draw_to_find_missing(characters: Collection[str]) -> tuple[str, ...]:
    body = ElementTree.Element("p", style="font-family: 'Noto Sans SC', sans-serif")
    # Blanks keep neighbours from being joined into one glyph.
    body.text = _FORBIDDEN.sub("", " ".join(sorted(characters)))
    html = _weasyprint().HTML(string=ElementTree.tostring(body, "unicode"))
    try:
        html.write_pdf(font_config=_fonts(), finisher=require_glyphs)
    except MissingGlyphs as missing:
        return missing.characters
    return ()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause garbage collection. Drawing makes hundreds of thousands of objects that are all needed
    until the end; searching them for garbage takes a tenth of the time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@functools.cache
def _weasyprint() -> ModuleType:
    conf = settings.FONT_DIR / "fonts.conf"
    if conf.exists():
        os.environ.setdefault("FONTCONFIG_FILE", str(conf))
    import weasyprint

    return weasyprint


@functools.cache
def _fonts() -> FontConfiguration:
    _weasyprint()
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def _data_fetcher() -> URLFetcher:
    """Fetches `data:` addresses only, so that an address typed into a name is never fetched."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=("data",))


def qr_svg(address: str) -> SafeString:
    """A QR code of an address as inline SVG."""
    buffer = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=0).save(buffer)
    text = buffer.getvalue().decode()
    return mark_safe(text[text.index("<svg") :])  # noqa: S308 - made here from our own address


def qr_picture(address: str) -> str:
    """A QR code as a picture for a PDF, one pixel a module, to be shown without smoothing."""
    # Scanners read any mask; searching for the best one takes as long as drawing a page.
    code = qrcode.QRCode(border=0, mask_pattern=2)
    code.add_data(address)
    rows = code.get_matrix()
    picture = Image.new("L", (len(rows), len(rows)))
    picture.putdata([0 if dark else 255 for row in rows for dark in row])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return data_address(buffer.getvalue(), "image/png")


def qr_png(address: str, *, pixels: int = 12) -> bytes:
    """A QR code of an address as a PNG picture."""
    buffer = io.BytesIO()
    qrcode.make(address, box_size=pixels, border=3).save(buffer)
    return buffer.getvalue()


def data_address(content: bytes, content_type: str) -> str:
    """A picture as a `data:` address."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def download(content: bytes, name: str) -> HttpResponse:
    """A PDF as a download under this name."""
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
