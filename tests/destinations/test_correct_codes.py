"""更正代码: staff correct the coded fields of an e-signed destination."""

import pytest
from django.urls import reverse

from core.errors import Conflict, Refused
from destinations.actions import review
from destinations.models import DestinationEvent
from destinations.states import State
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import UNIT, World, destination_of

pytestmark = pytest.mark.django_db


def page_of(graduate: Graduate) -> str:
    return reverse("console:destination-codes", args=[graduate.pk])


def form(graduate: Graduate, **changes: str) -> dict[str, str]:
    keys = review.CORRECTABLE
    typed = {key: UNIT[key] for key in keys} | {"reason": "行业与经营范围不符"}
    return typed | {"version": str(destination_of(graduate).version)} | changes


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_codes_are_corrected_through_the_button_on_the_review_page(
    role: str, world: World, graduate: Graduate
) -> None:
    number = factories.sign_agreement(graduate).agreement_no
    client, own = world.client(role), page_of(graduate)
    workspace = reverse("console:destination", args=[graduate.pk])
    assert own in client.get(workspace).content.decode()
    page = client.get(own).content.decode()
    assert UNIT["unit_name"] in page
    answer = client.post(own, form(graduate, unit_industry="35", unit_division="肥东县"))
    assert (answer.status_code, answer["Location"]) == (302, workspace)
    d = destination_of(graduate)
    assert (d.state, d.unit_industry, d.unit_division) == ("esigned", "35", "340122")
    assert (d.unit_name, d.agreement_no) == (UNIT["unit_name"], number)
    event = DestinationEvent.objects.get(graduate_id=graduate.pk, action="correct_codes")
    assert (event.reason, event.actor_id) == ("行业与经营范围不符", world.staff[role].pk)
    # The review page shows the old code, too.
    assert "<del>" in client.get(workspace).content.decode()


def test_a_rejected_destination_goes_back_to_review(world: World, graduate: Graduate) -> None:
    factories.sign_agreement(graduate)
    review.reject(graduate_id=graduate.pk, reason="行业有误", by=world.counsellor)
    client = world.client(Role.COUNSELLOR)
    assert "重新审核" in client.get(page_of(graduate)).content.decode()
    client.post(page_of(graduate), form(graduate, unit_industry="35"))
    d = destination_of(graduate)
    assert (d.state, d.reason, d.unit_industry) == ("esigned", "", "35")


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.PENDING, "不能更正代码"), (State.SCHOOL_APPROVED, "仅适用于网签")],
)
def test_without_an_agreement_there_is_no_button(
    state: str, words: str, world: World, graduate: Graduate
) -> None:
    factories.put_in_state(graduate, state, world, factories.activate(graduate))
    client = world.client(Role.SCHOOL_ADMIN)
    workspace = client.get(reverse("console:destination", args=[graduate.pk]))
    assert page_of(graduate) not in workspace.content.decode()
    for answer in (client.get(page_of(graduate)), client.post(page_of(graduate), {})):
        assert answer.status_code == 409
        assert words in answer.content.decode()


def test_a_refused_correction_shows_again_what_was_typed(world: World, graduate: Graduate) -> None:
    before = factories.sign_agreement(graduate).version
    client = world.client(Role.COUNSELLOR)
    typed = form(graduate, unit_division="不存在县", reason="核对过营业执照")
    answer = client.post(page_of(graduate), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "不存在县" in page
    assert "核对过营业执照" in page
    answer = client.post(page_of(graduate), form(graduate, unit_industry="35", reason=" "))
    assert (answer.status_code, "请填写理由" in answer.content.decode()) == (409, True)
    answer = client.post(page_of(graduate), form(graduate))
    assert "没有需要更正的" in answer.content.decode()
    assert destination_of(graduate).version == before


def test_unchanged_codes_do_not_undo_a_rejection(world: World, graduate: Graduate) -> None:
    factories.sign_agreement(graduate)
    review.reject(graduate_id=graduate.pk, reason="单位名称有误", by=world.counsellor)
    typed = {key: UNIT[key] for key in review.CORRECTABLE}
    with pytest.raises(Refused) as refusal:
        review.correct_codes(
            graduate_id=graduate.pk, typed=typed, reason="无误", by=world.counsellor
        )
    assert refusal.value.code == "unchanged"
    assert destination_of(graduate).state == "rejected"


def test_the_second_of_two_who_correct_is_told(world: World, graduate: Graduate) -> None:
    seen = factories.sign_agreement(graduate).version
    review.approve(graduate_id=graduate.pk, by=world.counsellor, version=seen)
    with pytest.raises(Conflict):
        review.correct_codes(
            graduate_id=graduate.pk, typed={"unit_industry": "35"}, reason="核对",
            by=world.school_admin, version=seen,
        )  # fmt: skip
    answer = world.client(Role.SCHOOL_ADMIN).post(
        page_of(graduate), form(graduate, unit_industry="35", version=str(seen))
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert world.staff[Role.COUNSELLOR].label in page
    assert destination_of(graduate).unit_industry == UNIT["unit_industry"]
