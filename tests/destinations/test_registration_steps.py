"""Registering in steps: a page for each group that the category asks for, then one to check the answers.
Nothing is kept on the server between them, so each page has to carry what was typed on the others."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from destinations.catalogue import catalogue
from graduates.models import Graduate
from tests import factories
from tests.factories import CONTRACT, World, client_of, destination_of
from tests.pages import fields_of

pytestmark = pytest.mark.django_db

FORM = "/destination/form/"


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(factories.activate(graduate))


def begin(client: Client, category: str = "11", form: str = "") -> Any:
    return client.get(FORM, {"category": category, "form": form})


def press(client: Client, page: HttpResponse, go: str, **typed: Any) -> Any:
    """Send the page as a browser without scripts does, with some fields typed into."""
    values, _ = fields_of(page.content.decode())
    unknown = set(typed) - set(values)
    assert not unknown, unknown  # only what the page asks for can be typed
    return client.post(FORM, {**values, **typed, "go": go})


def titles(page: HttpResponse) -> list[str]:
    return [title for title, _ in page.context["walk"].pages]


def here(page: HttpResponse) -> str:
    return str(page.context["walk"].title)


def walk_to_the_end(client: Client, page: HttpResponse) -> Any:
    while not page.context["walk"].at_check:
        names = set(page.context["walk"].names)
        page = press(client, page, "next", **{k: v for k, v in CONTRACT.items() if k in names})
        assert page.status_code == 200
    return page


def test_a_registration_goes_through_its_steps(
    graduate: Graduate, world: World, client: Client
) -> None:
    factories.attach(graduate, world.counsellor)
    page = begin(client)
    assert titles(page) == ["单位信息", "岗位与聘用", "联系方式", "核对"]
    page = walk_to_the_end(client, page)
    text = page.content.decode()
    for words in (
        CONTRACT["unit_name"],
        "其他企业（含民营企业等）",
        "安徽省合肥市包河区",
        "工程技术人员",
    ):
        assert words in text  # the answers are shown in words
    assert destination_of(graduate).state == "unsubmitted"  # nothing is sent yet
    done = press(client, page, "send")
    assert (done.status_code, done["Location"]) == (302, "/destination/")
    d = destination_of(graduate)
    assert (d.state, d.unit_name, d.contact_name) == ("pending", CONTRACT["unit_name"], "虚构经理")


@pytest.mark.parametrize(
    ("category", "steps"),
    [("70-2", ["其他", "核对"]), ("801", ["升学留学", "核对"]), ("85", ["升学留学", "核对"])],
)
def test_only_the_steps_that_the_category_needs(
    category: str, steps: list[str], client: Client
) -> None:
    assert titles(begin(client, category)) == steps


def test_every_field_of_every_category_is_on_one_step(client: Client) -> None:
    for leaf in catalogue().for_graduates():
        page = begin(client, leaf.code, "letter" if leaf.has_forms else "")
        names = [name for step in page.context["walk"].steps for name in step.names]
        assert sorted(names) == sorted(page.context["form"].fields), leaf.code


def test_a_step_is_left_only_when_it_is_right(client: Client) -> None:
    page = press(client, begin(client), "next", unit_name="", unit_code="错的")
    assert (page.status_code, here(page)) == (422, "单位信息")
    errors = page.context["form"].errors
    assert errors["unit_name"] == ["单位名称不能为空"]
    assert "unit_code" in errors
    assert not set(errors) & {"job_category", "contact_name"}  # later steps are not spoken of
    text = page.content.decode()
    assert 'href="#id_unit_name"' in text
    assert 'value="错的"' in text


def test_the_way_back_keeps_what_was_typed(client: Client) -> None:
    page = begin(client)
    first = {k: CONTRACT[k] for k in page.context["walk"].names if k in CONTRACT}
    page = press(client, page, "next", **first)
    page = press(client, page, "back", job_title="高级工程师", job_category="")
    assert (page.status_code, here(page)) == (200, "单位信息")
    values, hidden = fields_of(page.content.decode())
    assert values["unit_name"] == [CONTRACT["unit_name"]]
    assert values["job_title"] == ["高级工程师"]
    assert "job_title" in hidden
    assert "unit_name" not in hidden
    page = press(client, page, "next")
    assert fields_of(page.content.decode())[0]["job_title"] == ["高级工程师"]


def test_an_answer_can_be_changed_from_the_last_page(
    graduate: Graduate, world: World, client: Client
) -> None:
    factories.attach(graduate, world.counsellor)
    page = walk_to_the_end(client, begin(client))
    page = press(client, page, "0")
    assert here(page) == "单位信息"
    page = press(client, page, "next", unit_name="虚构信息技术集团")
    page = walk_to_the_end(client, page)
    assert press(client, page, "send").status_code == 302
    assert destination_of(graduate).unit_name == "虚构信息技术集团"


def test_missing_evidence_is_said_at_first_and_at_last(graduate: Graduate, client: Client) -> None:
    page = begin(client)
    assert "现在还没有" in page.content.decode()
    page = press(client, walk_to_the_end(client, page), "send")
    assert (page.status_code, here(page)) == (422, "核对")
    assert "请上传证明材料" in page.content.decode()
    assert destination_of(graduate).state == "unsubmitted"


def test_what_became_wrong_meanwhile_leads_to_its_step(
    graduate: Graduate, world: World, client: Client
) -> None:
    factories.attach(graduate, world.counsellor)
    page = walk_to_the_end(client, begin(client))
    values, _ = fields_of(page.content.decode())
    page = client.post(FORM, {**values, "contact_name": "", "go": "send"})
    assert (page.status_code, here(page)) == (422, "联系方式")
    assert page.context["form"].errors == {"contact_name": ["联系人不能为空"]}


@pytest.mark.parametrize(
    ("step", "go"), [("99", "next"), ("-1", "back"), ("²", "x"), ("", "7"), ("1", "²")]
)
def test_unusual_steps_are_no_server_error(step: str, go: str, client: Client) -> None:
    page = client.post(FORM, {"category": "11", "form": "", "step": step, "go": go})
    assert page.status_code in (200, 422)


def test_pictures_of_another_category_are_carried_along(
    graduate: Graduate, world: World, client: Client
) -> None:
    earlier = factories.attach(graduate, world.counsellor, "271")
    page = begin(client)
    first = {k: CONTRACT[k] for k in page.context["walk"].names if k in CONTRACT}
    values, _ = fields_of(page.content.decode())
    page = client.post(FORM, {**values, **first, "kept": [earlier.pk], "go": "next"})
    page = walk_to_the_end(client, page)
    assert press(client, page, "send").status_code == 302
    assert destination_of(graduate).state == "pending"
