"""Uploaded PDFs are rebuilt from their pages: nothing else comes through, and hostile ones are refused."""

from __future__ import annotations

import re
import zlib
from io import BytesIO

import pypdfium2
import pytest
from PIL import Image, ImageChops
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer

from core import pdf
from core.files import pdfs
from core.files.pdfs import PdfRefused, rebuild
from tests.core.files import pdf_samples as samples

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


def unfolded(content: bytes) -> bytes:
    """The file with every stream decompressed as far as can be."""
    parts = [content]
    for body in _STREAM.findall(content):
        try:
            parts.append(zlib.decompress(body))
        except zlib.error:
            parts.append(body)
    return b"\n".join(parts)


def pictures(content: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(content)
    return [page.render(scale=1).to_pil().convert("RGB") for page in document]


def look_the_same(before: bytes, after: bytes) -> bool:
    pairs = list(zip(pictures(before), pictures(after), strict=True))
    return all(ImageChops.difference(*pair).getbbox() is None for pair in pairs)


def refusal(content: bytes, most_pages: int = 20) -> str:
    with pytest.raises(PdfRefused) as refused:
        rebuild(content, most_pages=most_pages)
    return refused.value.code


def test_a_plain_page_looks_the_same_and_the_same_file_is_written_the_same() -> None:
    source = samples.pdf()
    new = rebuild(source, most_pages=1)
    assert look_the_same(source, new)
    assert b"Hello" in unfolded(new)
    assert rebuild(source, most_pages=1) == new


def test_nothing_of_scripts_files_forms_links_and_metadata_is_left() -> None:
    source = samples.hostile()
    assert unfolded(source).count(b"secret") > 10
    left = unfolded(rebuild(source, most_pages=5))
    for word in (
        b"secret", b"JavaScript", b"/JS", b"/AA", b"/OpenAction", b"/Names", b"EmbeddedFile", b"/EF",
        b"Filespec", b"/AF", b"/Annot", b"/AcroForm", b"/XFA", b"/A ", b"/URI", b"Launch", b"RichMedia",
        b"/Metadata", b"/PieceInfo", b"/Info", b"Title",
    ):  # fmt: skip
        assert word not in left, word
    assert b"Hello" in left


@pytest.mark.parametrize(
    "key", ["AA", "A", "JS", "EF", "AF", "Ref", "OPI", "Metadata", "PieceInfo", "Alternates"]
)
def test_scripts_and_files_within_resources_are_left_out(key: str) -> None:
    """A form, its resources and a font may carry keys of their own, and lead to each other."""
    inner = b"/%s 8 0 R" % key.encode()
    form = samples.stream(
        b"0 0 50 50 re f",
        b"/Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /Me 6 0 R >> "
        b"/Properties << /X 8 0 R >> /Font << /F 7 0 R >> >> " + inner,
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica %s >>" % inner
    source = samples.pdf(
        form, font, samples.SCRIPT, content=samples.stream(b"/Fm Do"),
        page=b"/Resources << /XObject << /Fm 6 0 R >> >>",
    ).replace(b"/Resources << /Font << /F1 5 0 R >> >> ", b"", 1)  # fmt: skip
    source = samples.write(_objects_of(source))
    left = unfolded(rebuild(source, most_pages=1))
    assert b"secret" not in left
    assert b"JavaScript" not in left
    assert f"/{key} ".encode() not in left
    assert look_the_same(source, rebuild(source, most_pages=1))


def _objects_of(content: bytes) -> list[bytes]:
    return re.findall(rb"\d+ 0 obj\n(.*?)\nendobj\n", content, re.DOTALL)


def test_what_a_form_field_shows_is_drawn_into_the_page() -> None:
    shown = samples.stream(
        b"1 0 0 rg 0 0 200 100 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 200 100]"
    )
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (typed) /F 4 /Rect [100 100 300 200] "
        b"/AP << /N 7 0 R >> >>"
    )
    source = samples.pdf(
        field, shown, page=b"/Annots [6 0 R]", catalog=b"/AcroForm << /Fields [6 0 R] >>"
    )
    new = rebuild(source, most_pages=1)
    assert pictures(new)[0].getpixel((200, 842 - 150)) == (255, 0, 0)
    assert b"/Widget" not in unfolded(new)


def test_data_hidden_behind_a_stream_and_behind_the_file_is_left_out() -> None:
    packed = zlib.compress(samples.TEXT) + b"secret tail"
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed)
    new = rebuild(samples.pdf(content=stream) + b"MZ secret program", most_pages=1)
    assert b"secret" not in unfolded(new)
    assert b"Hello" in unfolded(new)


def test_pages_of_weasyprint_and_pictures_look_the_same() -> None:
    drawn = pdf.render("recruiting/pdf/resume.html", {"resume": {"layout": 1}, "name": "试用"})
    assert look_the_same(drawn, rebuild(drawn, most_pages=1))
    buffer = BytesIO()
    sheets = [Image.effect_noise((300, 200), 60).convert(mode) for mode in ("RGB", "L", "1")]
    sheets[0].save(buffer, "PDF", save_all=True, append_images=sheets[1:])
    scanned = buffer.getvalue()
    assert look_the_same(scanned, rebuild(scanned, most_pages=3))


def test_a_file_without_its_table_of_objects_is_repaired() -> None:
    broken = samples.pdf().replace(b"startxref", b"startyref")
    assert look_the_same(samples.pdf(), rebuild(broken, most_pages=1))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "pdf_empty"), (b"PK\x03\x04 a Word file", "not_pdf"), (b"\xff\xd8\xff\xe0", "not_pdf"),
        (b"<html><script>alert(1)</script></html>", "not_pdf"), (b"%PDF-1.7 nothing", "pdf_broken"),
        (samples.pdf()[:200], "pdf_broken"), (samples.pdf(pages=21), "pdf_pages"),
    ],
)  # fmt: skip
def test_what_is_no_pdf_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code
    assert pdfs.REFUSALS[code].endswith("。")


@pytest.mark.parametrize("password", ["", "open me"])
def test_an_encrypted_file_is_refused_even_if_it_opens_without_a_password(password: str) -> None:
    writer: PdfFileWriter = copy_into_new_writer(PdfFileReader(BytesIO(samples.pdf())))
    writer.encrypt(owner_pass="owner", user_pass=password)
    buffer = BytesIO()
    writer.write(buffer)
    assert refusal(buffer.getvalue()) == "pdf_encrypted"


def test_streams_that_unfold_to_too_much_are_refused() -> None:
    bomb = zlib.compress(zlib.compress(bytes(150 * 1024**2), 9), 9)
    twice = b"/Filter [/FlateDecode /FlateDecode] /Length %d" % len(bomb)
    content = samples.pdf(content=b"<< %s >>\nstream\n%s\nendstream" % (twice, bomb))
    assert len(content) < 20_000
    assert refusal(content) == "pdf_heavy"


def test_many_streams_that_unfold_to_too_much_together_are_refused() -> None:
    """None of them is drawn: they stand in the resources only."""
    packed = zlib.compress(bytes(100 * 1024**2), 9)
    form = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Filter /FlateDecode /Length %d >>"
        % len(packed)
    )
    forms = [form + b"\nstream\n" + packed + b"\nendstream"] * 7
    named = b" ".join(b"/X%d %d 0 R" % (n, n) for n in range(6, 13))
    content = samples.pdf(*forms, page=b"/Group << /S /Transparency >>").replace(
        b"/Font << /F1 5 0 R >>", b"/Font << /F1 5 0 R >> /XObject << %s >>" % named
    )
    assert refusal(samples.write(_objects_of(content))) == "pdf_heavy"


def test_pages_that_contain_themselves_are_refused_or_end() -> None:
    objects = _objects_of(samples.pdf())
    objects[1] = b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"
    try:
        assert len(pictures(rebuild(samples.write(objects), most_pages=20))) <= 2
    except PdfRefused as refused:
        assert refused.code in pdfs.REFUSALS


def test_objects_nested_without_end_are_refused() -> None:
    deep = b"[" * 3000 + b"]" * 3000
    content = samples.pdf(page=b"/Group << /S /Transparency /CS %s >>" % deep)
    assert refusal(content) in ("pdf_broken", "pdf_heavy")


def test_a_huge_page_is_drawn_small() -> None:
    huge = samples.pdf().replace(b"[0 0 595 842]", b"[0 0 14400 14400]")
    assert rebuild(samples.write(_objects_of(huge)), most_pages=1)


def test_a_child_that_says_nothing_was_ended_by_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = pdfs.child_process.Limits(memory=1024**3, cpu_seconds=20, seconds=0)
    monkeypatch.setattr(pdfs, "_LIMITS", limits)
    assert refusal(samples.pdf()) == "pdf_heavy"
