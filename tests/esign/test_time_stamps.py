"""Agreements with time stamps that an authority gives over HTTP, and what happens when it fails."""

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

from core.time_stamps import NoTimeStamp
from destinations.actions import review
from esign.actions import documents as making
from esign.models import Agreement, Document
from esign.queries import sign_status
from esign.states import AgreementState, DocumentState
from esign.verification import verify
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import make_content
from tests.esign.time_stamp_authority import Authority, run_authority
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def authority(tmp_path: Path, settings: Any) -> Iterator[Authority]:
    with run_authority(Authority(tmp_path)) as found:
        settings.TIME_STAMP_URL = found.url
        settings.TIME_STAMP_ROOTS = str(found.roots)
        yield found


@pytest.fixture
def agreement(signing_key: Path, authority: Authority) -> Agreement:
    """An agreement that the department has approved, so that its document waits to be made."""
    clear_own_cache()
    world = factories.make_world()
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


def try_once() -> Document:
    """Run the task once; returns the document, finished or not."""
    with contextlib.suppress(NoTimeStamp):
        making.make_waiting()
    return Document.objects.get()


def test_a_document_with_a_time_stamp_is_genuine(
    agreement: Agreement, authority: Authority, tmp_path: Path
) -> None:
    content = make_content(agreement)
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


def test_a_time_stamp_of_an_unknown_authority_is_refused(
    agreement: Agreement, tmp_path: Path, settings: Any
) -> None:
    """The time stamp counts for the result, although the signature itself is ours."""
    content = make_content(agreement)
    settings.TIME_STAMP_ROOTS = str(Authority(tmp_path, "another").roots)
    assert not verify(content).genuine


def test_older_documents_without_a_time_stamp_stay_genuine(
    signing_key: Path, authority: Authority, settings: Any
) -> None:
    clear_own_cache()
    with_stamps, settings.TIME_STAMP_URL = settings.TIME_STAMP_URL, ""
    world = factories.make_world()
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    content = make_content(made)
    settings.TIME_STAMP_URL = with_stamps
    assert authority.asked == 0
    assert verify(content).genuine


@pytest.mark.parametrize(
    "fault", ["away", "unavailable", "refused", "garbage", "of something else"]
)
def test_no_document_is_made_until_there_is_a_valid_time_stamp(
    agreement: Agreement, authority: Authority, settings: Any, fault: str
) -> None:
    """The agreement stays active. The task tries again, and the document is parked in the end and
    reported as an alarm."""
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
    assert verify(make_content(agreement)).genuine


def test_a_short_failure_of_the_authority_parks_nothing(
    agreement: Agreement, authority: Authority
) -> None:
    authority.fault = "unavailable"
    assert try_once().state == DocumentState.WAITING
    authority.fault = ""
    assert making.sweep()
    assert verify(make_content(agreement)).genuine


def test_without_root_certificates_no_time_stamp_is_requested(
    agreement: Agreement, authority: Authority, settings: Any
) -> None:
    settings.TIME_STAMP_ROOTS = ""
    assert "TIME_STAMP_ROOTS" in try_once().problem
    assert authority.asked == 0
