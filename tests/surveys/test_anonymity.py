"""No column, key, time, order or transaction leads from an answer to who gave it."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from surveys import tokens
from surveys.actions import answers, invitations, surveys
from surveys.models import Answer, Draft, Invitation, Survey, SurveyKey
from surveys.states import InvitationState, SurveyState
from tests import factories
from tests.factories import World, client_of, make_world
from tests.surveys import scene

pytestmark = pytest.mark.django_db
# What an answer holds. Another column has to be thought about before it is entered here.
_COLUMNS = {
    "id", "survey_id", "number", "data", "is_complete", "is_valid", "school_fact",
    "department_fact", "level_fact", "group_fact",
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return make_world()


def _columns(table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s",
            [table],
        )
        return dict(cursor.fetchall())


def _values(table: str) -> dict[str, set[str]]:
    """The values, as text, of the columns by which rows could be joined: most rows differ in them."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        rows = cursor.fetchone()[0]
        for column in _columns(table):
            cursor.execute(f'SELECT DISTINCT "{column}"::text FROM "{table}"')
            values = {row[0] for row in cursor.fetchall()} - {None, ""}
            if 2 * len(values) > rows:
                found[column] = values
    return found


def test_an_answer_has_no_account_no_class_no_time_and_a_random_id() -> None:
    columns = _columns("surveys_answer")
    assert set(columns) == _COLUMNS
    assert columns["id"] == "uuid"
    assert not any(kind.startswith(("timestamp", "date")) for kind in columns.values())
    assert not any(kind.startswith("timestamp") for kind in _columns("surveys_invitation").values())


def test_only_the_survey_is_a_foreign_key_of_answers_and_drafts() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
               WHERE contype = 'f' AND (conrelid IN ('surveys_answer'::regclass, 'surveys_draft'::regclass)
                  OR confrelid IN ('surveys_answer'::regclass, 'surveys_draft'::regclass))"""
        )
        assert set(cursor.fetchall()) == {
            ("surveys_answer", "surveys_survey"), ("surveys_draft", "surveys_survey"),
        }  # fmt: skip


def test_no_value_of_an_answer_or_a_draft_stands_in_an_invitation(world: World) -> None:
    people = scene.make_graduates(world, 12)
    survey = scene.run(world)
    for number, graduate in enumerate(people[:11]):
        scene.send(survey, graduate, {"q1": number % 3, "q3": f"意见{number}"})
    answers.save_page(
        token=scene.token_of(survey, people[11]), page=2, asked=["q1"], given={"q1": 4}
    )
    waiting = _values("surveys_draft")
    invited = _values("surveys_invitation")
    identities = set().union(*(invited[c] for c in ("id", "graduate_id", "token_hash")))
    for column, values in waiting.items():
        assert not values & identities, column
    assert answers.collect(survey.pk) == 11
    for column, values in _values("surveys_answer").items():
        assert not values & identities, column
    tokens_of_all = {scene.token_of(survey, g) for g in people}
    every = {
        value for table in ("surveys_invitation", "surveys_draft", "surveys_answer", "surveys_surveykey")
        for values in _values(table).values() for value in values
    }  # fmt: skip
    assert not any(token in value for token in tokens_of_all for value in every)


def test_a_sent_answer_waits_for_nine_others(world: World) -> None:
    people = scene.make_graduates(world, 10)
    survey = scene.run(world)
    for graduate in people[:9]:
        scene.send(survey, graduate, {"q1": 0})
    assert answers.collect_due() == 0
    assert not Answer.objects.exists()
    scene.send(survey, people[9], {"q1": 0})
    assert answers.collect_due() == 10
    assert not Draft.objects.exists()


def test_answers_lie_in_another_order_than_they_came(world: World) -> None:
    """The rows are written by one transaction; neither it nor their order follows the sending."""
    people = scene.make_graduates(world, 12)
    survey = scene.run(world)
    for number, graduate in enumerate(people):
        scene.send(survey, graduate, {"q1": 0, "q3": str(number)})
    answers.collect(survey.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data->>'q3', xmin::text FROM surveys_answer ORDER BY ctid")
        rows = cursor.fetchall()
    assert len({xmin for _, xmin in rows}) == 1
    sent = [str(n) for n in range(12)]
    by_id = [a.data["q3"] for a in Answer.objects.order_by("pk")]
    assert sorted(by_id, key=int) == sent
    assert [text for text, _ in rows] != sent or by_id != sent


def test_the_database_alone_does_not_lead_from_an_invitation_to_its_draft(world: World) -> None:
    """Both are derived from the token, and neither from the other."""
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    token = scene.token_of(survey, graduate)
    answers.save_page(token=token, page=2, asked=["q1"], given={"q1": 0})
    hashed = bytes(scene.invitation_of(survey, graduate).token_hash or b"")
    key = bytes(Draft.objects.get().key)
    assert hashed == tokens.hash_of(token)
    assert key == tokens.draft_key(token)
    guesses = {
        tokens.draft_key(hashed.hex()),
        tokens.hash_of(hashed.hex()),
        tokens.draft_key(str(graduate.pk)),
    }
    assert key not in guesses
    assert bytes(SurveyKey.objects.get().sealed) not in token.encode()


def test_declining_deletes_what_was_answered(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.run(world)
    token = scene.token_of(survey, graduate)
    answers.save_page(token=token, page=2, asked=["q1"], given={"q1": 0})
    answers.decline(token=token)
    assert not Draft.objects.exists()
    assert scene.invitation_of(survey, graduate).state == InvitationState.DECLINED


def test_unfinished_answers_are_kept_if_the_core_was_answered(world: World) -> None:
    with_core, without, silent = scene.make_graduates(world, 3)
    survey = scene.run(world)
    for graduate, given in ((with_core, {"q1": 4}), (without, {"q3": "无"})):
        answers.save_page(
            token=scene.token_of(survey, graduate), page=2, asked=list(given), given=given
        )
    scene.close(survey)
    kept = Answer.objects.get()
    assert (kept.data, kept.is_complete) == ({"q1": 4}, False)
    assert not Draft.objects.exists()
    states = [scene.invitation_of(survey, g).state for g in (with_core, without, silent)]
    assert states == [
        InvitationState.UNFINISHED, InvitationState.UNFINISHED, InvitationState.WAITING,
    ]  # fmt: skip


def test_after_ninety_days_the_key_and_the_hashes_are_gone(world: World) -> None:
    graduate = factories.make_graduate(world)
    survey = scene.close(scene.run(world))
    surveys.move_due()
    assert SurveyKey.objects.filter(survey=survey).exists()
    Survey.objects.filter(pk=survey.pk).update(
        ended_at=F("ended_at") - datetime.timedelta(days=90),
    )
    surveys.move_due()
    assert Survey.objects.get(pk=survey.pk).state == SurveyState.ARCHIVED
    assert not SurveyKey.objects.filter(survey=survey).exists()
    invitation = scene.invitation_of(survey, graduate)
    assert invitation.token_hash is None
    assert invitations.link_of(invitation) == ""


def test_the_signed_in_graduate_is_led_to_the_same_link_and_no_message_holds_it(
    world: World,
) -> None:
    graduate = factories.make_graduate(world)
    client = client_of(factories.activate(graduate))
    survey = scene.run(world)
    invitation = scene.invitation_of(survey, graduate)
    assert survey.title in client.get("/surveys/").content.decode()
    assert survey.title in client.get("/").content.decode()
    led = client.post(f"/surveys/{invitation.pk}/open/")
    assert led.headers["Location"] == scene.address_of(survey, graduate)
    assert client.get(f"/surveys/{invitation.pk}/open/").status_code == 405
    messages = client.get("/messages/").content.decode()
    assert f"问卷：{survey.title}" in messages
    assert "/s/1" not in messages
    assert Client().post(f"/surveys/{invitation.pk}/open/").status_code == 302
    assert Invitation.objects.filter(survey=survey).count() == 1
