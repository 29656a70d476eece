"""Evidence counts for the category that it was uploaded for, and stays with what was approved."""

from __future__ import annotations

import importlib
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.models import User
from core.errors import Invalid, Refused
from core.models import Event
from destinations.actions import enter, evidence, register, review
from destinations.models import Evidence
from destinations.steps import EVIDENCE
from graduates.actions import corrections
from graduates.models import CorrectionRequest, Graduate
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, SEEKING, World, client_of, destination_of, make_photo

pytestmark = pytest.mark.django_db

# Another category with the same unit, which asks for evidence, too.
OTHER = {**CONTRACT, "category": "501"}
NOT_SEEKING = {"category": "71"}


def shown(graduate: Graduate) -> list[int]:
    d = destination_of(graduate)
    return [row.pk for row in evidence.standing_evidence(d.pk, d.category)]


def register_typed(graduate: Graduate, user: User, typed, **more) -> None:
    register.register(graduate_id=graduate.pk, typed=typed, by=user, **more)


def test_pictures_of_another_category_do_not_count(graduate: Graduate, user: User) -> None:
    factories.register_contract(graduate, user)
    with pytest.raises(Invalid) as refusal:
        register_typed(graduate, user, OTHER)
    assert refusal.value.errors == {"evidence": ["请上传证明材料"]}
    assert destination_of(graduate).category == "11"


def test_the_form_asks_which_earlier_pictures_still_count(graduate: Graduate, user: User) -> None:
    factories.register_contract(graduate, user)
    first = Evidence.objects.get(graduate=graduate)
    second = factories.attach(graduate, user)
    client = client_of(user)
    page = client.get("/destination/form/?category=501").content.decode()
    assert re.findall(r'name="kept" value="(\d+)"', page) == [str(first.pk), str(second.pk)]
    assert "仍作为材料" in page
    response = client.post("/destination/form/", {**OTHER, "kept": [first.pk]})
    assert response.status_code == 302, response.content.decode()
    (kept,) = Evidence.objects.filter(graduate=graduate, category="501")
    assert shown(graduate) == [kept.pk]
    assert kept.file_id == first.file_id
    assert kept.submitted_at is not None
    # What was kept is not asked about again.
    page = client.get("/destination/form/?category=501").content.decode()
    assert re.findall(r'name="kept" value="(\d+)"', page) == [str(second.pk)]


def test_taking_back_shows_the_pictures_from_before(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    before = shown(graduate)
    review.reject(graduate_id=graduate.pk, reason="不清晰", by=world.counsellor)
    register_typed(graduate, user, OTHER, kept=before)
    assert shown(graduate) != before
    register.take_back(graduate_id=graduate.pk, by=user)
    assert shown(graduate) == before


def test_pictures_of_another_graduate_are_never_kept(
    world: World, graduate: Graduate, user: User
) -> None:
    foreign = factories.attach(factories.make_graduate(world), world.counsellor)
    with pytest.raises(Invalid):
        register_typed(graduate, user, OTHER, kept=[foreign.pk])
    assert not Evidence.objects.filter(graduate=graduate).exists()


def test_more_than_four_pictures_are_not_kept(graduate: Graduate, user: User) -> None:
    old = factories.attach(graduate, user)
    for _ in range(4):
        factories.attach(graduate, user, "501")
    with pytest.raises(Refused) as refusal:
        register_typed(graduate, user, OTHER, kept=[old.pk])
    assert refusal.value.code == "evidence_full"


def test_a_graduate_who_seeks_work_carries_no_evidence(graduate: Graduate, user: User) -> None:
    factories.register_contract(graduate, user)
    register_typed(graduate, user, SEEKING)
    assert shown(graduate) == []
    assert "证明材料" not in client_of(user).get("/destination/").content.decode()
    with pytest.raises(Refused) as refusal:
        factories.attach(graduate, user, "70-2")
    assert refusal.value.code == "no_evidence"
    response = client_of(user).get("/destination/materials/?category=70-2")
    assert response.status_code == 302
    assert response.url.startswith("/destination/form/")


def test_staff_cannot_attach_pictures_to_a_graduate_who_seeks_work(
    world: World, graduate: Graduate, user: User
) -> None:
    register_typed(graduate, user, SEEKING)
    client = world.client(Role.COUNSELLOR)
    page = client.get(f"/console/destinations/{graduate.pk}/").content.decode()
    assert f"/console/destinations/{graduate.pk}/evidence/" not in page
    image = SimpleUploadedFile("章.jpg", make_photo(), "image/jpeg")
    path = f"/console/destinations/{graduate.pk}/evidence/"
    page = client.post(path, {"image": image}, follow=True).content.decode()
    assert "待就业不需要证明材料" in page
    assert not Evidence.objects.filter(graduate=graduate).exists()


def test_the_reviewer_sees_the_pictures_of_the_registered_category_only(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    old = Evidence.objects.get(graduate=graduate)
    new = factories.attach(graduate, user, "501")
    client = world.client(Role.COUNSELLOR)
    address = f"/console/destinations/{graduate.pk}/"
    page = client.get(address).content.decode()
    assert f"/console/evidence/{old.pk}/" in page
    assert f"/console/evidence/{new.pk}/" not in page
    register_typed(graduate, user, OTHER)
    page = client.get(address).content.decode()
    assert f"/console/evidence/{old.pk}/" not in page
    assert f"/console/evidence/{new.pk}/" in page


def test_an_entry_by_staff_asks_which_pictures_still_count(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    old = Evidence.objects.get(graduate=graduate)
    client = world.client(Role.SCHOOL_ADMIN)
    address = f"/console/destinations/{graduate.pk}/enter/"
    page = client.get(address, {"category": "501"}).content.decode()
    assert re.findall(r'name="kept" value="(\d+)"', page) == [str(old.pk)]
    typed = {**OTHER, "version": destination_of(graduate).version, "kept": old.pk}
    assert client.post(address, typed).status_code == 302
    (kept,) = Evidence.objects.filter(pk__in=shown(graduate))
    assert (kept.category, kept.file_id) == ("501", old.file_id)
    enter.enter(
        graduate_id=graduate.pk, typed={**CONTRACT, "category": "502"}, by=world.school_admin
    )
    assert shown(graduate) == []


def test_approved_evidence_cannot_be_removed_or_exchanged_by_the_graduate(
    world: World, graduate: Graduate, user: User
) -> None:
    """With 71 and 72 the graduate may register again after the approval."""
    row = factories.attach(graduate, user, "71")
    register_typed(graduate, user, NOT_SEEKING)
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    client = client_of(user)
    address = "/destination/materials/?category=71"
    page = client.get(address).content.decode()
    assert f"/destination/evidence/{row.pk}/" in page
    assert f"/destination/evidence/{row.pk}/remove/" not in page
    assert 'type="file"' not in page
    assert "不能更换材料" in page
    row = Evidence.objects.select_related("file").get(pk=row.pk)
    with pytest.raises(Refused):
        evidence.remove_evidence(evidence=row, by=user)
    image = SimpleUploadedFile("章.jpg", make_photo(), "image/jpeg")
    assert client.post(address, {"image": image}).status_code == 409
    assert client.post(f"/destination/evidence/{row.pk}/remove/").status_code == 409
    assert shown(graduate) == [row.pk]
    # For another category pictures may be uploaded, and staff may still change these.
    factories.attach(graduate, user, "11")
    factories.attach(graduate, world.school_admin, "71")
    assert len(shown(graduate)) == 2


@pytest.mark.parametrize("state", ["unsubmitted", "pending", "rejected", "school_approved"])
def test_the_table_says_who_may_change_evidence(
    state: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, state, world, user)
    d = destination_of(graduate)
    assert EVIDENCE.can("change", d, user) == (state != "school_approved")
    assert EVIDENCE.can("change", d, world.counsellor)
    assert not EVIDENCE.can("change", d, world.user(Role.PROVINCE))


def test_the_migration_fills_the_category_from_the_destination(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    seeking = factories.make_graduate(world)
    factories.attach(seeking, world.counsellor)
    Evidence.objects.update(category="")
    migration = importlib.import_module("destinations.migrations.0004_evidence_category")
    with connection.cursor() as cursor:
        cursor.execute(migration.FILL)
    assert Evidence.objects.get(graduate=graduate).category == "11"
    assert Evidence.objects.get(graduate=seeking).category == ""
    # Nobody knows what it was uploaded for, so the graduate is asked.
    assert len(evidence.earlier_evidence(seeking.pk, "11")) == 1


def ask_for_category(graduate: Graduate, user: User, pictures: int = 1) -> CorrectionRequest:
    return corrections.ask(
        graduate=graduate, kind="destination", field="category", proposed="501",
        reason="登记错了", by=user, pictures=[make_photo((240 + n, 320)) for n in range(pictures)],
    )  # fmt: skip


def test_pictures_of_an_accepted_correction_prove_the_new_category(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    old = shown(graduate)
    request = ask_for_category(graduate, user)
    corrections.accept(request=request, by=world.school_admin)
    assert destination_of(graduate).category == "501"
    (added,) = shown(graduate)
    assert added not in old
    row = Evidence.objects.get(pk=added)
    assert row.file_id == request.images.get().file_id
    assert row.submitted_at is not None
    event = Event.objects.get(action="destinations.evidence_add", object_id=added)
    assert event.actor_id == world.school_admin.pk
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/destinations/{graduate.pk}/")
    assert f"/evidence/{added}/" in page.content.decode()


def test_pictures_count_also_if_staff_entered_the_category_before_they_accepted(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    request = ask_for_category(graduate, user)
    enter.enter(graduate_id=graduate.pk, typed=OTHER, by=world.school_admin)
    corrections.accept(request=request, by=world.school_admin)
    assert len(shown(graduate)) == 1


def test_no_more_than_four_pictures_of_a_correction_become_evidence(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    for _ in range(2):
        factories.attach(graduate, world.school_admin, "501")
    request = ask_for_category(graduate, user, pictures=3)
    corrections.accept(request=request, by=world.school_admin)
    assert len(shown(graduate)) == 4
    assert request.images.count() == 3


def test_pictures_of_a_correction_of_another_field_become_no_evidence(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.register_contract(graduate, user)
    before = shown(graduate)
    request = corrections.ask(
        graduate=graduate, kind="destination", field="unit_address", proposed="虚构路9号",
        reason="搬了", by=user, pictures=[make_photo()],
    )  # fmt: skip
    corrections.accept(request=request, by=world.school_admin)
    assert shown(graduate) == before
