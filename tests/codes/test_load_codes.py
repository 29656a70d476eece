"""The command `load_codes`: a second run changes nothing and keeps what the province has set."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command

from codes.models import Code, Division, LoadedData
from destinations.models import Category, CategoryField

pytestmark = pytest.mark.django_db
LOADED = (Code, Division, Category, CategoryField, LoadedData)


def rows() -> dict[str, list[dict[str, Any]]]:
    """All loaded rows, without the time of the last run."""
    found: dict[str, Any] = {
        m.__name__: list(m._default_manager.order_by("pk").values()) for m in LOADED
    }
    for row in found["LoadedData"]:
        del row["loaded_at"]
    return found


def test_a_second_run_changes_nothing() -> None:
    before = rows()
    assert all(before.values()), "codes are loaded"
    said = io.StringIO()
    call_command("load_codes", stdout=said)
    assert rows() == before
    assert (
        said.getvalue() == f"{Code.objects.count()} codes, {Division.objects.count()} divisions\n"
    )


def test_loading_restores_changed_rows_and_keeps_the_provinces_mappings() -> None:
    before = rows()
    code = Code.objects.filter(national_code=None).order_by("pk")[0]
    Code.objects.filter(pk=code.pk).update(national_code="99", name="改过的名称")
    Division.objects.filter(code="340111").update(name="改过的名称", selectable=False)
    call_command("load_codes", verbosity=0)
    after = rows()
    for row in after["Code"]:
        if row["id"] == code.pk:
            assert row["national_code"] == "99"
            row["national_code"] = None
    assert after == before


def test_with_if_changed_nothing_is_loaded_twice() -> None:
    call_command("load_codes", verbosity=0)
    Division.objects.filter(code="340111").update(name="改过的名称")
    call_command("load_codes", "--if-changed", verbosity=0)
    assert Division.objects.get(code="340111").name == "改过的名称", "up to date: nothing is read"
    LoadedData.objects.update(digest="an older one")
    call_command("load_codes", "--if-changed", verbosity=0)
    assert Division.objects.get(code="340111").name == "包河区"
