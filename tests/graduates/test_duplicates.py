"""信息重复: one person enrolled at two schools in one 届; the province decides which record stays."""

from __future__ import annotations

import pytest

from accounts import inbox
from accounts.models import Message
from core.errors import Conflict, DomainError
from core.models import Event
from graduates.actions import duplicates, origin, standing
from graduates.models import Graduate
from graduates.queries import duplicated_records
from graduates.states import Standing
from schools.roles import Role
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db
LIST = "/console/province/duplicates/"


@pytest.fixture
def other() -> World:
    return factories.make_world()


@pytest.fixture
def pair(world: World, other: World) -> tuple[Graduate, Graduate]:
    first = factories.make_graduate(world)
    return first, same_person(first, other)


def same_person(graduate: Graduate, world: World, **changes: str) -> Graduate:
    number = graduate.person.id_number
    return factories.make_graduate(world, id_number=number, name=graduate.name, **changes)


def duplicate_ids() -> set[int]:
    return set(duplicated_records().values_list("pk", flat=True))


def decide(kept: Graduate, **changes: object) -> Graduate:
    values = {
        "graduate_id": kept.pk, "stands_id": kept.pk, "standing": Standing.TRANSFERRED,
        "reason": "学籍在此校", "by": factories.make_staff(Role.PROVINCE),
    }  # fmt: skip
    return duplicates.decide(**(values | changes))  # type: ignore[arg-type]


def refused(code: str, kept: Graduate, **changes: object) -> None:
    with pytest.raises(DomainError) as refusal:
        decide(kept, **changes)
    assert refusal.value.code == code


def test_a_person_enrolled_at_two_schools_in_one_year_is_a_duplicate(
    world: World, other: World, pair: tuple[Graduate, Graduate]
) -> None:
    factories.make_graduate(world)
    # A record in another 届 is no duplicate, nor is one of a graduate who has left.
    earlier = factories.make_graduate(world)
    following = factories.make_cohort(other.school, world.cohort.year + 1)
    later = same_person(earlier, other)
    standing.defer(graduate_id=later.pk, to=following, reason="延期", by=other.school_admin)
    gone = same_person(factories.make_graduate(world), other)
    standing.end_enrolment(
        graduate_id=gone.pk, standing=Standing.WITHDRAWN, reason="退学", by=other.school_admin
    )
    assert duplicate_ids() == {g.pk for g in pair}


def test_the_decision_keeps_one_record_and_tells_both_schools(
    world: World, other: World, pair: tuple[Graduate, Graduate]
) -> None:
    kept, gone = pair
    decide(kept)
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (kept.standing, gone.standing) == (Standing.ENROLLED, Standing.TRANSFERRED)
    event = Event.objects.get(action="graduates.standing", object_id=gone.pk)
    assert event.reason == "信息重复核定：学籍在此校"
    assert duplicate_ids() == set()
    (mine,) = inbox.messages_of(world.school_admin)
    (theirs,) = inbox.messages_of(other.school_admin)
    assert "在本校的记录保留" in mine.title
    assert "改为转出" in theirs.title
    assert kept.school.name in theirs.text
    links = [f"/console/graduates/{g.pk}/" for g in pair]
    assert [mine.link, theirs.link] == links


def test_the_second_of_two_who_decide_is_told(pair: tuple[Graduate, Graduate]) -> None:
    kept, gone = pair
    decide(kept)
    with pytest.raises(Conflict):
        decide(gone)
    gone.refresh_from_db()
    assert gone.standing == Standing.TRANSFERRED
    assert Message.objects.filter(title__startswith="信息重复").count() == 2


def test_a_second_decision_tells_the_schools_again(
    other: World, pair: tuple[Graduate, Graduate]
) -> None:
    kept, gone = pair
    decide(kept)
    standing.restore_enrolment(graduate_id=gone.pk, reason="有异议", by=other.school_admin)
    assert duplicate_ids() == {kept.pk, gone.pk}
    decide(kept, standing=Standing.WITHDRAWN)
    assert Message.objects.filter(title__startswith="信息重复").count() == 4


def test_an_incomplete_or_forbidden_decision_is_refused(
    world: World, other: World, pair: tuple[Graduate, Graduate]
) -> None:
    kept, gone = pair
    refused("role", kept, by=world.school_admin)
    refused("reason", kept, reason=" ")
    refused("standing", kept, standing="enrolled")
    refused("stands", kept, stands_id=factories.make_graduate(world).pk)
    factories.sign_agreement(gone)
    refused("agreement", kept)
    assert duplicate_ids() == {kept.pk, gone.pk}
    assert not Message.objects.filter(title__startswith="信息重复").exists()


def test_a_corrected_document_number_needs_no_decision(
    other: World, pair: tuple[Graduate, Graduate]
) -> None:
    kept, gone = pair
    origin.edit(
        graduate_id=gone.pk, typed={"id_number": factories.make_id_number()},
        by=other.school_admin, version=gone.version,
    )  # fmt: skip
    assert duplicate_ids() == set()
    refused("decided", kept)


def test_the_province_lists_compares_and_decides_duplicates(
    other: World, pair: tuple[Graduate, Graduate]
) -> None:
    kept, gone = pair
    province = factories.client_of(factories.make_staff(Role.PROVINCE))
    assert f'href="{LIST}"' in province.get("/console/").content.decode()
    page = province.get(LIST).content.decode()
    for graduate in pair:
        assert f'href="{LIST}{graduate.pk}/?' in page
        assert graduate.student_no in page
    assert kept.person.id_number not in page
    address = f"{LIST}{gone.pk}/"
    compared = province.get(address).content.decode()
    assert kept.school.name in compared
    assert gone.school.name in compared
    assert kept.person.id_number not in compared
    assert '学号 <span class="state state-pending">不同</span>' in compared
    assert "姓名</th>" in compared
    form = {"stands": kept.pk, "standing": "withdrawn", "reason": "以学籍为准"}
    again = province.post(address, form | {"reason": ""})
    assert again.status_code == 409
    assert "请填写核定依据" in again.content.decode()
    assert province.post(address, form)["Location"] == LIST
    gone.refresh_from_db()
    assert gone.standing == Standing.WITHDRAWN
    assert "没有信息重复" in province.get(LIST).content.decode()
    assert province.get(address).status_code == 404
