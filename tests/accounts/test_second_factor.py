"""The second factor of staff: enrolling, signing in, recovery codes, and taking it off."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import second_factor
from accounts.models import Message, RecoveryCode, SecondFactor, User
from core.models import Event
from schools.actions import staff as staff_actions
from schools.models import StaffMember
from schools.roles import Role
from tests import factories
from tests.factories import PASSWORD, World

pytestmark = pytest.mark.django_db

PAGE, SECOND_STEP = "/console/second-factor/", "/console/login/code/"


class Phone:
    """An authenticator app whose clock the test sets."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many 30-second steps later."""
        return self._app.at(int(time.time()) + steps * 30)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The clock stands still in the middle of a step, until a test moves it on."""
    now = [time.time() // 30 * 30 + 10]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def enrol(user: User) -> tuple[Phone, list[str]]:
    secret = second_factor.new_secret()
    codes = second_factor.enrol(user=user, secret=secret, typed=Phone(secret).code(-1), by=user)
    return Phone(secret), codes


def type_password(user: User, query: str = "") -> Client:
    client = Client()
    answer = client.post(f"/console/login/{query}", {"login": user.login, "password": PASSWORD})
    assert answer["Location"].startswith(SECOND_STEP)
    return client


def signed_in(client: Client) -> bool:
    return client.get("/console/").status_code == 200


def test_enrolling_shows_a_qr_code_and_the_secret_and_takes_password_and_code(
    world: World,
) -> None:
    client, other = world.client(Role.COUNSELLOR), world.client(Role.COUNSELLOR)
    page = client.get(PAGE)
    secret = page.context["secret"].replace(" ", "")
    assert page["Cache-Control"] == "private, no-store"
    assert page.context["secret"] in page.content.decode()
    qr = client.get(f"{PAGE}qr.svg")
    assert (qr["Content-Type"], qr["Cache-Control"]) == ("image/svg+xml", "private, no-store")
    assert b"<svg" in qr.content
    right = {"code": Phone(secret).code(), "password": PASSWORD}
    assert client.post(PAGE, right | {"password": "wrong-secret-1"}).status_code == 422
    assert client.post(PAGE, right | {"code": "000000"}).status_code == 422
    assert SecondFactor.objects.count() == 0
    done = client.post(PAGE, right)
    assert len(set(done.context["codes"])) == second_factor.RECOVERY_CODES
    assert signed_in(client)
    assert not signed_in(other)
    assert client.get(f"{PAGE}qr.svg").status_code == 404
    assert Event.objects.filter(action="accounts.enrol_second_factor").exists()
    page = client.get(PAGE).content.decode()
    assert not [code for code in done.context["codes"] if code in page]


def test_the_secret_is_encrypted_and_recovery_codes_are_hashed(world: World) -> None:
    secret = second_factor.new_secret()
    codes = second_factor.enrol(
        user=world.counsellor, secret=secret, typed=Phone(secret).code(), by=world.counsellor
    )
    row = SecondFactor.objects.get(user=world.counsellor)
    assert secret not in row.secret
    stored = "".join(RecoveryCode.objects.values_list("digest", flat=True))
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


def test_a_right_password_alone_does_not_sign_in(world: World) -> None:
    phone, _ = enrol(world.counsellor)
    client = type_password(world.counsellor, "?next=/console/graduates/")
    assert not signed_in(client)
    assert "验证码不正确" in client.post(SECOND_STEP, {"code": "000000"}).content.decode()
    assert not signed_in(client)
    query = "?next=/console/graduates/"
    answer = client.post(f"{SECOND_STEP}{query}", {"code": phone.code()})
    assert answer["Location"] == "/console/graduates/"
    assert signed_in(client)


def test_a_code_is_accepted_once_only(world: World, clock: Any) -> None:
    """Whoever looks over a shoulder cannot use the same code within its half minute."""
    phone, _ = enrol(world.counsellor)
    seen = phone.code()
    assert type_password(world.counsellor).post(SECOND_STEP, {"code": seen}).status_code == 302
    again = type_password(world.counsellor).post(SECOND_STEP, {"code": seen})
    assert "此验证码已经用过" in again.content.decode()
    earlier = type_password(world.counsellor).post(SECOND_STEP, {"code": phone.code(-1)})
    assert earlier.status_code == 422
    clock(30)
    client = type_password(world.counsellor)
    assert client.post(SECOND_STEP, {"code": phone.code()}).status_code == 302


def test_codes_of_a_clock_that_is_wrong_by_a_minute_are_refused(world: World) -> None:
    phone, _ = enrol(world.counsellor)
    client = type_password(world.counsellor)
    assert client.post(SECOND_STEP, {"code": phone.code(2)}).status_code == 422
    assert client.post(SECOND_STEP, {"code": phone.code(1)}).status_code == 302


def test_a_recovery_code_serves_once_and_the_person_is_told(world: World) -> None:
    _, codes = enrol(world.counsellor)
    typed = codes[3].upper().replace("-", " ")
    client = type_password(world.counsellor)
    assert client.post(SECOND_STEP, {"code": typed}).status_code == 302
    assert signed_in(client)
    again = type_password(world.counsellor)
    assert again.post(SECOND_STEP, {"code": codes[3]}).status_code == 422
    told = Message.objects.get(to=f"user:{world.counsellor.pk}")
    assert "还剩9个" in told.text


def test_another_accounts_recovery_code_does_not_serve(world: World) -> None:
    enrol(world.counsellor)
    _, codes = enrol(world.school_admin)
    client = type_password(world.counsellor)
    assert client.post(SECOND_STEP, {"code": codes[0]}).status_code == 422


def test_guessing_codes_is_stopped_and_the_person_is_told(world: World) -> None:
    phone, _ = enrol(world.counsellor)
    client = type_password(world.counsellor)
    for _ in range(second_factor.MOST_TRIES):
        assert client.post(SECOND_STEP, {"code": "000000"}).status_code == 422
    for tried in (client, type_password(world.counsellor)):
        answer = tried.post(SECOND_STEP, {"code": phone.code()})
        assert answer.status_code == 429
        assert "请15分钟后再试" in answer.content.decode()
    assert Message.objects.filter(to=f"user:{world.counsellor.pk}").exists()
    SecondFactor.objects.update(locked_until=timezone.now())
    assert client.post(SECOND_STEP, {"code": phone.code()}).status_code == 302


def test_the_second_step_ends_after_ten_minutes_or_with_a_new_password(
    world: World, clock: Any
) -> None:
    phone, _ = enrol(world.counsellor)
    late, reset = type_password(world.counsellor), type_password(world.counsellor)
    staff_actions.reset_password(staff_id=world.counsellor.pk, by=world.school_admin)
    assert reset.post(SECOND_STEP, {"code": phone.code()})["Location"] == "/console/login/"
    clock(601)
    assert late.post(SECOND_STEP, {"code": phone.code()})["Location"] == "/console/login/"
    assert Client().get(SECOND_STEP)["Location"] == "/console/login/"


def test_new_recovery_codes_void_the_former_ones(world: World) -> None:
    phone, old = enrol(world.counsellor)
    client = type_password(world.counsellor)
    client.post(SECOND_STEP, {"code": phone.code()})
    assert client.post(PAGE, {"do": "renew", "password": "x"}).status_code == 422
    new = client.post(PAGE, {"do": "renew", "password": PASSWORD}).context["codes"]
    assert not set(new) & set(old)
    tried = type_password(world.counsellor)
    assert tried.post(SECOND_STEP, {"code": old[0]}).status_code == 422
    assert tried.post(SECOND_STEP, {"code": new[0]}).status_code == 302


def test_the_own_factor_is_taken_off_with_password_and_code(world: World, clock: Any) -> None:
    phone, _ = enrol(world.counsellor)
    client = type_password(world.counsellor)
    client.post(SECOND_STEP, {"code": phone.code()})
    clock(30)
    typed = {"do": "remove", "code": phone.code(), "password": PASSWORD}
    assert client.post(PAGE, typed | {"code": "000000"}).status_code == 422
    assert client.post(PAGE, typed | {"password": "x"}).status_code == 422
    assert second_factor.is_enrolled(world.counsellor)
    assert client.post(PAGE, typed).status_code == 302
    assert not second_factor.is_enrolled(world.counsellor)
    assert RecoveryCode.objects.count() == 0


@pytest.mark.parametrize("role", [Role.PROVINCE, Role.SCHOOL_ADMIN])
def test_a_role_that_needs_it_reaches_nothing_else_before_enrolling(
    role: str, world: World, settings: Any
) -> None:
    settings.SECOND_FACTOR_ROLES = ["province", "school_admin"]
    client = world.client(role)
    for path in ("/console/", "/console/graduates/", "/console/messages/", "/console/figures/"):
        assert client.get(path)["Location"] == PAGE, path
    page = client.get(PAGE)
    assert "您的角色须先开通两步验证" in page.content.decode()
    secret = page.context["secret"].replace(" ", "")
    client.post(PAGE, {"code": Phone(secret).code(), "password": PASSWORD})
    assert signed_in(client)
    phone = Phone(secret)
    again = type_password(world.user(role))
    assert again.post(SECOND_STEP, {"code": phone.code(1)}).status_code == 302
    assert signed_in(again)


def test_other_roles_may_do_without(world: World, settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES = ["province", "school_admin"]
    assert signed_in(world.client(Role.COUNSELLOR))
    assert signed_in(world.client(Role.DEPARTMENT_ADMIN))


def test_a_colleague_takes_the_factor_off_with_a_new_one_time_password(world: World) -> None:
    enrol(world.counsellor)
    client = type_password(world.counsellor)
    admin = world.client(Role.SCHOOL_ADMIN)
    assert (
        "解除两步验证" in admin.get(f"/console/setup/staff/{world.counsellor.pk}/").content.decode()
    )
    page = admin.post(f"/console/setup/staff/{world.counsellor.pk}/factor/").content.decode()
    password = re.search(r"data-password>([^<]+)<", page)
    assert password
    assert client.get(SECOND_STEP).status_code == 302
    user = User.objects.get(pk=world.counsellor.pk)
    assert not second_factor.is_enrolled(user)
    assert not user.check_password(PASSWORD)
    assert user.must_change_password
    assert Event.objects.filter(action="schools.staff_remove_second_factor").exists()
    assert Message.objects.filter(to=f"user:{user.pk}", title="您的两步验证已被解除").exists()
    new = Client()
    answer = new.post("/console/login/", {"login": user.login, "password": password[1]})
    assert answer.status_code == 302
    assert new.get("/console/")["Location"] == "/console/password/"
    assert admin.post(f"/console/setup/staff/{user.pk}/factor/").status_code == 409


def test_nobody_takes_the_own_factor_off_as_a_colleague(world: World) -> None:
    phone, _ = enrol(world.school_admin)
    client = type_password(world.school_admin)
    client.post(SECOND_STEP, {"code": phone.code()})
    answer = client.post(f"/console/setup/staff/{world.school_admin.pk}/factor/")
    assert answer.status_code == 409
    assert second_factor.is_enrolled(world.school_admin)


def test_the_province_takes_the_factor_off_a_schools_admin(world: World) -> None:
    enrol(world.school_admin)
    path = f"/console/province/schools/{world.school.pk}/admins/{world.school_admin.pk}/factor/"
    assert "data-password" in world.client(Role.PROVINCE).post(path).content.decode()
    assert not second_factor.is_enrolled(world.school_admin)


def test_a_command_lets_a_province_account_in_again(world: World, capsys: Any) -> None:
    province = world.user(Role.PROVINCE)
    enrol(province)
    call_command("reset_province", province.login)
    assert not second_factor.is_enrolled(province)
    password = capsys.readouterr().out.strip().rpartition("：")[2]
    assert User.objects.get(pk=province.pk).check_password(password)
    with pytest.raises(CommandError, match="没有"):
        call_command("reset_province", world.counsellor.login)


def test_a_one_time_password_expires_after_seven_days(world: World, clock: Any) -> None:
    issued = staff_actions.reset_password(staff_id=world.counsellor.pk, by=world.school_admin)
    typed = {"login": world.counsellor.login, "password": issued.password}
    assert Client().post("/console/login/", typed).status_code == 302
    rows = User.objects.filter(pk=world.counsellor.pk)
    left = rows.get().password_expires_at - timezone.now()
    assert abs(left - staff_actions.ONE_TIME_PASSWORD_LIFETIME).total_seconds() < 60
    rows.update(password_expires_at=timezone.now())
    answer = Client().post("/console/login/", typed)
    assert answer.status_code == 422
    assert "请联系为您开通帐号的管理员重置密码" in answer.content.decode()
    wrong = Client().post("/console/login/", typed | {"password": "x"}).content.decode()
    assert "已过期" not in wrong


def test_the_own_new_password_does_not_expire(world: World) -> None:
    issued = staff_actions.reset_password(staff_id=world.counsellor.pk, by=world.school_admin)
    client = factories.client_of(StaffMember.objects.get(pk=world.counsellor.pk).user)
    own = "made-up-secret-8"
    client.post("/console/password/", {
        "old_password": issued.password, "new_password": own, "repeated": own,
    })  # fmt: skip
    assert User.objects.get(pk=world.counsellor.pk).password_expires_at is None
