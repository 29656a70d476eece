"""The builder and the console's pages, reminders, employers, and the switch of the graduate."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Message
from core.models import OutboxMessage, OutboxState
from employers.models import Membership
from graduates import hooks
from schools.roles import Role
from surveys import blocks, flow, questions, tokens
from surveys.actions import answers, invitations
from surveys.models import Answer, Invitation, OptOut, Survey, SurveyKey, UnitAnswer
from surveys.question_types import TYPES, type_of
from surveys.states import Audience, InvitationState
from tests import factories
from tests.factories import World, client_of, make_world
from tests.surveys import scene

pytestmark = pytest.mark.django_db
LIST = "/console/surveys/"


@pytest.fixture
def world() -> World:
    return make_world()


def _edition(client: Client, address: str) -> str:
    found = re.search(r'name="edition" value="(\d+)"', client.get(address).content.decode())
    assert found
    return found[1]


def _keys(survey_id: int) -> list[str]:
    return [q["key"] for q in Survey.objects.get(pk=survey_id).questions]


def test_a_school_builds_a_survey_without_scripts(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    made = client.post(
        f"{LIST}add/",
        {"title": "质量调查", "audience": "graduates", "opens_at": "2026-01-01T08:00",
         "closes_at": "2099-01-01T08:00"},
    )  # fmt: skip
    survey = Survey.objects.get()
    asked = f"{LIST}{survey.pk}/questions/"
    assert made.headers["Location"] == asked
    client.post(f"{asked}block/", {"block": "g-school", "edition": _edition(client, asked)})
    assert _keys(survey.pk) == ["q1", "q2", "q3", "q4", "q5"]
    added = client.post(
        f"{asked}add/single/",
        {"text": "您在哪里工作", "options": "省内\n省外", "required": "on", "when": ["q2:0", "q2:1"],
         "edition": _edition(client, asked)},
    )  # fmt: skip
    assert added.headers["Location"] == asked
    last = questions.load(Survey.objects.get().questions)[-1]
    assert (last.key, last.options, last.when) == ("q6", ("省内", "省外"), ("q2", (0, 1)))
    client.post(f"{asked}move/", {"up": "q6", "edition": _edition(client, asked)})
    assert _keys(survey.pk) == ["q1", "q2", "q3", "q4", "q6", "q5"]
    # What others depend on is neither moved behind them nor removed.
    client.post(f"{asked}move/", {"remove": "q2", "edition": _edition(client, asked)})
    assert "q2" in _keys(survey.pk)
    stale = client.post(f"{asked}move/", {"remove": "q5", "edition": "1"}, follow=True)
    assert "状态已变化" in stale.content.decode()
    assert "您在哪里工作" in client.get(f"{LIST}{survey.pk}/preview/?page=2").content.decode()
    published = client.post(
        f"{LIST}{survey.pk}/publish/", {"edition": _edition(client, f"{LIST}{survey.pk}/")}
    )
    assert published.status_code == 302
    assert Survey.objects.get().number == 1


def test_a_wrong_question_is_refused_beside_its_field_and_kept(world: World) -> None:
    survey = scene.write(world.school_admin)
    client = world.client(Role.SCHOOL_ADMIN)
    sent = {"text": "您在哪里工作", "options": "只有一个", "edition": survey.edition}
    response = client.post(f"{LIST}{survey.pk}/questions/add/single/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "请填写2至30个选项，每行一个。" in page
    assert "只有一个" in page
    assert client.get(f"{LIST}{survey.pk}/questions/add/nonsense/").status_code == 404
    for kind in TYPES:
        assert client.get(f"{LIST}{survey.pk}/questions/add/{kind}/").status_code == 200


def test_the_standard_blocks_can_be_published_as_they_are() -> None:
    for audience in Audience.values:
        every: list[questions.Question] = []
        for block in blocks.blocks_for(audience):
            every = blocks.insert(every, block)
        assert flow.survey_problems(every) == []
        assert any(q.is_core for q in every)
        assert len({q.key for q in every}) == len(every)
    kinds = {q.kind for block in blocks.all_blocks().values() for q in block.questions}
    assert {
        "single",
        "several",
        "scale",
        "matrix",
        "nps",
        "text",
        "number",
        "ranking",
        "code",
    } <= kinds
    assert sum(len(q.rows) for b in blocks.all_blocks().values() if b.key == "g-service"
               for q in b.questions) == 13  # fmt: skip
    assert all(type_of(q) for b in blocks.all_blocks().values() for q in b.questions)


def test_progress_counts_classes_and_names_nobody(world: World) -> None:
    people = scene.make_graduates(world, 2)
    hidden = factories.make_graduate(world, department=1)
    survey = scene.run(world)
    scene.send(survey, people[0], {"q1": 0})
    page = world.client(Role.DEPARTMENT_ADMIN).get(f"{LIST}{survey.pk}/progress/").content.decode()
    assert people[0].school_class.name in page
    assert hidden.school_class.name not in page
    assert "50.0%" in page
    every = [*people, hidden]
    for role in (Role.SCHOOL_ADMIN, Role.DEPARTMENT_ADMIN):
        client = world.client(role)
        for address in ("", "progress/"):
            page = client.get(f"{LIST}{survey.pk}/{address}").content.decode()
            assert not any(g.name in page or g.student_no in page for g in every)


# --- reminders -----------------------------------------------------------------------------------


def _told(graduate_person: int) -> int:
    return Message.objects.filter(to=f"person:{graduate_person}", title__contains="问卷").count()


def test_reminders_go_to_the_unanswered_on_days_7_21_and_45(world: World) -> None:
    waiting, partial, done, left, tired = scene.make_graduates(world, 5)
    survey = scene.run(world)
    scene.send(survey, done, {"q1": 0})
    answers.decline(token=scene.token_of(survey, left))
    answers.save_page(token=scene.token_of(survey, partial), page=2, asked=["q1"], given={"q1": 4})
    invitations.set_opt_out(person=tired.person, wanted=True)
    counts = []
    for days in (6, 7, 7, 20, 21, 45, 60):
        scene.let_days_pass(survey, days)
        counts.append(invitations.remind_due())
    assert counts == [0, 2, 0, 0, 2, 2, 0]
    assert [_told(g.person_id) for g in (waiting, partial, done, left, tired)] == [4, 4, 1, 1, 1]


def test_a_run_that_was_missed_reminds_once(world: World) -> None:
    waiting = factories.make_graduate(world)
    survey = scene.run(world)
    scene.let_days_pass(survey, 30)
    assert [invitations.remind_due(), invitations.remind_due()] == [1, 0]
    assert _told(waiting.person_id) == 2


def test_who_wants_no_surveys_is_not_invited(world: World) -> None:
    graduate = factories.make_graduate(world)
    client = client_of(factories.activate(graduate))
    client.post("/surveys/setting/", {"receive": "no"})
    assert OptOut.objects.filter(person=graduate.person).exists()
    assert scene.run(world).invited == 0
    client.post("/surveys/setting/", {"receive": "yes"})
    assert scene.run(world).invited == 1


def test_the_link_is_posted_once_and_its_text_is_secret(world: World) -> None:
    graduate = factories.make_graduate(world)
    type(graduate).objects.filter(pk=graduate.pk).update(email="a@example.edu.cn")
    survey = scene.run(world)
    assert [invitations.post_links(), invitations.post_links()] == [1, 0]
    mail = OutboxMessage.objects.get(address="a@example.edu.cn")
    assert scene.address_of(survey, graduate) in mail.text
    assert mail.secret
    # It comes back, and the graduate has no account.
    OutboxMessage.objects.filter(pk=mail.pk).update(state=OutboxState.PARKED)
    assert [invitations.note_bounces(), invitations.note_bounces()] == [1, 0]
    assert scene.invitation_of(survey, graduate).state == InvitationState.BOUNCED


# --- employers -----------------------------------------------------------------------------------


def test_a_unit_answers_by_name_and_is_told_so(world: World) -> None:
    survey = scene.run(world, audience=Audience.EMPLOYERS)
    member = factories.make_member(factories.make_unit(), state=Membership.VERIFIED)
    key = tokens.open_key(SurveyKey.objects.get(survey=survey))
    invitation = Invitation.objects.create(
        survey=survey, unit=member.unit,
        token_hash=tokens.hash_of(tokens.of_unit(key, member.unit_id)),
    )  # fmt: skip
    client = client_of(member.user)
    assert survey.title in client.get("/employer/surveys/").content.decode()
    link = client.post(f"/employer/surveys/{invitation.pk}/open/").headers["Location"]
    first = Client().get(link).content.decode()
    assert "本问卷记名" in first
    assert member.unit.name in first
    Client().post(link, {"page": "1", "go": "next", "q1": "0"})
    assert Client().post(link, {"page": "2", "go": "next", "q3": "都好"}).status_code == 302
    answer = UnitAnswer.objects.get()
    assert (answer.invitation, answer.data) == (invitation, {"q1": 0, "q3": "都好"})
    assert not Answer.objects.exists()


def test_units_are_drawn_from_registrations(world: World) -> None:
    graduate = factories.make_graduate(world)
    unit = factories.make_unit()
    destination = graduate.destination
    type(destination).objects.filter(pk=destination.pk).update(unit_code=unit.code)
    factories.make_unit(code=factories.make_unit_code(body="MA7XYRW2"))
    survey = scene.run(world, audience=Audience.EMPLOYERS)
    assert list(Invitation.objects.filter(survey=survey).values_list("unit", flat=True)) == [
        unit.pk
    ]


# --- how many queries ----------------------------------------------------------------------------


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_pages_need_no_more_queries_for_more_rows(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    admin, phone = world.client(Role.SCHOOL_ADMIN), client_of(factories.activate(graduate))
    pages = [
        (admin, LIST), (admin, "/console/survey-results/"), (admin, f"{LIST}{survey.pk}/progress/"),
        (phone, "/surveys/"), (Client(), f"{scene.address_of(survey, graduate)}?page=1"),
    ]  # fmt: skip
    before = [_queries(client, address) for client, address in pages]
    for _ in range(3):
        factories.make_graduate(world, department=1)
        scene.run(world)
    assert [_queries(client, address) for client, address in pages] == before
    assert before[-1] <= 5


def test_an_invitation_follows_the_graduate_to_another_cohort(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    other = factories.make_cohort(world.school, world.cohort.year + 1)
    graduate.cohort = other
    hooks.moved.run(graduate=graduate)
    invitation = scene.invitation_of(survey, graduate)
    assert (invitation.school_id, invitation.cohort_id) == (graduate.school_id, other.pk)
