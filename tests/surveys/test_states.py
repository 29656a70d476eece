"""Every state × action × role of a survey and of an invitation, as the pages' tables say."""

from __future__ import annotations

import datetime

import pytest

from accounts.models import User
from core.clock import database_now
from core.errors import Conflict, Invalid, Refused
from schools.roles import Role
from surveys.actions import surveys
from surveys.models import Invitation, Survey, Version
from surveys.questions import Question
from surveys.states import InvitationState, SurveyState
from surveys.steps import HOLDER, INVITATION, SURVEY
from tests import factories
from tests.factories import World, make_world
from tests.surveys import scene

pytestmark = pytest.mark.django_db
S, INVITED = SurveyState, InvitationState
OWN = Role.SCHOOL_ADMIN
# (state, action) → who may take it on a survey of the school whose times have come.
MAY = {
    (S.DRAFT, "edit"): {OWN}, (S.DRAFT, "discard"): {OWN}, (S.DRAFT, "publish"): {OWN},
    (S.PUBLISHED, "open"): {"clock"}, (S.PUBLISHED, "end"): {OWN}, (S.PUBLISHED, "close"): {"clock"},
    (S.RUNNING, "reword"): {OWN}, (S.RUNNING, "end"): {OWN}, (S.RUNNING, "close"): {"clock"},
    (S.ENDED, "archive"): {"clock"},
}  # fmt: skip
MAY_INVITED = {
    (INVITED.WAITING, "save"): {HOLDER}, (INVITED.WAITING, "send"): {HOLDER}, (INVITED.WAITING, "decline"): {HOLDER},
    (INVITED.PARTIAL, "save"): {HOLDER}, (INVITED.PARTIAL, "send"): {HOLDER}, (INVITED.PARTIAL, "decline"): {HOLDER},
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return make_world()


def _actors(world: World) -> dict[str, User | None]:
    staff: dict[str, User | None] = {role: world.user(role) for role in world.staff}
    return {**staff, "clock": None, "graduate": factories.activate(factories.make_graduate(world))}


def test_every_state_action_and_role_of_a_survey(world: World) -> None:
    actors = _actors(world)
    now = database_now()
    old = now - datetime.timedelta(days=200)
    found = {}
    for state in SurveyState:
        survey = scene.write(world.school_admin)
        survey.state = state
        survey.opens_at, survey.ended_at = old, old
        for action in SURVEY.actions():
            # The clock closes only after the time, people publish only before it.
            survey.closes_at = old if action == "close" else now + datetime.timedelta(days=1)
            may = {name for name, actor in actors.items() if SURVEY.can(action, survey, actor)}
            if may:
                found[state, action] = may
    assert found == MAY


def test_every_state_action_and_role_of_an_invitation(world: World) -> None:
    invitation = _first_invitation(world)
    actors: dict[str, User | str | None] = {**_actors(world), HOLDER: HOLDER}
    found = {}
    for state in InvitationState:
        invitation.state = state
        for action in INVITATION.actions():
            may = {
                name for name, actor in actors.items() if INVITATION.can(action, invitation, actor)
            }
            if may:
                found[state, action] = may
    assert found == MAY_INVITED
    invitation.survey.state = SurveyState.ENDED
    invitation.state = INVITED.PARTIAL
    assert INVITATION.can("close", invitation, None)
    assert not any(INVITATION.can(a, invitation, HOLDER) for a in ("save", "send", "decline"))


def _first_invitation(world: World) -> Invitation:
    graduate = factories.make_graduate(world)
    return scene.invitation_of(scene.run(world), graduate)


def test_publishing_freezes_and_draws_once(world: World) -> None:
    people = scene.make_graduates(world, 3)
    factories.make_graduate(make_world())
    draft = scene.write(world.school_admin)
    made = surveys.publish(survey_id=draft.pk, edition=draft.edition, by=world.school_admin)
    assert (made.state, made.number, made.invited) == (S.RUNNING, 1, 3)
    assert set(Invitation.objects.values_list("graduate", flat=True)) == {g.pk for g in people}
    assert made.strata == {f"{people[0].department_id}:本科": 3}
    assert Version.objects.get(survey=made).questions == made.questions
    with pytest.raises(Refused):
        surveys.publish(survey_id=made.pk, edition=made.edition, by=world.school_admin)
    with pytest.raises(Refused):
        surveys.set_questions(
            survey_id=made.pk, change=lambda q: q, edition=None, by=world.school_admin
        )


def test_a_draft_without_questions_or_with_wrong_ones_is_not_published(world: World) -> None:
    empty = scene.write(world.school_admin, ())
    assert "还没有题目" in SURVEY.why_not("publish", empty, world.school_admin)
    backwards = Question("q9", "text", "为什么", when=("q1", (0,)))
    wrong = scene.write(world.school_admin, (backwards, scene.CONTENT))
    assert "只能按前面的选择题" in SURVEY.why_not("publish", wrong, world.school_admin)


def test_a_wording_fix_makes_a_version_and_changes_nothing_else(world: World) -> None:
    survey = scene.run(world)
    fixed = surveys.reword(
        survey_id=survey.pk, words={"q1": {"text": "您对母校满意吗？"}}, edition=survey.edition,
        by=world.school_admin,
    )  # fmt: skip
    assert fixed.number == 2
    assert [v.number for v in Version.objects.filter(survey=survey).order_by("number")] == [1, 2]
    assert Version.objects.get(survey=survey, number=1).questions[0]["text"] == "您对母校满意吗"
    with pytest.raises(Invalid, match="不能增减"):
        surveys.reword(
            survey_id=survey.pk, words={"q2": {"options": ("课程",)}}, edition=fixed.edition,
            by=world.school_admin,
        )  # fmt: skip
    with pytest.raises(Conflict):
        surveys.reword(
            survey_id=survey.pk, words={"q1": {"text": "别的"}}, edition=survey.edition,
            by=world.school_admin,
        )  # fmt: skip


def test_the_clock_opens_and_closes(world: World) -> None:
    now = database_now()
    later = scene.publish(
        world.school_admin, opens_at=now + datetime.timedelta(days=1),
        closes_at=now + datetime.timedelta(days=2),
    )  # fmt: skip
    assert later.state == S.PUBLISHED
    assert surveys.move_due() == 0
    Survey.objects.filter(pk=later.pk).update(opens_at=now)
    assert surveys.move_due() == 1
    assert Survey.objects.get(pk=later.pk).state == S.RUNNING
    assert scene.close(later).state == S.ENDED


def test_the_end_before_its_time_needs_a_reason(world: World) -> None:
    survey = scene.run(world)
    with pytest.raises(Invalid):
        surveys.end(survey_id=survey.pk, reason=" ", by=world.school_admin)
    ended = surveys.end(survey_id=survey.pk, reason="发错了", by=world.school_admin)
    assert (ended.state, ended.end_reason) == (S.ENDED, "发错了")


def test_the_audience_is_as_chosen(world: World) -> None:
    first = factories.make_graduate(world)
    second = factories.make_graduate(world, department=1)
    by_department = scene.run(world, department_ids=[world.departments[1].pk])
    assert _asked(by_department) == [second.pk]
    assert _asked(scene.run(world, years=[world.cohort.year + 1])) == []
    assert set(_asked(scene.run(world, groups=["待就业"]))) == {first.pk, second.pk}
    assert _asked(scene.run(world, groups=["升学"])) == []
    assert _asked(scene.run(world, levels=["11"])) == []
    province = scene.publish(world.user(Role.PROVINCE), school_ids=[world.school.pk])
    assert set(_asked(province)) == {first.pk, second.pk}


def _asked(survey: Survey) -> list[int | None]:
    rows = Invitation.objects.filter(survey=survey).order_by("graduate")
    return list(rows.values_list("graduate", flat=True))
