"""Exports have exactly the filtered rows; too large ones are refused."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.urls import reverse

from core.models import Event
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.views.origin_list import OriginList
from schools.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db


def rows_of(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values)


def test_the_list_exports_the_filtered_rows_with_masked_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = factories.make_world()
    wanted, other = factories.make_graduate(world), factories.make_graduate(world)
    client = world.client(Role.SCHOOL_ADMIN)
    answer = client.get(reverse("console:origins"), {"q": wanted.student_no, "export": "1"})
    text = str(rows_of(answer.content))
    assert wanted.student_no in text and other.student_no not in text
    assert wanted.person.id_number not in text
    assert Event.objects.filter(action="core.export").exists()


def test_the_full_export_begins_with_the_columns_of_the_template() -> None:
    world = factories.make_world()
    graduate = factories.make_graduate(world)
    answer = world.client(Role.SCHOOL_ADMIN).get(reverse("console:roster-export"))
    header, row = rows_of(answer.content)
    assert list(header[: len(TEMPLATE_KEYS)]) == [BY_KEY[k].label for k in TEMPLATE_KEYS]
    assert row[header.index("证件号码")] == graduate.person.id_number
    assert world.client(Role.COUNSELLOR).get(reverse("console:roster-export")).status_code == 403


def test_an_export_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    world = factories.make_world()
    factories.make_graduate(world), factories.make_graduate(world)
    monkeypatch.setattr(OriginList, "export_cap", 1)
    answer = world.client(Role.SCHOOL_ADMIN).get(reverse("console:origins"), {"export": "1"})
    assert answer.status_code == 409
    assert "缩小筛选范围" in answer.content.decode()
