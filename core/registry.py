"""What apps contribute to the console's frame: menu entries and counts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True)
class MenuItem:
    """One line of the console's left menu. `count` returns how many wait, capped by the caller."""

    section: str
    label: str
    url_name: str
    icon: str
    permission: str
    order: int = 100
    count: Callable[[Any], int] | None = None
    holds: tuple[str, ...] = ()  # where pages of this line lie that are not below its own address

    @property
    def counted(self) -> bool:
        return self.count is not None


# A line that stands in the top bar instead of the menu; it is counted like the others.
TOPBAR = ""
SECTIONS = ("去向登记", "网络签约", "全国系统", "生源", "统计", "学校设置", "省级管理", "系统")
_items: list[MenuItem] = []


def add_menu(*items: MenuItem) -> None:
    _items.extend(items)


def menu_for(user: Any) -> list[tuple[str, list[MenuItem]]]:
    """The sections and lines that `user` may open."""
    sections = []
    for section in SECTIONS:
        mine = [i for i in _items if i.section == section and user.has_perm(i.permission)]
        if mine:
            sections.append((section, sorted(mine, key=lambda i: i.order)))
    return sections


@functools.cache
def _roots(items: tuple[MenuItem, ...]) -> list[tuple[str, str]]:
    """What the addresses of each line's pages begin with, the longest first, and its own."""
    own = [(reverse(i.url_name), i) for i in items]
    roots = [(root, address) for address, i in own for root in (address, *i.holds)]
    return sorted(roots, key=lambda r: len(r[0]), reverse=True)


def line_of(path: str, items: tuple[MenuItem, ...]) -> str:
    """The address of the menu line that the page at `path` belongs to, or nothing."""
    return next((address for root, address in _roots(items) if path.startswith(root)), "")


def counted_items(user: Any) -> list[MenuItem]:
    return [i for i in _items if i.count and user.has_perm(i.permission)]
