"""Terminations in the words of whoever reads: whose turn it is, and 您 for what the reader did."""

from __future__ import annotations

import re

import pytest

from accounts.models import Message
from esign.actions import terminate
from esign.models import Agreement, Termination
from esign.reader_words import STAFF, termination_choices, termination_state, termination_title
from esign.states import Ground, Side, TerminationState
from graduates.models import Graduate
from schools.roles import Role
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db
G, E = Side.GRADUATE, Side.EMPLOYER
_S = TerminationState


@pytest.fixture
def agreement(graduate: Graduate) -> Agreement:
    return signing.sign_agreement(graduate)


def asked(agreement: Agreement) -> Termination:
    """The graduate asks."""
    return terminate.start(
        agreement=agreement, by=signing.account_of(agreement.graduate), ground=Ground.MUTUAL,
        reason="另有安排",
    )  # fmt: skip


def titles(agreement: Agreement) -> tuple[str, str]:
    """The newest title that the graduate and the unit's person got."""
    to_graduate = Message.objects.filter(to=f"person:{agreement.graduate.person_id}").latest("pk")
    to_unit = Message.objects.filter(to=f"user:{agreement.member.user_id}").latest("pk")
    return to_graduate.title, to_unit.title


@pytest.mark.parametrize(
    ("state", "to_graduate", "to_unit", "to_staff"),
    [
        (_S.WAITING_OTHER, "待单位答复", "待您答复", "待单位答复"),
        (_S.CONSENTED, "单位已同意，一小时内可撤回", "您已同意，一小时内可撤回", "待单位答复"),
        (_S.WAITING_DEPARTMENT, "待院系审核", "待院系审核", "待院系审核"),
        (_S.WAITING_SCHOOL, "待学校审核", "待学校审核", "待学校审核"),
        (_S.REFUSED, "单位已拒绝", "您已拒绝", "单位已拒绝"),
        (_S.WITHDRAWN, "您已撤回", "毕业生已撤回", "毕业生已撤回"),
        (_S.AGREED, "已解约", "已解约", "已解约"),
    ],
)
def test_a_state_names_whose_turn_it_is(
    state: str, to_graduate: str, to_unit: str, to_staff: str
) -> None:
    assert [termination_state(state, G, reader) for reader in (G, E, STAFF)] == [
        to_graduate, to_unit, to_staff,
    ]  # fmt: skip
    if state == _S.WAITING_OTHER:
        assert termination_state(state, E, G) == "待您答复"


def test_a_refusal_by_a_reviewer_is_nobodys_of_the_two() -> None:
    for reader in (G, E, STAFF):
        assert termination_state(_S.REFUSED, G, reader, by_side=False) == "审核未同意"


@pytest.mark.parametrize("event", ["consented", "refused", "withdrawn", "taken_back"])
def test_only_the_one_who_acted_is_called_you(event: str) -> None:
    for started_by in (G, E):
        actor = started_by if event == "withdrawn" else (E if started_by == G else G)
        for reader in (G, E):
            assert ("您" in termination_title(event, started_by, reader)) == (reader == actor)


def test_each_side_reads_a_refusal_in_its_own_words(agreement: Agreement) -> None:
    asked(agreement)
    terminate.refuse(agreement=agreement, by=agreement.member.user, reason="岗位需要")
    unit, graduate = agreement.unit.name, agreement.graduate.name
    assert titles(agreement) == (
        f"{unit}：已拒绝解约，协议继续有效", f"{graduate}：您已拒绝解约，协议继续有效",
    )  # fmt: skip
    assert (
        "岗位需要"
        in Message.objects.filter(to=f"person:{agreement.graduate.person_id}").latest("pk").text
    )


def test_each_side_reads_a_withdrawal_in_its_own_words(agreement: Agreement) -> None:
    asked(agreement)
    terminate.withdraw(agreement=agreement, by=signing.account_of(agreement.graduate))
    assert titles(agreement) == (
        f"{agreement.unit.name}：您已撤回解约申请，协议继续有效",
        f"{agreement.graduate.name}：已撤回解约申请，协议继续有效",
    )


def test_pages_and_lists_say_whose_turn_it_is(world: World, agreement: Agreement) -> None:
    row = asked(agreement)
    own = client_of(signing.account_of(agreement.graduate)).get(f"/agreements/{agreement.pk}/")
    assert "待单位答复" in own.content.decode()
    unit = client_of(agreement.member.user).get(f"/employer/agreements/{agreement.pk}/")
    assert "待您答复" in unit.content.decode()
    staff = world.client(Role.SCHOOL_ADMIN)
    for path in (f"/console/terminations/{row.pk}/", "/console/terminations/"):
        page = staff.get(path).content.decode()
        assert "待单位答复" in page, path
        assert "待对方" not in page


def test_the_choices_of_the_list_name_every_state_that_staff_see() -> None:
    assert dict(termination_choices()).keys() == set(_S) - {_S.CONSENTED}
    assert not any("对方" in label for _, label in termination_choices())


def test_no_words_for_people_speak_of_the_other_side_from_nowhere() -> None:
    """对方 in a message or a state is right for one reader at most."""
    from pathlib import Path

    from django.conf import settings

    root = Path(settings.BASE_DIR)
    found = [
        str(path.relative_to(root))
        for app in ("esign", "destinations", "recruiting")
        for path in (root / app).glob("actions/*.py")
        if re.search(r'tell\w*\([^)]*"[^"]*对方', path.read_text(encoding="utf-8"))
    ]
    assert found == []
