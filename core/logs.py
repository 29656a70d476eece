"""How lines of the log are written: without keys that open a page, and without numbers of people."""

from __future__ import annotations

import logging
import re

# A key as it stands in addresses: of a card, a draft, an invitation.
_KEY = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z_-])[\w-]{20,}(?![\w-])", re.ASCII)
_ID_NUMBER = re.compile(r"(?<![\w])\d{17}[\dXx](?![\w])", re.ASCII)
_MOBILE = re.compile(r"(?<![\w])1[3-9]\d{9}(?![\w])", re.ASCII)


def mask(text: str) -> str:
    """`text` with only the beginning of each key, document number and mobile number."""
    text = _ID_NUMBER.sub(lambda found: found[0][:6] + "***", text)
    text = _MOBILE.sub(lambda found: found[0][:3] + "***", text)
    return _KEY.sub(lambda found: found[0][:6] + "***", text)


class MaskingFormatter(logging.Formatter):
    """A formatter that masks the finished line, trace-backs included: the message of a database
    error names the values that it refused."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
