"""Cleaning of what people and spreadsheets write. Pure functions, no tables."""

from __future__ import annotations

import re
import unicodedata

from codes.radicals import RADICALS

# What a person can't see: zero-width, byte order mark, marks of direction, soft hyphen, controls.
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u061c\u180e\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\ufeff]"
)
_BLANKS = re.compile(r"[\s\u00a0\u3000]+")
# A line broken to fit its cell: Chinese has no blank there.
_BROKEN_LINE = re.compile(
    r"(?<=[\u2e80-\u9fff\uff00-\uffef])\s*[\r\n]\s*(?=[\u2e80-\u9fff\uff00-\uffef])"
)
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_QUOTES = "'`\"=\u2018\u2019\u201c\u201d"
_NAME_DOTS = re.compile(r" ?[·．・•‧∙⋅●･﹒。｡˙◦ꞏ᛫⸱⸳]+ ?")
# A full stop after a Latin letter is no separator: J. R. Smith.
_NAME_STOPS = re.compile(r" ?(?<![A-Za-z\u00c0-\u024f\u1e00-\u1eff])\.+ ?")
# Characters that choose between two pictures of the one before them.
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Full-width digits and letters.
_TO_NARROW = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]+")
_AND = re.compile(r"[、,/;+]|和|及|与")
_NUMBER_WITH_DECIMALS = re.compile(r"^(\d+)\.0+$")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{1,3}$")


def clean(value: str) -> str:
    """`value` trimmed, without invisible characters, and with one blank for each run of them."""
    # Whatever else would be left out or made a blank is not printable.
    if value.isprintable() and " " not in value:
        return value
    return _BLANKS.sub(" ", _BROKEN_LINE.sub("", _INVISIBLE.sub("", value))).strip()


def clean_lines(value: str) -> str:
    """As `clean`, but the line breaks stay; empty lines before and after the text do not."""
    return "\n".join(clean(line) for line in value.splitlines()).strip()


def unquote(value: str) -> str:
    """`value` without the apostrophe or the pair of quotes that programs put around text."""
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
    """Radicals, which PDF files and input methods give, made the characters they look like."""
    return value if value.isascii() else value.translate(RADICALS)


def narrow(value: str) -> str:
    """Full-width letters and digits and radicals made plain; full-width marks stay."""
    if value.isascii():
        return value
    return _TO_NARROW.sub(lambda m: unicodedata.normalize("NFKC", m[0]), fold_radicals(value))


def plain_dashes(value: str) -> str:
    """Every kind of dash made a hyphen."""
    return _DASHES.sub("-", value)


def clean_code(value: str) -> str:
    """For codes and numbers: full-width and dashes made plain, no blanks, no quotes, capitals."""
    if value.isalnum() and value.isascii():
        return value.upper()
    value = unicodedata.normalize("NFKC", _INVISIBLE.sub("", fold_radicals(value)))
    return plain_dashes(_BLANKS.sub("", value)).strip(_QUOTES).upper()


def without_decimals(value: str) -> str:
    """340104 for 340104.0, as programs write a number that they took for a measure."""
    return _NUMBER_WITH_DECIMALS.sub(r"\1", value)


def plain_code(written: str) -> str:
    """`written` as `clean_code` makes it, without the decimals of a number."""
    return without_decimals(clean_code(written))


def clean_choice(value: str) -> str:
    """For names of codes: as a code, and the parts of a list in one order with one separator."""
    value = clean_code(value)
    return "、".join(sorted(_AND.split(value))) if _AND.search(value) else value


def clean_name(value: str) -> str:
    """A person's name: NFC, trimmed, every kind of dot made the one separator ·."""
    value = unicodedata.normalize("NFC", narrow(clean(_VARIATION.sub("", value))))
    value = unquote(value).replace("\u2019", "'")
    return _NAME_STOPS.sub("·", _NAME_DOTS.sub("·", value))


def clean_phone(value: str) -> str:
    """A mobile number without +86, blanks and hyphens."""
    if len(value) == 11 and value.isdigit() and value.isascii():
        return value
    digits = re.sub(r"[\-()]", "", clean_code(value)).removesuffix(".0")
    digits = re.sub(r"^(1\d\d)\.(\d{4})\.(\d{4})$", r"\1\2\3", digits)
    return re.sub(r"^((\+|00)?86|0)(?=1\d{10}$)", "", digits)


def looks_scientific(value: str) -> bool:
    """True for 3.40103E+17: a spreadsheet has destroyed the number."""
    return bool(_SCIENTIFIC.match(value.strip()))
