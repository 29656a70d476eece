"""Writing, publishing, pinning, withdrawing and ending notices."""

from __future__ import annotations

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import Conflict, Invalid, NotPermitted, Refused
from core.models import Event
from notices.actions import notices, receipts
from notices.models import MOST_PINNED, Notice, Receipt
from notices.states import NoticeState
from notices.steps import NOTICE
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world
from tests.notices import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_a_draft_is_written_changed_and_published(world: World) -> None:
    admin = world.school_admin
    draft = scene.write(admin, title=" 安排  ", body="第一版")
    assert (draft.state, draft.title, draft.school) == (NoticeState.DRAFT, "安排", world.school)
    changed = notices.edit(
        notice_id=draft.pk, typed=scene.typed(body="第二版"), uploads=[], kept=[],
        version=draft.version, by=admin,
    )  # fmt: skip
    done = notices.publish(notice_id=draft.pk, version=changed.version, by=admin)
    assert (done.state, done.body, done.published_by) == ("published", "第二版", admin.label)
    actions = Event.objects.filter(object_type="notice", object_id=draft.pk).order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "notices.write", "notices.edit", "notices.publish",
    ]  # fmt: skip


def test_a_published_notice_is_not_changed_but_copied(world: World) -> None:
    admin = world.school_admin
    shown = scene.publish(admin)
    with pytest.raises(Refused):
        notices.edit(
            notice_id=shown.pk, typed=scene.typed(body="改"), uploads=[], kept=[],
            version=shown.version, by=admin,
        )  # fmt: skip
    made = notices.copy(notice_id=shown.pk, by=admin)
    assert (made.state, made.body) == (NoticeState.DRAFT, shown.body)


def test_only_what_was_looked_at_is_published(world: World) -> None:
    admin = world.school_admin
    draft = scene.write(admin)
    notices.edit(
        notice_id=draft.pk, typed=scene.typed(body="别人改过"), uploads=[], kept=[],
        version=draft.version, by=admin,
    )  # fmt: skip
    with pytest.raises(Conflict):
        notices.publish(notice_id=draft.pk, version=draft.version, by=admin)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 61}, "title"),
        ({"body": ""}, "body"),
        ({"body": "长" * 10_001}, "body"),
        ({"expires_on": datetime.date(2020, 1, 1)}, "expires_on"),
    ],
)
def test_what_can_not_be_is_said_at_its_field(world: World, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        scene.write(world.school_admin, **changes)
    assert list(refused.value.errors) == [field]
    assert not Notice.objects.exists()


def test_three_are_pinned_and_no_more(world: World) -> None:
    admin = world.school_admin
    shown = [scene.publish(admin) for _ in range(MOST_PINNED + 1)]
    for one in shown[:MOST_PINNED]:
        notices.pin(notice_id=one.pk, by=admin)
    with pytest.raises(Refused) as refused:
        notices.pin(notice_id=shown[-1].pk, by=admin)
    assert refused.value.code == "full"
    notices.unpin(notice_id=shown[0].pk, by=admin)
    assert notices.pin(notice_id=shown[-1].pk, by=admin).pin_place == 1
    # Another publisher has places of its own.
    other = scene.publish_as(world, Role.PROVINCE)
    assert notices.pin(notice_id=other.pk, by=world.user(Role.PROVINCE)).pin_place == 1


def test_the_database_keeps_a_place_for_one_notice(world: World) -> None:
    first, second = (scene.publish_as(world, Role.PROVINCE) for _ in range(2))
    Notice.objects.filter(pk=first.pk).update(pin_place=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=second.pk).update(pin_place=1)


def test_a_withdrawn_notice_says_why_and_keeps_its_receipts(world: World) -> None:
    admin, reader = world.school_admin, factories.activate(factories.make_graduate(world))
    shown = scene.publish(admin, must_read=True)
    receipts.confirm(notice=shown, by=reader)
    notices.pin(notice_id=shown.pk, by=admin)
    with pytest.raises(Invalid):
        notices.withdraw(notice_id=shown.pk, reason=" ", by=admin)
    done = notices.withdraw(notice_id=shown.pk, reason="时间有误", by=admin)
    assert (done.state, done.reason, done.pin_place) == ("withdrawn", "时间有误", None)
    assert Receipt.objects.get(notice=shown).confirmed_at is not None
    with pytest.raises(Refused):
        receipts.confirm(notice=shown, by=reader)


def test_a_confirmation_counts_once(world: World) -> None:
    reader = factories.activate(factories.make_graduate(world))
    shown = scene.publish_as(world, must_read=True)
    first = receipts.confirm(notice=shown, by=reader)
    assert receipts.confirm(notice=shown, by=reader).confirmed_at == first.confirmed_at
    assert Event.objects.filter(action="notices.confirm").count() == 1
    plain = scene.publish_as(world)
    with pytest.raises(Refused):
        receipts.confirm(notice=plain, by=reader)


def test_a_notice_ends_the_day_after_its_last_one(world: World) -> None:
    today = timezone.localdate()
    still = scene.publish_as(world, expires_on=today)
    over = scene.publish_as(world, expires_on=today)
    Notice.objects.filter(pk=over.pk).update(expires_on=today - datetime.timedelta(days=1))
    assert notices.expire_due() == 1
    states = dict(Notice.objects.values_list("pk", "state"))
    assert states == {still.pk: "published", over.pk: "expired"}
    assert notices.expire_due() == 0


def test_a_draft_can_be_deleted_and_a_published_notice_can_not(world: World) -> None:
    admin = world.school_admin
    draft, shown = scene.write(admin), scene.publish(admin)
    notices.discard(notice_id=draft.pk, by=admin)
    with pytest.raises(Refused):
        notices.discard(notice_id=shown.pk, by=admin)
    assert list(Notice.objects.all()) == [shown]


def test_a_department_addresses_its_own_departments_only(world: World) -> None:
    own, foreign = world.departments[0].pk, world.departments[1].pk
    admin = world.department_admin
    with pytest.raises(Invalid):
        scene.write(admin)
    with pytest.raises(Invalid):
        scene.write(admin, department_ids=[foreign])
    assert scene.write(admin, department_ids=[own, foreign]).department_ids == [own]


def test_a_draft_for_a_department_that_was_taken_away_is_not_published(world: World) -> None:
    first, second = world.departments
    staff = world.department_admin.staff
    staff.departments.add(second)
    draft = scene.write(world.department_admin, department_ids=[first.pk, second.pk])
    staff.departments.remove(second)
    with pytest.raises(Refused) as refused:
        notices.publish(notice_id=draft.pk, version=draft.version, by=world.department_admin)
    assert refused.value.code == "audience"
    draft.refresh_from_db()
    assert draft.state == NoticeState.DRAFT


def test_a_school_addresses_its_own_departments_only(world: World) -> None:
    other = make_world()
    made = scene.write(
        world.school_admin, department_ids=[other.departments[0].pk], school_ids=[other.school.pk]
    )
    assert (made.department_ids, made.school_ids) == ([], [])


def test_a_counsellor_publishes_nothing(world: World) -> None:
    with pytest.raises(NotPermitted):
        scene.write(world.counsellor)


@pytest.mark.parametrize("role", factories.STAFF_ROLES)
@pytest.mark.parametrize("publisher", [Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE])
@pytest.mark.parametrize("state", ["draft", "published", "withdrawn", "expired"])
def test_who_takes_which_step_in_which_state(
    world: World, role: str, publisher: str, state: str
) -> None:
    own = [world.departments[0].pk] if publisher == Role.DEPARTMENT_ADMIN else []
    notice = scene.write(world.user(publisher), department_ids=own)
    if state != "draft":
        notice.published_at = timezone.now()
    notice.state, notice.reason = state, "更正" if state == "withdrawn" else ""
    notice.save()
    acts = {
        (Role.DEPARTMENT_ADMIN, Role.DEPARTMENT_ADMIN), (Role.SCHOOL_ADMIN, Role.DEPARTMENT_ADMIN),
        (Role.SCHOOL_ADMIN, Role.SCHOOL_ADMIN), (Role.PROVINCE, Role.PROVINCE),
    }  # fmt: skip
    wanted = {"draft": {"edit", "discard", "publish"}, "published": {"pin", "unpin", "withdraw"}}
    allowed = wanted.get(state, set()) if (role, publisher) in acts else set()
    assert {s.action for s in NOTICE.available(notice, world.user(role))} == allowed


def test_attachments_are_written_anew_and_limited(world: World) -> None:
    admin = world.school_admin
    picture = SimpleUploadedFile("安排.png", factories.make_photo(), content_type="image/png")
    draft = notices.write(typed=scene.typed(), uploads=[picture], by=admin)
    stored = draft.attachments.get().file
    assert (stored.name, stored.content_type, stored.school_id) == (
        "安排.jpg", "image/jpeg", world.school.pk,
    )  # fmt: skip
    for content, name in ((b"MZ\x90", "病毒.exe"), (b"%PDF-1.4 broken", "坏.pdf")):
        with pytest.raises(Invalid) as refused:
            notices.write(
                typed=scene.typed(), uploads=[SimpleUploadedFile(name, content)], by=admin
            )
        assert name in refused.value.errors["uploads"][0]
    six = [SimpleUploadedFile(f"{n}.png", factories.make_photo()) for n in range(6)]
    with pytest.raises(Invalid):
        notices.write(typed=scene.typed(), uploads=six, by=admin)
    changed = notices.edit(
        notice_id=draft.pk,
        typed=scene.typed(),
        uploads=[],
        kept=[],
        version=draft.version,
        by=admin,
    )
    assert not changed.attachments.exists()
