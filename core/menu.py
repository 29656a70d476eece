"""The console's left menu: which lines a user sees, and which line a page belongs to."""

from __future__ import annotations

import functools
from typing import Protocol

from django.urls import reverse

from core import frame
from core.frame import MenuItem

# The section of a line that stands in the top bar instead of the menu.
TOPBAR = ""
# In the order of the work.
SECTIONS = (
    "生源",
    "去向登记",
    "网络签约",
    "招聘",
    "就业帮扶",
    "数据核查",
    "就业调查",
    "全国系统",
    "统计",
    "通知",
    "学校设置",
    "省级管理",
    "系统",
)


class HasPermissions(Protocol):
    """What the menu asks of a user."""

    def has_perm(self, perm: str) -> bool: ...


def menu_for(user: HasPermissions) -> list[tuple[str, list[MenuItem]]]:
    """The sections and lines that `user` may open."""
    sections = []
    for section in SECTIONS:
        lines = [
            item
            for item in frame.console_menu()
            if item.section == section and user.has_perm(item.permission)
        ]
        if lines:
            sections.append((section, sorted(lines, key=lambda item: item.order)))
    return sections


@functools.cache
def _beginnings(items: tuple[MenuItem, ...]) -> list[tuple[str, str]]:
    """(beginning of an address, address of the line it belongs to), the longest first."""
    own = [(reverse(item.url_name), item) for item in items]
    pairs = [
        (beginning, address)
        for address, item in own
        for beginning in (address, *item.holds)
    ]  # fmt: skip
    return sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)


def line_of(path: str, items: tuple[MenuItem, ...]) -> str:
    """The address of the menu line that the page at `path` belongs to, or an empty string."""
    return next((line for start, line in _beginnings(items) if path.startswith(start)), "")


def counted_items(user: HasPermissions) -> list[MenuItem]:
    """The lines with a count that `user` may open, the top bar's among them."""
    items = frame.console_menu()
    return [item for item in items if item.counted and user.has_perm(item.permission)]
