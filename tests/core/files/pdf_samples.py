"""PDF files made by hand, with what uploaded ones may carry."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
PAGE += b"/Resources << /Font << /F1 5 0 R >> >> %s >>"
TEXT = b"BT /F1 24 Tf 72 700 Td (Hello) Tj ET"
SCRIPT = b"<< /S /JavaScript /JS (app.alert\\('secret script'\\)) >>"


def stream(data: bytes, more: bytes = b"", *, deflate: bool = True) -> bytes:
    """A stream object; `more` are further keys."""
    body = zlib.compress(data) if deflate else data
    coding = b"/Filter /FlateDecode " if deflate else b""
    return b"<< /Length %d %s%s >>\nstream\n%s\nendstream" % (len(body), coding, more, body)


def pdf(
    *more: bytes, catalog: bytes = b"", page: bytes = b"", content: bytes | None = None,
    trailer: bytes = b"", pages: int = 1,
) -> bytes:  # fmt: skip
    """A PDF of one page (or the same one several times) with further objects from number 6 on, and
    further keys in the catalog, the page and the trailer."""
    kids = b" ".join([b"3 0 R"] * pages)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
        PAGE % page,
        content if content is not None else stream(TEXT),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
    ]
    return write(objects, trailer)


def write(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % table


def hostile() -> bytes:
    """A PDF with everything that has to go."""
    return pdf(
        SCRIPT,  # 6
        b"<< /Names [(a) 6 0 R] >>",  # 7
        stream(b"secret file", b"/Type /EmbeddedFile /Subtype /text#2Fplain"),  # 8
        b"<< /Type /Filespec /F (secret.exe) /EF << /F 8 0 R >> >>",  # 9
        b"<< /Names [(secret.exe) 9 0 R] >>",  # 10
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 99 99] /A << /S /URI /URI (javascript:secret) >> >>",
        b"<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 20 20] /FS 9 0 R >>",  # 12
        b"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (secret.exe) >> >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (secret) /Rect [0 0 9 9] /AA << /K 6 0 R >> >>",
        stream(b"<xdp>secret form</xdp>"),  # 15
        b"<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] /RichMediaContent << /Assets 10 0 R >> >>",
        stream(b"<x:xmpmeta>secret place</x:xmpmeta>", b"/Type /Metadata /Subtype /XML"),  # 17
        catalog=b"/OpenAction 6 0 R /AA << /WC 6 0 R >> /Metadata 17 0 R /AF [9 0 R] "
        b"/Names << /JavaScript 7 0 R /EmbeddedFiles 10 0 R >> "
        b"/AcroForm << /Fields [14 0 R] /XFA 15 0 R /CO [14 0 R] >> /URI << /Base (http://secret) >>",
        page=b"/AA << /O 6 0 R /C 6 0 R >> /AF [9 0 R] /Metadata 17 0 R /PieceInfo << /X 6 0 R >> "
        b"/Annots [11 0 R 12 0 R 13 0 R 14 0 R 16 0 R]",
        trailer=b"/Info << /Title (secret title) /Author (secret author) >>",
    )  # fmt: skip
