"""A record with an empty required field is not locked; whoever is locked with one gets a way out."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from accounts.models import User
from core.errors import Invalid, Refused
from graduates.actions import corrections, origin
from graduates.fields import ALL, BY_KEY, TEMPLATE_KEYS
from graduates.models import Graduate
from graduates.records import RELATED, confirmation_hash, record_of
from graduates.rules import required_gaps
from schools.models import FieldPermission
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, make_graduate, typed_record
from tests.graduates.workbooks import import_rows

pytestmark = pytest.mark.django_db

GAPS = {"archive_moved": "", "household_moved": ""}
LABELS = ("档案是否转入学校", "户口是否转入学校")


def fresh(graduate: Graduate) -> Graduate:
    return Graduate.objects.select_related(*RELATED).get(pk=graduate.pk)


def lock_with_a_gap(graduate: Graduate, admin: User, **empty: Any) -> Graduate:
    """As older data are: locked, although something is missing."""
    origin.lock(graduate_id=graduate.pk, by=admin)
    Graduate.objects.filter(pk=graduate.pk).update(**(empty or {"archive_moved": None}))
    return fresh(graduate)


# --- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [f.key for f in ALL if f.asked])
def test_each_required_field_is_a_gap_when_it_is_empty(key: str, graduate: Graduate) -> None:
    record = record_of(graduate)
    assert required_gaps(record) == []
    assert [f.key for f in required_gaps(record | {key: BY_KEY[key].empty})] == [key]


def test_no_is_an_answer(graduate: Graduate) -> None:
    assert required_gaps(record_of(graduate) | {"archive_moved": False}) == []


def test_only_a_directed_graduate_needs_a_unit(graduate: Graduate) -> None:
    record = record_of(graduate)
    assert record["directed_unit"] == ""
    assert [f.key for f in required_gaps(record | {"training_mode": "2"})] == ["directed_unit"]


# --- the roster -----------------------------------------------------------------------------------


def test_the_template_has_every_required_column(world: World) -> None:
    response = world.client(Role.SCHOOL_ADMIN).get(reverse("console:import-template"))
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet is not None
    header = [cell.value for cell in sheet[1]]
    assert [f.label for f in ALL if f.asked and f.label not in header] == []
    assert set(LABELS) <= set(header)


def test_an_empty_cell_keeps_what_the_graduate_answered(world: World) -> None:
    assert set(GAPS) <= set(TEMPLATE_KEYS)
    record = typed_record(world) | GAPS
    import_rows(world, record)
    graduate = Graduate.objects.get(student_no=record["student_no"])
    assert (graduate.archive_moved, graduate.household_moved) == (None, None)
    user = factories.activate(graduate)
    origin.edit(graduate_id=graduate.pk, typed={"archive_moved": "是"}, by=user)
    origin.edit(graduate_id=graduate.pk, typed={"household_moved": "否"}, by=user)
    shown = confirmation_hash(record_of(fresh(graduate)))
    origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=user)
    assert import_rows(world, record).counts["unchanged"] == 1
    assert fresh(graduate).confirmation == "confirmed"
    assert import_rows(world, record | {"politics": "群众"}).counts["updated"] == 1
    assert (fresh(graduate).archive_moved, fresh(graduate).household_moved) == (True, False)
    # What the roster does say counts.
    import_rows(world, record | {"household_moved": "是"})
    assert fresh(graduate).household_moved is True


def test_a_roster_may_name_a_locked_record_with_empty_cells(world: World) -> None:
    record = typed_record(world)
    import_rows(world, record)
    graduate = Graduate.objects.get(student_no=record["student_no"])
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    assert import_rows(world, record | GAPS).counts["unchanged"] == 1


# --- locking --------------------------------------------------------------------------------------


def test_a_record_with_a_gap_is_not_locked(world: World) -> None:
    graduate = make_graduate(world, **GAPS)
    with pytest.raises(Refused) as refusal:
        origin.lock(graduate_id=graduate.pk, by=world.counsellor)
    assert refusal.value.code == "gaps"
    assert all(label in refusal.value.message for label in LABELS)
    client = world.client(Role.COUNSELLOR)
    answer = client.post(f"/console/graduates/{graduate.pk}/lock/")
    assert answer.status_code == 409
    assert LABELS[0] in answer.content.decode()
    assert fresh(graduate).confirmation == "unsubmitted"
    page = client.get(f"/console/graduates/{graduate.pk}/").content.decode()
    assert f"/console/graduates/{graduate.pk}/lock/" not in page
    assert "填写后才能锁定" in page
    typed = {"archive_moved": "是", "household_moved": "是"}
    origin.edit(graduate_id=graduate.pk, typed=typed, by=world.counsellor)
    page = client.get(f"/console/graduates/{graduate.pk}/").content.decode()
    assert f"/console/graduates/{graduate.pk}/lock/" in page
    assert client.post(f"/console/graduates/{graduate.pk}/lock/").status_code == 302
    assert fresh(graduate).confirmation == "locked"


def test_locking_many_says_before_how_many_have_which_gaps(world: World) -> None:
    whole, first, second = (
        make_graduate(world),
        make_graduate(world, **GAPS),
        make_graduate(world, archive_moved=""),
    )
    already = make_graduate(world)
    origin.lock(graduate_id=already.pk, by=world.school_admin)
    hidden = make_graduate(world, department=1, **GAPS)
    client = world.client(Role.COUNSELLOR)
    picked = {"pick": [g.pk for g in (whole, first, second, already, hidden)], "action": "lock"}
    preview = client.post("/console/graduates/lock/", picked)
    assert preview.context["gaps"] == [(LABELS[0], 2), (LABELS[1], 1)]
    assert (preview.context["with_gaps"], len(preview.context["able"])) == (2, 1)
    page = preview.content.decode()
    for graduate in (first, second, already):
        assert f'href="/console/graduates/{graduate.pk}/"' in page
    assert hidden.name not in page
    assert [fresh(g).confirmation for g in (whole, first)] == [
        "unsubmitted"
    ] * 2  # nothing is done yet
    done = client.post("/console/graduates/lock/", picked | {"sure": "1"})
    page = done.content.decode()
    assert "共 4 条，成功 1 条" in page
    assert f'href="/console/graduates/{first.pk}/"' in page
    assert [fresh(g).confirmation for g in (whole, first, second, hidden)] == [
        "locked", "unsubmitted", "unsubmitted", "unsubmitted",
    ]  # fmt: skip


def test_a_gap_that_comes_after_the_preview_is_refused_too(world: World) -> None:
    graduate = make_graduate(world)
    (row,) = origin.preview_locks(graduate_ids=[graduate.pk], by=world.counsellor)
    assert row.ok
    Graduate.objects.filter(pk=graduate.pk).update(mobile="")
    (result,) = origin.lock_many(graduate_ids=[graduate.pk], by=world.counsellor)
    assert (result.ok, result.gaps) == (False, ["手机号码"])


def test_nothing_picked_is_said_so(world: World) -> None:
    page = world.client(Role.COUNSELLOR).post("/console/graduates/lock/", {"action": "lock"})
    assert "没有选择任何记录" in page.content.decode()


def test_a_locked_record_gets_no_gap_by_an_edit(world: World, graduate: Graduate) -> None:
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    with pytest.raises(Invalid) as refusal:
        origin.edit(graduate_id=graduate.pk, typed={"archive_moved": ""}, by=world.school_admin)
    assert refusal.value.errors == {"archive_moved": ["档案是否转入学校不能为空"]}
    # One with an older gap may be edited, and the gap be filled in.
    lagging = lock_with_a_gap(
        make_graduate(world), world.school_admin, archive_moved=None, household_moved=None
    )
    origin.edit(graduate_id=lagging.pk, typed={"politics": "群众"}, by=world.school_admin)
    origin.edit(graduate_id=lagging.pk, typed={"archive_moved": "是"}, by=world.school_admin)
    assert fresh(lagging).archive_moved is True


# --- the way out of a locked record with a gap ------------------------------------------------------


def test_a_locked_graduate_with_a_gap_is_led_to_a_correction(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    client = client_of(user)
    address = "/corrections/ask/?kind=origin&amp;field=archive_moved"
    assert address not in client.get("/origin/").content.decode()
    lock_with_a_gap(graduate, world.school_admin)
    page = client.get("/origin/").content.decode()
    assert "现在不能自己填写" in page
    assert address in page
    answer = client.get(address.replace("&amp;", "&"))
    assert "档案是否转入学校" in answer.content.decode()
    asked = corrections.ask(
        graduate=fresh(graduate), kind="origin", field="archive_moved", proposed="是",
        reason="档案已寄到学校", by=user,
    )  # fmt: skip
    corrections.accept(request=asked, by=world.school_admin)
    assert "现在不能自己填写" not in client.get("/origin/").content.decode()
    assert client.post("/origin/", {"version": fresh(graduate).version}).status_code == 302
    assert fresh(graduate).confirmed_at is not None


def test_a_field_that_the_school_keeps_from_graduates_is_led_to_a_correction(world: World) -> None:
    graduate = make_graduate(world, **GAPS)
    FieldPermission.objects.create(
        cohort=world.cohort, field="archive_moved", graduate=False, counsellor=True,
        department_admin=True,
    )  # fmt: skip
    page = client_of(factories.activate(graduate)).get("/origin/").content.decode()
    assert "kind=origin&amp;field=archive_moved" in page
    assert "kind=origin&amp;field=household_moved" not in page  # this one they fill in themselves


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.COUNSELLOR, "请学校系统管理员补填"),
        (Role.DEPARTMENT_ADMIN, "请学校系统管理员补填"),
        (Role.SCHOOL_ADMIN, "请在下面补填并保存"),
    ],
)
def test_staff_see_the_gap_and_the_way_out(role: str, words: str, world: World) -> None:
    graduate = make_graduate(world)
    address = f"/console/graduates/{graduate.pk}/"
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    assert "必填项还空着" not in world.client(role).get(address).content.decode()
    Graduate.objects.filter(pk=graduate.pk).update(archive_moved=None)
    page = world.client(role).get(address).content.decode()
    assert "必填项还空着" in page
    assert words in page
