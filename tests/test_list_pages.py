"""Paging through a list shows every row of the scope once and in order, whether pages are found by an
index, by their keys first, or among the results of a search."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from core.lists import page
from core.lists.page import ListPage
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
ORDERS = {"student_no": ("student_no", "id"), "name": ("name_sort", "id"), "newest": ("-id",)}


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[World]:
    """Two schools whose graduates have names and numbers in another order than their ids."""
    monkeypatch.setattr(ListPage, "page_size", 3)
    worlds = [make_world(), make_world()]
    for n, name in enumerate(
        ["王小明", "李四", "王小红", "张王", "王小明", "陈一", "王小", "刘王小"]
    ):
        graduate = factories.make_graduate(worlds[n % 2], name=name, department=0)
        Graduate.objects.filter(pk=graduate.pk).update(student_no=f"2023{(n * 5) % 8}")
    return worlds


def page_through(client: Client, query: str) -> tuple[list[int], list[str]]:
    """Page forwards from the first page. Returns the keys of the rows and the shown counts. On each
    page the link back must lead to the page before."""
    pages, counts = [], []
    address = f"/console/graduates/?{query}"
    while address:
        text = client.get(address).content.decode()
        pages.append([int(k) for k in re.findall(r'<tr data-key="(\d+)"', text)])
        counts += re.findall(r"共 (\S+ 条)", text)
        back = re.search(r'rel="prev"\s+href="([^"]+)"', text)
        if back and len(pages) > 1:
            earlier = client.get(f"/console/graduates/{html.unescape(back[1])}").content.decode()
            assert [int(k) for k in re.findall(r'<tr data-key="(\d+)"', earlier)] == pages[-2]
        later = re.search(r'rel="next"\s+href="([^"]+)"', text)
        address = f"/console/graduates/{html.unescape(later[1])}" if later else ""
    return [key for page in pages for key in page], counts


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("q", ["", "王小"])
@pytest.mark.parametrize("who", ["school", "province"])
def test_paging_shows_every_row_once_in_order(
    worlds: list[World], who: str, q: str, order: str
) -> None:
    rows = Graduate.objects.filter(name__contains=q).order_by(*ORDERS[order])
    if who == "school":
        rows = rows.filter(school=worlds[0].school)
        client = worlds[0].client(Role.SCHOOL_ADMIN)
    else:
        client = worlds[0].client(Role.PROVINCE)
    wanted = list(rows.values_list("id", flat=True))
    seen, counts = page_through(client, f"q={q}&order={order}")
    assert seen == wanted
    assert set(counts) == {f"{len(wanted)} 条"}


def test_the_province_pages_through_one_school(worlds: list[World]) -> None:
    school = worlds[1].school
    wanted = Graduate.objects.filter(school=school).order_by("student_no", "id")
    seen, _ = page_through(worlds[0].client(Role.PROVINCE), f"school={school.pk}")
    assert seen == list(wanted.values_list("id", flat=True))


def test_a_search_says_when_it_finds_too_many_rows(
    worlds: list[World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "SEARCH_CAP", 4)
    _, counts = page_through(worlds[0].client(Role.PROVINCE), "q=王小")
    assert set(counts) == {"4+ 条"}
