"""Staff enter a destination: pictures go with it, and another category keeps what was typed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from destinations.models import Evidence
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, World, destination_of, make_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(graduate: Graduate) -> str:
    return f"/console/destinations/{graduate.pk}/enter/"


def picture(number: int = 0) -> io.BytesIO:
    file = io.BytesIO(make_photo((240 + number, 320)))
    file.name = f"{number}.jpg"
    return file


def typed_in(graduate: Graduate, **changes: Any) -> dict[str, Any]:
    return {**CONTRACT, "version": destination_of(graduate).version, **changes}


def value_of(page: str, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page) or re.search(
        rf'<input[^>]*value="([^"]*)"[^>]*name="{name}"', page
    )
    return found[1] if found else ""


def test_pictures_go_with_the_entry(graduate: Graduate, address: str, world: World) -> None:
    client = world.client(Role.COUNSELLOR)
    typed = typed_in(graduate, images=[picture(1), picture(2)])
    assert client.post(address, typed).status_code == 302
    rows = Evidence.objects.filter(graduate=graduate, category="11", removed_at=None)
    assert rows.count() == 2
    page = client.get(f"/console/destinations/{graduate.pk}/").content.decode()
    assert all(f"/console/evidence/{row.pk}/" in page for row in rows)


def test_pictures_stay_when_something_else_is_wrong(
    graduate: Graduate, address: str, world: World
) -> None:
    client = world.client(Role.COUNSELLOR)
    answer = client.post(address, typed_in(graduate, unit_code="1", images=[picture()]))
    assert answer.status_code == 422
    row = Evidence.objects.get(graduate=graduate, category="11")
    assert f"/console/evidence/{row.pk}/" in answer.content.decode()
    assert client.post(address, typed_in(graduate)).status_code == 302
    assert Evidence.objects.get(graduate=graduate, removed_at=None) == row


def test_a_fifth_picture_and_what_is_none_are_refused_beside_the_field(
    graduate: Graduate, address: str, world: World
) -> None:
    client = world.client(Role.COUNSELLOR)
    answer = client.post(address, typed_in(graduate, images=[picture(n) for n in range(5)]))
    assert answer.status_code == 422
    assert "最多上传4张证明材料" in answer.content.decode()
    broken = io.BytesIO(b"no picture")
    broken.name = "a.jpg"
    answer = client.post(address, typed_in(graduate, images=[broken]))
    assert answer.status_code == 422
    assert destination_of(graduate).category == "70-1"


def test_the_rule_stands_beside_the_upload(graduate: Graduate, address: str, world: World) -> None:
    page = world.client(Role.COUNSELLOR).get(address, {"category": "11"})
    leaf = page.context["leaf"]
    text = page.content.decode()
    assert leaf.rule in text
    assert leaf.evidence in text
    assert "证明材料" not in world.client(Role.COUNSELLOR).get(
        address, {"category": "70-2"}
    ).content.decode().replace("证明材料的", "")


def test_another_category_keeps_what_both_have(
    graduate: Graduate, address: str, world: World
) -> None:
    client = world.client(Role.COUNSELLOR)
    typed = typed_in(
        graduate, category="501", switch="1", unit_name="改选前写的公司", unit_code="1"
    )
    page = client.post(address, typed)
    assert page.status_code == 200
    text = page.content.decode()
    assert page.context["leaf"].code == "501"
    assert value_of(text, "unit_name") == "改选前写的公司"
    assert (
        value_of(text, "unit_code") == "1"
    )  # what is wrong stays, and is not complained about yet
    assert 'class="error"' not in text
    assert destination_of(graduate).category == "70-1"


def test_an_entry_over_another_persons_shows_the_version_that_was_typed_on(
    graduate: Graduate, address: str, world: World
) -> None:
    seen = destination_of(graduate).version
    factories.register_contract(graduate, factories.activate(graduate))
    client = world.client(Role.COUNSELLOR)
    answer = client.post(address, typed_in(graduate, version=seen, unit_name="我写的公司"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert value_of(text, "unit_name") == "我写的公司"
    assert destination_of(graduate).unit_name == CONTRACT["unit_name"]
