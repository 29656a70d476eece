"""Cleaning of text that people and spreadsheets write. No function here needs a code table."""

from __future__ import annotations

import functools
import re
import unicodedata

from codes.radicals import RADICALS

# Invisible characters: zero-width ones, byte order marks, marks of direction, soft hyphens, controls.
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u061c\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\ufeff]"
)
_BLANKS = re.compile(r"[\s\u00a0\u3000]+")
# A line break between Chinese characters. It is removed, because Chinese has no blanks.
_BROKEN_LINE = re.compile(
    r"(?<=[\u2e80-\u9fff\uff00-\uffef])\s*[\r\n]\s*(?=[\u2e80-\u9fff\uff00-\uffef])"
)
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\u0085\u2028\u2029]")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_QUOTES = "'`\"=\u2018\u2019\u201c\u201d"
_NAME_DOTS = re.compile(r" ?[·．・•‧∙⋅●･﹒。｡˙◦ꞏ᛫⸱⸳▪․]+ ?")
# Full stops as separators. After a Latin letter a full stop is none: J. R. Smith.
_NAME_STOPS = re.compile(r" ?(?<![A-Za-z\u00c0-\u024f\u1e00-\u1eff])\.+ ?")
# Variation selectors, which choose between two shapes of the character before them.
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Full-width digits and letters.
_TO_NARROW = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_AND = re.compile(r"[、,/;+]|和|及|与")
_NUMBER_WITH_DECIMALS = re.compile(r"^(\d+)\.0+$")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{1,3}$")


def clean(value: str) -> str:
    """`value` trimmed, without invisible characters, and with one blank for each run of them."""
    # The quick way: of what is removed or replaced below, only blanks are printable.
    if value.isprintable() and " " not in value:
        return value
    return _BLANKS.sub(" ", _BROKEN_LINE.sub("", _INVISIBLE.sub("", value))).strip()


def clean_lines(value: str) -> str:
    """`value` cleaned line by line, without empty lines before and after the text."""
    return "\n".join(clean(line) for line in value.splitlines()).strip()


def clean_clauses(value: str) -> str:
    """The text of a contract as it was typed, with a line feed for each kind of line break. Only
    characters that nobody sees, blanks at the end of a line, and empty lines before and after the text
    are removed."""
    lines = _LINE_BREAK.split(value)
    return "\n".join(_INVISIBLE.sub("", line).rstrip() for line in lines).strip("\n")


def unquote(value: str) -> str:
    """`value` without a leading apostrophe or a pair of quotes, which some programs put around text."""
    value = value.lstrip("'`\u2018\u2019")
    if value[:1] + value[-1:] in ('""', "\u201c\u201d") and not re.search(
        '["\u201c\u201d]', value[1:-1]
    ):
        value = value[1:-1]
    return value.strip()


def unmark(value: str) -> str:
    """`value` without the apostrophe that our own workbooks put before =, +, - and @."""
    return value[1:] if re.match("'[=+\\-@]", value) else value


def fold_radicals(value: str) -> str:
    """`value` with radicals, which PDF files and input methods contain, replaced by the characters that
    they look like."""
    return value if value.isascii() else value.translate(RADICALS)


def narrow(value: str) -> str:
    """`value` with full-width letters and digits made plain and radicals replaced. Full-width
    punctuation stays."""
    if value.isascii():
        return value
    return _TO_NARROW.sub(lambda m: unicodedata.normalize("NFKC", m[0]), fold_radicals(value))


def plain_dashes(value: str) -> str:
    """`value` with a hyphen for each kind of dash."""
    return _DASHES.sub("-", value)


def clean_code(value: str) -> str:
    """A code or number in capitals, with plain characters and hyphens, without blanks and quotes."""
    if value.isalnum() and value.isascii():
        return value.upper()
    value = unicodedata.normalize("NFKC", _INVISIBLE.sub("", fold_radicals(value)))
    return plain_dashes(_BLANKS.sub("", value)).strip(_QUOTES).upper()


def without_decimals(value: str) -> str:
    """340104 for 340104.0, which some programs write for a whole number."""
    return _NUMBER_WITH_DECIMALS.sub(r"\1", value)


def plain_code(written: str) -> str:
    """A code or number cleaned by `clean_code`, without the decimals of a whole number."""
    return without_decimals(clean_code(written))


def clean_choice(value: str) -> str:
    """The name of a code, cleaned as a code. The parts of a list are sorted and joined by 、, so that
    A、B and B和A are the same."""
    value = clean_code(value)
    return "、".join(sorted(_AND.split(value))) if _AND.search(value) else value


def clean_name(value: str) -> str:
    """A person's name in Unicode's form NFC, trimmed, with the separator · for each kind of dot."""
    value = unicodedata.normalize("NFC", narrow(clean(_VARIATION.sub("", value))))
    value = unquote(value).replace("\u2019", "'")
    return _NAME_STOPS.sub("·", _NAME_DOTS.sub("·", value))


def forms_of_letter(letter: str) -> str:
    """`letter` in capitals and not, a Latin one also with each accent: all characters for which
    somebody may type it who searches for a name. É gives the same as e."""
    plain = _plain_letter(letter)
    if plain in _latin_letters():
        return _latin_letters()[plain]
    return "".join(sorted(c for c in {letter, letter.lower(), letter.upper()} if len(c) == 1))


# Letters with a stroke, which Unicode does not take apart into a letter and an accent.
_STROKES = {"đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "ŧ": "t"}


def _plain_letter(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()[0]
    return _STROKES.get(plain, plain)


@functools.cache
def _latin_letters() -> dict[str, str]:
    """The letters of Latin-1, Latin Extended A and B and Extended Additional, by plain letter."""
    letters: dict[str, str] = {}
    for code in (*range(0x41, 0x7B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        plain = _plain_letter(chr(code))
        if plain.isascii() and plain.isalpha():
            letters[plain] = letters.get(plain, "") + chr(code)
    return letters


def clean_phone(value: str) -> str:
    """A mobile number without +86, blanks and hyphens."""
    if len(value) == 11 and is_digits(value):
        return value
    digits = re.sub(r"[\-()]", "", clean_code(value)).removesuffix(".0")
    digits = re.sub(r"^(1\d\d)\.(\d{4})\.(\d{4})$", r"\1\2\3", digits)
    return re.sub(r"^((\+|00)?86|0)(?=1\d{10}$)", "", digits)


def looks_scientific(value: str) -> bool:
    """Whether a spreadsheet has rounded the number and written it like 3.40103E+17."""
    return bool(_SCIENTIFIC.match(value.strip()))


def is_digits(value: str) -> bool:
    """Whether `value` has only the digits 0 to 9, and at least one. `str.isdigit` takes others too,
    such as ², which `int` refuses."""
    return value.isascii() and value.isdigit()
