"""The handbook explains every page of the menus in three sentences or more, with pictures that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from core import frame
from core.menu import menu_for
from schools.roles import LEVELS as LEVEL_OF
from schools.roles import Level, Role

HANDBOOK = Path(settings.BASE_DIR) / "docs" / "handbook"
STAFF = {
    "counsellor": Role.COUNSELLOR, "department": Role.DEPARTMENT_ADMIN,
    "school": Role.SCHOOL_ADMIN, "province": Role.PROVINCE,
}  # fmt: skip
PAGES = re.compile(r"^### ([^\n]+)\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


class Holder:
    """Somebody with the permissions of a level."""

    def __init__(self, level: Level) -> None:
        self.level = level

    def has_perm(self, permission: str) -> bool:
        return self.level in frame.permissions()[permission]


def explained(name: str) -> dict[str, str]:
    return dict(PAGES.findall((HANDBOOK / f"{name}.md").read_text()))


@pytest.mark.parametrize(("name", "role"), STAFF.items())
def test_every_page_of_the_console_is_explained(name: str, role: Role) -> None:
    menu = menu_for(Holder(LEVEL_OF[role]))
    assert list(explained(name)) == [item.label for _, items in menu for item in items]
    sections = re.findall(r"^## (.+)$", (HANDBOOK / f"{name}.md").read_text(), re.MULTILINE)
    assert sections == [section for section, _ in menu]


def test_every_tab_and_service_is_explained() -> None:
    graduate = explained("graduate")
    assert {t.label for t in frame.graduate_tabs()} <= graduate.keys() | {"服务"}
    assert {s.label for s in frame.graduate_services()} <= graduate.keys()
    assert {t.label for t in frame.employer_tabs()} <= explained("employer").keys()


@pytest.mark.parametrize("name", [*STAFF, "graduate", "employer", "ops"])
def test_three_sentences_or_more_in_chinese_punctuation(name: str) -> None:
    for label, text in explained(name).items():
        assert text.count("。") >= 3, label
        said = re.sub(r"`[^`]*`|\[|\]\([^)]*\)|!", "", text)
        assert not re.search(r"[\u4e00-\u9fff][,:;()]|[,:;()][\u4e00-\u9fff]", said), label


def test_pictures_and_links_lead_somewhere() -> None:
    used = set()
    for page in HANDBOOK.glob("*.md"):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
            used.add((page.parent / target).resolve())
    taken = set((HANDBOOK.parent / "pictures" / "handbook").glob("*.png"))
    assert taken <= used
    assert taken


def test_the_first_page_names_all_others() -> None:
    first = (HANDBOOK / "README.md").read_text()
    others = {p.name for p in HANDBOOK.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\(([a-z-]+\.md)\)", first)) == others
