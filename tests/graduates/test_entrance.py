"""The graduate's sign-in: activation, initial codes, throttling, sessions."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import get_hasher
from django.test import Client

from accounts.middleware import _SEEN, _STARTED
from accounts.models import Realm, User
from accounts.throttle import ACCOUNT_LIMIT
from core.errors import NotPermitted
from core.models import Event
from graduates.actions import account, origin
from graduates.initial_codes import initial_code, matches
from graduates.models import Graduate, Person
from schools.roles import Role
from tests import factories
from tests.factories import (
    PASSWORD,
    World,
    activate,
    activation_form,
    client_of,
    code_of,
    make_graduate,
    make_world,
)

pytestmark = pytest.mark.django_db


def post_activation(graduate: Graduate, client: Any = None, **changes: Any) -> Any:
    return (client or Client()).post("/activate/", activation_form(graduate, **changes))


def post_login(graduate: Graduate, password: str = PASSWORD, client: Client | None = None, **more):
    typed = {
        "school": graduate.school.name, "student_no": graduate.student_no, "password": password,
    } | more  # fmt: skip
    return (client or Client()).post("/login/", typed)


def signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


# --- activation -----------------------------------------------------------------------------------


def test_the_first_sign_in_opens_the_account(graduate: Graduate) -> None:
    client = Client()
    response = post_activation(graduate, client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert graduate.name in client.get("/").content.decode()
    person = Person.objects.select_related("user").get(pk=graduate.person_id)
    assert person.activated_at is not None
    assert person.user is not None
    assert person.user.login == f"{graduate.school.code}:{graduate.student_no}"
    assert Event.objects.filter(action="graduates.activate", object_id=graduate.pk).exists()
    again = Client()
    assert post_login(graduate, client=again).status_code == 302
    assert signed_in(again)


def test_blanks_and_small_letters_are_accepted_at_activation(graduate: Graduate) -> None:
    code = code_of(graduate).lower()
    response = post_activation(
        graduate,
        school=graduate.school.name[:-1] + graduate.school.name[-1] + " ",
        name=f" {graduate.name}\u3000",
        student_no=f" {graduate.student_no.lower()} ",
        id_number=graduate.person.id_number.lower(),
        code=f"{code[:4]} {code[4:]}",
    )
    assert response.status_code == 302


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("name", "试别人", account.NOT_MATCHING),
        ("student_no", "S20990000", account.NOT_MATCHING),
        ("id_number", "340103200402290011", account.NOT_MATCHING),
        ("code", "22222222", "初始码不正确"),
        ("code", "", "请填写初始码。"),
        ("school", "没有这所", "没有找到这所院校"),
        ("school", "", "请填写院校。"),
        ("new_password", "short", "密码"),
        ("new_password", "1234567890", "密码"),
        ("repeated", "something-else-9", "两次输入的密码不一致"),
    ],
)
def test_a_wrong_value_gives_the_message_of_the_manual(
    key: str, value: str, words: str, graduate: Graduate
) -> None:
    client = Client()
    response = post_activation(graduate, client, **{key: value})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not signed_in(client)
    assert Person.objects.get(pk=graduate.person_id).activated_at is None


def test_a_number_of_the_graduate_is_no_password(graduate: Graduate) -> None:
    for number in (graduate.student_no, graduate.mobile):
        secret = f"{number}-x"
        response = post_activation(graduate, new_password=secret, repeated=secret)
        assert response.status_code == 422
        assert "密码不能包含" in response.content.decode()


def test_secrets_are_not_shown_again(graduate: Graduate) -> None:
    response = post_activation(graduate, name="试别人", new_password="very-secret-77")
    assert "very-secret-77" not in response.content.decode()


def test_a_duplicate_record_is_refused_with_whom_to_ask(graduate: Graduate) -> None:
    elsewhere = make_world()
    id_number = graduate.person.id_number
    make_graduate(elsewhere, name=graduate.name, id_number=id_number)
    response = post_activation(graduate, student_no="S20990000")
    assert response.status_code == 422
    assert account.DUPLICATE in response.content.decode()
    # The attempt is counted like any other failure.
    assert AccessAttempt.objects.filter(username__endswith="S20990000").exists()
    # A graduate whose data are all correct can sign in nevertheless.
    assert post_activation(graduate).status_code == 302


def test_activating_twice_is_refused(graduate: Graduate) -> None:
    code = code_of(graduate)
    assert post_activation(graduate).status_code == 302
    response = post_activation(graduate, code=code)
    assert response.status_code == 409
    assert "已经激活" in response.content.decode()


def test_signing_in_before_activation_is_refused(graduate: Graduate) -> None:
    response = post_login(graduate)
    assert response.status_code == 422
    assert "尚未激活" in response.content.decode()


def test_the_sign_in_does_not_tell_who_is_a_graduate(
    world: World, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by its sentence nor by its time: a password is hashed once whoever is named."""
    activated = make_graduate(world)
    post_activation(activated)
    hasher, hashed = type(get_hasher()), []
    encode = hasher.encode

    def count(*args: Any) -> str:
        hashed.append(1)
        return encode(*args)

    monkeypatch.setattr(hasher, "encode", count)
    for student_no in (graduate.student_no, activated.student_no, "S20990001"):
        hashed.clear()
        answer = post_login(graduate, "wrong-secret-1", student_no=student_no)
        assert answer.status_code == 422
        assert answer.context["form"].non_field_errors() == [account.WRONG]
        assert len(hashed) == 1


def test_the_activation_does_not_tell_which_value_is_wrong(graduate: Graduate) -> None:
    for wrong in ({"name": "试别人"}, {"id_number": "340103200402290011"}, {"code": "22222222"}):
        errors = post_activation(graduate, **wrong).context["form"].non_field_errors()
        assert errors == [account.NOT_MATCHING]


@pytest.mark.parametrize("typed", ["\x00", "a\x00b", "\x00" * 50, "x" * 4000, "²", "%", "_", "\\"])
def test_odd_characters_are_no_server_error(typed: str, graduate: Graduate) -> None:
    client = Client()
    assert client.get("/schools", {"q": typed}).status_code == 200
    for key in ("school", "student_no", "name", "id_number", "code"):
        assert post_activation(graduate, **{key: typed}).status_code == 422, key
    assert post_login(graduate, student_no=typed).status_code == 422
    for path, key in (("/console/login/", "login"), ("/employer/", "mobile")):
        response = Client().post(path, {key: typed, "password": "x"})
        assert response.status_code == 422, path


# --- initial codes --------------------------------------------------------------------------------


def test_an_initial_code_is_readable_and_belongs_to_one_person() -> None:
    codes = {initial_code(person, 0) for person in range(500)}
    assert len(codes) == 500
    assert {len(code) for code in codes} == {8}
    assert not set("01OIL") & set("".join(codes))
    assert initial_code(1, 0) != initial_code(1, 1)
    assert not matches(1, 0, "")
    assert not matches(1, 0, "é" * 8)


def test_it_is_logged_who_read_an_initial_code(world: World, graduate: Graduate) -> None:
    client = world.client(Role.COUNSELLOR)
    answer = client.post(f"/console/graduates/{graduate.pk}/initial-code/").json()
    assert answer["value"].replace(" ", "") == code_of(graduate)
    assert Event.objects.filter(action="graduates.initial_code", object_id=graduate.pk).exists()
    activate(graduate)
    answer = client.post(f"/console/graduates/{graduate.pk}/initial-code/").json()
    assert code_of(graduate) not in answer["value"].replace(" ", "")


def test_a_reset_makes_another_code_and_ends_sessions(world: World, graduate: Graduate) -> None:
    old = code_of(graduate)
    client = Client()
    post_activation(graduate, client)
    assert signed_in(client)
    account.reset_account(graduate_id=graduate.pk, by=world.counsellor)
    assert not signed_in(client)
    assert post_login(graduate).status_code == 422
    assert code_of(graduate) != old
    assert "初始码不正确" in post_activation(graduate, code=old).content.decode()
    other = "another-secret-8"
    assert post_activation(graduate, new_password=other, repeated=other).status_code == 302
    assert post_login(graduate).status_code == 422
    assert post_login(graduate, other).status_code == 302
    assert User.objects.filter(realm=Realm.GRADUATE).count() == 1


def test_the_province_cannot_reset_an_account(world: World, graduate: Graduate) -> None:
    with pytest.raises(NotPermitted) as refusal:
        account.reset_account(graduate_id=graduate.pk, by=world.user(Role.PROVINCE))
    assert refusal.value.code == "role"


def test_a_student_number_that_another_account_used_can_be_activated(
    world: World, graduate: Graduate
) -> None:
    """The first holder keeps account and password; the second one opens another account."""
    first = activate(graduate)
    number = graduate.student_no
    origin.edit(graduate_id=graduate.pk, typed={"student_no": "S20270X"}, by=world.school_admin)
    graduate.refresh_from_db()
    second = make_graduate(world, student_no=number)
    secret = "second-secret-9"
    assert post_activation(second, new_password=secret, repeated=secret).status_code == 302
    second.person.refresh_from_db()
    assert second.person.user_id not in (None, first.pk)
    assert post_login(second, secret).status_code == 302
    assert post_login(graduate).status_code == 302
    assert post_login(second, PASSWORD).status_code == 422


# --- schools --------------------------------------------------------------------------------------


def test_schools_are_found_by_a_part_of_their_name(world: World) -> None:
    closed = factories.make_school(name="虚构停用学院")
    closed.is_open, closed.closed_at = False, closed.created_at
    closed.save()
    client = Client()
    found = client.get("/schools", {"q": world.school.name[1:]}).json()["items"]
    assert found == [world.school.name]
    assert client.get("/schools", {"q": "停用"}).json()["items"] == []
    assert client.get("/schools", {"q": " "}).json()["items"] == []


def test_an_ambiguous_school_name_lists_the_schools(world: World, graduate: Graduate) -> None:
    factories.make_school(name=f"{world.school.name}附属")
    response = post_activation(graduate, school=world.school.name[1:])
    assert response.status_code == 422
    assert "有多所院校符合" in response.content.decode()
    assert post_activation(graduate).status_code == 302  # the name as a whole is that of one school


def test_the_sign_in_page_remembers_the_school(graduate: Graduate) -> None:
    client = Client()
    post_activation(graduate, client)
    client.post("/logout/")
    assert graduate.school.name in client.get("/login/").content.decode()


# --- older cohorts --------------------------------------------------------------------------------


def test_graduates_of_older_cohorts_sign_in_the_same_way(world: World) -> None:
    year = world.cohort.year - 3
    earlier = factories.make_cohort(world.school, year)
    old_class = factories.make_classes(earlier, world.departments[0], "旧班")[0]
    new = make_graduate(world)
    old = _older(world, new, year, old_class.name)
    client = Client()
    assert post_activation(old, client).status_code == 302
    assert str(year) in client.get("/me/").content.decode()
    # Both numbers sign in to the same account, in which the person chooses a record.
    assert post_login(new).status_code == 302
    client.post("/me/", {"record": new.pk})
    assert new.student_no in client.get("/me/").content.decode()
    for made_up in ("abc", "²", "999999", str(2**70)):
        assert client.post("/me/", {"record": made_up}).status_code == 200


def _older(world: World, new: Graduate, year: int, class_name: str) -> Graduate:
    typed = factories.typed_record(
        world, name=new.name, id_number=new.person.id_number, year=str(year),
        enrolled_on=f"{year - 4}0901", graduates_on=f"{year}0630",
    ) | {"school_class": class_name}  # fmt: skip
    added = origin.add(school=world.school, typed=typed, by=world.school_admin)
    return Graduate.objects.select_related("school", "person").get(pk=added.pk)


def test_a_graduate_cannot_choose_another_persons_record(world: World, graduate: Graduate) -> None:
    other = make_graduate(world)
    client = client_of(activate(graduate))
    client.post("/me/", {"record": other.pk})
    assert other.student_no not in client.get("/me/").content.decode()


# --- throttling -----------------------------------------------------------------------------------


def fail_sign_in(graduate: Graduate, times: int, address: str = "10.0.0.1") -> list[int]:
    return [
        Client(REMOTE_ADDR=address).post(
            "/login/",
            {"school": graduate.school.name, "student_no": graduate.student_no, "password": "x"},
        ).status_code
        for _ in range(times)
    ]  # fmt: skip


def asks_for_proof(answer: Any) -> bool:
    return bool(answer.context["form"].errors.get("proof"))


def test_many_failures_of_an_account_ask_for_a_proof(graduate: Graduate) -> None:
    activate(graduate)
    assert fail_sign_in(graduate, ACCOUNT_LIMIT) == [422] * ACCOUNT_LIMIT
    for address in ("10.0.0.1", "10.0.0.2"):
        answer = post_login(graduate, client=Client(REMOTE_ADDR=address))
        assert answer.status_code == 422
        assert asks_for_proof(answer)


def test_failed_sign_ins_from_many_addresses_ask_for_a_proof(graduate: Graduate) -> None:
    activate(graduate)
    for number in range(ACCOUNT_LIMIT):
        fail_sign_in(graduate, 1, f"10.1.0.{number}")
    assert asks_for_proof(post_login(graduate, client=Client(REMOTE_ADDR="10.9.9.9")))


def test_many_graduates_can_sign_in_from_one_address(world: World) -> None:
    """Fifty people make one mistake each, and the next one can sign in."""
    graduates = [make_graduate(world) for _ in range(5)]
    for graduate in graduates:
        activate(graduate)
        fail_sign_in(graduate, ACCOUNT_LIMIT - 2)
    right = Client(REMOTE_ADDR="10.0.0.1")
    assert post_login(graduates[0], client=right).status_code == 302


def test_guessing_initial_codes_asks_for_a_proof(graduate: Graduate) -> None:
    for _ in range(ACCOUNT_LIMIT):
        assert not asks_for_proof(post_activation(graduate, code="22222222"))
    assert asks_for_proof(post_activation(graduate))


def test_guessing_passwords_before_activation_asks_for_a_proof(graduate: Graduate) -> None:
    fail_sign_in(graduate, ACCOUNT_LIMIT)
    assert asks_for_proof(post_login(graduate))


def test_failed_sign_ins_leave_nothing_that_was_typed(graduate: Graduate) -> None:
    post_activation(graduate, code="22222222")
    row = AccessAttempt.objects.get()
    assert (row.post_data, row.get_data, row.failures_since_start) == ("", "", 1)


def test_a_correct_password_resets_the_count_of_failures(graduate: Graduate) -> None:
    activate(graduate)
    for _ in range(3):
        fail_sign_in(graduate, ACCOUNT_LIMIT - 2)
        client = Client(REMOTE_ADDR="10.0.0.1")
        assert post_login(graduate, client=client).status_code == 302


def test_signing_in_does_not_reset_the_failures_of_other_accounts(world: World) -> None:
    """Somebody with an own account could otherwise go on guessing the passwords of others."""
    graduate, own = make_graduate(world), make_graduate(world)
    activate(graduate)
    activate(own)
    fail_sign_in(graduate, ACCOUNT_LIMIT - 1)
    assert post_login(own, client=Client(REMOTE_ADDR="10.0.0.1")).status_code == 302
    fail_sign_in(graduate, 1)
    assert asks_for_proof(post_login(graduate))


# --- sessions -------------------------------------------------------------------------------------


def set_session_age(client: Client, key: str, seconds: float) -> None:
    session = client.session
    session[key] = int(time.time() - seconds)
    session.save()


def test_staff_are_signed_out_after_half_an_hour(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert client.get("/console/").status_code == 200
    set_session_age(client, _SEEN, timedelta(minutes=29).total_seconds())
    assert client.get("/console/").status_code == 200
    set_session_age(client, _SEEN, timedelta(minutes=32).total_seconds())
    response = client.get("/console/")
    assert response["Location"].startswith("/console/login/")


def test_each_request_of_staff_restarts_the_half_hour(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    client.get("/console/")
    set_session_age(client, _SEEN, timedelta(minutes=20).total_seconds())
    client.get("/console/")
    assert time.time() - client.session[_SEEN] < 60


def test_graduates_stay_signed_in_for_twelve_hours(graduate: Graduate) -> None:
    client = client_of(activate(graduate))
    assert signed_in(client)
    set_session_age(client, _SEEN, timedelta(hours=5).total_seconds())
    assert signed_in(client)
    set_session_age(client, _STARTED, timedelta(hours=12, minutes=1).total_seconds())
    assert not signed_in(client)


def test_staff_are_signed_out_after_twelve_hours(world: World) -> None:
    client = world.client(Role.COUNSELLOR)
    client.get("/console/")
    set_session_age(client, _STARTED, timedelta(hours=12, minutes=1).total_seconds())
    assert client.get("/console/").status_code == 302


def test_signing_in_again_restarts_the_twelve_hours(graduate: Graduate) -> None:
    activate(graduate)
    client = Client()
    post_login(graduate, client=client)
    signed_in(client)
    set_session_age(client, _STARTED, timedelta(hours=11).total_seconds())
    post_login(graduate, client=client)
    signed_in(client)
    assert time.time() - client.session[_STARTED] > 3600  # the session is still the same
    client.post("/logout/")
    post_login(graduate, client=client)
    assert signed_in(client)
    assert time.time() - client.session[_STARTED] < 60


def test_ending_all_sessions_signs_out_everywhere(graduate: Graduate) -> None:
    user = activate(graduate)
    one, two = client_of(user), client_of(user)
    assert signed_in(one) and signed_in(two)
    assert one.get("/me/sessions/").status_code == 200
    assert signed_in(two)  # a GET ends no session
    assert one.post("/me/sessions/")["Location"] == "/login/"
    assert not signed_in(one)
    assert not signed_in(two)
    assert post_login(graduate).status_code == 302


def test_a_new_password_ends_the_other_sessions(graduate: Graduate) -> None:
    user = activate(graduate)
    one, two = client_of(user), client_of(user)
    typed = {"old_password": PASSWORD, "new_password": "brand-new-5x", "repeated": "brand-new-5x"}
    assert one.post("/me/password/", typed | {"old_password": "no"}).status_code == 422
    assert one.post("/me/password/", typed).status_code == 302
    assert signed_in(one)
    assert not signed_in(two)


def test_a_deactivated_account_is_signed_out(graduate: Graduate) -> None:
    user = activate(graduate)
    client = client_of(user)
    user.is_active = False
    user.save()
    assert not signed_in(client)
    assert post_login(graduate).status_code == 422
