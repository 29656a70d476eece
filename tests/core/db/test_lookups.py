"""Look-ups compiled once return the same rows as the ORM, and always current ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import F, QuerySet
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from core.db import lookups
from core.db.bulk import any_of
from core.db.lookups import LookUp, Rows
from graduates.models import Graduate
from schools.models import StaffMember
from schools.roles import Role
from tests import factories

pytestmark = pytest.mark.django_db


RELATED = ("school", "cohort", "person__user")


def graduates(pk: int) -> QuerySet[Graduate]:
    return Graduate.objects.filter(person=pk)


def test_a_look_up_returns_the_same_row_as_the_orm_in_one_query() -> None:
    world = factories.make_world()
    look_up = LookUp(lambda pk: graduates(pk).order_by("-cohort__year", "-id"), related=RELATED)
    assert look_up.first(2**40) is None  # this compiles it
    for made in [factories.make_graduate(world) for _ in range(3)]:
        wanted = graduates(made.person_id).select_related(*RELATED).get()
        with CaptureQueriesContext(connection) as captured:
            found = look_up.first(made.person_id)
            assert found is not None
            assert (found.school, found.cohort, found.person) == (
                wanted.school, wanted.cohort, wanted.person,
            )  # fmt: skip
            assert found.person.user is None
        assert len(captured) == 1
        plain = {f.attname: getattr(wanted, f.attname) for f in Graduate._meta.concrete_fields}
        assert {k: getattr(found, k) for k in plain} == plain


def test_annotations_are_set_on_the_row() -> None:
    graduate = factories.make_graduate(factories.make_world())
    look_up = LookUp(
        lambda pk: Graduate.objects.annotate(year=F("cohort__year")).filter(pk=pk),
        related=("school",),
        annotations=("year",),
    )
    found = look_up.get(graduate.pk)
    assert (found.year, found.school) == (graduate.cohort.year, graduate.school)


def test_undeclared_annotations_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        LookUp(lambda pk: Graduate.objects.annotate(year=F("cohort__year")).filter(pk=pk)).first(1)


def test_rows_are_locked_inside_a_transaction_only(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = LookUp(lambda pk: Graduate.objects.select_for_update().filter(pk=pk))
    assert look_up.first(1) is None
    monkeypatch.setattr(lookups, "connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(TransactionManagementError):
        look_up.first(1)


def test_a_row_that_does_not_exist_is_not_found() -> None:
    factories.make_world()
    assert LookUp(graduates).first(2**40) is None


def test_rows_are_read_from_the_database_each_time() -> None:
    """A change of school, role or scope takes effect at the next request."""
    world = factories.make_world()
    user = world.counsellor
    look_up = LookUp(lambda pk: StaffMember.objects.filter(user_id=pk), related=("school",))
    before = look_up.first(user.pk)
    assert before is not None and before.school is not None and before.school.is_open
    StaffMember.objects.filter(pk=user.pk).update(role=Role.DEPARTMENT_ADMIN)
    type(before.school).objects.filter(pk=before.school_id).update(name="改名后的学校")
    after = look_up.first(user.pk)
    assert after is not None and after.role == Role.DEPARTMENT_ADMIN
    assert after.school is not None and after.school.name == "改名后的学校"
    StaffMember.objects.filter(pk=user.pk).delete()
    assert look_up.first(user.pk) is None


def test_a_look_up_whose_key_stands_twice_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        LookUp(lambda pk: Graduate.objects.filter(pk=pk, person=pk)).first(1)
    with pytest.raises(ImproperlyConfigured):
        LookUp(lambda pk: Graduate.objects.all()).first(1)


def test_rows_may_use_a_key_in_several_places_and_a_list_of_keys() -> None:
    world = factories.make_world()
    made = [factories.make_graduate(world) for _ in range(3)]
    twice = Rows(
        lambda pk: (
            Graduate.objects.filter(pk=pk)
            .values_list("pk", "name")
            .union(Graduate.objects.filter(person=pk, pk__lt=0).values_list("pk", "name"), all=True)
        )
    )
    assert twice.of(made[1].pk) == [(made[1].pk, made[1].name)]
    listed = Rows(
        lambda nos: (
            Graduate.objects.filter(any_of("student_no", nos)).values_list("pk").order_by("pk")
        ),
        list,
    )
    assert listed.of([g.student_no for g in made[:2]]) == [(g.pk,) for g in made[:2]]
    assert listed.of([]) == []
