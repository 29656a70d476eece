"""最终信息确认: only the graduate confirms, what was shown is bound by hashes, and a change ends it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message, User
from core import frame
from core.errors import DomainError
from destinations.actions import enter, final
from destinations.final import digest_of, parts_of
from destinations.final_steps import FINAL, WAITING
from destinations.final_words import ARCHIVE, CONTACT, DESTINATION, ORIGIN
from destinations.models import Destination, FinalConfirmation, FinalRound
from destinations.states import FinalState, State
from graduates.actions import archive
from graduates.models import Graduate, Person
from schools.models import Cohort
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, World, client_of, make_world, put_in_state

pytestmark = pytest.mark.django_db
_DAY = datetime.timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def opened(world: World) -> World:
    final.open_round(cohort_id=world.cohort.pk, by=world.school_admin)
    return world


def make(world: World, state: str = State.SCHOOL_APPROVED) -> tuple[Graduate, User]:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    if state != State.UNSUBMITTED:
        put_in_state(graduate, state, world, user)
    return Graduate.objects.get(pk=graduate.pk), user


def digest(graduate: Graduate) -> str:
    return digest_of(parts_of(final.destinations().get(pk=graduate.pk)))


def confirm(graduate: Graduate, by: User, **changes: Any) -> FinalConfirmation:
    values = {"digest": digest(graduate), "device": "Phone", "address": "10.0.0.1"} | changes
    return final.confirm(graduate_id=graduate.pk, by=by, **values)


def doubt(graduate: Graduate, by: User, **changes: Any) -> FinalConfirmation:
    values = {"part": DESTINATION, "text": "单位名称少了两个字。"} | changes
    return final.doubt(graduate_id=graduate.pk, by=by, device="Phone", address="10.0.0.1", **values)


def state_of(graduate: Graduate) -> str:
    row = FinalConfirmation.objects.filter(graduate=graduate).order_by("-id").first()
    return row.state if row is not None else WAITING


def refusal_of(call: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        call(*args, **values)
    return refusal.value.code


# --- opening ------------------------------------------------------------------------------------


def test_a_school_opens_the_confirmation_once_while_its_cohort_is_open(world: World) -> None:
    def open_as(role: str) -> str:
        by = world.user(role)
        return refusal_of(final.open_round, cohort_id=world.cohort.pk, by=by)

    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE):
        assert open_as(role)
    assert not FinalRound.objects.exists()
    final.open_round(cohort_id=world.cohort.pk, by=world.school_admin)
    assert open_as(Role.SCHOOL_ADMIN) == "open"
    later = factories.make_cohort(
        world.school, world.cohort.year + 1, opens_on=timezone.localdate() + 10 * _DAY,
        ends_on=timezone.localdate() + 90 * _DAY,
    )  # fmt: skip
    assert refusal_of(final.open_round, cohort_id=later.pk, by=world.school_admin) == "phase"


def test_another_schools_admin_opens_nothing(world: World) -> None:
    other = make_world()
    client = other.client(Role.SCHOOL_ADMIN)
    address = reverse("console:final-open", args=[world.cohort.pk])
    assert client.post(address).status_code == 404
    assert not FinalRound.objects.exists()


# --- confirming ---------------------------------------------------------------------------------


def test_a_graduate_confirms_what_was_shown(opened: World) -> None:
    graduate, user = make(opened)
    row = confirm(graduate, user)
    assert (row.state, row.device, row.address) == (FinalState.CONFIRMED, "Phone", "10.0.0.1")
    assert set(row.hashes) == {ORIGIN, DESTINATION, CONTACT, ARCHIVE}
    assert state_of(graduate) == FinalState.CONFIRMED
    assert refusal_of(confirm, graduate, user) == "state"


def test_what_was_not_shown_is_not_confirmed(opened: World) -> None:
    graduate, user = make(opened)
    shown = digest(graduate)
    Graduate.objects.filter(pk=graduate.pk).update(mobile="13999999999")
    assert refusal_of(confirm, graduate, user, digest=shown) == "changed"
    assert state_of(graduate) == WAITING


def test_nobody_else_confirms(opened: World) -> None:
    graduate, _ = make(opened)
    _, stranger = make(opened)
    assert refusal_of(confirm, graduate, stranger) == "role"
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE):
        assert refusal_of(confirm, graduate, opened.user(role)) == "role"


def test_not_before_it_is_open_nor_after_the_end(world: World) -> None:
    graduate, user = make(world)
    assert refusal_of(confirm, graduate, user) == "not_open"
    final.open_round(cohort_id=world.cohort.pk, by=world.school_admin)
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=timezone.localdate() - _DAY)
    assert refusal_of(confirm, graduate, user) == "over"
    assert refusal_of(doubt, graduate, user) == "over"


@pytest.mark.parametrize("state", [State.UNSUBMITTED, State.PENDING, State.DEPARTMENT_APPROVED])
def test_not_before_the_school_has_approved_the_destination(opened: World, state: str) -> None:
    graduate = factories.make_graduate(opened)
    user = factories.activate(graduate)
    if state != State.UNSUBMITTED:
        put_in_state(graduate, state, opened, user)
    assert refusal_of(confirm, graduate, user) == "not_approved"
    assert doubt(graduate, user, part=ORIGIN).state == FinalState.DOUBT


# --- what ends it -------------------------------------------------------------------------------


def change_origin(graduate: Graduate, world: World) -> None:
    Graduate.objects.filter(pk=graduate.pk).update(politics="01")


def change_number(graduate: Graduate, world: World) -> None:
    Person.objects.filter(pk=graduate.person_id).update(id_number=factories.make_id_number())


def change_contact(graduate: Graduate, world: World) -> None:
    Graduate.objects.filter(pk=graduate.pk).update(wechat="somebody")


def change_destination(graduate: Graduate, world: World) -> None:
    enter.enter(
        graduate_id=graduate.pk, typed=CONTRACT | {"job_title": "架构师"}, by=world.school_admin
    )


def change_archive(graduate: Graduate, world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO graduates_archivetransfer (graduate_id, school_id, cohort_id, transfer_type,
               unit_name, unit_code, contact, phone, address, postcode, household_type,
               household_address, tracking_no, transfer_no, check_no, version, updated_at)
               VALUES (%s, %s, %s, 'origin', '某人才中心', '', '', '', '', '', '', '', '', '', '', 1, now())
               ON CONFLICT (graduate_id) DO UPDATE SET unit_name = '某人才中心'""",
            [graduate.pk, graduate.school_id, graduate.cohort_id],
        )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (change_origin, ORIGIN), (change_number, ORIGIN), (change_contact, CONTACT),
        (change_destination, DESTINATION), (change_archive, ARCHIVE),
    ],
)  # fmt: skip
def test_a_change_of_any_part_ends_it_and_the_graduate_is_told(
    opened: World, change: Any, part: str
) -> None:
    graduate, user = make(opened)
    row = confirm(graduate, user)
    assert final.lapse_changed() == 0
    change(graduate, opened)
    row.refresh_from_db()
    assert row.touched_at is not None
    assert final.lapse_changed() == 1
    row.refresh_from_db()
    assert (row.state, row.changed, row.touched_at) == (FinalState.LAPSED, [part], None)
    told = Message.objects.get(dedupe_key__contains=f"final:{row.pk}:lapsed")
    assert told.to == f"person:{graduate.person_id}"
    assert final.lapse_changed() == 0
    assert confirm(graduate, user).state == FinalState.CONFIRMED


def test_what_is_written_without_a_change_ends_nothing(opened: World) -> None:
    graduate, user = make(opened)
    row = confirm(graduate, user)
    Graduate.objects.filter(pk=graduate.pk).update(version=99)
    Destination.objects.filter(pk=graduate.pk).update(opened_at=timezone.now())
    row.refresh_from_db()
    assert row.touched_at is not None
    assert final.lapse_changed() == 0
    row.refresh_from_db()
    assert (row.state, row.touched_at) == (FinalState.CONFIRMED, None)


def test_the_archive_is_the_graduates_own_action_too(opened: World) -> None:
    graduate, user = make(opened)
    confirm(graduate, user)
    typed = {
        "transfer_type": "origin", "unit_name": "某人才中心", "contact": "某人", "phone": "0551-60000000",
        "address": "某路1号",
    }  # fmt: skip
    archive.save(graduate_id=graduate.pk, typed=typed, by=user)
    assert final.lapse_changed() == 1


# --- doubts -------------------------------------------------------------------------------------


def test_a_doubt_reaches_staff_and_its_answer_the_graduate(opened: World) -> None:
    graduate, user = make(opened)
    row = doubt(graduate, user)
    to = set(
        Message.objects.filter(dedupe_key__contains=f"final:{row.pk}").values_list("to", flat=True)
    )
    assert f"user:{opened.counsellor.pk}" in to and f"school:{opened.school.pk}" in to
    answered = final.answer(graduate_id=graduate.pk, text="已按合同更正。", by=opened.counsellor)
    assert (answered.state, answered.answered_by) == (FinalState.LAPSED, opened.counsellor.label)
    assert Message.objects.filter(to=f"person:{graduate.person_id}", text="已按合同更正。").exists()
    assert confirm(graduate, user).state == FinalState.CONFIRMED


def test_a_doubt_after_the_confirmation_replaces_it(opened: World) -> None:
    graduate, user = make(opened)
    first = confirm(graduate, user)
    doubt(graduate, user)
    first.refresh_from_db()
    assert first.state == FinalState.LAPSED
    assert confirm(graduate, user).state == FinalState.CONFIRMED


@pytest.mark.parametrize("typed", [{"part": "nothing"}, {"text": " "}, {"text": "长" * 301}])
def test_a_doubt_says_what_is_wrong(opened: World, typed: dict[str, str]) -> None:
    graduate, user = make(opened)
    assert refusal_of(doubt, graduate, user, **typed) == "invalid"
    assert not FinalConfirmation.objects.exists()


def test_an_answer_needs_words_a_doubt_and_the_right(opened: World) -> None:
    graduate, user = make(opened)
    assert (
        refusal_of(final.answer, graduate_id=graduate.pk, text="好", by=opened.counsellor)
        == "state"
    )
    doubt(graduate, user)
    assert (
        refusal_of(final.answer, graduate_id=graduate.pk, text="", by=opened.counsellor)
        == "invalid"
    )
    for stranger in (opened.user(Role.PROVINCE), make_world().school_admin):
        assert refusal_of(final.answer, graduate_id=graduate.pk, text="好", by=stranger)
    assert state_of(graduate) == FinalState.DOUBT


# --- the table, and what the database holds -----------------------------------------------------

_ROLES = ("graduate", "class", "department", "school", "province", "system")
_ALLOWED = {
    ("confirm", WAITING, "graduate"), ("confirm", FinalState.DOUBT, "graduate"),
    ("doubt", WAITING, "graduate"), ("doubt", FinalState.CONFIRMED, "graduate"),
    *(("answer", FinalState.DOUBT, level) for level in ("class", "department", "school")),
    ("lapse", FinalState.CONFIRMED, "system"), ("lapse", FinalState.DOUBT, "system"),
}  # fmt: skip


@pytest.mark.parametrize("state", [WAITING, *FinalState.values])
@pytest.mark.parametrize("role", _ROLES)
def test_every_state_action_and_role(opened: World, state: str, role: str) -> None:
    graduate, user = make(opened)
    if state in (FinalState.CONFIRMED, FinalState.LAPSED):
        row = confirm(graduate, user)
        if state == FinalState.LAPSED:
            FinalConfirmation.objects.filter(pk=row.pk).update(
                state=state, lapsed_at=timezone.now()
            )
    elif state == FinalState.DOUBT:
        doubt(graduate, user)
    actor = {
        "graduate": user, "class": opened.counsellor, "department": opened.department_admin,
        "school": opened.school_admin, "province": opened.user(Role.PROVINCE), "system": None,
    }[role]  # fmt: skip
    case = final.case_of(final.destinations().get(pk=graduate.pk))
    # A lapsed row no longer counts: the graduate is asked as at first.
    shown = WAITING if state == FinalState.LAPSED else state
    for action in FINAL.actions():
        assert FINAL.can(action, case, actor) == ((action, shown, role) in _ALLOWED), action


def test_the_database_holds_one_row_that_counts(opened: World) -> None:
    graduate, user = make(opened)
    row = confirm(graduate, user)
    row.pk = None
    with pytest.raises(IntegrityError, match="final_one_that_counts"), transaction.atomic():
        row.save()


# --- pages --------------------------------------------------------------------------------------


def test_the_page_shows_four_parts_and_the_promise(opened: World) -> None:
    graduate, user = make(opened)
    page = client_of(user).get(reverse("final")).content.decode()
    for words in (
        "生源信息",
        "毕业去向",
        "联系方式",
        "档案和户口",
        "不影响毕业证、学位证和档案办理",
        "如实确认",
    ):
        assert words in page
    assert CONTRACT["unit_name"] in page and graduate.mobile in page


def test_confirming_and_doubting_on_the_page(opened: World) -> None:
    graduate, user = make(opened)
    client = client_of(user)
    home = client.get(reverse("home")).content.decode()
    assert "最终信息确认" in home
    refused = client.post(reverse("final"), {"do": "doubt", "part": DESTINATION, "text": ""})
    assert refused.status_code == 422
    client.post(reverse("final"), {"do": "doubt", "part": DESTINATION, "text": "单位不对"})
    assert state_of(graduate) == FinalState.DOUBT
    assert "等待老师答复：单位不对" in client.get(reverse("final")).content.decode()
    stale = client.post(reverse("final"), {"do": "confirm", "digest": "x"}, follow=True)
    assert "请重新核对" in stale.content.decode()
    client.post(reverse("final"), {"do": "confirm", "digest": digest(graduate)})
    assert state_of(graduate) == FinalState.CONFIRMED
    page = client.get(reverse("final")).content.decode()
    assert "确认以下信息" in page and "如实确认</button>" not in page
    assert "最终信息确认" not in client.get(reverse("home")).content.decode()


def test_a_change_is_seen_at_once_even_before_the_task_ran(opened: World) -> None:
    graduate, user = make(opened)
    confirm(graduate, user)
    change_contact(graduate, opened)
    page = client_of(user).get(reverse("final")).content.decode()
    assert "有变动" in page and "确认以下信息" not in page


def test_before_it_is_open_the_page_says_so(world: World) -> None:
    _, user = make(world)
    page = client_of(user).get(reverse("final")).content.decode()
    assert "还没有开放" in page and "如实确认</button>" not in page


def listed(client: Client, **query: str) -> str:
    return client.get(reverse("console:finals"), query).content.decode()


def test_the_list_the_tally_and_the_answer(opened: World) -> None:
    (confirmed, user), (doubting, doubter), (waiting, _) = (make(opened) for _ in range(3))
    confirm(confirmed, user)
    doubt(doubting, doubter)
    client = opened.client(Role.COUNSELLOR)
    page = listed(client, state="confirmed")
    assert confirmed.name in page and waiting.name not in page
    assert "单位名称少了两个字。" in listed(client, waiting="1")
    tally = client.get(reverse("console:final-classes")).content.decode()
    assert "state=doubt" in tally
    address = reverse("console:final", args=[doubting.pk])
    assert "答复疑问" in client.get(address).content.decode()
    assert client.post(address, {"text": ""}).status_code == 422
    client.post(address, {"text": "已更正。"})
    assert state_of(doubting) == FinalState.LAPSED
    assert "已更正。" in client.get(address).content.decode()


def test_who_has_confirmed_is_not_reminded(opened: World) -> None:
    (confirmed, user), (doubting, doubter), (waiting, _) = (make(opened) for _ in range(3))
    confirm(confirmed, user)
    doubt(doubting, doubter)
    topic = frame.reminder_topics()["final"]
    rows = topic.open_for(Graduate.objects.filter(school=opened.school))
    assert set(rows.values_list("pk", flat=True)) == {waiting.pk}
