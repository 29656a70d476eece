"""Origin records: grey fields, history, confirmation, locking, revealing, searching."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict, Invalid, NotPermitted, Refused
from core.models import Event
from graduates import filters
from graduates.actions import origin
from graduates.fields import BY_KEY, PAGE_KEYS
from graduates.models import Graduate
from graduates.records import confirmation_hash, is_confirmation_current, record_of
from schools.models import FieldPermission, StaffMember
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, make_graduate, make_world
from tests.pages import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)


def fresh(graduate: Graduate) -> Graduate:
    return Graduate.objects.select_related(*origin.RELATED).get(pk=graduate.pk)


def confirm(graduate: Graduate, user: User) -> Graduate:
    shown = confirmation_hash(record_of(fresh(graduate)))
    return origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=user)


def edit(graduate: Graduate, by: User, **typed: str) -> Graduate:
    return origin.edit(graduate_id=graduate.pk, typed=typed, by=by)


# --- editing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["name", "id_number", "student_no", "exam_no", "level", "gender"])
@pytest.mark.parametrize("role", ["graduate", Role.COUNSELLOR, Role.DEPARTMENT_ADMIN])
def test_fields_of_the_registry_are_grey_and_cannot_be_changed(
    key: str, role: str, world: World, graduate: Graduate
) -> None:
    values = {
        "name": "试别人", "id_number": factories.make_id_number(), "student_no": "S1",
        "exam_no": "12345678901234", "level": "专科生毕业", "gender": "女",
    }  # fmt: skip
    by = factories.activate(graduate) if role == "graduate" else world.user(role)
    before = record_of(fresh(graduate))
    with pytest.raises(NotPermitted) as refusal:
        edit(graduate, by, **{key: values[key], "mobile": "13800000001"})
    assert refusal.value.code == "grey_field"
    assert record_of(fresh(graduate)) == before
    if role != "graduate":
        address = f"/console/graduates/{graduate.pk}/"
        response = client_of(by).post(address, {key: values[key], "version": graduate.version})
        assert response.status_code == 403


def test_a_wrong_value_of_a_grey_field_is_refused_as_not_editable(
    graduate: Graduate, user: User
) -> None:
    with pytest.raises(NotPermitted):
        edit(graduate, user, id_number="!!")


def test_a_grey_field_may_be_sent_unchanged(graduate: Graduate, user: User) -> None:
    edit(graduate, user, name=graduate.name, mobile="13800000001")
    assert fresh(graduate).mobile == "13800000001"


def test_the_schools_field_permissions_decide_what_a_graduate_may_edit(
    world: World, graduate: Graduate, user: User
) -> None:
    FieldPermission.objects.create(
        cohort=world.cohort, field="mobile", graduate=False, counsellor=True, department_admin=False
    )
    for by, may in ((user, False), (world.counsellor, True), (world.department_admin, False)):
        number = f"1380000{by.pk % 10000:04d}"
        if may:
            edit(graduate, by, mobile=number)
            assert fresh(graduate).mobile == number
        else:
            with pytest.raises(NotPermitted):
                edit(graduate, by, mobile=number)


@pytest.mark.parametrize("role", [Role.PROVINCE, "employer"])
def test_other_roles_cannot_edit_a_record(role: str, world: World, graduate: Graduate) -> None:
    by = factories.make_employer() if role == "employer" else world.user(role)
    with pytest.raises(NotPermitted):
        edit(graduate, by, mobile="13800000001")


def test_the_history_names_each_field_with_both_values(world: World, graduate: Graduate) -> None:
    admin = world.school_admin
    edit(graduate, admin, name="试新名", politics="群众", email="a@example.com")
    event = Event.objects.get(action="graduates.edit", object_id=graduate.pk)
    assert event.data["changes"] == {
        "name": [graduate.name, "试新名"],
        "politics": [graduate.politics, fresh(graduate).politics],
        "email": ["", "a@example.com"],
    }
    assert (event.actor_id, event.school_id) == (admin.pk, world.school.pk)
    page = client_of(admin).get("/console/graduates/changes/").content.decode()
    assert "试新名" in page
    assert "群众" in page


def test_saving_without_a_change_writes_no_event(world: World, graduate: Graduate) -> None:
    edit(graduate, world.school_admin, name=graduate.name)
    assert not Event.objects.filter(action="graduates.edit").exists()
    assert fresh(graduate).version == graduate.version


def test_the_second_of_two_who_edit_is_told(world: World, graduate: Graduate) -> None:
    seen = graduate.version
    edit(graduate, world.school_admin, politics="群众")
    with pytest.raises(Conflict) as conflict:
        origin.edit(
            graduate_id=graduate.pk, typed={"name": "试乙"}, by=world.school_admin, version=seen
        )
    assert conflict.value.code == "changed"
    response = world.client(Role.SCHOOL_ADMIN).post(
        f"/console/graduates/{graduate.pk}/", {"name": "试乙", "version": seen}
    )
    assert response.status_code == 409
    assert fresh(graduate).name == graduate.name


@pytest.mark.parametrize("version", ["abc", "²", "-1", "", "9" * 30])
def test_a_wrong_version_is_a_conflict(version: str, world: World, graduate: Graduate) -> None:
    response = world.client(Role.SCHOOL_ADMIN).post(
        f"/console/graduates/{graduate.pk}/", {"name": "试乙", "version": version}
    )
    assert response.status_code == 409
    assert fresh(graduate).name == graduate.name


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ({"id_number": "340103200402290011"}, "id_number"),
        ({"origin": "341402"}, "origin"),
        ({"mobile": "123"}, "mobile"),
        ({"name": ""}, "name"),
        ({"training_mode": "定向"}, "directed_unit"),
        ({"graduates_on": "20200101"}, "graduates_on"),
        ({"department": "没有这院"}, "department"),
        ({"school_class": "没有这班"}, "school_class"),
        ({"conclusion": "结业"}, "conclusion"),
        ({"duration": "12"}, "duration"),
    ],
)
def test_a_wrong_value_is_refused(
    typed: dict[str, str], key: str, world: World, graduate: Graduate
) -> None:
    with pytest.raises(Invalid) as invalid:
        edit(graduate, world.school_admin, **typed)
    assert key in invalid.value.errors
    response = world.client(Role.SCHOOL_ADMIN).post(
        f"/console/graduates/{graduate.pk}/", typed | {"version": str(graduate.version)}
    )
    assert response.status_code == 422
    assert not Event.objects.filter(action="graduates.edit").exists()


def test_numbers_of_other_records_are_refused(world: World, graduate: Graduate) -> None:
    other = make_graduate(world)
    for key, value in (
        ("student_no", other.student_no),
        ("exam_no", other.exam_no),
        ("id_number", other.person.id_number),
    ):
        with pytest.raises(Invalid) as invalid:
            edit(graduate, world.school_admin, **{key: value})
        assert list(invalid.value.errors) == [key]


def test_records_of_a_sealed_cohort_cannot_be_changed(world: World, graduate: Graduate) -> None:
    world.cohort.sealed_at = timezone.now()
    world.cohort.save()
    with pytest.raises(Refused) as refusal:
        edit(graduate, world.school_admin, name="试乙")
    assert refusal.value.code == "cohort_sealed"


# --- confirming -----------------------------------------------------------------------------------


def test_a_graduate_confirms_what_the_page_showed(graduate: Graduate, user: User) -> None:
    shown = confirmation_hash(record_of(fresh(graduate)))
    done = origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=user)
    assert (done.confirmation, done.confirmed_hash) == ("confirmed", shown)
    assert is_confirmation_current(fresh(graduate))
    event = Event.objects.get(action="graduates.confirm", object_id=graduate.pk)
    assert event.data["hash"] == shown


def test_a_record_changed_meanwhile_cannot_be_confirmed(
    world: World, graduate: Graduate, user: User
) -> None:
    shown = confirmation_hash(record_of(fresh(graduate)))
    edit(graduate, world.school_admin, politics="群众")
    with pytest.raises(Conflict) as conflict:
        origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=user)
    assert conflict.value.code == "changed"
    assert fresh(graduate).confirmation == "unsubmitted"


@pytest.mark.parametrize("locked", [False, True])
def test_the_page_confirms_only_what_it_showed(
    locked: bool, world: World, graduate: Graduate, user: User
) -> None:
    """This holds for a locked record, too, whose form sends no field."""
    if locked:
        origin.lock(graduate_id=graduate.pk, by=world.counsellor)
    client = client_of(user)
    version = client.get("/origin/").context["graduate"].version
    edit(graduate, world.school_admin, politics="群众")
    response = client.post("/origin/", {"version": version})
    assert response.status_code == 422
    assert fresh(graduate).confirmed_at is None
    response = client.post("/origin/", {"version": fresh(graduate).version})
    assert response.status_code == 302
    assert is_confirmation_current(fresh(graduate))


def test_a_record_stays_confirmed_after_the_graduates_own_change(
    graduate: Graduate, user: User
) -> None:
    confirm(graduate, user)
    edit(graduate, user, mobile="13800000001")
    assert is_confirmation_current(fresh(graduate))
    assert fresh(graduate).confirmation == "confirmed"


def test_a_change_by_staff_ends_the_confirmation(
    world: World, graduate: Graduate, user: User
) -> None:
    confirm(graduate, user)
    edit(graduate, world.counsellor, politics="群众")
    after = fresh(graduate)
    assert (after.confirmation, after.confirmed_at, after.confirmed_hash) == (
        "unsubmitted", None, "",
    )  # fmt: skip
    assert "请先确认生源信息" in client_of(user).get("/").content.decode()


def test_a_record_cannot_be_confirmed_after_the_cohorts_end(
    world: World, graduate: Graduate, user: User
) -> None:
    world.cohort.ends_on = factories.today() - datetime.timedelta(days=1)
    world.cohort.save()
    with pytest.raises(Refused) as refusal:
        confirm(graduate, user)
    assert refusal.value.code == "cohort_ended"
    with pytest.raises(NotPermitted):
        edit(graduate, user, mobile="13800000001")


def test_an_incomplete_record_cannot_be_confirmed(graduate: Graduate, user: User) -> None:
    Graduate.objects.filter(pk=graduate.pk).update(mobile="")
    with pytest.raises(Invalid) as refusal:
        confirm(graduate, user)
    assert refusal.value.code == "incomplete"
    assert list(refusal.value.errors) == ["mobile"]


# --- locking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_unlocking_restores_the_state_before_the_lock(
    role: str, confirmed: bool, world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    if confirmed:
        confirm(graduate, user)
    locked = origin.lock(graduate_id=graduate.pk, by=world.user(role))
    assert (locked.confirmation, locked.locked_by) == ("locked", world.staff[role].label)
    with pytest.raises(Refused) as refusal:
        origin.lock(graduate_id=graduate.pk, by=world.user(role))
    assert refusal.value.code == "locked"
    if role != Role.SCHOOL_ADMIN:
        with pytest.raises(NotPermitted):
            origin.unlock(graduate_id=graduate.pk, by=world.user(role))
    after = origin.unlock(graduate_id=graduate.pk, by=world.school_admin)
    assert after.confirmation == ("confirmed" if confirmed else "unsubmitted")
    assert (after.locked_at, after.locked_by) == (None, "")
    assert (after.confirmed_at is not None) == confirmed
    with pytest.raises(Refused) as refusal:
        origin.unlock(graduate_id=graduate.pk, by=world.school_admin)
    assert refusal.value.code == "not_locked"


def test_a_record_changed_under_lock_is_unsubmitted_when_unlocked(
    world: World, graduate: Graduate, user: User
) -> None:
    confirm(graduate, user)
    origin.lock(graduate_id=graduate.pk, by=world.counsellor)
    edit(graduate, world.school_admin, politics="群众")
    assert fresh(graduate).confirmation == "locked"
    assert origin.unlock(graduate_id=graduate.pk, by=world.school_admin).confirmation == (
        "unsubmitted"
    )


def test_a_locked_record_can_be_confirmed_but_not_edited(
    world: World, graduate: Graduate, user: User
) -> None:
    origin.lock(graduate_id=graduate.pk, by=world.counsellor)
    for by in (user, world.counsellor, world.department_admin):
        with pytest.raises(NotPermitted):
            edit(graduate, by, mobile="13800000001")
    done = confirm(graduate, user)
    assert done.confirmation == "locked"
    assert is_confirmation_current(fresh(graduate))
    assert origin.unlock(graduate_id=graduate.pk, by=world.school_admin).confirmation == (
        "confirmed"
    )


def test_locking_many_shows_a_result_for_each_row(world: World) -> None:
    mine, already = make_graduate(world), make_graduate(world)
    hidden = make_graduate(world, department=1)
    foreign = make_graduate(make_world())
    origin.lock(graduate_id=already.pk, by=world.school_admin)
    picked = [foreign.pk, mine.pk, hidden.pk, already.pk, 2**40]
    results = origin.lock_many(graduate_ids=picked, by=world.counsellor)
    assert [(r.graduate_id, r.ok) for r in results] == [(mine.pk, True), (already.pk, False)]
    assert results[1].message == "已经锁定。"
    assert fresh(hidden).confirmation == "unsubmitted"
    response = world.client(Role.COUNSELLOR).post(
        "/console/graduates/lock/", {"pick": [str(i) for i in picked] + ["²", "x"], "action": ""}
    )
    assert response.status_code == 200
    page = response.content.decode()
    assert hidden.name not in page
    assert fresh(hidden).confirmation == "unsubmitted"
    assert world.client(Role.COUNSELLOR).get("/console/graduates/lock/").status_code == 405


def test_only_the_school_admin_can_unlock_many(world: World, graduate: Graduate) -> None:
    origin.lock(graduate_id=graduate.pk, by=world.counsellor)
    refused = origin.lock_many(graduate_ids=[graduate.pk], by=world.counsellor, unlocking=True)
    assert [r.ok for r in refused] == [False]
    done = origin.lock_many(graduate_ids=[graduate.pk], by=world.school_admin, unlocking=True)
    assert [r.ok for r in done] == [True]


# --- looking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["id_number", "mobile"])
def test_revealing_a_number_is_logged(key: str, world: World, graduate: Graduate) -> None:
    admin = world.client(Role.COUNSELLOR)
    full = graduate.person.id_number if key == "id_number" else graduate.mobile
    listed = admin.get("/console/graduates/").content.decode()
    assert full not in listed
    answer = admin.post(f"/console/graduates/{graduate.pk}/reveal/", {"field": key})
    assert answer.json() == {"value": full}
    event = Event.objects.get(action="graduates.reveal", object_id=graduate.pk)
    assert event.data == {"field": key}
    assert event.actor_id == world.staff[Role.COUNSELLOR].pk
    assert admin.get(f"/console/graduates/{graduate.pk}/reveal/").status_code == 405


@pytest.mark.parametrize("key", ["", "password", "person__id_number", "name"])
def test_other_fields_cannot_be_revealed(key: str, world: World, graduate: Graduate) -> None:
    answer = world.client(Role.COUNSELLOR).post(
        f"/console/graduates/{graduate.pk}/reveal/", {"field": key}
    )
    assert answer.status_code == 400
    assert not Event.objects.filter(action="graduates.reveal").exists()


def listed(world: World, role: str = Role.SCHOOL_ADMIN, **query: str) -> str:
    response = world.client(role).get("/console/graduates/", query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("name", ["李", "李四", "李四方", "欧阳小明", "𠮷田", "阿卜杜拉·试买提"])
def test_the_index_has_every_part_of_a_name(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT graduates_name_codes(%s, %s)", (99_999, name))
        held = cursor.fetchone()[0]
    for part in (*name, *(name[i : i + 2] for i in range(len(name) - 1)), name):
        for school_id in (99_999, None):
            assert set(filters.grams_of(part, school_id=school_id)) <= set(held), part
    assert not set(filters.grams_of(name[0], school_id=1)) & set(held)


@pytest.mark.parametrize("copy", ["school", "cohort", "department", "school_class"])
def test_the_database_keeps_a_graduates_copies_equal_to_the_class(world: World, copy: str) -> None:
    graduate = make_graduate(world)
    other = make_graduate(make_world())
    Graduate.objects.filter(pk=graduate.pk).update(**{copy: getattr(other, copy)})
    with pytest.raises(IntegrityError, match="graduate_of_class"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_graduates_are_found_by_name_and_numbers(world: World) -> None:
    found = make_graduate(world, name="阿卜杜拉·试买提")
    other = make_graduate(world, name="试二人")
    for q in (
        "买提", "试买", "阿卜杜拉", "阿卜杜拉·试买提", "阿卜杜拉•试买提", "阿",
        found.student_no, found.student_no.lower(), found.student_no[:-1], found.exam_no,
        found.person.id_number, f" {found.exam_no} ",
    ):  # fmt: skip
        page = listed(world, q=q)
        assert found.student_no in page, q
        if q != found.student_no[:-1]:
            assert other.student_no not in page, q
    for q in ("没有此人", "阿提", "99999999", "卜买", found.exam_no[:-1], "%", "_"):
        assert found.student_no not in listed(world, q=q), q


@pytest.mark.parametrize("q", ["'", "\x00", "²", "x" * 5000, "\\", "试" * 300])
def test_an_unusual_keyword_is_no_server_error(q: str, world: World, graduate: Graduate) -> None:
    listed(world, q=q)
    listed(world, cohort=q, department=q, school_class=q, order=q, columns=q)
    for address in ("/console/destinations/", "/console/figures/"):
        found = world.client(Role.SCHOOL_ADMIN).get(address, {"q": q, "cohort": q, "rate": q})
        assert found.status_code == 200


def test_the_list_is_ordered_and_filtered(world: World) -> None:
    first = make_graduate(world, name="试安一")
    second = make_graduate(world, name="试周二", department=1)
    page = listed(world, order="name")
    assert page.index(first.student_no) < page.index(second.student_no)
    page = listed(world, order="newest")
    assert page.index(second.student_no) < page.index(first.student_no)
    page = listed(world, department=str(world.departments[1].pk))
    assert second.student_no in page
    assert first.student_no not in page
    page = listed(world, cohort=str(world.cohort.year), confirmation="locked")
    assert first.student_no not in page


@pytest.mark.parametrize("case", ["no_scope", "no_levels", "no_roster", "nothing_found"])
def test_an_empty_list_says_why_it_is_empty(case: str, world: World) -> None:
    query: dict[str, Any] = {}
    if case != "no_roster":
        make_graduate(world)
    member = StaffMember.objects.get(pk=world.staff[Role.COUNSELLOR].pk)
    if case == "no_scope":
        member.departments.clear()
        words = "未分配届别/院系/班级，请联系学校系统管理员"
    elif case == "no_levels":
        member.levels = ["专科"] if case == "x" else ["博士研究生"]
        member.save()
        words = "学历与院系、班级毕业生的学历不相符"
    elif case == "no_roster":
        words = "尚未导入"
    else:
        query, words = {"q": "没有此人"}, "调整筛选条件"
    assert words in listed(world, Role.COUNSELLOR, **query)
    if case == "no_scope":
        queue = world.client(Role.COUNSELLOR).get("/console/destinations/queue/")
        assert "未分配届别/院系/班级" in queue.content.decode()


# --- adding ---------------------------------------------------------------------------------------


def test_a_graduate_added_by_hand_is_checked_as_an_imported_one(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    typed = factories.typed_record(world)
    assert client.post("/console/graduates/add/", typed).status_code == 302
    added = Graduate.objects.get(student_no=typed["student_no"])
    assert (added.version, added.confirmation, added.ethnicity) == (1, "unsubmitted", "01")
    response = client.post("/console/graduates/add/", typed)
    assert response.status_code == 422
    wrong = factories.typed_record(world) | {"origin": "341402", "year": "2001"}
    page = client.post("/console/graduates/add/", wrong).content.decode()
    assert "340181" in page
    assert "没有建立2001届" in page


# --- the graduate's page --------------------------------------------------------------------------


def test_the_page_has_every_field_once_and_first_who_it_is(world: World) -> None:
    assert sorted(PAGE_KEYS) == sorted(BY_KEY)
    graduate = make_graduate(world)
    form = client_of(factories.activate(graduate)).get("/origin/").context["form"]
    assert [d.label for d in form.declarations][:6] == [
        "姓名", "性别", "证件类型", "证件号码", "学号", "考生号",
    ]  # fmt: skip
    groups = [group for group, _ in form.groups()]
    assert groups == ["学籍信息", "个人基本信息", "本人及家庭联系方式"]
    personal = [field.name for field in form.groups()[1][1]]
    assert personal[0] == "origin"  # 生源所在地, which the archive's way depends on


def test_each_grey_row_leads_to_a_correction(world: World) -> None:
    graduate = make_graduate(world)
    client = client_of(factories.activate(graduate))
    page = client.get("/origin/")
    form, text = page.context["form"], page.content.decode()
    assert len(form.greyed) > 15
    assert text.count("灰色内容：") == 1  # the reasons stand once a card
    shown = [text]
    for _ in range(2):
        values, _ = fields_of(shown[-1])
        shown.append(client.post("/origin/", {**values, "go": "next"}).content.decode())
    text = "".join(shown)
    for key in BY_KEY:
        address = f"/corrections/ask/?kind=origin&amp;field={key}"
        assert (address in text) == (key in form.greyed), key
        assert client.get(address.replace("&amp;", "&")).context["current"] is not None
    assert 'href="/corrections/"' in text
    # A locked record's rows are all grey, those of the contact page, too.
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    text = client.get("/contact/").content.decode()
    assert "kind=origin&amp;field=mobile" in text


def test_what_is_missing_in_a_grey_row_is_said_there(world: World) -> None:
    graduate = make_graduate(world)
    user = factories.activate(graduate)
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    Graduate.objects.filter(pk=graduate.pk).update(archive_moved=None)
    client = client_of(user)
    answer = client.post("/origin/", {"version": fresh(graduate).version})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'href="#field-archive_moved"' in page
    assert 'id="field-archive_moved"' in page
    assert "档案是否转入学校不能为空" in page
