"""Program that rebuilds an uploaded PDF from what is needed to draw its pages. `core.files.pdfs` starts
it.

A PDF may run scripts, open addresses, carry other files and unfold to any size. So a new file is made
that has the pages only, and of their objects only the keys that drawing needs (`_KEYS`): no action, no
script, no annotation, no form, no enclosed file, no metadata has a way in. What annotations and forms
show is drawn into the page first. At last all pages of the new file are drawn, so that a file that takes
too much memory or time fails here, in a process with limits.

argv: the most pages. stdin: the PDF. stdout: the new PDF, or a JSON object {"error": slug} if it is
refused.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdfium2
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.filters import ASCII85Decode, ASCIIHexDecode
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter
from pypdfium2 import raw

# The signature stands within so many first bytes.
_HEAD = 1024
# What one stream, and all together, may unfold to. A page in colours at 600 dpi has 100 MB.
_MOST_IN_STREAM = 128 * 1024**2
_MOST_UNFOLDED = 512 * 1024**2
_DEEPEST = 60
_DRAWN_SIDE = 1000  # pixels


class Refused(Exception):
    """The PDF is not accepted. The only argument is a slug of `pdfs.REFUSALS`."""


def main() -> None:
    most_pages = int(sys.argv[1])
    try:
        answer = rebuild(sys.stdin.buffer.read(), most_pages)
    except Refused as refusal:
        answer = json.dumps({"error": refusal.args[0]}).encode()
    except MemoryError:
        answer = b'{"error": "pdf_heavy"}'
    except Exception:  # parsers raise many kinds of errors for broken files
        answer = b'{"error": "pdf_broken"}'
    sys.stdout.buffer.write(answer)


def rebuild(content: bytes, most_pages: int) -> bytes:
    """See `pdfs.rebuild`."""
    if not content:
        raise Refused("pdf_empty")
    if b"%PDF-" not in content[:_HEAD]:
        raise Refused("not_pdf")
    new = _copy(_repair(content, most_pages), most_pages)
    _draw(new)
    return new


def _repair(content: bytes, most_pages: int) -> bytes:
    """The file as pdfium writes it, with a sound table of objects, and with annotations and form fields
    drawn into the pages."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        encrypted = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise Refused("pdf_encrypted" if encrypted else "pdf_broken") from None
    if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
        raise Refused("pdf_encrypted")
    if len(document) > most_pages:
        raise Refused("pdf_pages")
    if not len(document):
        raise Refused("pdf_broken")
    for page in document:
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        page.close()
    buffer = BytesIO()
    document.save(buffer, flags=raw.FPDF_NO_INCREMENTAL)
    document.close()
    return buffer.getvalue()


def _draw(content: bytes) -> None:
    """Draw each page once."""
    document = pypdfium2.PdfDocument(content)
    for page in document:
        page.render(scale=_DRAWN_SIDE / max(*page.get_size(), 1)).close()
        page.close()


# --- what is copied -------------------------------------------------------------------------------

_PAGE = ("/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group")
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
# The parts of resources, each with names that the page's content uses.
_RESOURCES = ("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading")
# The keys of everything that stands in resources, by chapter of ISO 32000-2. None of them can hold an
# action, a script or a file.
_KEYS = frozenset(
    f"/{key}"
    for key in (
        # fonts (9)
        "BaseFont FirstChar LastChar Widths FontDescriptor Encoding ToUnicode DescendantFonts "
        "CIDSystemInfo Registry Ordering Supplement DW W DW2 W2 CIDToGIDMap FontBBox FontMatrix "
        "CharProcs Resources BaseEncoding Differences CMapName UseCMap WMode FontName FontFamily "
        "FontStretch FontWeight Flags ItalicAngle Ascent Descent Leading CapHeight XHeight StemV StemH "
        "AvgWidth MaxWidth MissingWidth FontFile FontFile2 FontFile3 CharSet CIDSet Length1 Length2 "
        "Length3 "
        # forms and images (8.9, 8.10), transparency groups (11.6)
        "FormType BBox Matrix Group S CS I K Width Height ColorSpace BitsPerComponent Intent ImageMask "
        "Mask Decode Interpolate SMask SMaskInData Matte G BC "
        # colour spaces (8.6), functions (7.10), patterns and shadings (8.7)
        "N Alternate Range WhitePoint BlackPoint Gamma FunctionType Domain Size BitsPerSample Order "
        "Encode C0 C1 Functions Bounds PatternType PaintType TilingType XStep YStep Shading ExtGState "
        "ShadingType Background AntiAlias Coords Extend Function BitsPerCoordinate BitsPerFlag "
        "VerticesPerRow "
        # graphics state (8.4.5)
        "LW LC LJ ML D RI OP op OPM Font BG BG2 UCR UCR2 TR TR2 FL SM SA BM CA ca AIS TK"
    ).split()
)
# Keys whose value is one of few names.
_NAMES = {
    "/Type": frozenset("/XObject /Font /FontDescriptor /ExtGState /Pattern /Mask /Group /Encoding /CMap".split()),
    "/Subtype": frozenset(
        "/Form /Image /Type0 /Type1 /MMType1 /Type3 /TrueType /CIDFontType0 /CIDFontType2 /Type1C "
        "/CIDFontType0C /OpenType".split()
    ),
    "/S": frozenset(("/Transparency", "/Alpha", "/Luminosity")),
}  # fmt: skip
_FILTERS = frozenset(
    "/FlateDecode /LZWDecode /ASCII85Decode /ASCIIHexDecode /RunLengthDecode /DCTDecode /JPXDecode "
    "/CCITTFaxDecode /JBIG2Decode".split()
)
_SHORT_FILTERS = {
    "/Fl": "/FlateDecode", "/LZW": "/LZWDecode", "/A85": "/ASCII85Decode", "/AHx": "/ASCIIHexDecode",
    "/RL": "/RunLengthDecode", "/DCT": "/DCTDecode", "/CCF": "/CCITTFaxDecode",
}  # fmt: skip
_FILTER_KEYS = frozenset(
    "/Predictor /Colors /BitsPerComponent /Columns /EarlyChange /K /EndOfLine /EncodedByteAlign /Rows "
    "/EndOfBlock /BlackIs1 /DamagedRowsBeforeError /ColorTransform /JBIG2Globals".split()
)


def _copy(content: bytes, most_pages: int) -> bytes:
    """A new file with the pages of `content`."""
    reader = PdfFileReader(BytesIO(content), strict=False)
    if reader.encrypted:
        raise Refused("pdf_encrypted")
    copier = _Copier()
    for number, page in enumerate(_pages(reader.root["/Pages"], {}, set())):
        if number >= most_pages:
            raise Refused("pdf_pages")
        copier.add_page(page)
    return copier.finish()


def _pages(
    node: Any, inherited: dict[str, Any], seen: set[int], deep: int = 0
) -> Iterator[dict[str, Any]]:
    """The pages below a node of the page tree, each with what it inherits."""
    own = {key: node.raw_get(key) for key in node}
    given = inherited | {key: own[key] for key in _INHERITED if key in own}
    if "/Kids" not in node:
        yield given | own
        return
    if deep > _DEEPEST or id(node) in seen:
        raise Refused("pdf_broken")
    seen.add(id(node))
    for kid in node["/Kids"]:
        yield from _pages(kid.get_object(), given, seen, deep + 1)


class _Writer(PdfFileWriter):
    """Writes nothing of its own into the file, so that the same file is always written the same."""

    def __init__(self) -> None:
        super().__init__(stream_xrefs=False)
        same = generic.ByteStringObject(bytes(16))
        self._document_id = generic.ArrayObject([same, same])

    def _update_meta(self) -> None:
        """No program, no date."""


class _Copier:
    def __init__(self) -> None:
        self.writer = _Writer()
        self.references: dict[tuple[int, int], generic.IndirectObject] = {}
        self.unfolded = 0

    def add_page(self, page: dict[str, Any]) -> None:
        new = generic.DictionaryObject({pdf_name("/Type"): pdf_name("/Page")})
        for key in _PAGE:
            if key in page:
                self._put(new, key, page[key], 0)
        if "/MediaBox" not in new:
            new[pdf_name("/MediaBox")] = generic.ArrayObject(
                map(generic.NumberObject, (0, 0, 595, 842))
            )
        tree = self.writer.root.raw_get("/Pages")
        new[pdf_name("/Parent")] = tree
        pages = tree.get_object()
        pages["/Kids"].append(self.writer.add_object(new))
        pages[pdf_name("/Count")] = generic.NumberObject(len(pages["/Kids"]))

    def finish(self) -> bytes:
        buffer = BytesIO()
        self.writer.write(buffer)
        return buffer.getvalue()

    def _put(self, new: Any, key: str, value: Any, deep: int) -> None:
        if key == "/Resources":
            new[pdf_name(key)] = self._copy_resources(value, deep)
        elif key == "/CharProcs":
            new[pdf_name(key)] = self._copy_names(value, deep)
        else:
            copied = self._copy(value, deep)
            if copied is not None:
                new[pdf_name(key)] = copied

    def _copy_resources(self, value: Any, deep: int) -> Any:
        resources, new = _resolve(value), generic.DictionaryObject()
        if isinstance(resources, generic.DictionaryObject):
            for key in _RESOURCES:
                if key in resources:
                    new[pdf_name(key)] = self._copy_names(resources.raw_get(key), deep + 1)
        return new

    def _copy_names(self, value: Any, deep: int) -> Any:
        """A dictionary with names that the file has chosen."""
        names, new = _resolve(value), generic.DictionaryObject()
        if isinstance(names, generic.DictionaryObject):
            for key in names:
                copied = self._copy(names.raw_get(key), deep + 1)
                if copied is not None:
                    new[key] = copied
        return new

    def _copy(self, value: Any, deep: int) -> Any:
        """A copy for the new file; None for what has no place in it."""
        if deep > _DEEPEST:
            raise Refused("pdf_broken")
        if isinstance(value, generic.IndirectObject):
            return self._copy_reference(value, deep)
        if isinstance(value, generic.StreamObject):
            return self._copy_stream(value, deep)
        if isinstance(value, generic.DictionaryObject):
            return self._copy_dictionary(value, deep, generic.DictionaryObject())
        if isinstance(value, generic.ArrayObject):
            items = (self._copy(value.raw_get(n), deep + 1) for n in range(len(value)))
            return generic.ArrayObject(generic.NullObject() if i is None else i for i in items)
        if isinstance(value, _PLAIN):
            return value
        return None

    def _copy_reference(self, value: generic.IndirectObject, deep: int) -> Any:
        key = value.idnum, value.generation
        if key not in self.references:
            found = value.get_object()
            if not isinstance(found, (generic.DictionaryObject, generic.ArrayObject)):
                return self._copy(found, deep + 1)
            # The place is taken first, since objects may refer to each other.
            place = self.references[key] = self.writer.allocate_placeholder()
            copied = self._copy(found, deep + 1)
            self.writer.add_object(copied, idnum=place.idnum)
        return self.references[key]

    def _copy_dictionary(self, value: Any, deep: int, new: Any) -> Any:
        for key in value:
            if key in _KEYS or key in _NAMES:
                held = value.raw_get(key)
                if key in _NAMES and _resolve(held) not in _NAMES[key]:
                    continue
                self._put(new, key, held, deep + 1)
        return new

    def _copy_stream(self, value: generic.StreamObject, deep: int) -> Any:
        filters, parameters = _filters_of(value)
        encoded = value.encoded_data
        unfolded = self._unfold(encoded, filters)
        if filters == ["/FlateDecode"] and not parameters[0] and unfolded is not None:
            # Encoded anew, so that nothing is left that stood behind the data.
            new = generic.StreamObject(encoded_data=zlib.compress(unfolded))
            new[pdf_name("/Filter")] = pdf_name("/FlateDecode")
        elif not filters:
            new = generic.StreamObject(encoded_data=zlib.compress(encoded))
            new[pdf_name("/Filter")] = pdf_name("/FlateDecode")
        else:
            new = generic.StreamObject(encoded_data=encoded)
            new[pdf_name("/Filter")] = generic.ArrayObject(map(pdf_name, filters))
            new[pdf_name("/DecodeParms")] = generic.ArrayObject(
                self._copy_parameters(p, deep) for p in parameters
            )
        return self._copy_dictionary(value, deep, new)

    def _copy_parameters(self, parameters: dict[str, Any], deep: int) -> Any:
        new = generic.DictionaryObject()
        for key, value in parameters.items():
            copied = self._copy(value, deep + 1)
            if copied is not None:
                new[pdf_name(key)] = copied
        return new

    def _unfold(self, data: bytes, filters: list[str]) -> bytes | None:
        """The data without its filters, as far as text and Flate filters go; None for a picture's codec.
        Raises `Refused` for data that unfold to too much."""
        for name in filters:
            if name == "/FlateDecode":
                data = self._inflate(data)
            elif name == "/ASCII85Decode":
                data = ASCII85Decode().decode(data, {})
            elif name == "/ASCIIHexDecode":
                data = ASCIIHexDecode().decode(data, {})
            else:
                return None
        return data

    def _inflate(self, data: bytes) -> bytes:
        decoder = zlib.decompressobj()
        try:
            whole = decoder.decompress(data, _MOST_IN_STREAM + 1)
        except zlib.error:
            raise Refused("pdf_broken") from None
        self.unfolded += len(whole)
        if len(whole) > _MOST_IN_STREAM or self.unfolded > _MOST_UNFOLDED:
            raise Refused("pdf_heavy")
        return whole


_PLAIN = (
    generic.NameObject, generic.NumberObject, generic.FloatObject, generic.BooleanObject,
    generic.NullObject, generic.TextStringObject, generic.ByteStringObject,
)  # fmt: skip


def _resolve(value: Any) -> Any:
    return value.get_object() if isinstance(value, generic.IndirectObject) else value


def _filters_of(stream: generic.StreamObject) -> tuple[list[str], list[dict[str, Any]]]:
    """The names of a stream's filters, and the parameters of each. Raises `Refused` for a filter that
    is no coding, such as decryption, and for a stream whose data stand in another file."""
    if "/F" in stream:
        raise Refused("pdf_broken")
    names = _as_list(stream.get("/Filter"))
    filters = [_SHORT_FILTERS.get(str(name), str(name)) for name in names]
    if set(filters) - _FILTERS:
        raise Refused("pdf_broken")
    held = _as_list(stream.get("/DecodeParms"))
    parameters: list[dict[str, Any]] = []
    for number in range(len(filters)):
        given = _resolve(held[number]) if number < len(held) else None
        known = given if isinstance(given, generic.DictionaryObject) else generic.DictionaryObject()
        parameters.append({key: known.raw_get(key) for key in known if key in _FILTER_KEYS})
    return filters, parameters


def _as_list(value: Any) -> list[Any]:
    value = _resolve(value)
    if value is None or isinstance(value, generic.NullObject):
        return []
    return [_resolve(v) for v in value] if isinstance(value, generic.ArrayObject) else [value]


if __name__ == "__main__":
    main()
