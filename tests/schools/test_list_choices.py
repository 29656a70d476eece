"""The heads of columns sort a list, and a person's choice of columns and of the page's size is kept."""

from __future__ import annotations

import inspect
import io
import re

import openpyxl
import pytest
from django.test import Client
from django.urls import get_resolver

from core import spreadsheets
from core.lists.exports import MOST_EXPORTS
from core.lists.page import ListPage
from graduates.models import Graduate
from graduates.views.origin_list import OriginList
from schools.lists import StaffListPage
from schools.models import ListChoice
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
PATH = "/console/graduates/"


def page_of(client: Client, query: str = "") -> str:
    return client.get(f"{PATH}?{query}").content.decode()


def heads(text: str) -> list[str]:
    table_head = text.split("<thead>")[1].split("</thead>", maxsplit=1)[0]
    cells = re.findall(r"<th[^>]*>(.*?)</th>", table_head)
    return [re.sub("<[^>]+>", "", cell) for cell in cells if "data-pick-all" not in cell]


def head_of(text: str, label: str) -> tuple[str, str]:
    """`aria-sort` and the address of the link in the head with this label."""
    found = re.search(
        rf'<th scope="col"[^>]*?(?: aria-sort="(\w+)")?><a class="sort" href="([^"]+)">{label}<',
        text,
    )
    assert found, label
    return found[1] or "", found[2].replace("&amp;", "&")


def keys(text: str) -> list[int]:
    return [int(k) for k in re.findall(r'<tr data-key="(\d+)"', text)]


def choose(client: Client, *columns: str, query: str = "", **more: str) -> str:
    answer = client.post(f"{PATH}?{query}", {"choose": "1", "columns": list(columns), **more})
    assert answer.status_code == 302
    return answer["Location"]


@pytest.fixture
def world() -> World:
    world = make_world()
    for name in ("王五", "陈一", "李四"):
        factories.make_graduate(world, name=name)
    return world


def test_a_head_sorts_and_pressed_again_in_reverse(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    by_name = list(Graduate.objects.order_by("name_sort", "id").values_list("id", flat=True))
    first = page_of(client, "confirmation=unsubmitted&cohort=all")
    assert head_of(first, "学号")[0] == "ascending", "the list's own order"
    sorted_by, address = head_of(first, "姓名")
    assert (sorted_by, address) == ("", "?confirmation=unsubmitted&cohort=all&order=name")
    once = client.get(PATH + address).content.decode()
    assert keys(once) == by_name
    sorted_by, address = head_of(once, "姓名")
    assert (sorted_by, address) == ("ascending", "?confirmation=unsubmitted&cohort=all&order=-name")
    twice = client.get(PATH + address).content.decode()
    assert keys(twice) == by_name[::-1]
    assert head_of(twice, "姓名") == (
        "descending",
        "?confirmation=unsubmitted&cohort=all&order=name",
    )
    assert '<option value="-name" selected>姓名拼音（倒序）</option>' in twice


def test_the_address_says_how_many_rows_a_page_has(world: World) -> None:
    for n in range(20):
        factories.make_graduate(world, name=f"张{chr(0x4E00 + n)}")
    client = world.client(Role.SCHOOL_ADMIN)
    assert len(keys(page_of(client))) == 23
    assert len(keys(page_of(client, "size=20"))) == 20
    assert len(keys(page_of(client, "size=21"))) == 23, "no size that is offered"


def test_columns_are_shown_in_the_chosen_order_and_remembered(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = choose(client, "name", "mobile", "level", "student_no", query="order=name&after=x")
    assert address == f"{PATH}?order=name"
    wanted = ["姓名", "手机号码", "学历", "学号"]
    assert heads(page_of(client)) == wanted
    assert heads(page_of(world.client(Role.PROVINCE))) != wanted, "another person's list"
    assert heads(page_of(client, "columns=gender")) == ["姓名", "性别"], "the address wins"
    assert choose(client, "name", size="100", default="1") == f"{PATH}?"
    assert heads(page_of(client))[:3] == ["姓名", "学号", "确认情况"]


def test_the_size_is_remembered_and_the_address_wins(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert choose(client, "name", size="20") == f"{PATH}?size=20"
    assert '<option value="20" selected>' in page_of(client)
    assert '<option value="100" selected>' in page_of(client, "size=100")
    assert ListChoice.objects.get().list_key == "origins"


def test_choosing_again_changes_the_one_row(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    choose(client, "name", "level", size="20")
    choose(client, "nonsense", "level", "level", size="7")
    row = ListChoice.objects.get()
    assert (row.columns, row.size) == (["level"], 0)


def test_the_first_column_stays(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    choose(client, "name")
    assert heads(page_of(client)) == ["姓名"]


def all_lists() -> list[type[ListPage]]:
    found: list[type[ListPage]] = []
    pending = [ListPage]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        if hasattr(kind, "title"):
            found.append(kind)
    return found


def test_every_order_names_a_column_that_the_list_has() -> None:
    lists = all_lists()
    assert OriginList in lists
    for kind in lists:
        columns = {c.key for c in kind.columns}
        named = [o.column for o in kind.orders if o.column]
        assert set(named) <= columns, inspect.getfile(kind)
        if not kind.__module__.startswith("tests"):
            assert named or kind.__name__ in _UNSORTED, kind


# Lists of few rows, whose only order no column stands for.
_UNSORTED = {"DocumentList", "BulkRows"}


# --- the menu 导出 -------------------------------------------------------------------------------


def exported(client: Client, query: str) -> list[list[str]]:
    answer = client.get(f"{PATH}?{query}")
    assert answer["Content-Type"] == spreadsheets.CONTENT_TYPE
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_the_menu_exports_the_shown_columns_or_all(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    choose(client, "name", "gender", "level")
    text = page_of(client, "order=name&cohort=all&after=x")
    menu = re.findall(r'<li><a href="([^"]+)">([^<]+)</a>', text.split("导出</summary>")[1])[:3]
    assert menu == [
        ("?order=name&amp;cohort=all&amp;export=1", "当前列"),
        ("?order=name&amp;cohort=all&amp;export=all", "全部列"),
        ("/console/graduates/roster/?order=name&amp;cohort=all", "完整名册式"),
    ]
    shown = exported(client, "export=1&order=name")
    assert shown[0] == ["姓名", "性别", "学历"]
    assert [row[0] for row in shown[1:]] == ["陈一", "李四", "王五"]
    assert {row[1] for row in shown[1:]} <= {"男", "女"}, "words, not codes"
    every = exported(client, "export=all")
    assert every[0] == [c.label for c in OriginList.columns]


def test_the_roster_is_offered_to_whom_it_is_allowed(world: World) -> None:
    assert "完整名册式" not in page_of(world.client(Role.COUNSELLOR))


def plain_lists() -> list[tuple[str, type[StaffListPage]]]:
    """(path, class) of each list of the console whose address has no arguments."""
    found = []
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "namespace", "") == "console":
            for inner in pattern.url_patterns:
                kind = getattr(inner.callback, "view_class", None)
                path = f"/{pattern.pattern}{inner.pattern}"
                if kind is not None and issubclass(kind, StaffListPage) and "<" not in path:
                    found.append((path, kind))
    assert len(found) > 20
    return found


def test_every_list_exports_its_columns(world: World) -> None:
    people = (Role.SCHOOL_ADMIN, Role.PROVINCE)
    for number, (path, kind) in enumerate(plain_lists()):
        if number % MOST_EXPORTS == 0:  # so many of one person in an hour
            clients = [factories.client_of(factories.make_staff(role, world)) for role in people]
        if "post" in kind.http_method_names and len(kind.http_method_names) <= 2:
            continue  # it asks for a reason first, or takes a form only
        answers = [client.get(f"{path}?export=all") for client in clients]
        assert any(a.headers["Content-Type"] == spreadsheets.CONTENT_TYPE for a in answers), path
