"""The form that uploads a workbook, on the page of roster imports."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from graduates.models import RosterImport
from schools.roles import Role
from tests.factories import World
from workbooks.forms import WorkbookForm

pytestmark = pytest.mark.django_db


def test_a_workbook_of_the_greatest_size_is_accepted_and_a_larger_one_refused() -> None:
    for size, codes in ((100, []), (101, ["too_large"])):
        file = SimpleUploadedFile("名册.xlsx", b"x" * size)
        form = WorkbookForm({}, {"file": file}, most_bytes=100)
        assert [error.code for error in form.errors.as_data().get("file", [])] == codes


def test_a_form_without_a_file_asks_for_one_beside_the_field(world: World) -> None:
    page = world.client(Role.SCHOOL_ADMIN).post(reverse("console:imports"), {})
    assert page.status_code == 422
    assert page.context["form"]["file"].errors == ["请选择要导入的工作簿。"]
    assert 'id="file_error"' in page.content.decode()
    assert not RosterImport.objects.exists()


def test_an_uploaded_workbook_leads_to_the_page_of_its_import(world: World) -> None:
    file = SimpleUploadedFile("名册.xlsx", b"no workbook")
    answer = world.client(Role.SCHOOL_ADMIN).post(reverse("console:imports"), {"file": file})
    imported = RosterImport.objects.get()
    assert answer.headers["Location"] == reverse("console:import", args=[imported.pk])
    assert (imported.file.name, imported.school) == ("名册.xlsx", world.school)
