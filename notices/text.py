"""The Markdown of notices. It allows headings, paragraphs, lists, emphasis, quotes, tables and links; no
raw HTML and no pictures, which are attachments."""

from __future__ import annotations

import functools

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_ELEMENTS = {
    "h2", "h3", "h4", "p", "br", "hr", "ul", "ol", "li", "strong", "em", "blockquote", "a",
    "table", "thead", "tbody", "tr", "th", "td", "code",
}  # fmt: skip
# The page has the one h1 and the title, so that the text's headings begin below it.
_HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table")
    return parser.disable(["image", "fence", "code"])


def as_html(text: str) -> SafeString:
    """What the Markdown says, as safe HTML. Links lead to http, https, mail and telephone addresses
    only and open without telling where the reader came from."""
    tokens = _parser().parse(text)
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
    made = _parser().renderer.render(tokens, _parser().options, {})
    safe = nh3.clean(
        made, tags=_ELEMENTS, attributes={"*": set(), "a": {"href"}}, link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto", "tel"},
    )  # fmt: skip
    return mark_safe(safe)  # noqa: S308 - nh3 has left out everything but the elements above
