"""纠错 of the destination: what accepting would do, the rules it follows, and passing it on."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Message, User
from core.errors import DomainError
from core.menu import counted_items
from core.models import Event
from destinations.actions import enter, review
from destinations.states import State
from graduates.actions import corrections, origin
from graduates.models import CorrectionRequest, Graduate
from graduates.states import CorrectionState
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, destination_of, make_photo

pytestmark = pytest.mark.django_db
LIST = "/console/corrections/"


def ask(graduate: Graduate, user: User, **changes: Any) -> CorrectionRequest:
    values: dict[str, Any] = {
        "kind": "destination", "field": "unit_name", "proposed": "虚构更名有限公司",
        "reason": "合同上的名称不同", "pictures": [],
    }  # fmt: skip
    return corrections.ask(graduate=graduate, by=user, **(values | changes))


def refusal(call: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refused:
        call(**values)
    return refused.value


def waiting(world: World, role: str) -> int:
    user = User.objects.get(pk=world.staff[role].pk)
    (item,) = [i for i in counted_items(user) if i.url_name == "console:corrections"]
    assert item.waiting is not None
    return item.waiting(user).count()


def page_of(request: CorrectionRequest, world: World, role: str) -> str:
    return world.client(role).get(f"{LIST}{request.pk}/").content.decode()


# --- what the page shows --------------------------------------------------------------------------


def test_the_page_shows_evidence_and_old_beside_new(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.DEPARTMENT_APPROVED, world, user)
    picture = factories.attach(graduate, world.counsellor)
    request = ask(graduate, user, pictures=[make_photo()])
    page = page_of(request, world, Role.SCHOOL_ADMIN)
    old = destination_of(graduate).unit_name
    assert f"<td>{old}</td>" in page
    assert "<b>虚构更名有限公司</b>" in page
    assert f"/console/evidence/{picture.pk}/" in page
    assert reverse("console:correction-image", args=[request.images.get().pk]) in page
    assert "审核情况：初审通过 → 审核通过" in page


def test_another_category_shows_every_field_that_changes_and_what_is_missing(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.DEPARTMENT_APPROVED, world, user)
    request = ask(graduate, user, field="category", proposed="801")
    page = page_of(request, world, Role.SCHOOL_ADMIN)
    assert "不再填写" in page
    assert "采纳前还须补全" in page
    assert "请上传证明材料" in page


def test_the_effect_is_that_of_the_present_record(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.DEPARTMENT_APPROVED, world, user)
    request = ask(graduate, user)
    enter.enter(
        graduate_id=graduate.pk, by=world.school_admin,
        typed=factories.CONTRACT | {"unit_name": "此间改过有限公司"},
    )  # fmt: skip
    assert "<td>此间改过有限公司</td>" in page_of(request, world, Role.SCHOOL_ADMIN)


# --- the rules of a registration ------------------------------------------------------------------


def test_what_a_picture_has_to_prove_is_not_accepted_without_one(
    world: World, graduate: Graduate, user: User
) -> None:
    """A record that staff entered has none; the graduate's own comes with the correction."""
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    request = ask(graduate, user)
    refused = refusal(corrections.accept, request=request, by=world.school_admin)
    assert "请上传证明材料" in refused.message
    assert CorrectionRequest.objects.get().state == CorrectionState.OPEN
    corrections.withdraw(request=request, by=user)
    proven = ask(graduate, user, pictures=[make_photo()])
    corrections.accept(request=proven, by=world.school_admin)
    assert destination_of(graduate).unit_name == "虚构更名有限公司"
    assert graduate.evidence.filter(removed_at=None).count() == 1


def test_a_contact_needs_no_picture(world: World, graduate: Graduate, user: User) -> None:
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    request = ask(graduate, user, field="contact_name", proposed="新联系人")
    corrections.accept(request=request, by=world.school_admin)
    assert destination_of(graduate).contact_name == "新联系人"


def test_a_reason_for_a_low_wage_stays(world: World, graduate: Graduate, user: User) -> None:
    factories.set_minimum_wage("340000", 2060)
    typed = factories.CONTRACT | {
        "category": "12", "hired_from": "2027-07-01", "hired_to": "2028-07-01",
        "monthly_wage": "1500",
    }  # fmt: skip
    enter.enter(graduate_id=graduate.pk, typed=typed, by=world.school_admin, wage_override="含食宿")
    request = ask(graduate, user, pictures=[make_photo()])
    corrections.accept(request=request, by=world.school_admin)
    d = destination_of(graduate)
    assert (d.unit_name, d.wage_override) == ("虚构更名有限公司", "含食宿")


def test_the_level_of_who_accepts_decides_the_review(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.DEPARTMENT_APPROVED, world, user)
    request = ask(graduate, user, pictures=[make_photo()])
    corrections.accept(request=request, by=world.counsellor)
    assert destination_of(graduate).state == State.DEPARTMENT_APPROVED
    request = ask(graduate, user, proposed="虚构再更名有限公司", pictures=[make_photo()])
    corrections.accept(request=request, by=world.school_admin)
    assert destination_of(graduate).state == State.SCHOOL_APPROVED


# --- passing on -----------------------------------------------------------------------------------


@pytest.fixture
def beyond(world: World, graduate: Graduate, user: User) -> CorrectionRequest:
    """The school has approved the destination, so that a department may not change it."""
    factories.put_in_state(graduate, State.SCHOOL_APPROVED, world, user)
    return ask(graduate, user, pictures=[make_photo()])


def test_who_may_not_apply_a_correction_passes_it_on(
    world: World, beyond: CorrectionRequest
) -> None:
    page = page_of(beyond, world, Role.COUNSELLOR)
    assert "不能录入" in page
    assert 'value="accept"' not in page
    assert 'value="pass-on"' in page
    roles = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN)
    assert [waiting(world, role) for role in roles] == [1, 1, 1]
    assert (
        refusal(corrections.pass_on, request=beyond, by=world.counsellor, note=" ").code == "note"
    )
    client = world.client(Role.COUNSELLOR)
    answer = {"do": "pass-on", "answer": "合同已核对"}
    assert client.post(f"{LIST}{beyond.pk}/answer/", answer).status_code == 302
    assert [waiting(world, role) for role in roles] == [0, 0, 1]
    assert Event.objects.filter(action="graduates.correction_pass_on", object_id=beyond.pk).exists()
    told = Message.objects.get(to=f"school:{world.school.pk}", title__contains="转交学校")
    assert told.link == f"{LIST}{beyond.pk}/"
    assert "合同已核对" in told.text
    page = page_of(beyond, world, Role.SCHOOL_ADMIN)
    assert "合同已核对" in page
    assert 'value="accept"' in page


def test_what_was_passed_on_is_the_schools_alone(world: World, beyond: CorrectionRequest) -> None:
    corrections.pass_on(request=beyond, by=world.counsellor, note="已核对")
    for call in (corrections.accept, corrections.refuse):
        refused = refusal(call, request=beyond, by=world.department_admin, answer="好")
        assert refused.code == "passed_on"
    again = refusal(corrections.pass_on, request=beyond, by=world.department_admin, note="再次")
    assert again.code == "passed_on"
    mine = world.client(Role.COUNSELLOR).get(LIST).content.decode()
    assert beyond.graduate.name not in mine
    passed = world.client(Role.COUNSELLOR).get(f"{LIST}?state=passed").content.decode()
    assert "待学校处理" in passed
    corrections.accept(request=beyond, by=world.school_admin)
    assert destination_of(beyond.graduate).unit_name == "虚构更名有限公司"


def test_the_graduate_sees_whose_turn_it_is(
    world: World, beyond: CorrectionRequest, user: User
) -> None:
    assert "待院系处理" in client_of(user).get("/corrections/").content.decode()
    corrections.pass_on(request=beyond, by=world.counsellor, note="已核对")
    assert "待学校处理" in client_of(user).get("/corrections/").content.decode()
    assert Message.objects.filter(
        to=f"person:{beyond.graduate.person_id}", title__contains="已转交学校处理"
    ).exists()


def test_a_field_that_the_school_reserves_is_passed_on_too(
    world: World, graduate: Graduate, user: User
) -> None:
    request = ask(graduate, user, kind="origin", field="politics", proposed="中共党员")
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    page = page_of(request, world, Role.COUNSELLOR)
    assert "您不能修改“政治面貌”：已锁定" in page
    assert 'value="accept"' not in page
    assert 'value="accept"' in page_of(request, world, Role.SCHOOL_ADMIN)


def test_only_a_department_passes_on(world: World, beyond: CorrectionRequest) -> None:
    refused = refusal(corrections.pass_on, request=beyond, by=world.school_admin, note="x")
    assert refused.code == "role"


def test_a_correction_of_the_same_value_meanwhile_is_settled(
    world: World, beyond: CorrectionRequest
) -> None:
    review.reject(graduate_id=beyond.graduate_id, reason="名称", by=world.school_admin)
    enter.enter(
        graduate_id=beyond.graduate_id, by=world.school_admin,
        typed=factories.CONTRACT | {"unit_name": "虚构更名有限公司"},
    )  # fmt: skip
    assert "已与更正内容相同" in page_of(beyond, world, Role.SCHOOL_ADMIN)
    corrections.accept(request=beyond, by=world.school_admin)
