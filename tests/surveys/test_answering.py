"""Answering by the link: pages, branches, what is kept, and links that take no answer."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from core.models import Event
from surveys.models import Answer, Draft
from surveys.states import InvitationState
from surveys.views import public
from tests import factories
from tests.factories import World, make_world
from tests.surveys import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_graduate_answers_on_the_phone_without_signing_in(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    address, client = scene.address_of(survey, graduate), Client()
    first = client.get(address).content.decode()
    assert "本问卷不记名" in first
    assert graduate.name not in first
    page = client.get(f"{address}?page=1").content.decode()
    assert "您对母校满意吗" in page
    assert "不满意的原因" not in page
    # Who is not content is asked why; the free text comes on the same page behind it.
    answered = client.post(address, {"page": "1", "go": "next", "q1": "4"})
    assert answered.headers["Location"] == f"{address}?page=2"
    assert scene.invitation_of(survey, graduate).state == InvitationState.PARTIAL
    # Left and come back to: the page on which one stopped.
    assert "不满意的原因" in client.get(address).content.decode()
    sent = client.post(
        address, {"page": "2", "go": "next", "q2": ["0", "2"], "q2_other": "食堂", "q3": "多些实践"}
    )
    assert sent.headers["Location"] == "/s/thanks/"
    assert "谢谢" in client.get("/s/thanks/").content.decode()
    assert scene.invitation_of(survey, graduate).state == InvitationState.DONE
    scene.close(survey)
    answer = Answer.objects.get(survey=survey)
    assert answer.data == {"q1": 4, "q2": [0, 2], "q2.other": "食堂", "q3": "多些实践"}
    assert (answer.school_fact, answer.department_fact) == (
        world.school.pk, graduate.department_id,
    )  # fmt: skip
    assert (answer.level_fact, answer.group_fact) == ("本科", "待就业")
    assert not Draft.objects.exists()


def test_the_branch_is_left_out_and_its_answers_are_dropped(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    address, client = scene.address_of(survey, graduate), Client()
    client.post(address, {"page": "1", "go": "next", "q1": "4"})
    client.post(address, {"page": "2", "go": "back", "q2": ["0"]})
    # Another answer leads around the question that was answered already.
    moved = client.post(address, {"page": "1", "go": "next", "q1": "0"})
    assert "不满意的原因" not in client.get(moved.headers["Location"]).content.decode()
    client.post(address, {"page": "2", "go": "next", "q3": ""})
    scene.close(survey)
    assert Answer.objects.get(survey=survey).data == {"q1": 0}


def test_what_is_wrong_stands_beside_the_question_and_nothing_is_lost(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    address, client = scene.address_of(survey, graduate), Client()
    empty = client.post(address, {"page": "1", "go": "next"})
    assert empty.status_code == 422
    assert "此题必答。" in empty.content.decode()
    client.post(address, {"page": "1", "go": "next", "q1": "4"})
    wrong = client.post(
        address,
        {"page": "2", "go": "next", "q2": ["1", "2"], "q2_other": "", "q3": "写了很久的建议"},
    )
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "请说明“其他”是什么。" in page
    assert "写了很久的建议" in page
    assert re.search(r'value="1"[^>]*checked', page)
    made_up = client.post(address, {"page": "1", "go": "next", "q1": "9"})
    assert made_up.status_code == 422


def test_a_required_question_that_was_skipped_is_asked_before_sending(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    address, client = scene.address_of(survey, graduate), Client()
    client.post(address, {"page": "1", "go": "next", "q1": "4"})
    client.post(address, {"page": "2", "go": "back", "q3": "有建议"})
    client.post(address, {"page": "1", "go": "next", "q1": "4"})
    missed = client.post(address, {"page": "2", "go": "next", "q3": "有建议"})
    assert missed.status_code == 422
    assert "不满意的原因" in missed.content.decode()
    assert scene.invitation_of(survey, graduate).state == InvitationState.PARTIAL


def _closed(address: str) -> tuple[int, str]:
    """Status and words of a page that takes no answer."""
    response = Client().get(address)
    return response.status_code, re.sub(r"\s+|csrf\S+", "", response.content.decode())


def test_unknown_used_declined_and_ended_links_give_the_same_page(world: World) -> None:
    used, left, late = scene.make_graduates(world, 3)
    survey = scene.run(world)
    addresses = [scene.address_of(survey, g) for g in (used, left, late)]
    scene.send(survey, used, {"q1": 0})
    Client().post(f"{addresses[1]}decline/")
    assert scene.invitation_of(survey, left).state == InvitationState.DECLINED
    running = [_closed(a) for a in addresses[:2]]
    scene.close(survey)
    pages = {*running, *map(_closed, addresses), _closed("/s/1unknown/"), _closed("/s/x/")}
    assert len(pages) == 1
    ((status, page),) = pages
    assert status == 410
    assert survey.title not in page
    for address in addresses:
        assert Client().post(address, {"page": "1", "q1": "1"}).status_code == 410
        assert Client().post(f"{address}decline/").status_code == 410
    assert Answer.objects.filter(survey=survey).count() == 1


def test_a_double_click_sends_once(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world, (scene.CONTENT,))
    address, client = scene.address_of(survey, graduate), Client()
    sent = {"page": "1", "go": "next", "q1": "1"}
    assert client.post(address, sent).headers["Location"] == "/s/thanks/"
    assert client.post(address, sent).status_code == 410
    scene.close(survey)
    assert Answer.objects.filter(survey=survey).count() == 1


def test_a_link_answers_its_own_survey_only(world: World) -> None:
    graduate = factories.make_graduate(world)
    first, second = scene.run(world), scene.run(world, title="另一份")
    assert scene.token_of(first, graduate) != scene.token_of(second, graduate)
    client = Client()
    client.post(scene.address_of(second, graduate), {"page": "1", "go": "next", "q1": "1"})
    assert scene.invitation_of(first, graduate).state == InvitationState.WAITING
    assert scene.invitation_of(second, graduate).state == InvitationState.PARTIAL


def test_guessing_links_is_slowed_down(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(public, "_MOST_MISSES", 2)
    client = Client()
    assert [client.get(f"/s/1guess{n}/").status_code for n in range(3)] == [410, 410, 429]
    assert client.post("/s/1guess/decline/").status_code == 429


def test_the_page_has_no_inline_script_or_style_and_names_nobody(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    response = Client().get(f"{scene.address_of(survey, graduate)}?page=1")
    page = response.content.decode()
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert graduate.name not in page
    assert graduate.student_no not in page
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_no_event_tells_who_answered(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    before = Event.objects.count()
    scene.send(survey, graduate, {"q1": 0})
    assert Event.objects.count() == before
