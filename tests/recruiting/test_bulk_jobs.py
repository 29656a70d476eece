"""Steps on every row that a list of recruiting shows: opinions and seals on forms, booths at a fair."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from recruiting.actions import recommendations
from recruiting.models import Booth, Recommendation
from recruiting.states import BoothState, RecommendationState
from schools.actions import bulk
from schools.models import BulkJob
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import fair_scene, scene

pytestmark = pytest.mark.django_db
S = RecommendationState


def ask(client: Client, path: str, address: str, **more: str) -> str:
    answer = client.post(path, {"all": "1", "from": address, **more})
    assert answer.status_code == 200
    return answer.content.decode()


def press(client: Client, page: str, **changes: str) -> Any:
    """Press the button of the page that asks, with what its fields hold."""
    found = re.findall(r'<input type="hidden" name="(\w+)"\s+value="([^"]*)"', page)
    values = {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}
    if area := re.search(r"<textarea[^>]*>\s*([^<]*)</textarea>", page):
        values["reason"] = html.unescape(area[1]).strip()
    return client.post(reverse("console:bulk"), values | changes)


def run(client: Client, page: str, **changes: str) -> dict[int, tuple[bool | None, str]]:
    """Confirm, let the worker do it, and return what became of each row."""
    answer = press(client, page, **changes)
    assert answer.status_code == 302, answer.content.decode()
    bulk.run_waiting()
    job = BulkJob.objects.latest("pk")
    return {row.target: (row.done, row.message) for row in job.rows.all()}


def test_a_class_gets_one_opinion_and_then_the_seal(world: World) -> None:
    forms = [scene.make_recommendation(world, S.WAITING_DEPARTMENT) for _ in range(3)]
    other_class = scene.make_recommendation(
        world, S.WAITING_DEPARTMENT, graduate=factories.make_graduate(world, school_class=1)
    )
    sealed = scene.make_recommendation(world, S.VALID)
    client = world.client(Role.COUNSELLOR)
    address = f"{reverse('console:recommendations')}?school_class={world.classes[0][0].pk}"
    page = ask(client, reverse("console:recommendations-recommend"), address)
    assert "可办理的 3 条" in page
    assert "院系意见" in page and "同意推荐" in page
    assert press(client, page, reason="好" * 201).status_code == 422, "longer than fits the form"
    assert not BulkJob.objects.exists()
    recommendations.withdraw(form_id=forms[1].pk, by=scene.account_of(forms[1].graduate))
    recommendations.submit(form_id=forms[1].pk, by=scene.account_of(forms[1].graduate))
    page = ask(client, reverse("console:recommendations-recommend"), address)
    press(client, page, reason="该生品学兼优，同意推荐。")
    Recommendation.objects.filter(pk=forms[2].pk).update(practice="后来改的")
    bulk.run_waiting()
    answers = {row.target: (row.done, row.message) for row in BulkJob.objects.get().rows.all()}
    assert {pk: done for pk, (done, _) in answers.items()} == {
        forms[0].pk: True, forms[1].pk: True, forms[2].pk: False,
    }  # fmt: skip
    assert "刚刚有变动" in answers[forms[2].pk][1]
    done = scene.read_form(forms[0].pk)
    assert (done.state, done.department_opinion) == (S.WAITING_SCHOOL, "该生品学兼优，同意推荐。")
    assert scene.read_form(other_class.pk).state == S.WAITING_DEPARTMENT

    seal, school = reverse("console:recommendations-seal"), world.client(Role.SCHOOL_ADMIN)
    refused = client.post(seal, {"all": "1", "from": address})
    assert refused.status_code == 403, "a counsellor seals nothing"
    answers = run(school, ask(school, seal, reverse("console:recommendations")))
    assert set(answers) == {forms[0].pk, forms[1].pk}
    assert all(done and "编号" in said for done, said in answers.values())
    assert scene.read_form(sealed.pk).state == S.VALID


def test_all_who_wait_get_booths_in_their_order(world: World) -> None:
    school = world.client(Role.SCHOOL_ADMIN)
    fair = fair_scene.open_fair(world, booths_offered=2)
    rows = [fair_scene.make_booth(world, fair) for _ in range(3)]
    foreign = fair_scene.make_booth(world, fair_scene.open_fair(world, place="大礼堂"))
    listed = f"{reverse('console:fair-booths', args=[fair.pk])}?order=-number"
    path = reverse("console:fair-booths-bulk", args=[fair.pk, "approve"])
    answers = run(school, ask(school, path, listed))
    assert answers == {
        rows[0].pk: (True, "展位001"),
        rows[1].pk: (True, "展位002"),
        rows[2].pk: (False, "2个展位已全部安排，请列入候补或谢绝。"),
    }
    assert Booth.objects.get(pk=foreign.pk).state == BoothState.WAITING
    path = reverse("console:fair-booths-bulk", args=[fair.pk, "reserve"])
    assert run(school, ask(school, path, listed)) == {rows[2].pk: (True, "已列入候补")}


def test_booths_of_another_school_are_out_of_reach(world: World) -> None:
    fair = fair_scene.open_fair(world)
    fair_scene.make_booth(world, fair)
    other = factories.make_world().client(Role.SCHOOL_ADMIN)
    path = reverse("console:fair-booths-bulk", args=[fair.pk, "approve"])
    listed = reverse("console:fair-booths", args=[fair.pk])
    assert other.post(path, {"all": "1", "from": listed}).status_code == 404
