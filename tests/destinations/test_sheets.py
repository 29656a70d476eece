"""The 登记表 of categories 12 and 76: it is offered on the pages and filled in with what was typed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.test import Client

from destinations.catalogue import catalogue
from destinations.sheets import TITLES
from destinations.states import State
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, destination_of
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
SHEET = "/destination/sheet/"


@pytest.fixture
def graduate() -> Graduate:
    return factories.make_graduate(factories.make_world())


@pytest.fixture
def client(graduate: Graduate) -> Client:
    clear_own_cache()
    return client_of(factories.activate(graduate))


def pdf_text(content: bytes, folder: Path) -> str:
    (folder / "sheet.pdf").write_bytes(content)
    argv = ["pdftotext", "-layout", str(folder / "sheet.pdf"), "-"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_every_category_whose_evidence_names_a_sheet_has_one() -> None:
    for leaf in catalogue().leaves.values():
        assert ("登记表" in leaf.evidence) == (leaf.code in TITLES), leaf.code
        assert TITLES.get(leaf.code, "") in leaf.evidence


@pytest.mark.parametrize("code", TITLES)
def test_both_pages_of_the_graduate_link_to_the_sheet(client: Client, code: str) -> None:
    for step in ("materials", "form"):
        page = client.get(f"/destination/{step}/", {"category": code}).content.decode()
        assert SHEET in page
        assert TITLES[code] in page
    assert SHEET not in client.get("/destination/form/", {"category": "11"}).content.decode()


def test_the_sheet_holds_what_is_typed_and_registers_nothing(
    client: Client, graduate: Graduate, tmp_path: Path
) -> None:
    typed = {
        "category": "12", "unit_name": "虚构录用单位", "unit_property": "39",
        "unit_division": "340111", "hired_from": "2027-07-01", "monthly_wage": "不是数",
    }  # fmt: skip
    answer = client.post(SHEET, typed)
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    text = pdf_text(answer.content, tmp_path)
    for word in ("其他录用证明登记表", graduate.name, graduate.student_no, "虚构录用单位",
                 "安徽省合肥市包河区", "2027-07-01", "不是数", "用人单位（盖章）"):  # fmt: skip
        assert word in text, word
    assert graduate.person.id_number not in text
    assert text.count("\f") == 1, "one page"
    assert destination_of(graduate).state == State.UNSUBMITTED


def test_the_sheet_is_empty_before_anything_is_typed(
    client: Client, graduate: Graduate, tmp_path: Path
) -> None:
    text = pdf_text(client.get(SHEET, {"category": "76"}).content, tmp_path)
    assert "自由职业登记表" in text
    assert "从事职业内容" in text
    assert graduate.name in text
    assert "用人单位（盖章）" not in text


def test_the_sheet_holds_what_is_registered(world: World, tmp_path: Path) -> None:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.set_minimum_wage("340000", 2000)
    factories.attach(graduate, user, "76")
    client = client_of(user)
    typed = {"category": "76", "occupation": "为虚构杂志供稿", "monthly_wage": "6000"}
    assert client.post("/destination/form/", typed).status_code == 302
    text = pdf_text(client.get(SHEET, {"category": "76"}).content, tmp_path)
    assert "为虚构杂志供稿" in text
    # The sheet of another category does not take these values over.
    other = pdf_text(client.get(SHEET, {"category": "12"}).content, tmp_path)
    assert "为虚构杂志供稿" not in other


@pytest.mark.parametrize("code", TITLES)
def test_staff_get_the_sheet_with_what_they_typed(world: World, tmp_path: Path, code: str) -> None:
    graduate = factories.make_graduate(world)
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN):
        client = world.client(role)
        address = f"/console/destinations/{graduate.pk}/sheet/"
        form = f"/console/destinations/{graduate.pk}/enter/"
        page = client.get(form, {"category": code}).content.decode()
        assert f'formaction="{address}"' in page
        assert TITLES[code] in page
        assert address not in client.get(form, {"category": "11"}).content.decode()
        typed = {"category": code, "monthly_wage": "7654"}
        answer = client.post(address, typed)
        assert answer["Content-Type"] == "application/pdf"
        text = pdf_text(answer.content, tmp_path)
        for word in (TITLES[code], graduate.name, "7654"):
            assert word in text, word
        assert graduate.person.id_number not in text
    assert destination_of(graduate).state == State.UNSUBMITTED
    assert client.get(address, {"category": "11"})["Location"] == form
    other = world.client(Role.COUNSELLOR)
    hidden = factories.make_graduate(world, department=1)
    assert other.post(f"/console/destinations/{hidden.pk}/sheet/", typed).status_code == 404


@pytest.mark.parametrize("code", ["11", "", "none"])
def test_other_categories_have_no_sheet(client: Client, code: str) -> None:
    answer = client.get(SHEET, {"category": code})
    assert answer["Location"] == "/destination/choose/"


def test_asking_for_too_many_sheets_is_refused(client: Client) -> None:
    from django.core.cache import cache

    from core.rate import limit

    user_id = client.session["_auth_user_id"]
    cache.delete(f"rate:sheet:{user_id}")
    for _ in range(30):
        limit(f"sheet:{user_id}", most=30, seconds=60)
    assert client.get(SHEET, {"category": "76"}).status_code == 429
