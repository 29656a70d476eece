"""Proofs for people who cannot see a picture: sums in words, which a screen reader reads out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import signing

from accounts import proof, proof_words
from accounts.proof import Entrance
from tests.accounts.test_proof import (
    asked_for_proofs,  # noqa: F401 - a fixture that every test here uses
    challenge_of,
    client,
    press_on,
    solved,
)
from tests.factories import PASSWORD, World

pytestmark = pytest.mark.django_db


def sum_on(answer: Any) -> str:
    found = re.search(r'<p class="proof-sum">([^<]+)</p>', answer.content.decode())
    assert found, "the page shows no sum"
    return found[1]


def worked_out(question: str) -> str:
    """The answer as a person finds it who hears the sum."""
    found = re.fullmatch(r"请计算：(.+)(加上|减去)(.+)等于多少？（填阿拉伯数字）", question)
    assert found, question
    first, second = (_number(found[n]) for n in (1, 3))
    return str(first + second if found[2] == "加上" else first - second)


def _number(words: str) -> int:
    tens, ten, ones = words.rpartition("十")
    digits = "零一二三四五六七八九"
    return (10 * (digits.index(tens) if tens else 1) if ten else 0) + (
        digits.index(ones) if ones else 0
    )


def test_who_cannot_see_the_picture_signs_in_with_a_sum_in_words(world: World) -> None:
    press_on(Entrance.STAFF)
    form = {"login": world.school_admin.login, "password": PASSWORD}
    page = client().get("/console/login/")
    assert "看不清图片？改用文字题" in page.content.decode()
    asked = client().post("/console/login/", form | {"proof_another": "words"})
    text_of = asked.content.decode()
    assert "<img" not in text_of and f'value="{form["login"]}"' in text_of
    # The input is described by the sum, so that it is read out together with it.
    assert re.search(
        r'<input type="text" name="proof"[^>]*aria-describedby="proof-question', text_of
    )
    answer = {"proof_challenge": challenge_of(asked), "proof": worked_out(sum_on(asked))}
    wrong = client().post("/console/login/", form | answer | {"proof": "0"})
    assert "数字不正确，请按新的文字题再填一次。" in wrong.content.decode()
    again = client().post("/console/login/", form | answer)
    assert "这道文字题已经用过" in again.content.decode()
    answer = {"proof_challenge": challenge_of(again), "proof": worked_out(sum_on(again))}
    assert client().post("/console/login/", form | answer).status_code == 302


def test_an_expired_sum_is_explained(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    challenge = proof.new_challenge(Entrance.STAFF, proof.Kind.WORDS)
    typed = {"proof_challenge": challenge, "proof": proof.answer_of(challenge)}
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + proof.LIFETIME + 1)
    form = {"login": world.school_admin.login, "password": PASSWORD}
    answer = client().post("/console/login/", form | typed)
    assert "文字题已过期" in answer.content.decode()


def test_a_sum_has_no_picture_and_serves_at_its_entrance_only(world: World) -> None:
    challenge = proof.new_challenge(Entrance.GRADUATE, proof.Kind.WORDS)
    assert client().get(f"/proof/{challenge}.png").status_code == 404
    form = {"login": world.school_admin.login, "password": PASSWORD}
    typed = {"proof_challenge": challenge, "proof": proof.answer_of(challenge)}
    assert client().post("/console/login/", form | typed).status_code == 422


def test_a_network_gets_so_many_sums_and_then_pictures_only(world: World) -> None:
    for _ in range(60):
        assert sum_on(client().get("/proof/another/staff/?kind=words"))
    assert client().get("/proof/another/staff/?kind=words").status_code == 429
    assert client().get("/proof/another/staff/?kind=other").status_code == 404
    press_on(Entrance.STAFF)
    form = {"login": world.school_admin.login, "password": PASSWORD}
    asked = client().post("/console/login/", form | {"proof_another": "words"})
    assert "换文字题的次数过多" in asked.content.decode()
    assert client().post("/console/login/", form | solved(asked)).status_code == 302


def test_sums_are_right_and_read_as_chinese_numbers() -> None:
    sums = {proof_words.sum_of(number) for number in range(60 * 18 * 2)}
    assert len(sums) == 60 * 18 * 2
    assert all(worked_out(question) == answer for question, answer in sums)
    assert proof_words.sum_of(16 + 60 * 6)[0] == "请计算：三十七减去八等于多少？（填阿拉伯数字）"
