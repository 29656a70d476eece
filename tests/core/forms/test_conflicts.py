"""Two people edit the same record: the second one keeps what they typed and sees what is stored now."""

from __future__ import annotations

import re
from typing import Any

import pytest

from graduates.actions import archive, origin
from graduates.models import ArchiveTransfer, Graduate
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, World, destination_of

pytestmark = pytest.mark.django_db


def stored_beside(page: str, name: str) -> str:
    """What the page says is stored now, beside the field."""
    field = re.search(rf'id="field-{name}">(.*?)\n</div>', page, re.S)
    assert field is not None, name
    said = re.search(r"现已保存的：</span><b>(.*?)</b>", field[1])
    return said[1] if said else ""


def value_in(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert found is not None, name
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def inputs_of(page: str) -> dict[str, str]:
    """What the page's form would send: the values of its text inputs and lists."""
    form = page[page.index("novalidate") :]
    typed = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and "checkbox" not in tag and "radio" not in tag:
            typed[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        typed[name] = chosen[1] if chosen else ""
    return typed


def test_an_origin_record_changed_meanwhile(graduate: Graduate, world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"/console/graduates/{graduate.pk}/"
    typed = inputs_of(client.get(address).content.decode())
    origin.edit(
        graduate_id=graduate.pk, typed={"email": "first@example.com"}, by=world.department_admin
    )
    typed |= {"email": "second@example.com", "qq": "123456"}
    answer = client.post(address, typed)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "您的修改没有保存" in page
    assert value_in(page, "email") == "second@example.com"
    assert stored_beside(page, "email") == "first@example.com"
    assert stored_beside(page, "name") == ""  # the same on both sides
    assert Graduate.objects.get(pk=graduate.pk).email == "first@example.com"
    # Saving what the page now shows is a decision of its own.
    assert client.post(address, inputs_of(page)).status_code == 302
    saved = Graduate.objects.get(pk=graduate.pk)
    assert (saved.email, saved.qq) == ("second@example.com", "123456")


def test_a_masked_number_changed_meanwhile_stays_masked(graduate: Graduate, world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"/console/graduates/{graduate.pk}/"
    typed = inputs_of(client.get(address).content.decode())
    origin.edit(graduate_id=graduate.pk, typed={"mobile": "13912345678"}, by=world.department_admin)
    page = client.post(address, typed | {"mobile": "13987654321"}).content.decode()
    assert stored_beside(page, "mobile") == "139****5678"
    assert "13912345678" not in page


def test_a_destination_changed_meanwhile(graduate: Graduate, world: World) -> None:
    seen = destination_of(graduate).version
    factories.register_contract(
        graduate, factories.activate(graduate), unit_name="毕业生登记的公司"
    )
    client = world.client(Role.COUNSELLOR)
    address = f"/console/destinations/{graduate.pk}/enter/"
    answer = client.post(address, {**CONTRACT, "version": seen, "unit_name": "老师录入的公司"})
    page = answer.content.decode()
    assert value_in(page, "unit_name") == "老师录入的公司"
    assert stored_beside(page, "unit_name") == "毕业生登记的公司"
    assert destination_of(graduate).unit_name == "毕业生登记的公司"
    again = CONTRACT | {"version": value_in(page, "version"), "unit_name": "老师录入的公司"}
    assert client.post(address, again).status_code == 302
    assert destination_of(graduate).unit_name == "老师录入的公司"


ARCHIVE: dict[str, Any] = {
    "transfer_type": "agency", "unit_name": "虚构人才中心", "contact": "虚构档案员",
    "phone": "0551-60000002", "address": "虚构路2号", "postcode": "230000",
}  # fmt: skip


def test_an_archive_transfer_changed_meanwhile(graduate: Graduate, world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"/console/graduates/{graduate.pk}/archive/"
    archive.save(graduate_id=graduate.pk, typed=ARCHIVE, by=world.department_admin)
    answer = client.post(address, {**ARCHIVE, "unit_name": "另一人才中心", "version": "0"})
    page = answer.content.decode()
    assert "您的修改没有保存" in page
    assert stored_beside(page, "unit_name") == "虚构人才中心"
    assert ArchiveTransfer.objects.get(pk=graduate.pk).unit_name == "虚构人才中心"
    again = {**ARCHIVE, "unit_name": "另一人才中心", "version": value_in(page, "version")}
    assert client.post(address, again).status_code == 302
    assert ArchiveTransfer.objects.get(pk=graduate.pk).unit_name == "另一人才中心"
