"""What apps contribute to the console's frame: menu entries and counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


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


def counted_items(user: Any) -> list[MenuItem]:
    return [i for i in _items if i.count and user.has_perm(i.permission)]
