"""Poppler's `pdfsig` and pyHanko, two independent programs, agree on every kind of document."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destinations.actions import review
from esign.actions import terminate
from esign.models import Agreement
from esign.states import AgreementState, Ground
from esign.verification import signature_fault, verify
from tests import factories
from tests.esign import signing
from tests.esign.test_amendment import confirm, propose
from tests.esign.test_documents import make_content
from tests.esign.time_stamp_authority import Authority, run_authority
from tests.factories import World
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


def is_valid_to_pdfsig(content: bytes, folder: Path) -> bool:
    """Whether the file has one signature, which is valid and covers all of it. Whether its certificate
    is one of ours, `pdfsig` cannot know."""
    path = folder / "shown.pdf"
    path.write_bytes(content)
    said = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True).stdout
    return (
        said.count("Signature Validation:") == 1
        and "Signature Validation: Signature is Valid." in said
        and "Total document signed" in said
    )


def agree(content: bytes, folder: Path) -> bool:
    """What both programs say; they must say the same."""
    by_pyhanko = signature_fault(content) == ""
    assert is_valid_to_pdfsig(content, folder) == by_pyhanko
    return by_pyhanko


@pytest.fixture
def agreement(world: World, signing_key: Path) -> Agreement:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


def test_both_accept_a_fresh_document_and_the_one_after_the_schools_approval(
    world: World, agreement: Agreement, tmp_path: Path
) -> None:
    assert agree(make_content(agreement), tmp_path)
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    assert agree(make_content(agreement), tmp_path)


def test_both_accept_a_document_with_a_time_stamp(
    agreement: Agreement, tmp_path: Path, settings: Any
) -> None:
    clear_own_cache()
    with run_authority(Authority(tmp_path)) as authority:
        settings.TIME_STAMP_URL = authority.url
        settings.TIME_STAMP_ROOTS = str(authority.roots)
        content = make_content(agreement)
    assert authority.asked == 1
    assert agree(content, tmp_path)


def test_both_accept_the_documents_before_and_after_an_amendment(
    world: World, agreement: Agreement, tmp_path: Path
) -> None:
    first = make_content(agreement)
    confirm(propose(agreement, wage="7000"))
    review.approve(graduate_id=agreement.graduate_id, by=world.counsellor)
    agreement.refresh_from_db()
    second = make_content(agreement)
    assert agree(first, tmp_path)
    assert agree(second, tmp_path)
    assert (verify(first).code, verify(second).code) == ("superseded", "in_force")


def test_both_accept_the_document_of_a_terminated_agreement(
    world: World, agreement: Agreement, tmp_path: Path
) -> None:
    """Its signature stays valid; that the agreement has ended, only the platform knows."""
    content = make_content(agreement)
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.BANKRUPT, reason="撤销",
        notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    terminate.agree(agreement=agreement, by=world.school_admin)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.TERMINATED
    assert agree(content, tmp_path)
    assert verify(content).code == "terminated"


@pytest.mark.parametrize(
    "place",
    [
        lambda content: 30,
        lambda content: len(content) // 3,
        lambda content: content.rindex(b"/Reason<") + 12,
        lambda content: content.rindex(b"/Contents<") + 400,  # in the signature itself
        lambda content: len(content) - 5,
    ],
)
def test_both_refuse_a_document_with_one_byte_changed(
    agreement: Agreement, tmp_path: Path, place: Callable[[bytes], int]
) -> None:
    touched = bytearray(make_content(agreement))
    touched[place(bytes(touched))] ^= 1
    assert not agree(bytes(touched), tmp_path)


def test_both_refuse_a_document_with_something_appended(
    agreement: Agreement, tmp_path: Path
) -> None:
    assert not agree(make_content(agreement) + b"\n% one more line\n", tmp_path)
