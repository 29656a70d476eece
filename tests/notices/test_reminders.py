"""催办: who of a list is reminded, in which way, who is skipped and why, and what became of it."""

from __future__ import annotations

import datetime
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from core import jobs, outbox
from core.errors import DomainError
from core.frame import ReminderTopic
from core.models import Channel, Event, OutboxMessage
from destinations.states import State
from graduates.actions import standing
from graduates.models import Graduate
from graduates.states import Standing
from notices.actions import reminder_results, reminders
from notices.models import Reminder, ReminderRecipient
from notices.states import ReminderState, Skipped, TextState
from schools.models import Cohort
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world, put_in_state
from tests.notices.scene import remind, topic

pytestmark = pytest.mark.django_db
_NOON = datetime.datetime(2026, 6, 10, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
_DAY = datetime.timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


def recipients(reminder: Reminder) -> dict[int, ReminderRecipient]:
    return {row.graduate_id: row for row in reminder.recipients.all()}


def make(world: World, *, active: bool = True, **values: Any) -> Graduate:
    graduate = factories.make_graduate(world)
    if active:
        factories.activate(graduate)
    if values:
        Graduate.objects.filter(pk=graduate.pk).update(**values)
        graduate.refresh_from_db()
    return graduate


def register(graduate: Graduate, world: World) -> None:
    put_in_state(graduate, State.DEPARTMENT_APPROVED, world, world.counsellor)


def read(graduate: Graduate) -> None:
    Message.objects.filter(to=f"person:{graduate.person_id}").update(read_at=timezone.now())


# --- who is reminded ----------------------------------------------------------------------------


def test_a_reminder_writes_a_message_and_a_mail_and_plans_a_text(world: World) -> None:
    graduate = make(world, email="a@example.edu.cn", mobile="13900000001")
    reminder = remind(world)
    assert reminder.state == ReminderState.SENT
    assert (reminder.total, reminder.told, reminder.read, reminder.acted) == (1, 1, 0, 0)
    assert reminder.graduate_ids == []
    message = Message.objects.get(to=f"person:{graduate.person_id}")
    assert (message.title, message.text) == (topic().title, topic().text)
    assert message.link == reverse("register-tab")
    mail = OutboxMessage.objects.get(channel=Channel.EMAIL)
    assert (mail.address, mail.bulk) == ("a@example.edu.cn", True)
    assert graduate.name not in mail.text
    assert not OutboxMessage.objects.filter(channel=Channel.SMS).exists()
    row = recipients(reminder)[graduate.pk]
    assert (row.skipped, row.mailed, row.text_state) == ("", True, TextState.DUE)
    assert row.text_due_at is not None
    assert Event.objects.get(action="notices.remind").data == {"topic": "register", "people": 1}


def test_who_is_skipped_and_why(world: World) -> None:
    done, left = make(world), make(world, standing=Standing.WITHDRAWN)
    register(done, world)
    unreachable = make(world, active=False, email="", mobile="")
    by_mail = make(world, active=False, email="b@example.edu.cn", mobile="")
    rows = recipients(remind(world))
    assert {pk: row.skipped for pk, row in rows.items()} == {
        done.pk: Skipped.DONE, left.pk: Skipped.LEFT, unreachable.pk: Skipped.UNREACHABLE,
        by_mail.pk: "",
    }  # fmt: skip
    assert Message.objects.filter(to__startswith="person:").count() == 1


def test_without_the_ways_nobody_is_reached_by_them(world: World) -> None:
    graduate = make(world, active=False, email="b@example.edu.cn", mobile="13900000001")
    row = recipients(remind(world, with_mail=False, with_texts=False))[graduate.pk]
    assert (row.skipped, row.mailed, row.text_state) == (Skipped.UNREACHABLE, False, "")


def test_one_message_a_matter_and_day_whoever_sends_it(world: World) -> None:
    graduate = make(world)
    remind(world)
    again = recipients(remind(world, Role.COUNSELLOR))[graduate.pk]
    assert again.skipped == Skipped.TODAY
    another = recipients(remind(world, key="confirm-origin"))[graduate.pk]
    assert another.skipped == ""
    ReminderRecipient.objects.update(day=F("day") - _DAY)
    assert recipients(remind(world))[graduate.pk].skipped == ""
    assert Message.objects.filter(to=f"person:{graduate.person_id}").count() == 3


def test_the_database_refuses_a_second_message_of_the_day(world: World) -> None:
    make(world)
    row = remind(world).recipients.get()
    second = Reminder.objects.create(
        topic="register", came_from="", list_title="", title="", text="", link="", with_mail=False,
        with_texts=False, total=1, by=world.school_admin, by_label="",
    )  # fmt: skip
    row.pk, row.reminder = None, second
    with pytest.raises(IntegrityError, match="recipient_one_a_day"), transaction.atomic():
        row.save()


def test_nobody_outside_the_scope_is_reminded(world: World) -> None:
    inside = make(world)
    outside = factories.make_graduate(world, department=1)
    elsewhere = factories.make_graduate(make_world())
    everybody = Graduate.objects.filter(pk__in=[inside.pk, outside.pk, elsewhere.pk])
    reminder = remind(world, Role.COUNSELLOR, rows=everybody, expected=1)
    assert set(recipients(reminder)) == {inside.pk}


@pytest.mark.parametrize(("expected", "code"), [(2, "changed"), (0, "changed")])
def test_the_number_that_was_confirmed_has_to_be_the_number_now(
    world: World, expected: int, code: str
) -> None:
    make(world)
    with pytest.raises(DomainError) as refusal:
        remind(world, expected=expected)
    assert refusal.value.code == code
    assert not Reminder.objects.exists()


def test_an_empty_list_and_a_way_that_is_not_there_are_refused(world: World, settings: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        remind(world)
    assert refusal.value.code == "none"
    make(world)
    settings.OUTBOX_BACKENDS = {"sms": "", "email": ""}
    for values, code in (({"with_texts": False}, "no_mail"), ({"with_mail": False}, "no_texts")):
        with pytest.raises(DomainError) as refusal:
            remind(world, **values)
        assert refusal.value.code == code
    assert remind(world, with_mail=False, with_texts=False).told == 1


def test_a_person_with_two_records_gets_one_message(world: World) -> None:
    first = make(world)
    factories.make_cohort(world.school, world.cohort.year + 1)
    moved = factories.make_graduate(world)
    standing.defer(
        graduate_id=moved.pk, to=Cohort.objects.get(year=world.cohort.year + 1, school=world.school),
        reason="延期", by=world.school_admin,
    )  # fmt: skip
    Graduate.objects.filter(pk=moved.pk).update(person=first.person, standing=Standing.ENROLLED)
    second = moved
    rows = recipients(remind(world))
    assert [rows[first.pk].skipped, rows[second.pk].skipped] == ["", Skipped.TODAY]


# --- the job ------------------------------------------------------------------------------------


def test_a_job_that_was_ended_goes_on_and_writes_nobody_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [make(world) for _ in range(5)]
    monkeypatch.setattr(reminders, "_CHUNK", 2)
    real = reminders._remind
    calls: list[list[int]] = []

    def dies(reminder: Reminder, about: ReminderTopic, ids: list[int]) -> None:
        calls.append(ids)
        if len(calls) == 2:
            raise MemoryError
        real(reminder, about, ids)

    rows = Graduate.objects.filter(school=world.school)
    values: dict[str, Any] = {
        "topic": topic(), "rows": rows, "text": topic().text, "with_mail": False,
        "with_texts": False, "expected": 5, "came_from": "", "list_title": "", "by": world.school_admin,
    }  # fmt: skip
    reminder = reminders.send(**values)
    with mock.patch.object(reminders, "_remind", dies), pytest.raises(MemoryError):
        reminders.run_waiting()
    reminder.refresh_from_db()
    assert (reminder.state, reminder.done) == (ReminderState.SENDING, 2)
    Reminder.objects.update(leased_until=timezone.now() - _DAY)
    assert reminders.sweep()
    assert reminders.run_waiting() == 1
    reminder.refresh_from_db()
    assert (reminder.state, reminder.done, reminder.told) == (ReminderState.SENT, 5, 5)
    assert Message.objects.filter(dedupe_key__contains=":remind:").count() == len(people)


def test_a_topic_that_is_gone_parks_the_reminder(world: World) -> None:
    make(world)
    reminder = remind(world)
    Reminder.objects.update(topic="gone", state=ReminderState.WAITING, sent_at=None)
    assert reminders.run_waiting() == 0
    reminder.refresh_from_db()
    assert reminder.state == ReminderState.PARKED
    assert "没有这一催办事项" in reminder.problem


def test_a_worker_whose_lease_ran_out_writes_nothing(world: World) -> None:
    make(world)
    rows = Graduate.objects.filter(school=world.school)
    reminders.send(
        topic=topic(), rows=rows, text=topic().text, with_mail=False, with_texts=False, expected=1,
        came_from="", list_title="", by=world.school_admin,
    )  # fmt: skip
    (slow,) = jobs.claim(reminders.REMINDERS)
    Reminder.objects.update(token=F("token") + 1)
    assert not reminders.run(slow)
    assert not ReminderRecipient.objects.exists()


def test_a_one_time_code_does_not_wait_behind_reminders(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make(world, email="a@example.edu.cn")
    remind(world)
    outbox.post(Channel.SMS, "13900000009", "验证码123456", key="code:1")
    order: list[str] = []
    monkeypatch.setattr(outbox, "_BATCH", 1)

    def note(message: OutboxMessage) -> int:
        order.append(message.dedupe_key)
        return 1

    monkeypatch.setattr(outbox, "_send", note)
    outbox.send_due()
    assert order[0] == "code:1"
    assert len(order) == 4


# --- text messages ------------------------------------------------------------------------------


def after(reminder: Reminder, **passed: float) -> datetime.datetime:
    """Noon of the first day on which so much time has passed since the reminder."""
    assert reminder.sent_at is not None
    moment = timezone.localtime(reminder.sent_at + datetime.timedelta(**passed))
    noon = moment.replace(hour=12, minute=0)
    return noon if noon >= moment else noon + _DAY


def test_a_text_goes_out_after_a_day_to_those_who_have_not_read_and_not_acted(world: World) -> None:
    world.cohort.ends_on = timezone.localdate() + 60 * _DAY
    world.cohort.save()
    unread, reader, acted = make(world), make(world), make(world)
    reminder = remind(world)
    assert reminder.sent_at is not None
    assert reminder_results.send_due_texts(now=reminder.sent_at + datetime.timedelta(hours=23)) == 0
    read(reader)
    register(acted, world)
    assert reminder_results.send_due_texts(now=after(reminder, hours=25)) == 1
    text = OutboxMessage.objects.get(channel=Channel.SMS, dedupe_key__startswith="sms:remind:")
    assert (text.address, text.bulk) == (unread.mobile, True)
    assert text.text.startswith(topic().text) and text.text.endswith(reverse("register-tab"))
    states = {pk: row.text_state for pk, row in recipients(reminder).items()}
    assert states == {
        unread.pk: TextState.SENT, reader.pk: TextState.READ, acted.pk: TextState.DONE,
    }  # fmt: skip
    assert reminder_results.send_due_texts(now=after(reminder, hours=60)) == 0


@pytest.mark.parametrize(("days", "at_once"), [(3, True), (4, False)])
def test_a_text_goes_out_at_once_if_the_matter_is_due_within_three_days(
    world: World, days: int, at_once: bool
) -> None:
    world.cohort.ends_on = timezone.localdate() + days * _DAY
    world.cohort.save()
    make(world)
    remind(world)
    assert reminder_results.send_due_texts() == at_once


def test_one_text_a_person_in_three_days_whatever_the_matter(world: World) -> None:
    graduate = make(world)
    first = remind(world)
    second = remind(world, key="confirm-origin")
    assert reminder_results.send_due_texts(now=after(first, hours=25)) == 1
    assert recipients(second)[graduate.pk].text_state == TextState.CAPPED
    ReminderRecipient.objects.update(day=F("day") - 4 * _DAY, text_at=F("text_at") - 4 * _DAY)
    third = remind(world)
    assert reminder_results.send_due_texts(now=after(third, hours=25)) == 1


def test_at_night_texts_wait_for_the_morning(world: World) -> None:
    make(world)
    reminder = remind(world)
    assert reminder.sent_at is not None
    night = timezone.localtime(reminder.sent_at + 2 * _DAY).replace(hour=22)
    reminder_results.send_due_texts(now=night)
    text = OutboxMessage.objects.get(dedupe_key__startswith="sms:remind:")
    due = timezone.localtime(text.due_at)
    assert (due.date(), due.hour, due.minute) == (night.date() + _DAY, 9, 0)


# --- what became of it --------------------------------------------------------------------------


def test_who_has_acted_within_seven_days_is_counted_and_later_ones_are_not(world: World) -> None:
    soon, late, never = make(world), make(world), make(world)
    reminder = remind(world)
    read(soon)
    register(soon, world)
    assert reminder.sent_at is not None
    assert reminder_results.count_lately_sent(now=reminder.sent_at + 6 * _DAY) == 1
    reminder.refresh_from_db()
    assert (reminder.told, reminder.read, reminder.acted) == (3, 1, 1)
    register(late, world)
    reminder_results.count_lately_sent(
        now=reminder.sent_at + 7 * _DAY + datetime.timedelta(minutes=30)
    )
    reminder.refresh_from_db()
    assert reminder.acted == 1
    rows = recipients(reminder)
    assert rows[soon.pk].acted_at is not None
    assert rows[late.pk].acted_at is None and rows[never.pk].acted_at is None


# --- pages --------------------------------------------------------------------------------------


def from_list(query: str = "") -> str:
    return reverse("console:origins") + (f"?{query}" if query else "")


def ask(world: World, role: str = Role.SCHOOL_ADMIN, **typed: Any) -> Any:
    data = {"topic": "register", "from": from_list(), **typed}
    return world.client(role).post(reverse("console:remind"), data)


def test_a_list_offers_its_topics_to_those_who_may_remind(world: World) -> None:
    make(world)
    page = world.client(Role.COUNSELLOR).get(from_list()).content.decode()
    for key in ("activate", "confirm-origin", "register", "invitation"):
        assert f'name="topic" value="{key}"' in page
    assert 'name="topic" value="rejected"' not in page


def test_the_preview_says_who_is_reminded_and_what_it_costs(world: World) -> None:
    make(world, email="a@example.edu.cn")
    done = make(world, active=False)
    register(done, world)
    page = ask(world).content.decode()
    assert "发送给 1 人" in page
    assert "1人：已办理，不必提醒" in page
    assert "1人填写了邮箱" in page
    assert "最多1条，费用不超过0.05元" in page
    assert topic().text in page
    assert not Reminder.objects.exists()


def test_the_filter_and_the_ticks_say_who_is_meant(world: World) -> None:
    first, second = make(world), make(world, active=False)
    page = ask(world, **{"from": from_list("account=none")}).content.decode()
    assert "生源信息，1人" in page
    page = ask(world, pick=[first.pk, second.pk]).content.decode()
    assert "生源信息中所选，2人" in page


def test_sending_leads_to_the_reminder_and_its_people(world: World) -> None:
    graduate = make(world)
    answer = ask(world, sure="1", expected="1", text="请登录平台登记去向。", with_texts="on")
    reminder = Reminder.objects.get()
    assert answer.url == reverse("console:reminder", args=[reminder.pk])
    assert (reminder.text, reminder.with_mail, reminder.with_texts) == (
        "请登录平台登记去向。", False, True,
    )  # fmt: skip
    reminders.run_waiting()
    page = world.client(Role.SCHOOL_ADMIN).get(answer.url).content.decode()
    assert graduate.name in page and "未读则发" in page and "已提醒 1" in page
    listed = world.client(Role.SCHOOL_ADMIN).get(reverse("console:reminders")).content.decode()
    assert "登记毕业去向" in listed and "请登录平台登记去向。" in listed


def test_words_that_threaten_come_back_beside_the_field_and_nothing_is_lost(world: World) -> None:
    make(world)
    words = "不登记就业去向将影响档案转递和毕业证发放。"
    answer = ask(world, sure="1", expected="1", text=words, with_texts="on")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "不准以户口、档案为由" in page and "不准将毕业证书" in page
    assert words in page and "checked" in page
    assert not Reminder.objects.exists()


def test_a_topic_of_another_list_and_a_strange_address_are_refused(world: World) -> None:
    make(world)
    for typed in (
        {"topic": "resume"},
        {"topic": "nothing"},
        {"from": "/console/"},
        {"from": "//x"},
    ):
        answer = ask(world, **typed)
        assert "请从列表中选择要催办的人" in answer.content.decode()
    assert not Reminder.objects.exists()


def test_colleagues_see_their_own_reminders_and_the_school_all(world: World) -> None:
    make(world)
    reminder = remind(world, Role.COUNSELLOR)
    address = reverse("console:reminder", args=[reminder.pk])
    assert world.client(Role.COUNSELLOR).get(address).status_code == 200
    assert world.client(Role.SCHOOL_ADMIN).get(address).status_code == 200
    assert world.client(Role.DEPARTMENT_ADMIN).get(address).status_code == 404
    assert world.client(Role.PROVINCE).get(address).status_code == 404
    assert make_world().client(Role.SCHOOL_ADMIN).get(address).status_code == 404
