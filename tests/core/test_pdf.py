"""Typed text never makes a PDF template invalid and never becomes markup."""

from __future__ import annotations

import pytest
from django.template import Context, Template

from core import pdf

_PAGE = Template('<html><body><p title="{{ said }}">{{ said }}</p></body></html>')


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\x0bb", "ab"),
        ("a\x00b\x1f\x7f", "ab\x7f"),
        ("a\ud800b\udfff", "ab"),
        ("a\ufffe\uffffb", "ab"),
        ("&nbsp; &#11; &amp;", "&nbsp; &#11; &amp;"),
        ("]]> <![CDATA[ <!-- --> <?x ?>", "]]> <![CDATA[ <!-- --> <?x ?>"),
        ("\"'><script>&lol;</script>", "\"'><script>&lol;</script>"),
        ("试㛃䶮𠮷", "试㛃䶮𠮷"),
    ],
)
def test_typed_text_is_shown_as_text(said: str, shown: str) -> None:
    root = pdf.parse(_PAGE.render(Context({"said": said})))
    (paragraph,) = root.iter("p")
    assert (paragraph.text, paragraph.get("title"), list(paragraph)) == (shown, shown, [])
