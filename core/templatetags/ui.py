"""Template tags of the UI kit, built in to every template."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import Any, Protocol

from django import template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from core import bodies, frame
from core.forms.bound import PlatformBoundField
from core.frame import MenuItem, Service
from core.lists.walk import address_of, of_request
from core.masking import mask_id, mask_phone
from core.menu import line_of
from core.notices import button_of

register = template.Library()


@functools.cache
def svg(name: str) -> str:
    """The SVG of a Bootstrap icon."""
    path = resources.files("bs_icon_templates") / "templates" / "bs_icon" / f"{name}.svg"
    text = path.read_text(encoding="utf-8")
    start = text.index(">", text.index("<svg")) + 1
    body = text[start : text.rindex("</svg>")]
    return (
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="currentColor" '
        f'aria-hidden="true">{body}</svg>'
    )


@register.simple_tag
def files_limit(view_name: str) -> SafeString:
    """The attribute of a form that sends files to the address of this name, for `static/js/forms.js`.
    A form that sends to its own page needs none: the page has it."""
    return format_html('data-files-limit="{}"', bodies.files_limit(view_name))


@register.simple_tag
def icon(name: str) -> SafeString:
    """A Bootstrap icon as inline SVG, hidden from screen readers."""
    return mark_safe(svg(name))  # noqa: S308 - from a package's own file


register.filter("mask_id", mask_id)
register.filter("mask_phone", mask_phone)
register.filter("button_of", button_of)


@register.simple_tag
def badge(kind: str, label: str) -> SafeString:
    """A state as a word on its colour."""
    return format_html('<span class="state state-{}">{}</span>', kind, label)


_NOTICE_ICONS = {"error": "exclamation-octagon", "success": "check-circle"}


@register.simple_block_tag
def notice(
    content: SafeString, kind: str = "", icon: str = "", css: str = "", role: str | None = None
) -> SafeString:
    """A line of advice above what it is about. `kind`: "" for information, "success", "warning",
    or "error", which a screen reader reads out at once unless `role` says otherwise."""
    kind_class = f"notice-{kind}" if kind else ""
    if role is None:
        role = "alert" if kind == "error" else ""
    return format_html(
        '<div class="{}"{}>{}<span>{}</span></div>',
        " ".join(filter(None, ("notice", kind_class, css))),
        format_html(' role="{}"', role) if role else "",
        mark_safe(svg(icon or _NOTICE_ICONS.get(kind, "info-circle"))),  # noqa: S308 - our file
        mark_safe(content.strip()),  # noqa: S308 - rendered by the template, which escaped it
    )


@register.simple_block_tag
def one_line(content: SafeString) -> SafeString:
    """The content without its line breaks: a Chinese sentence that stands on several lines of a
    template would otherwise show a blank at each of them."""
    joined = re.sub(r"\s*\n\s*", "", content.strip())
    return mark_safe(joined)  # noqa: S308 - rendered by the template, which escaped it


@register.simple_tag(takes_context=True)
def keep_query(context: dict[str, Any], **changes: Any) -> str:
    """The present query string with `changes`; an empty value drops the parameter."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value not in ("", None):
            query[key] = value
    return f"?{query.urlencode()}"


@register.simple_tag
def bar(part: int, whole: int, label: str) -> SafeString:
    """A bar from 0 to `whole` as server-made SVG; the figure stands beside it."""
    percent = round(100 * part / whole, 2) if whole else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        'aria-label="{} {}%"><rect class="track" width="100" height="10"></rect>'
        '<rect width="{}" height="10"></rect></svg>',
        label,
        percent,
        percent,
    )


class Counted(Protocol):
    """A line of figures: its numbers by name, and how many graduates it counts."""

    counts: dict[str, int]
    total: int


@register.simple_tag
def rate_bar(line: Counted) -> SafeString:
    """The bar of a line's 落实率."""
    return bar(line.counts["employed_rate"], line.total, "落实率")


@register.simple_tag
def stacked_bar(parts: Sequence[Mapping[str, Any]]) -> SafeString:
    """The parts of a whole side by side, as server-made SVG. Each has `key`, `letter`, `name` and a
    `cell` with `count` and `percent`; the letters also stand in the table beneath, so that nothing depends on the colours."""
    shown = [(part, part["cell"]) for part in parts if part["cell"].count]
    whole = sum(cell.count for _, cell in shown)
    pieces, left = [], 0.0
    for part, cell in shown:
        width = 1000 * cell.count / whole
        letter = SafeString("")
        if width >= _ROOM_FOR_LETTER:
            middle = round(left + width / 2, 2)
            letter = format_html('<text x="{}" y="43">{}</text>', middle, part["letter"])
        pieces.append(
            format_html(
                '<g class="part-{}"><rect x="{}" y="0" width="{}" height="64"></rect>{}</g>',
                part["key"],
                round(left, 2),
                round(width, 2),
                letter,
            )
        )
        left += width
    words = "，".join(
        f"{part['name']}{cell.percent:.2f}%（{cell.count}人）" for part, cell in shown
    )
    return format_html(
        '<svg class="stacked" viewBox="0 0 1000 64" role="img" aria-label="毕业去向的构成：{}。">{}</svg>',
        words, mark_safe("".join(pieces)),  # noqa: S308 - made by format_html
    )  # fmt: skip


_ROOM_FOR_LETTER = 30


@register.simple_tag
def tip(text: str, label: str) -> SafeString:
    """A word that says more when it is pointed at or has the focus. Paper has the text elsewhere."""
    return format_html(
        '<span class="tip" tabindex="0" role="note" aria-label="{}：{}"><span aria-hidden="true">{}</span>'
        '<span class="tip-text" aria-hidden="true">{}</span></span>',
        label, text, label, text,
    )  # fmt: skip


@register.inclusion_tag("core/parts/tabs.html", takes_context=True)
def realm_tabs(context: dict[str, Any], realm: str) -> dict[str, Any]:
    """The tabs at the foot of the graduate's or the employer's pages; the page's own is marked."""
    tabs = frame.graduate_tabs() if realm == "graduate" else frame.employer_tabs()
    unread = next((getattr(context["request"], t.count, 0) for t in tabs if t.count), 0)
    return {"tabs": tabs, "present": context.get("tab"), "unread": unread}


@register.simple_tag
def graduate_services() -> list[Service]:
    """The entries of the graduate's page 服务."""
    return frame.graduate_services()


@register.filter
def in_runs(fields: Iterable[PlatformBoundField]) -> list[list[PlatformBoundField]]:
    """The fields in their order, those that follow each other and can't be edited as one list."""
    runs = groupby(fields, key=lambda f: "grey" if f.is_grey else f.name)
    return [list(run) for _, run in runs]


@register.filter
def grey_reasons(fields: Iterable[PlatformBoundField]) -> str:
    """Why those fields that can't be edited can't, each reason once; "" if all can be."""
    return "；".join(dict.fromkeys(f.grey_reason for f in fields if f.is_grey))


@register.filter
def say_reasons(fields: Iterable[PlatformBoundField]) -> str:
    """`grey_reasons` for the head of a card, whose fields then do not say theirs again."""
    for field in fields:
        field.reason_is_said = True
    return grey_reasons(fields)


@functools.cache
def _menu_html(sections: tuple[tuple[str, tuple[MenuItem, ...]], ...]) -> str:
    """The menu for one set of permissions. It is the same on every page, so it is built once."""
    parts = []
    for section, items in sections:
        lines = []
        for item in items:
            count = f'<b class="count" id="count-{slugify(item.url_name)}"></b>'
            lines.append(
                f'<li><a href="{reverse(item.url_name)}">{svg(item.icon)}'
                f"<span>{escape(item.label)}</span>{count if item.counted else ''}</a></li>"
            )
        counted = " ".join(f"count-{slugify(i.url_name)}" for i in items if i.counted)
        parts.append(
            f'<details class="sidebar-section" data-section="{escape(section)}">'
            f'<summary>{escape(section)}<b class="count" data-sum-of="{counted}"></b></summary>'
            f"<ul>{''.join(lines)}</ul></details>"
        )
    return "".join(parts)


@register.simple_tag(takes_context=True)
def walk_bar(context: dict[str, Any]) -> SafeString:
    """The place of a record in the list it was opened from, with the way on and back; nothing on any
    other page."""
    walk = of_request(context["request"])
    return SafeString(render_to_string("core/parts/walk.html", {"walk": walk}) if walk else "")


@register.simple_tag(takes_context=True)
def back_to_list(context: dict[str, Any], url_name: str) -> str:
    """The filtered list whose form this page answers, or else the list of this URL name."""
    return address_of(context["request"]) or reverse(url_name)


@register.simple_tag(takes_context=True)
def console_menu(context: dict[str, Any]) -> SafeString:
    """The left menu, with the line marked that the present page belongs to and its section open. On a
    page of no line, such as the home page, every section is open."""
    sections = tuple((s, tuple(items)) for s, items in context["console_menu"])
    path = context["request"].path
    line = line_of(path, tuple(i for _, items in sections for i in items))
    marked = f'href="{line}" aria-current="{"page" if path == line else "true"}"'
    html = _menu_html(sections).replace(f'href="{line}"', marked, 1)
    closed = '<details class="sidebar-section"'
    own = next((s for s, items in sections if line in (reverse(i.url_name) for i in items)), None)
    of_section = "" if own is None else f' data-section="{escape(own)}"'
    html = html.replace(closed + of_section, f"{closed} open{of_section}")
    return mark_safe(html)  # noqa: S308 - labels are escaped, addresses our own
