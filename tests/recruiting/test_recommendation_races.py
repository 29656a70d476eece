"""就业推荐表 at the same instant, on parallel database connections."""

from __future__ import annotations

from core.errors import Conflict, DomainError
from core.models import Event
from recruiting.actions import recommendations
from recruiting.models import Recommendation
from recruiting.states import RecommendationState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import scene

S = RecommendationState


def test_two_people_seal_a_form_once(committed_world: World) -> None:
    world = committed_world
    form = scene.make_recommendation(world, S.WAITING_SCHOOL)
    people = [world.school_admin, factories.make_staff(Role.SCHOOL_ADMIN, world)]
    seen = scene.version_of(form)
    answers = run_at_once(
        *[lambda by=by: recommendations.seal(
            form_id=form.pk, opinion=f"同意{by.pk}", version=seen, by=by) for by in people]
    )  # fmt: skip
    assert [a.code for a in answers if isinstance(a, DomainError)] == ["state"]
    sealed = scene.read_form(form.pk)
    assert (sealed.state, sealed.serial) == (S.VALID, 1)
    assert Event.objects.filter(action="recruiting.seal_recommendation").count() == 1


def test_forms_of_different_graduates_sealed_at_once_get_numbers_in_a_row(
    committed_world: World,
) -> None:
    world = committed_world
    forms = [scene.make_recommendation(world, S.WAITING_SCHOOL) for _ in range(4)]
    people = [factories.make_staff(Role.SCHOOL_ADMIN, world) for _ in forms]
    seen = [scene.version_of(form) for form in forms]
    answers = run_at_once(
        *[lambda f=form, v=version, by=by: recommendations.seal(
            form_id=f.pk, opinion="同意", version=v, by=by)
          for form, version, by in zip(forms, seen, people, strict=True)]
    )  # fmt: skip
    assert sorted(a.serial for a in answers) == [1, 2, 3, 4], answers
    assert Recommendation.objects.values("number").distinct().count() == 4


def test_a_form_is_withdrawn_or_recommended_but_not_both(committed_world: World) -> None:
    for _ in range(3):
        _withdraw_and_recommend(committed_world)


def _withdraw_and_recommend(world: World) -> None:
    form = scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    user, seen, counsellor = (
        scene.account_of(form.graduate), scene.version_of(form), world.counsellor,
    )  # fmt: skip
    answers = run_at_once(
        lambda: recommendations.withdraw(form_id=form.pk, by=user),
        lambda: recommendations.recommend(
            form_id=form.pk, opinion="同意", version=seen, by=counsellor
        ),
    )
    assert [a.code for a in answers if isinstance(a, DomainError)] == ["state"], answers
    after = scene.read_form(form.pk)
    assert (after.state == S.DRAFT) == (after.department_opinion == "")


def test_two_tabs_that_save_at_once_make_one_draft(committed_world: World) -> None:
    world = committed_world
    graduate = factories.make_graduate(world)
    user = signing.confirm_origin(graduate)
    answers = run_at_once(
        *[lambda n=n: recommendations.edit(
            graduate=graduate, typed=scene.typed_recommendation(studies=f"第{n}次"), version="",
            by=user) for n in range(3)]
    )  # fmt: skip
    assert [type(a) for a in answers].count(Conflict) == 2, answers
    assert Recommendation.objects.get().state == S.DRAFT


def test_a_new_form_sealed_while_the_old_one_is_declared_void_leaves_one_valid(
    committed_world: World,
) -> None:
    world = committed_world
    old = scene.make_recommendation(world, S.VALID)
    new = scene.write_recommendation(old.graduate, studies="新获奖。")
    recommendations.submit(form_id=new.pk, by=scene.account_of(old.graduate))
    recommendations.recommend(
        form_id=new.pk, opinion="同意", version=scene.version_of(new), by=world.counsellor
    )
    seen, first = scene.version_of(new), world.school_admin
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    answers = run_at_once(
        lambda: recommendations.seal(form_id=new.pk, opinion="同意", version=seen, by=first),
        lambda: recommendations.void(form_id=old.pk, reason="信息有误", by=second),
    )
    assert {a.code for a in answers if isinstance(a, DomainError)} <= {"state"}
    assert (scene.read_form(old.pk).state, scene.read_form(new.pk).state) == (S.VOID, S.VALID)
    voided = Event.objects.filter(action="recruiting.void_recommendation", object_id=old.pk)
    assert voided.count() == 1
