"""Releases of destinations that are not e-signed: proposed with the unit's paper, passed on, decided."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import inbox
from accounts.models import Message, User
from core.errors import DomainError
from core.menu import counted_items
from destinations.actions import dispute, enter, register, release, review
from destinations.models import DestinationEvent, ReleaseImage, ReleaseProposal
from destinations.states import ReleaseState, State
from graduates.actions import account
from graduates.models import Graduate, Person
from schools.models import StaffMember
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, destination_of, make_photo

pytestmark = pytest.mark.django_db
LIST = "/console/releases/"


def refused(code: str, call: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


def approved(world: World, graduate: Graduate, user: User) -> None:
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)


def propose(graduate: Graduate, by: User, **changes: Any) -> ReleaseProposal:
    values = {"reason": "单位已同意解除", "pictures": [make_photo()]} | changes
    return release.propose_release(graduate_id=graduate.pk, by=by, **values)


@pytest.fixture
def asked(world: World, graduate: Graduate, user: User) -> ReleaseProposal:
    """The graduate's own proposal."""
    approved(world, graduate, user)
    return propose(graduate, user)


def waiting(world: World, role: str) -> int:
    user = User.objects.get(pk=world.staff[role].pk)
    (item,) = [i for i in counted_items(user) if i.url_name == "console:releases"]
    assert item.waiting is not None
    return item.waiting(user).count()


def titles(to: str) -> list[str]:
    rows = Message.objects.filter(to=to, dedupe_key__contains=":release:")
    return list(rows.order_by("pk").values_list("title", flat=True))


# --- proposing ------------------------------------------------------------------------------------


def test_a_proposal_needs_a_paper_of_its_own_and_a_reason(
    world: World, graduate: Graduate, user: User
) -> None:
    approved(world, graduate, user)
    factories.attach(graduate, world.counsellor)
    refused("invalid", propose, graduate=graduate, by=user, pictures=[])
    refused("invalid", propose, graduate=graduate, by=user, reason=" ")
    refused("invalid", propose, graduate=graduate, by=user, pictures=[make_photo()] * 5)
    refused("invalid", propose, graduate=graduate, by=user, pictures=[b"no picture"])
    assert not ReleaseProposal.objects.exists()
    before = graduate.evidence.count()
    propose(graduate, user)
    assert ReleaseImage.objects.count() == 1
    assert graduate.evidence.count() == before
    assert destination_of(graduate).state == State.SCHOOL_APPROVED


def test_a_graduate_proposes_to_the_department_which_passes_it_on(
    world: World, asked: ReleaseProposal
) -> None:
    assert asked.state == ReleaseState.WAITING_DEPARTMENT
    people = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN)
    assert [titles(f"user:{world.staff[role].pk}") for role in people] == [
        [f"{asked.graduate.name}的解约等待您处理"]
    ] * 2
    assert titles(f"school:{world.school.pk}") == []
    release.endorse_release(proposal=asked, by=world.counsellor)
    asked.refresh_from_db()
    assert (asked.state, asked.endorsed_by) == (
        ReleaseState.WAITING_SCHOOL, world.counsellor.label,
    )  # fmt: skip
    assert titles(f"school:{world.school.pk}") == [f"{asked.graduate.name}的解约等待您处理"]
    assert titles(f"person:{asked.graduate.person_id}") == ["院系已同意您的解约，等待学校处理"]
    refused("waits_for_school", release.endorse_release, proposal=asked, by=world.counsellor)
    refused(
        "waits_for_school", release.refuse_release, proposal=asked, by=world.counsellor, answer="x"
    )


def test_without_anybody_in_the_department_it_goes_to_the_school(
    world: World, graduate: Graduate, user: User
) -> None:
    approved(world, graduate, user)
    StaffMember.objects.filter(
        user_id__in=[world.staff[Role.COUNSELLOR].pk, world.staff[Role.DEPARTMENT_ADMIN].pk]
    ).delete()
    row = propose(graduate, user)
    assert row.state == ReleaseState.WAITING_SCHOOL
    assert titles(f"school:{world.school.pk}") == [f"{graduate.name}的解约等待您处理"]


def test_the_departments_proposal_goes_to_the_school_and_the_graduate_is_told(
    world: World, graduate: Graduate, user: User
) -> None:
    approved(world, graduate, user)
    row = propose(graduate, world.counsellor)
    assert row.state == ReleaseState.WAITING_SCHOOL
    assert titles(f"school:{world.school.pk}") == [f"{graduate.name}的解约等待您处理"]
    told = titles(f"person:{graduate.person_id}")
    assert told == [f"{world.counsellor.label}为您提出了解约，等待学校处理"]


def test_whoever_may_register_anew_needs_no_release(
    world: World, graduate: Graduate, user: User
) -> None:
    enter.enter(graduate_id=graduate.pk, typed={"category": "72-1"}, by=world.school_admin)
    refused("may_register", propose, graduate=graduate, by=user)


# --- deciding -------------------------------------------------------------------------------------


def test_the_school_releases_and_all_are_told(world: World, asked: ReleaseProposal) -> None:
    release.endorse_release(proposal=asked, by=world.counsellor)
    done = release.grant_release(proposal=asked, by=world.school_admin, answer="已电话核实")
    assert (done.state, done.decided_by) == (ReleaseState.RELEASED, world.school_admin.label)
    d = destination_of(asked.graduate)
    assert (d.state, d.category, d.unit_name, d.release_proposed_at) == (
        State.UNSUBMITTED, "70-1", "", None,
    )  # fmt: skip
    told = Message.objects.filter(to=f"person:{asked.graduate.person_id}").latest("pk")
    assert (told.title, told.text) == ("已同意解约，您可以重新登记或签约", "已电话核实")
    assert titles(f"user:{world.counsellor.pk}")[-1] == f"{asked.graduate.name}已解约"
    refused("decided", release.grant_release, proposal=asked, by=world.school_admin)
    actions = DestinationEvent.objects.filter(graduate_id=d.pk).order_by("-id")
    assert list(actions.values_list("action", flat=True)[:3]) == [
        "release", "endorse_release", "propose_release",
    ]  # fmt: skip


def test_a_refusal_needs_a_reason_that_the_graduate_reads(
    world: World, asked: ReleaseProposal, user: User
) -> None:
    refused("answer", release.refuse_release, proposal=asked, by=world.counsellor, answer=" ")
    release.refuse_release(proposal=asked, by=world.counsellor, answer="没有公章")
    d = destination_of(asked.graduate)
    assert (d.state, d.release_proposed_at) == (State.SCHOOL_APPROVED, None)
    page = client_of(user).get("/destination/").content.decode()
    assert "没有公章" in page
    page = client_of(user).get("/destination/release/").content.decode()
    assert "没有同意您的解约：没有公章" in page
    again = propose(asked.graduate, user)
    assert again.state == ReleaseState.WAITING_DEPARTMENT


def test_only_who_proposed_takes_it_back(world: World, asked: ReleaseProposal, user: User) -> None:
    refused("not_yours", release.withdraw_release, proposal=asked, by=world.counsellor)
    release.withdraw_release(proposal=asked, by=user)
    asked.refresh_from_db()
    assert asked.state == ReleaseState.WITHDRAWN
    assert destination_of(asked.graduate).release_proposed_at is None


def test_who_endorsed_a_proposal_does_not_release(world: World, asked: ReleaseProposal) -> None:
    """Also a department admin who becomes school admin meanwhile."""
    release.endorse_release(proposal=asked, by=world.department_admin)
    member = world.department_admin.staff
    member.role = Role.SCHOOL_ADMIN
    member.save()
    refused("same_person", release.grant_release, proposal=asked, by=world.department_admin)


def test_who_reset_the_account_decides_about_no_release_asked_for_in_it(
    world: World, graduate: Graduate, user: User
) -> None:
    approved(world, graduate, user)
    for admin in (world.department_admin, world.school_admin):
        account.reset_account(graduate_id=graduate.pk, by=admin)
    fresh = Graduate.objects.select_related("person", "school").get(pk=graduate.pk)
    user = factories.activate(fresh)
    Person.objects.filter(pk=graduate.person_id).update(activated_at=factories.month_ago())
    row = propose(graduate, user)
    refused("reset_by_you", release.endorse_release, proposal=row, by=world.department_admin)
    refused("reset_by_you", release.grant_release, proposal=row, by=world.school_admin)
    other = factories.make_staff(Role.SCHOOL_ADMIN, world)
    assert release.grant_release(proposal=row, by=other).state == ReleaseState.RELEASED


def test_a_proposal_lapses_when_the_destination_changes_otherwise(
    world: World, asked: ReleaseProposal
) -> None:
    enter.enter(graduate_id=asked.graduate_id, typed=factories.CONTRACT, by=world.school_admin)
    asked.refresh_from_db()
    assert (asked.state, asked.answer) == (
        ReleaseState.LAPSED, "去向已另行录入，此解约不再办理。",
    )  # fmt: skip


def test_a_proposal_lapses_when_the_graduate_registers_anew(
    world: World, asked: ReleaseProposal, user: User
) -> None:
    review.reject(graduate_id=asked.graduate_id, reason="有误", by=world.school_admin)
    factories.register_contract(asked.graduate, user)
    asked.refresh_from_db()
    assert asked.state == ReleaseState.LAPSED
    register.take_back(graduate_id=asked.graduate_id, by=user)


def test_a_dispute_stops_a_release_and_upheld_lets_it_lapse(
    world: World, graduate: Graduate, user: User
) -> None:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.counsellor)
    row = propose(graduate, world.counsellor)
    raised = dispute.raise_dispute(graduate_id=graduate.pk, reason="不是我的", by=user)
    refused("disputed", release.grant_release, proposal=row, by=world.school_admin)
    dispute.settle(dispute=raised, upheld=True, answer="已核实", by=world.school_admin)
    row.refresh_from_db()
    assert row.state == ReleaseState.LAPSED


# --- pages ----------------------------------------------------------------------------------------


def test_badge_tile_and_list_name_whose_turn_it_is(world: World, asked: ReleaseProposal) -> None:
    roles = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN)
    assert [waiting(world, role) for role in roles] == [1, 1, 1]
    release.endorse_release(proposal=asked, by=world.counsellor)
    assert [waiting(world, role) for role in roles] == [0, 0, 1]
    home = world.client(Role.SCHOOL_ADMIN).get("/console/").content.decode()
    assert re.search(rf'href="{LIST}"><b>1</b><span>非网签解约', home)
    for role, seen in ((Role.COUNSELLOR, False), (Role.SCHOOL_ADMIN, True)):
        page = world.client(role).get(LIST).content.decode()
        assert (asked.graduate.name in page) == seen
    every = world.client(Role.COUNSELLOR).get(LIST + "?state=every").content.decode()
    assert asked.graduate.name in every
    assert "待学校处理" in every


def test_workspace_and_record_say_that_a_release_is_proposed(
    world: World, asked: ReleaseProposal
) -> None:
    client = world.client(Role.COUNSELLOR)
    for path in (
        f"/console/destinations/{asked.graduate_id}/", f"/console/graduates/{asked.graduate_id}/",
    ):  # fmt: skip
        page = client.get(path).content.decode()
        assert "提出解约" in page
        assert f"{LIST}{asked.pk}/" in page


def test_the_page_shows_paper_and_destination_and_decides(
    world: World, asked: ReleaseProposal
) -> None:
    client, path = world.client(Role.COUNSELLOR), f"{LIST}{asked.pk}/"
    page = client.get(path).content.decode()
    image = asked.images.get()
    assert f"/console/releases/image/{image.pk}/" in page
    assert factories.CONTRACT["unit_name"] in page
    answer = client.post(f"{path}decide/", {"do": "refuse", "reason": ""})
    assert answer.status_code == 409
    assert "请填写不同意的原因" in answer.content.decode()
    assert client.post(f"{path}decide/", {"do": "endorse"}).status_code == 302
    school = world.client(Role.SCHOOL_ADMIN)
    assert school.post(f"{path}decide/", {"do": "release"}).status_code == 302
    assert destination_of(asked.graduate).state == State.UNSUBMITTED
    page = school.get(path).content.decode()
    assert factories.CONTRACT["unit_name"] in page, "the snapshot stays"


def upload(client: Client, path: str, graduate: Graduate) -> Any:
    picture = io.BytesIO(make_photo())
    picture.name = "解约.jpg"
    version = destination_of(graduate).version
    return client.post(path, {"reason": "已协商", "images": picture, "version": version})


def test_a_graduate_proposes_on_the_phone_and_takes_it_back(
    world: World, graduate: Graduate, user: User
) -> None:
    approved(world, graduate, user)
    client = client_of(user)
    assert "/destination/release/" in client.get("/destination/").content.decode()
    empty = client.post("/destination/release/", {"reason": "", "version": "1"})
    assert empty.status_code == 422
    assert upload(client, "/destination/release/", graduate).status_code == 302
    page = client.get("/destination/release/").content.decode()
    assert "待院系处理" in page
    assert "撤回解约" in page
    image = ReleaseImage.objects.get()
    assert client.get(f"/destination/release/image/{image.pk}/").status_code == 200
    client.post("/destination/release/withdraw/")
    assert ReleaseProposal.objects.get().state == ReleaseState.WITHDRAWN


def test_staff_propose_on_a_page_of_its_own(world: World, graduate: Graduate, user: User) -> None:
    approved(world, graduate, user)
    client = world.client(Role.DEPARTMENT_ADMIN)
    path = f"/console/destinations/{graduate.pk}/release/"
    assert path in client.get(f"/console/destinations/{graduate.pk}/").content.decode()
    assert client.get(path).status_code == 200
    done = upload(client, path, graduate)
    row = ReleaseProposal.objects.get()
    assert done["Location"] == f"{LIST}{row.pk}/"
    school = world.client(Role.SCHOOL_ADMIN).get(path, follow=True)
    assert "您的角色没有此项操作的权限" in school.content.decode()


def test_the_message_of_a_proposal_leads_to_it(world: World, asked: ReleaseProposal) -> None:
    counsellor = User.objects.get(pk=world.staff[Role.COUNSELLOR].pk)
    told = inbox.messages_of(counsellor).first()
    assert told is not None
    assert told.link == f"{LIST}{asked.pk}/"
    assert asked.reason in told.text


# --- the migration --------------------------------------------------------------------------------


def test_proposals_from_before_the_table_get_a_row_with_their_paper(
    world: World, asked: ReleaseProposal
) -> None:
    factories.attach(asked.graduate, world.counsellor)
    papers = asked.graduate.evidence.filter(removed_at=None).count()
    ReleaseImage.objects.all().delete()
    ReleaseProposal.objects.all().delete()
    from importlib import import_module

    sql = import_module("destinations.migrations.0007_release_proposals").KEEP_OPEN_ONES
    with connection.cursor() as cursor:
        cursor.execute(sql)
    row = ReleaseProposal.objects.get()
    assert (row.state, row.reason, row.proposed_by_id) == (
        ReleaseState.WAITING_SCHOOL, asked.reason, asked.proposed_by_id,
    )  # fmt: skip
    assert row.images.count() == papers
    release.grant_release(proposal=row, by=world.school_admin)
