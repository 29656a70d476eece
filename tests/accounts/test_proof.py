"""Proofs: pressure from one address or on one account asks for the digits of a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import get_hasher
from django.core import signing
from django.core.cache import cache
from django.test import Client
from PIL import Image
from redis.exceptions import ConnectionError as NoValkey

from accounts import proof
from accounts.models import OneTimeCode
from accounts.proof import Entrance
from accounts.throttle import ACCOUNT_LIMIT
from codes import text
from graduates.models import Graduate
from tests import factories
from tests.esign import signing as signed
from tests.factories import PASSWORD, World

pytestmark = pytest.mark.django_db

ADDRESS = "198.51.100.7"


@pytest.fixture(autouse=True)
def asked_for_proofs(settings: Any) -> Iterator[None]:
    settings.PROOF_AFTER = {"address": 30, "account": 5}
    _forget()
    yield
    _forget()


def _forget() -> None:
    """Accounts have the same names in several tests, so their counts are forgotten, too."""
    valkey = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    for kind in ("proof:", "rate:proof-words:"):
        for key in valkey.scan_iter(f"{cache.key_prefix}:*:{kind}*"):  # type: ignore[attr-defined]
            valkey.delete(key)


def client() -> Client:
    return Client(REMOTE_ADDR=ADDRESS)


def press_on(entrance: Entrance, times: int = 30) -> None:
    for _ in range(times):
        proof.count(entrance, ADDRESS)


def challenge_of(answer: Any) -> str:
    found = re.search(r'name="proof_challenge" value="([^"]+)"', answer.content.decode())
    assert found, "the page shows no picture"
    return found[1]


def solved(answer: Any) -> dict[str, str]:
    """What a person types who reads the picture of the page."""
    challenge = challenge_of(answer)
    return {"proof_challenge": challenge, "proof": proof.answer_of(challenge) or ""}


def sign_in_of(graduate: Graduate, password: str = PASSWORD) -> dict[str, str]:
    return {
        "school": graduate.school.name, "student_no": graduate.student_no, "password": password,
    }  # fmt: skip


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each password that is hashed."""
    done: list[int] = []
    hasher = type(get_hasher())
    encode = hasher.encode

    def count(*args: Any, **kwargs: Any) -> str:
        done.append(1)
        return encode(*args, **kwargs)

    monkeypatch.setattr(hasher, "encode", count)
    return done


def test_510_posts_to_activation_keep_nobody_from_signing_in(
    graduate: Graduate, world: World
) -> None:
    """The sign-in of graduates and of staff stays as it was; activation asks for a proof."""
    factories.activate(graduate)
    other = factories.make_graduate(world)
    wrong = factories.activation_form(other, name="试别人")
    statuses = {client().post("/activate/", wrong | {"student_no": f"S{number}"}).status_code
                for number in range(510)}  # fmt: skip
    assert statuses == {422}
    assert client().post("/login/", sign_in_of(graduate)).status_code == 302
    staff = {"login": world.school_admin.login, "password": PASSWORD}
    assert client().post("/console/login/", staff).status_code == 302
    typed = factories.activation_form(other)
    asked = client().post("/activate/", typed)
    assert asked.status_code == 422
    assert client().post("/activate/", typed | solved(asked)).status_code == 302


def test_a_bot_without_a_proof_gets_no_password_check(
    graduate: Graduate, hashed: list[int]
) -> None:
    factories.activate(graduate)
    press_on(Entrance.GRADUATE)
    hashed.clear()
    for typed in (
        {},
        {"proof": "12345"},
        {"proof": "12345", "proof_challenge": "graduate.made-up"},
    ):
        answer = client().post("/login/", sign_in_of(graduate) | typed)
        assert answer.status_code == 422
        assert answer.context["form"].errors["proof"]
    assert hashed == []
    right = client()
    assert right.post("/login/", sign_in_of(graduate) | solved(answer)).status_code == 302


def test_a_proof_serves_once(world: World, hashed: list[int]) -> None:
    press_on(Entrance.STAFF)
    wrong = {"login": world.school_admin.login, "password": "wrong-secret-1"}
    typed = solved(client().get("/console/login/"))
    assert "用户名或密码不正确" in client().post("/console/login/", wrong | typed).content.decode()
    hashed.clear()
    again = client().post("/console/login/", wrong | typed)
    assert "这张图片已经用过" in again.content.decode()
    assert hashed == []


def test_wrong_digits_use_a_picture_up(world: World) -> None:
    """Otherwise a hundred thousand tries would be enough for each picture."""
    press_on(Entrance.STAFF)
    form = {"login": world.school_admin.login, "password": PASSWORD}
    typed = solved(client().get("/console/login/"))
    wrong = client().post("/console/login/", form | typed | {"proof": "x"})
    assert "数字不正确" in wrong.content.decode()
    assert challenge_of(wrong) != typed["proof_challenge"]
    assert client().post("/console/login/", form | typed).status_code == 422


def test_an_expired_picture_is_explained(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    press_on(Entrance.STAFF)
    typed = solved(client().get("/console/login/"))
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + proof.LIFETIME + 1)
    form = {"login": world.school_admin.login, "password": PASSWORD}
    answer = client().post("/console/login/", form | typed)
    assert "图片已过期，请按新的图片再填一次。" in answer.content.decode()


def test_a_proof_of_one_entrance_does_not_serve_at_another(world: World) -> None:
    press_on(Entrance.STAFF)
    challenge = proof.new_challenge(Entrance.VERIFICATION)
    typed = {"proof_challenge": challenge, "proof": proof.answer_of(challenge)}
    form = {"login": world.school_admin.login, "password": PASSWORD}
    assert client().post("/console/login/", form | typed).status_code == 422


def test_what_was_typed_stays_but_the_password_does_not(graduate: Graduate) -> None:
    press_on(Entrance.ACTIVATION)
    typed = factories.activation_form(graduate, new_password="not-shown-again-7")
    for more in ({}, {"proof_another": "picture"}):
        page = client().post("/activate/", typed | more).content.decode()
        for value in (graduate.name, graduate.student_no, graduate.person.id_number):
            assert f'value="{value}"' in page
        assert "not-shown-again-7" not in page


def test_another_picture_checks_nothing(world: World, hashed: list[int]) -> None:
    press_on(Entrance.STAFF)
    before = client().get("/console/login/")
    form = {"login": world.school_admin.login, "password": PASSWORD}
    answer = client().post("/console/login/", form | solved(before) | {"proof_another": "picture"})
    assert answer.status_code == 200
    assert hashed == []
    assert challenge_of(answer) != challenge_of(before)
    assert not answer.context["form"].errors
    fragment = client().get("/proof/another/staff/")
    assert client().post("/console/login/", form | solved(fragment)).status_code == 302


def test_failures_of_an_account_ask_for_a_proof_from_every_address(world: World) -> None:
    """Whoever wants to lock an account by failures has to solve pictures; its owner, too, types
    digits and comes in."""
    form = {"login": world.school_admin.login, "password": "wrong-secret-1"}
    for number in range(5):
        other = Client(REMOTE_ADDR=f"203.0.113.{number}")
        assert "proof" not in other.post("/console/login/", form).context["form"].errors
    right = form | {"password": PASSWORD}
    asked = client().post("/console/login/", right)
    assert asked.context["form"].errors["proof"]
    assert client().post("/console/login/", right | solved(asked)).status_code == 302


def _fail(address: str, form: dict[str, str], times: int) -> None:
    """This many wrong passwords (or initial codes), each with a proof if one is asked for."""
    answer = client().get(address)
    for _ in range(times):
        proof_fields = solved(answer) if "proof" in answer.context["form"].fields else {}
        answer = client().post(address, form | proof_fields)
        assert not answer.context["form"].errors.get("proof")


def _entrances(world: World) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Each entrance with a form that is right, and what makes it wrong."""
    graduate, other = factories.make_graduate(world), factories.make_graduate(world)
    factories.activate(graduate)
    wrong = {"password": "wrong-secret-1"}
    return [
        ("/console/login/", {"login": world.school_admin.login, "password": PASSWORD}, wrong),
        ("/login/", sign_in_of(graduate), wrong),
        ("/employer/", {"mobile": factories.make_employer().login, "password": PASSWORD}, wrong),
        ("/activate/", factories.activation_form(other), {"code": "22222222"}),
    ]


@pytest.mark.parametrize("number", range(4), ids=["staff", "graduate", "employer", "activation"])
@pytest.mark.parametrize("from_cache", [True, False], ids=["valkey", "postgresql"])
def test_after_ten_failures_the_right_password_with_a_proof_signs_in(
    number: int, from_cache: bool, world: World, settings: Any, hashed: list[int]
) -> None:
    """Without a proof nothing is tried; the page says why and keeps what was typed."""
    if not from_cache:  # the failures that PostgreSQL counts are enough
        settings.PROOF_AFTER = None
    address, right, wrong = _entrances(world)[number]
    _fail(address, right | wrong, ACCOUNT_LIMIT)
    hashed.clear()
    refused = client().post(address, right)
    assert refused.status_code == 422
    assert re.search("请填写(图片中的|验证)数字", refused.context["form"].errors["proof"][0])
    assert hashed == []
    page = refused.content.decode()
    for name, value in right.items():
        assert (f'value="{value}"' in page) is ("password" not in name and name != "repeated")
    assert client().post(address, right | solved(refused)).status_code == 302


def test_each_try_past_the_limit_takes_a_new_proof(world: World, hashed: list[int]) -> None:
    form = {"login": world.school_admin.login, "password": "wrong-secret-1"}
    _fail("/console/login/", form, ACCOUNT_LIMIT)
    asked = client().post("/console/login/", form)
    typed = solved(asked)
    client().post("/console/login/", form | typed)
    hashed.clear()
    for more in ({}, typed):
        assert client().post("/console/login/", form | more).context["form"].errors["proof"]
    assert hashed == []


def test_after_very_many_failures_proofs_are_judged_slowly(
    world: World,
) -> None:
    """A program that reads pictures at once waits for each; a person comes in."""
    form = {"login": world.school_admin.login, "password": PASSWORD}
    for _ in range(5 * proof.SLOW_FROM):
        proof.count(Entrance.STAFF, "203.0.113.9", text.clean_code(world.school_admin.login))
    typed = solved(client().post("/console/login/", form))
    quick = client().post("/console/login/", form | typed)
    assert "请在图片出现5秒后再提交" in quick.content.decode()
    typed = solved(quick)
    cache.delete(f"proof:new:{typed['proof_challenge'].rpartition(':')[0].rpartition(':')[0]}")
    assert client().post("/console/login/", form | typed).status_code == 302


def test_while_valkey_is_away_people_sign_in_and_accounts_keep_their_limit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_on(Entrance.STAFF, 60)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise NoValkey

    monkeypatch.setattr(proof, "cache", Away())
    form = {"login": world.counsellor.login, "password": PASSWORD}
    assert client().post("/console/login/", form).status_code == 302
    right = {"login": world.school_admin.login, "password": PASSWORD}
    for _ in range(ACCOUNT_LIMIT):
        client().post("/console/login/", right | {"password": "wrong-secret-1"})
    asked = client().post("/console/login/", right)
    typed = solved(asked)
    wrong = client().post("/console/login/", right | typed | {"password": "wrong-secret-1"})
    assert "用户名或密码不正确" in wrong.content.decode()
    again = client().post("/console/login/", right | typed)
    assert "这张图片已经用过" in again.content.decode()
    assert client().post("/console/login/", right | solved(again)).status_code == 302


def test_asking_for_codes_from_one_address_asks_for_a_proof(world: World) -> None:
    """Each page with codes counts for itself, and codes for signing are not touched."""
    draft = signed.begin_draft(factories.make_graduate(world))
    press_on(Entrance.EMPLOYER)
    asked = client().post("/employer/", {"mobile": "13900000001", "send": "1"})
    assert asked.context["form"].errors["proof"]
    assert OneTimeCode.objects.filter(purpose="login").count() == 0
    more = {"mobile": "13900000001", "send": "1"} | solved(asked)
    assert client().post("/employer/", more).status_code == 200
    assert OneTimeCode.objects.filter(purpose="login").count() == 1
    page = client().post(f"/invite/{draft.key}/phone/", {"mobile": "13900000002", "send": "1"})
    assert "proof" not in page.context["form"].fields
    press_on(Entrance.CARD)
    page = client().post(f"/invite/{draft.key}/phone/", {"mobile": "13900000003", "send": "1"})
    assert page.context["form"].errors["proof"]


def test_an_employers_password_is_not_checked_without_a_proof(hashed: list[int]) -> None:
    user = factories.make_employer()
    press_on(Entrance.EMPLOYER)
    hashed.clear()
    form = {"mobile": user.login, "password": PASSWORD}
    asked = client().post("/employer/", form)
    assert (asked.status_code, hashed) == (422, [])
    assert client().post("/employer/", form | solved(asked)).status_code == 302


def test_recovery_and_verification_ask_for_proofs() -> None:
    press_on(Entrance.RECOVERY)
    press_on(Entrance.VERIFICATION)
    letter = client().post("/employer/recover/", {"mobile": "13900000001", "send": "1"})
    assert letter.context["form"].errors["proof"]
    file = io.BytesIO(b"%PDF-1.7")
    file.name = "a.pdf"
    asked = client().post("/verify/", {"file": file})
    assert asked.context["form"].errors["proof"]
    assert asked.context["verdict"] is None
    file.seek(0)
    done = client().post("/verify/", {"file": file} | solved(asked))
    assert done.context["verdict"] is not None


def test_many_uploads_to_verification_are_followed_by_a_proof() -> None:
    for _ in range(30):
        file = io.BytesIO(b"%PDF-1.7")
        file.name = "a.pdf"
        assert client().post("/verify/", {"file": file}).context["verdict"] is not None
    file.seek(0)
    assert client().post("/verify/", {"file": file}).context["form"].errors["proof"]


def test_a_network_of_ipv6_counts_as_one_address(world: World) -> None:
    form = {"login": "nobody-at-all", "password": "x"}
    for number in range(30):
        Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}").post(
            "/console/login/", form | {"login": f"nobody{number}"}
        )
    page = Client(REMOTE_ADDR="2001:db8:1:2:9::1").get("/console/login/")
    assert "proof" in page.context["form"].fields


def test_the_picture_is_drawn_by_the_server_and_the_same_each_time() -> None:
    challenge = proof.new_challenge(Entrance.STAFF)
    first = client().get(f"/proof/{challenge}.png")
    assert first["Content-Type"] == "image/png"
    assert first["Cache-Control"] == "private, no-store"
    picture = Image.open(io.BytesIO(first.content))
    assert picture.size == (200, 64)
    assert len(picture.getcolors(100_000) or ()) > 20
    assert client().get(f"/proof/{challenge}.png").content == first.content
    assert client().get("/proof/staff.made-up.png").status_code == 404
    assert client().get("/proof/another/nowhere/").status_code == 404


def test_the_picture_has_an_accessible_name_and_the_form_works_without_javascript() -> None:
    press_on(Entrance.STAFF)
    page = client().get("/console/login/").content.decode()
    assert re.search(r'<img [^>]*alt="写有5位数字的图片[^"]+"', page)
    assert '<label for="proof" class="required">验证数字</label>' in page
    assert re.search(r'<button [^>]*type="submit" name="proof_another"[^>]*formnovalidate', page)
    # The key Enter presses the first button of a form, which must not be the one for another picture.
    assert page.index('visually-hidden" type="submit"') < page.index("proof_another")
