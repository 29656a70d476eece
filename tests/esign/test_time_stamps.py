"""Agreements with the stamp of a time-stamp authority, asked over HTTP: verified with it, and what
happens when it is away or answers wrongly."""

from __future__ import annotations

import contextlib
import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

from destinations.actions import review
from esign import sealing
from esign.actions import documents as making
from esign.models import Agreement, Document
from esign.queries import sign_status
from esign.states import AgreementState, DocumentState
from esign.verification import verify
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import content_of
from tests.esign.time_stamp_authority import Authority, running
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(tmp_path: Path, settings: Any) -> Iterator[Authority]:
    with running(Authority(tmp_path)) as found:
        settings.TIME_STAMP_URL = found.url
        settings.TIME_STAMP_ROOTS = str(found.roots)
        yield found


@pytest.fixture
def agreement(signing_key: Path, authority: Authority) -> Agreement:
    """Approved by the department, its document waiting."""
    clear_own_cache()
    world = factories.make_world()
    made = signing.sign(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


def try_once() -> Document:
    """A run of the task; what it can't make is left for the next one."""
    with contextlib.suppress(sealing.NoStamp):
        making.make_waiting()
    return Document.objects.get()


def test_stamped_and_verified(agreement: Agreement, authority: Authority, tmp_path: Path) -> None:
    content = content_of(agreement)
    assert authority.asked == 1
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    (stamp,) = extract_tst_data_iter(signature.signer_info, signed=False)
    said = stamp["encap_content_info"]["content"].parsed["gen_time"].native
    age = datetime.datetime.now(datetime.UTC) - said
    assert datetime.timedelta(0) <= age < datetime.timedelta(minutes=1)
    verdict = verify(content)
    assert (verdict.genuine, verdict.code) == (True, "in_force")
    file = tmp_path / "agreement.pdf"
    file.write_bytes(content)
    call_command("verify_agreement", str(file))


def test_a_stamp_of_nobody_we_know_does_not_hold(
    agreement: Agreement, tmp_path: Path, settings: Any
) -> None:
    """It counts in the verdict: the signature around it is our own."""
    content = content_of(agreement)
    settings.TIME_STAMP_ROOTS = str(Authority(tmp_path, "another").roots)
    assert not verify(content).genuine


def test_older_documents_without_a_stamp_stay_good(
    signing_key: Path, authority: Authority, settings: Any
) -> None:
    clear_own_cache()
    with_stamps, settings.TIME_STAMP_URL = settings.TIME_STAMP_URL, ""
    world = factories.make_world()
    made = signing.sign(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    content = content_of(made)
    settings.TIME_STAMP_URL = with_stamps
    assert authority.asked == 0
    assert verify(content).genuine


@pytest.mark.parametrize(
    "fault", ["away", "unavailable", "refused", "garbage", "of something else"]
)
def test_without_a_good_stamp_nothing_is_made_until_there_is_one(
    agreement: Agreement, authority: Authority, settings: Any, fault: str
) -> None:
    """The agreement stays; the task tries again, is parked in the end and shown to operations."""
    authority.fault = fault
    if fault == "away":
        settings.TIME_STAMP_URL = "http://127.0.0.1:9/"
    for attempt in range(1, making.DOCUMENTS.most_attempts + 1):
        document = try_once()
        assert (document.attempts, document.file) == (attempt, None), "nothing half-signed"
        assert document.problem.startswith("时间戳："), document.problem
        waits = attempt < making.DOCUMENTS.most_attempts
        assert document.state == (DocumentState.WAITING if waits else DocumentState.PARKED)
    assert making.current_document(agreement) is None
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ACTIVE
    (shown,) = [line for line, _ in sign_status()["parked_reasons"]]
    assert shown.startswith("时间戳")
    assert sign_status()["alarm"]

    authority.fault, settings.TIME_STAMP_URL = "", authority.url
    making.unpark()
    assert verify(content_of(agreement)).genuine


def test_it_comes_back_before_anything_is_parked(
    agreement: Agreement, authority: Authority
) -> None:
    authority.fault = "unavailable"
    assert try_once().state == DocumentState.WAITING
    authority.fault = ""
    assert making.sweep()
    assert verify(content_of(agreement)).genuine


def test_stamps_that_could_not_be_verified_are_not_asked_for(
    agreement: Agreement, authority: Authority, settings: Any
) -> None:
    settings.TIME_STAMP_ROOTS = ""
    assert "TIME_STAMP_ROOTS" in try_once().problem
    assert authority.asked == 0
