"""Files made to crash, hang or fill the memory of whoever opens them: pictures, workbooks, PDFs."""

from __future__ import annotations

import base64
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl import Workbook
from PIL import Image


@dataclass(frozen=True)
class Hostile:
    """One file. `kind` is "picture", "workbook" or "pdf": where people upload such files."""

    kind: str
    name: str
    content: bytes


def everything() -> list[Hostile]:
    """At least 60 files; the same at every call."""
    return [
        *(Hostile("picture", name, content) for name, content in _pictures()),
        *(Hostile("workbook", name, content) for name, content in _workbooks()),
        *(Hostile("pdf", name, content) for name, content in _pdfs()),
    ]


# --- pictures ------------------------------------------------------------------------------------


def _pictures() -> Iterator[tuple[str, bytes]]:
    photo = _photo("JPEG")
    yield "empty.jpg", b""
    yield "one-byte.jpg", b"\xff"
    yield "half.jpg", photo[: len(photo) // 2]
    yield "no-end.jpg", photo[:-2]
    yield "zeros.jpg", photo[:200] + bytes(5000)
    yield "huge-comment.jpg", photo[:2] + b"\xff\xfe\xff\xff" + b"A" * 65533 + photo[2:]
    yield "many-comments.jpg", photo[:2] + (b"\xff\xfe\x00\x04AA" * 20_000) + photo[2:]
    yield "huge-exif.jpg", photo[:2] + b"\xff\xe1\xff\xffExif\0\0" + b"II*\0" * 16_380 + photo[2:]
    yield "text.jpg", "这不是图片".encode()
    yield "page.jpg", b"<html><script>alert(1)</script></html>"
    yield "drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "entity.svg", b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s>&x;</s>'
    yield "program.png", b"MZ" + bytes(4096)
    yield "bomb.png", _png(30_000, 30_000, zlib.compress(bytes(30_001 * 3000), 9))
    yield "wide.png", _png(2**31 - 1, 1, b"")
    yield "none.png", _png(0, 0, b"")
    yield "deep.png", _png(20_000, 20_000, zlib.compress(bytes(10), 9), depth=16)
    yield "text-bomb.png", _png(10, 10, zlib.compress(bytes(310)), more=_text_bomb())
    yield "wrong-sums.png", _photo("PNG").replace(b"IDAT", b"IDAX")
    yield "half.png", _photo("PNG")[:-40]
    yield "bomb.webp", zlib.decompress(base64.b85decode(_WEBP))
    yield "half.webp", _photo("WEBP")[:60]
    yield "many.gif", _frames(1500)
    yield (
        "bomb.gif",
        b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\2\2L\1\0;",
    )
    yield "loop.tif", b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 256, 3, 1, 10) + b"\x08\0\0\0"
    yield "far.tif", b"II*\0\xff\xff\xff\x7f"
    yield "huge.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 2**30, 2**30, 1, 24,
                                         0, 0, 0, 0, 0, 0)  # fmt: skip
    yield "none.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(2000)
    yield "box.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\xff\xff\xff\xffmeta" * 300


def _photo(kind: str) -> bytes:
    noise = random.Random(7).randbytes(120 * 160 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (120, 160), noise).save(out, kind)
    return out.getvalue()


# 1,942 bytes: 7000 × 7000 pixels of one colour, 1.1 GB once decoded.
_WEBP = (
    "c-jl{baU%tXJ80-bqWXzu<&UFvh~AnUln5yXbj;{VBnHs@{Hc|w%=b^NaaWUZd;`weNK-_|Ng5h|C;a6_~UoKlG5Y-"
    "|NniyU;qE-`~Cm_e7|4+@ArHA|9`*F|Nrmz`FbSAbL{Gn7^B1}F-nXQqr@mNA_(*<5hVQInw<dvIS^=U"
)


def _frames(count: int) -> bytes:
    frame = b",\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + frame * count + b";"


def _png(width: int, height: int, data: bytes, *, depth: int = 8, more: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + more + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )  # fmt: skip


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text_bomb() -> bytes:
    return _chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(200_000_000), 9))


# --- workbooks -----------------------------------------------------------------------------------

_SHEET = "xl/worksheets/sheet1.xml"
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _workbooks() -> Iterator[tuple[str, bytes]]:
    plain = _workbook()
    yield "empty.xlsx", b""
    yield "text.xlsx", "姓名,学号".encode("gbk")
    yield "half.xlsx", plain[: len(plain) // 2]
    yield "no-parts.xlsx", _zip({"a.txt": b"a"})
    yield "zeros.xlsx", _with(plain, {_SHEET: bytes(50_000_000)})
    yield "bomb.xlsx", _with(plain, {_SHEET: _sheet("<row r='1'><c t='inlineStr'><is><t>"
                                                    + "A" * 40_000_000 + "</t></is></c></row>")})  # fmt: skip
    yield "rows.xlsx", _with(plain, {_SHEET: _sheet("".join(
        f"<row r='{n}'><c r='A{n}'><v>1</v></c></row>" for n in range(1, 300_000)))})  # fmt: skip
    yield (
        "far-cell.xlsx",
        _with(plain, {_SHEET: _sheet("<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>")}),
    )
    yield (
        "wrong-cell.xlsx",
        _with(plain, {_SHEET: _sheet("<row r='0'><c r='ZZZZZ99999999999'><v>1</v></c></row>")}),
    )
    yield (
        "wide.xlsx",
        _with(plain, {_SHEET: _sheet("<row r='1'>" + "<c><v>1</v></c>" * 200_000 + "</row>")}),
    )
    yield "entities.xlsx", _with(plain, {_SHEET: _laughs()})
    yield "outside.xlsx", _with(plain, {_SHEET: b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
                                        + _sheet("<row><c><v>&x;</v></c></row>")})  # fmt: skip
    yield "nested.xlsx", _with(plain, {_SHEET: b"<a>" * 100_000})
    yield (
        "no-string.xlsx",
        _with(plain, {_SHEET: _sheet("<row r='1'><c t='s' r='A1'><v>4294967295</v></c></row>")}),
    )
    yield "merged.xlsx", _with(plain, {_SHEET: _sheet("<row r='1'/>", "<mergeCells>"
                               + "<mergeCell ref='A1:XFD1048576'/>" * 2000 + "</mergeCells>")})  # fmt: skip
    yield "dates.xlsx", _with(plain, {_SHEET: _sheet("<row r='1'><c r='A1' t='d'><v>99999-99-99</v></c>"
                              "<c r='B1'><v>1e308</v></c><c r='C1'><v>-1e308</v></c><c r='D1' t='e'><v>x</v></c></row>")})  # fmt: skip
    yield "climbing.xlsx", _zip({"../../../../tmp/out": b"x", "[Content_Types].xml": b"<a/>"})
    yield "many-parts.xlsx", _zip({f"xl/{n}": b"" for n in range(20_000)})
    yield "zip-in-zip.xlsx", _zip({"xl/workbook.xml": _zip({"a": bytes(10_000_000)})})
    yield "formula.xlsx", _workbook("=cmd|' /C calc'!A0")
    yield "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000)
    yield "old-loop.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0\0\0\0" * 5000
    yield "records.xls", b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\xff\xff" * 5000
    yield "picture.xlsx", _photo("PNG")


def _workbook(value: str = "示例") -> bytes:
    book = Workbook()
    assert book.active is not None
    book.active.append(["姓名", "学号", value])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(rows: str, more: str = "") -> bytes:
    return f"<worksheet {_MAIN}><sheetData>{rows}</sheetData>{more}</worksheet>".encode()


def _laughs() -> bytes:
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return f"<!DOCTYPE w [{''.join(lines)}]>".encode() + _sheet(
        "<row r='1'><c r='A1' t='inlineStr'><is><t>&a11;</t></is></c></row>"
    )


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def _with(workbook: bytes, parts: dict[str, bytes]) -> bytes:
    """`workbook` with some parts exchanged."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    return _zip(kept | parts)


# --- PDFs ----------------------------------------------------------------------------------------


def _pdfs() -> Iterator[tuple[str, bytes]]:
    plain = _pdf(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>")
    yield "empty.pdf", b""
    yield "head.pdf", b"%PDF-1.7\n"
    yield "half.pdf", plain[:120]
    yield "no-table.pdf", plain[: plain.rindex(b"xref")]
    yield "loop.pdf", plain.replace(b"trailer\n<<", b"trailer\n<< /Prev 9 ")
    yield "far-table.pdf", b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF"
    yield "own-parent.pdf", plain.replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    yield "nested.pdf", _pdf(b"[" * 50_000)
    yield "long-name.pdf", _pdf(b"<< /" + b"A" * 3_000_000 + b" 1 >>")
    yield (
        "many-objects.pdf",
        b"%PDF-1.7\n" + b"".join(b"%d 0 obj 1 endobj\n" % n for n in range(200_000)),
    )
    yield "bomb.pdf", _pdf(_stream(bytes(150_000_000)))
    yield (
        "signed-nothing.pdf",
        _pdf(
            b"<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange [0 9 9 9] /Contents <"
            + b"30" * 9000
            + b"> >>"
        ),
    )
    yield (
        "signed-all.pdf",
        _pdf(
            b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 -1 99999999999 1] /Contents <00> >>"
        ),
    )
    yield (
        "script.pdf",
        _pdf(b"<< /Type /Page /AA << /O << /S /JavaScript /JS (app.alert(1)) >> >> >>"),
    )
    yield "picture.pdf", _photo("PNG")


def _pdf(third: bytes) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        third,
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out + b"xref\n0 4\n0000000000 65535 f \n" + table
        + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    )  # fmt: skip


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    return b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)
