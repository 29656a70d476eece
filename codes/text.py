"""Cleaning of what people and spreadsheets write. Pure functions, no tables."""

from __future__ import annotations

import re
import unicodedata

# Blanks a person can't see: no-break, ideographic, zero-width, byte order mark, controls.
_INVISIBLE = re.compile(r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200b-\u200f\u2060\ufeff]")
_BLANKS = re.compile(r"[\s\u00a0\u3000]+")
_NAME_DOTS = re.compile(r"[．・•‧∙⋅●･﹒.]")
_SCIENTIFIC = re.compile(r"^\d(\.\d+)?[eE]\+?\d{1,3}$")


def clean(value: str) -> str:
    """Trimmed, invisible characters gone, runs of blanks made one."""
    # Whatever else would go or be made a blank is not printable.
    if value.isprintable() and " " not in value:
        return value
    return _BLANKS.sub(" ", _INVISIBLE.sub("", value)).strip()


def clean_code(value: str) -> str:
    """For codes and numbers: full-width made plain, no blanks, no leading apostrophe, capitals."""
    if value.isalnum() and value.isascii():
        return value.upper()
    value = unicodedata.normalize("NFKC", _INVISIBLE.sub("", value))
    return _BLANKS.sub("", value).strip("'`\u2018\u2019").upper()


def clean_name(value: str) -> str:
    """A person's name: NFC, trimmed, every kind of dot made the one separator ·."""
    value = unicodedata.normalize("NFC", clean(value))
    return _NAME_DOTS.sub("·", value)


def clean_phone(value: str) -> str:
    """A mobile number without +86, blanks and hyphens."""
    if len(value) == 11 and value.isdigit() and value.isascii():
        return value
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", _INVISIBLE.sub("", value)))
    return re.sub(r"^(\+|00)?86(?=1\d{10}$)", "", digits.strip("'"))


def looks_scientific(value: str) -> bool:
    """True for 3.40103E+17: a spreadsheet has destroyed the number."""
    return bool(_SCIENTIFIC.match(value.strip()))
