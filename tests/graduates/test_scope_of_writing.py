"""Nobody moves a graduate out of their own scope; forms offer only what may be chosen, and what is
refused is said at the field, beside what was typed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.forms import Select
from django.http import HttpResponse
from django.utils import timezone

from accounts.models import User
from codes import lookup
from core.errors import Invalid, NotPermitted, Refused
from graduates.actions import corrections, origin, standing
from graduates.models import Graduate
from graduates.records import RELATED
from schools.models import Department, FieldPermission, SchoolClass
from schools.roles import Role
from schools.scope import scope_of, visible_to
from tests import factories
from tests.factories import World, client_of, make_graduate, typed_record

pytestmark = pytest.mark.django_db

LIMITED = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN)


def fresh(graduate: Graduate) -> Graduate:
    return Graduate.objects.select_related(*RELATED).get(pk=graduate.pk)


def place(world: World, department: int, school_class: int = 0) -> dict[str, str]:
    return {
        "department": world.departments[department].name,
        "school_class": world.classes[department][school_class].name,
    }


def offered(response: HttpResponse, name: str, form: str = "form") -> list[str]:
    """The values that the page offers in a list, those in groups, too."""
    widget = response.context[form][name].field.widget
    assert isinstance(widget, Select)
    return [
        option["value"]
        for _, options, _ in widget.optgroups(name, [])
        for option in options
        if option["value"]
    ]


def of_classes(world: World, *classes: SchoolClass, levels: list[str] | None = None) -> User:
    return factories.make_staff(
        Role.COUNSELLOR, world, cohorts=[world.cohort], classes=list(classes), levels=levels or []
    )


# --- editing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", LIMITED)
def test_a_record_stays_in_the_scope_of_who_edits_it(role: str, world: World) -> None:
    graduate = make_graduate(world)
    with pytest.raises(Invalid) as refusal:
        origin.edit(graduate_id=graduate.pk, typed=place(world, 1), by=world.user(role))
    assert (refusal.value.code, list(refusal.value.errors)) == ("outside_scope", ["department"])
    assert fresh(graduate).department == world.departments[0]
    origin.edit(graduate_id=graduate.pk, typed=place(world, 0, 1), by=world.user(role))
    assert fresh(graduate).school_class == world.classes[0][1]
    origin.edit(graduate_id=graduate.pk, typed=place(world, 1), by=world.school_admin)
    assert fresh(graduate).department == world.departments[1]


def test_the_page_says_so_at_the_field_and_keeps_what_was_typed(world: World) -> None:
    graduate = make_graduate(world)
    client, address = world.client(Role.COUNSELLOR), f"/console/graduates/{graduate.pk}/"
    page = client.get(address)
    assert offered(page, "department") == [world.departments[0].name]
    assert offered(page, "school_class") == [c.name for c in world.classes[0]]
    typed = place(world, 1) | {"version": "1", "home_address": "虚构路88号"}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    (sentence,) = answer.context["form"]["department"].errors
    assert "不在您负责的范围内" in sentence
    assert "虚构路88号" in answer.content.decode()
    assert client.get(address).status_code == 200


def test_a_counsellor_of_one_class_moves_nobody_to_another(world: World) -> None:
    graduate = make_graduate(world)
    user = of_classes(world, world.classes[0][0])
    with pytest.raises(Invalid) as refusal:
        origin.edit(graduate_id=graduate.pk, typed=place(world, 0, 1), by=user)
    assert list(refusal.value.errors) == ["school_class"]
    page = client_of(user).get(f"/console/graduates/{graduate.pk}/")
    assert offered(page, "department") == [world.departments[0].name]
    assert offered(page, "school_class") == [world.classes[0][0].name]


def test_a_level_outside_the_scope_is_refused_too(world: World) -> None:
    FieldPermission.objects.create(
        cohort=world.cohort, field="level", graduate=False, counsellor=True, department_admin=True
    )
    graduate = make_graduate(world)
    group = next(g for g in lookup.level_groups() if graduate.level in lookup.levels_of_group([g]))
    user = of_classes(world, *world.classes[0], levels=[group])
    page = client_of(user).get(f"/console/graduates/{graduate.pk}/")
    assert set(offered(page, "level")) <= set(lookup.levels_of_group([group]))
    elsewhere = next(
        code for code, _ in lookup.table("education_level").choices()
        if code not in lookup.levels_of_group([group]) and "毕业" in lookup.name("education_level", code)
    )  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        origin.edit(graduate_id=graduate.pk, typed={"level": elsewhere}, by=user)
    assert (refusal.value.code, list(refusal.value.errors)) == ("outside_scope", ["level"])


def test_every_value_is_inside_exactly_when_the_record_is_visible(world: World) -> None:
    """The rule for writing and the filter for reading are two wordings of one scope."""
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    people = [make_graduate(world, department=d, school_class=c) for d in (0, 1) for c in (0, 1)]
    levels = [None, ["本科"], ["博士研究生"]]
    scopes: list[dict[str, Any]] = [
        {"departments": world.departments[:1]},
        {"classes": [world.classes[1][1]]},
        {"departments": world.departments[1:], "classes": [world.classes[0][0]]},
        {},
    ]
    for scope, level, cohort in itertools.product(scopes, levels, (world.cohort, later)):
        user = factories.make_staff(
            Role.COUNSELLOR, world, cohorts=[cohort], levels=level or [], **scope
        )
        limit = scope_of(user)
        assert limit is not None
        seen = set(visible_to(Graduate.objects.all(), user).values_list("pk", flat=True))
        inside = {
            g.pk for g in people
            if limit.includes(
                cohort_id=g.cohort_id, level=g.level, department_id=g.department_id,
                school_class_id=g.school_class_id,
            )
        }  # fmt: skip
        assert inside == seen


def test_a_department_that_is_closed_takes_nobody(world: World) -> None:
    graduate, stays = make_graduate(world), make_graduate(world, department=1)
    Department.objects.filter(pk=world.departments[1].pk).update(is_active=False)
    with pytest.raises(Invalid) as refusal:
        origin.edit(graduate_id=graduate.pk, typed=place(world, 1), by=world.school_admin)
    assert "已停用" in refusal.value.errors["department"][0]
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(f"/console/graduates/{graduate.pk}/")
    assert world.departments[1].name not in offered(page, "department")
    # Who is there already stays, and may change the class.
    page = client.get(f"/console/graduates/{stays.pk}/")
    assert world.departments[1].name in offered(page, "department")
    origin.edit(graduate_id=stays.pk, typed=place(world, 1, 1), by=world.school_admin)


def test_a_class_name_of_two_departments_is_shown_in_the_chosen_one(world: World) -> None:
    for department in world.departments:
        factories.make_classes(world.cohort, department, "一班")
    graduate = make_graduate(world)
    typed = {"department": world.departments[1].name, "school_class": "一班"}
    origin.edit(graduate_id=graduate.pk, typed=typed, by=world.school_admin)
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/graduates/{graduate.pk}/")
    groups = page.context["form"]["school_class"].field.widget.choices
    assert groups[1][0] == world.departments[1].name


# --- adding ---------------------------------------------------------------------------------------


def test_adding_offers_only_what_may_be_chosen(world: World) -> None:
    sealed = factories.make_cohort(world.school, world.cohort.year - 1, sealed_at=timezone.now())
    factories.make_classes(sealed, world.departments[0], "旧班")
    factories.make_world()  # another school
    page = world.client(Role.SCHOOL_ADMIN).get("/console/graduates/add/")
    assert offered(page, "year") == [str(world.cohort.year)]
    assert offered(page, "department") == sorted(d.name for d in world.departments)
    assert sorted(offered(page, "school_class")) == sorted(
        c.name for classes in world.classes for c in classes
    )
    typed = typed_record(world) | {"year": str(sealed.year)}
    answer = world.client(Role.SCHOOL_ADMIN).post("/console/graduates/add/", typed)
    assert answer.status_code == 422
    assert "已封存" in answer.context["form"]["year"].errors[0]
    assert typed["student_no"] in answer.content.decode()


@pytest.mark.parametrize("role", LIMITED)
def test_the_action_of_adding_asks_the_scope_too(role: str, world: World) -> None:
    """The page is the school admin's; should it be opened to others, their scope holds."""
    with pytest.raises(Invalid) as refusal:
        origin.add(
            school=world.school, typed=typed_record(world, department=1), by=world.user(role)
        )
    assert refusal.value.code == "outside_scope"
    assert world.client(role).get("/console/graduates/add/").status_code == 403


# --- corrections ----------------------------------------------------------------------------------


def asked(graduate: Graduate, field: str, proposed: str) -> Any:
    user = User.objects.filter(person__graduates=graduate).first() or factories.activate(graduate)
    return corrections.ask(
        graduate=graduate, kind="origin", field=field, proposed=proposed, reason="转专业", by=user
    )


def test_a_correction_out_of_the_scope_is_refused_in_words(world: World) -> None:
    graduate = make_graduate(world)
    for department in world.departments:
        factories.make_classes(world.cohort, department, "一班")
    typed = {"department": world.departments[0].name, "school_class": "一班"}
    origin.edit(graduate_id=graduate.pk, typed=typed, by=world.school_admin)
    request = asked(fresh(graduate), "department", world.departments[1].name)
    client = world.client(Role.COUNSELLOR)
    answer = client.post(
        f"/console/corrections/{request.pk}/answer/", {"do": "accept", "answer": "好"}
    )
    assert answer.status_code == 422
    assert "不在您负责的范围内" in answer.content.decode()
    assert fresh(graduate).department == world.departments[0]
    corrections.accept(request=request, by=world.school_admin)
    assert fresh(graduate).department == world.departments[1]


def test_graduates_choose_among_the_classes_of_their_cohort(world: World) -> None:
    graduate = make_graduate(world)
    client = client_of(factories.activate(graduate))
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    factories.make_classes(later, world.departments[0], "后来的班")
    page = client.get("/corrections/ask/", {"kind": "origin", "field": "school_class"})
    names = sorted(c.name for classes in world.classes for c in classes)
    assert sorted(offered(page, "proposed")) == names
    page = client.get("/corrections/ask/", {"kind": "origin", "field": "department"})
    assert offered(page, "proposed") == sorted(d.name for d in world.departments)
    for field, wrong in (("department", "没有这院系"), ("school_class", "后来的班")):
        with pytest.raises(Invalid) as refusal:
            asked(graduate, field, wrong)
        assert list(refusal.value.errors) == ["proposed"]


def test_a_correction_of_the_class_alone_says_what_else_is_needed(world: World) -> None:
    graduate = make_graduate(world)
    request = asked(graduate, "department", world.departments[1].name)
    with pytest.raises(Invalid) as refusal:
        corrections.accept(request=request, by=world.school_admin)
    assert "请同时选好院系和班级" in refusal.value.message
    origin.edit(graduate_id=graduate.pk, typed=place(world, 1), by=world.school_admin)
    assert corrections.accept(request=request, by=world.school_admin).state == "accepted"


def test_another_cohort_is_reached_by_deferring(world: World) -> None:
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    graduate = make_graduate(world)
    request = asked(graduate, "year", str(later.year))
    with pytest.raises(Refused) as refusal:
        corrections.accept(request=request, by=world.school_admin)
    assert "办理延期" in refusal.value.message
    standing.defer(graduate_id=graduate.pk, to=later, reason="延长学制", by=world.school_admin)
    request.refresh_from_db()
    assert corrections.accept(request=request, by=world.school_admin).state == "accepted"


# --- deferring ------------------------------------------------------------------------------------


def test_deferring_offers_the_cohorts_that_take_graduates(world: World) -> None:
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    sealed = factories.make_cohort(world.school, world.cohort.year - 1, sealed_at=timezone.now())
    foreign = factories.make_world().cohort
    graduate = make_graduate(world)
    client, address = world.client(Role.SCHOOL_ADMIN), f"/console/graduates/{graduate.pk}/"
    values = offered(client.get(address), "standing", "standing_form")
    assert [v for v in values if v.startswith("defer-")] == [f"defer-{later.pk}"]
    for wrong in (f"defer-{foreign.pk}", f"defer-{sealed.pk}", "defer-", "defer-²", "x"):
        typed = {"standing": wrong, "reason": "延长学制一年"}
        answer = client.post(f"{address}standing/", typed)
        assert answer.status_code == 422, wrong
        assert answer.context["standing_form"]["standing"].errors
        assert "延长学制一年" in answer.content.decode()  # nothing typed is lost
    assert fresh(graduate).cohort == world.cohort


def test_a_refused_deferral_says_why_at_the_field(world: World) -> None:
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    graduate = make_graduate(world)
    classes = factories.make_classes(later, world.departments[0], "后来的班")
    twin = typed_record(world) | {
        "year": str(later.year), "school_class": classes[0].name,
        "graduates_on": f"{later.year}0630", "exam_no": graduate.exam_no,
    }  # fmt: skip
    origin.add(school=world.school, typed=twin, by=world.school_admin)
    answer = world.client(Role.SCHOOL_ADMIN).post(
        f"/console/graduates/{graduate.pk}/standing/",
        {"standing": f"defer-{later.pk}", "reason": "延长学制一年"},
    )
    assert answer.status_code == 409
    assert "已有此考生号" in answer.context["standing_form"]["standing"].errors[0]
    assert "延长学制一年" in answer.content.decode()


@pytest.mark.parametrize("role", LIMITED)
def test_only_the_school_admin_defers_and_imports(role: str, world: World) -> None:
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    graduate = make_graduate(world)
    with pytest.raises(NotPermitted):
        standing.defer(graduate_id=graduate.pk, to=later, reason="延长学制", by=world.user(role))
    assert world.client(role).get("/console/graduates/import/").status_code == 403
