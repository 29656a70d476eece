"""The agreement's PDF: making it after an approval, signing it, verifying it, printing it."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.utils import timezone

from core import files
from core.errors import DomainError
from destinations.actions import review
from esign import documents, pdf_signing, terms
from esign.actions import documents as making
from esign.actions import printing, terminate
from esign.models import Agreement, Document, Print, SigningCertificate
from esign.party import party_of
from esign.states import DocumentState, Ground
from esign.verification import verify
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(world: World, signing_key: Path) -> Agreement:
    """An agreement that the department has approved, so that its document waits to be made."""
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


def make_content(agreement: Agreement) -> bytes:
    making.make_waiting()
    document = making.current_document(agreement)
    assert document is not None
    with files.open_file(document.made_file) as f:
        return f.read()


def read_text(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True)
    return done.stdout.decode()


def test_before_approval_there_is_no_document(world: World, signing_key: Path) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    assert not Document.objects.exists()
    assert printing.print_refusal(made)


def test_approval_asks_for_a_document_and_the_task_makes_it(agreement: Agreement) -> None:
    assert Document.objects.get().state == DocumentState.WAITING
    content = make_content(agreement)
    assert len(content) <= 90 * 1024
    said = read_text(content)
    for part in (
        agreement.number,
        "虚构信息技术有限公司",
        "工程师",
        agreement.graduate.name,
        "签署证据",
    ):
        assert part in said
    assert "劳动教养" not in said
    assert verify(content).code == "in_force"


def test_the_document_has_a_title_tags_and_an_embedded_font(
    agreement: Agreement, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_content(agreement))
    info = subprocess.run(["pdfinfo", path], capture_output=True, text=True).stdout
    assert agreement.number in info
    assert "Tagged:          yes" in info
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True).stdout
    assert "Platform-Print" in fonts
    assert " no " not in fonts.splitlines()[2].partition("Identity")[2].split("  ")[0]


def test_rare_characters_of_names_are_printed(world: World, signing_key: Path) -> None:
    made = signing.sign_agreement(factories.make_graduate(world, name="试㛃䶮"))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    assert "试㛃䶮" in read_text(make_content(made))


def test_the_title_names_the_province_of_the_settings(agreement: Agreement, settings: Any) -> None:
    settings.PROVINCE_NAME = "试验省"
    content = make_content(agreement)
    assert "试验省普通高等学校毕业生" in read_text(content)
    info = subprocess.run(["pdfinfo", "-"], input=content, capture_output=True).stdout.decode()
    assert "试验省普通高等学校毕业生网签就业协议书" in info


def test_filled_values_are_underlined_and_numbers_and_dates_are_written_in_full(
    agreement: Agreement,
) -> None:
    version = agreement.versions.get()
    text = terms.read(version.terms)
    text["values"] |= {
        "term_years": 4.0, "wage": 12000, "probation_wage": 8000.5, "penalty": 0,
        "report_by": "2027-07-01",
    }  # fmt: skip
    version.terms = terms.canonical(text)
    html = render_to_string(documents.TEMPLATE, documents.template_context(version, {}))
    for part in (
        "初次合同期限为<u>4年</u>", "试用起薪为<u>8,000.5</u>元/月", "转正起薪为<u>12,000</u>元/月",
        "违约金<u>0</u>元", "报到期限为<u>2027年7月1日</u>",
    ):  # fmt: skip
        assert part in html
    assert not set("【】") & set(html)
    assert f"<td>{agreement.graduate.graduates_on.year}年6月</td>" in html


def test_the_years_of_study_have_no_superfluous_decimal(agreement: Agreement) -> None:
    party = agreement.versions.get().evidence["party"]
    assert party["duration"] == "4年"
    graduate = agreement.graduate
    graduate.duration = Decimal("2.5")
    assert party_of(graduate)["duration"] == "2.5年"


def test_lines_of_the_template_leave_no_blank_after_punctuation(agreement: Agreement) -> None:
    context = documents.template_context(agreement.versions.get(), {})
    paragraphs = re.findall(
        r"<p>(.*?)</p>", render_to_string(documents.TEMPLATE, context), flags=re.DOTALL
    )
    assert len(paragraphs) > 12
    assert not [p for p in paragraphs if re.search(r"[，。；：]\s", p)]


def test_the_schools_approval_makes_a_new_document_that_supersedes_the_old_one(
    world: World, agreement: Agreement
) -> None:
    first = make_content(agreement)
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    second = make_content(agreement)
    assert first != second
    assert verify(first).code == "superseded"
    assert verify(second).code == "in_force"


def test_an_earlier_version_stays_retrievable_after_an_amendment(
    world: World, agreement: Agreement
) -> None:
    from tests.esign.test_amendment import confirm, propose

    first = make_content(agreement)
    confirm(propose(agreement, wage="7000"))
    review.approve(graduate_id=agreement.graduate_id, by=world.counsellor)
    agreement.refresh_from_db()
    second = make_content(agreement)
    assert "7,000" in read_text(second)
    assert verify(first).code == "superseded"
    assert Document.objects.filter(agreement=agreement, state=DocumentState.READY).count() == 2


def test_a_changed_byte_anywhere_is_refused(agreement: Agreement) -> None:
    content = make_content(agreement)
    for place in (30, len(content) // 3, len(content) // 2, len(content) - 300, len(content) - 5):
        touched = bytearray(content)
        touched[place] ^= 1
        assert not verify(bytes(touched)).genuine, place


def test_an_appended_revision_is_refused(agreement: Agreement) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    content = make_content(agreement)
    assert not verify(content + b"\n% one more line\n").genuine
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(content[:1000])
    assert verify(out.getvalue()).code == "altered"


def test_a_file_that_was_saved_again_is_refused(agreement: Agreement) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(make_content(agreement))))
    out = io.BytesIO()
    writer.write(out)
    assert not verify(out.getvalue()).genuine


def test_the_same_layout_signed_by_another_key_is_refused(
    agreement: Agreement, settings: Any, tmp_path: Path
) -> None:
    make_content(agreement)
    document = Document.objects.get()
    drawn = documents.render_unsigned(document.version, document.approvals)
    settings.SIGNING_KEY_FILE = str(tmp_path / "foreign.p12")
    pdf_signing.forget_loaded_key()
    foreign = pdf_signing.issue_key(common_name="试用平台")
    forged = pdf_signing.sign_pdf(drawn)
    foreign.delete()  # the platform does not know that certificate
    assert verify(forged).code == "foreign_key"
    assert verify(drawn).code == "unsigned"


def test_a_file_with_our_signature_that_was_never_stored_is_refused(agreement: Agreement) -> None:
    make_content(agreement)
    document = Document.objects.get()
    other = pdf_signing.sign_pdf(documents.render_unsigned(document.version, {}))
    assert verify(other).code == "unknown"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_pdf"), (b"PK\x03\x04", "not_pdf"), (b"%PDF-1.7\nnonsense", "unreadable"),
        (b"%PDF-1.7\n" + b"0" * 6_000_000, "too_large"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_agreement_is_refused_with_a_sentence(content: bytes, code: str) -> None:
    verdict = verify(content)
    assert (verdict.genuine, verdict.code) == (False, code)
    assert verdict.sentence


def test_a_terminated_agreement_is_void(world: World, agreement: Agreement) -> None:
    content = make_content(agreement)
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.BANKRUPT, reason="撤销",
        notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    terminate.agree(agreement=agreement, by=world.school_admin)
    assert verify(content).code == "terminated"
    agreement.refresh_from_db()
    assert printing.print_refusal(agreement)


def test_the_command_reports_the_result_by_its_exit_status(
    agreement: Agreement, tmp_path: Path
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_content(agreement))
    call_command("verify_agreement", str(path))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(SystemExit) as end:
        call_command("verify_agreement", str(path))
    assert end.value.code == 1


def test_without_a_key_the_document_is_parked_until_there_is_one(
    agreement: Agreement, settings: Any, tmp_path: Path
) -> None:
    right = settings.SIGNING_KEY_FILE
    settings.SIGNING_KEY_FILE = str(tmp_path / "nowhere.p12")
    assert making.make_waiting() == 0
    document = Document.objects.get()
    assert (document.state, document.file) == (DocumentState.PARKED, None)
    assert "issue_signing_key" in document.problem
    settings.SIGNING_KEY_FILE = right
    making.unpark()
    assert verify(make_content(agreement)).genuine


def test_a_wrong_secret_or_an_expired_certificate_parks_the_document(
    agreement: Agreement, settings: Any
) -> None:
    right = settings.SIGNING_KEY_SECRET
    settings.SIGNING_KEY_SECRET = "another-secret-entirely"
    pdf_signing.forget_loaded_key()
    making.make_waiting()
    assert Document.objects.get().state == DocumentState.PARKED
    settings.SIGNING_KEY_SECRET = right
    pdf_signing.forget_loaded_key()
    SigningCertificate.objects.update(not_after=timezone.now() - datetime.timedelta(days=1))
    making.unpark()
    making.make_waiting()
    document = Document.objects.get()
    assert (document.state, document.attempts) == (DocumentState.PARKED, 1)


def test_old_files_are_still_genuine_after_the_key_was_replaced(
    agreement: Agreement, settings: Any
) -> None:
    content = make_content(agreement)
    pdf_signing.issue_key(common_name="新的密钥", force=True)
    assert verify(content).code == "in_force"


def test_the_document_of_a_worker_that_died_is_made_again(
    agreement: Agreement, monkeypatch: Any
) -> None:
    def dies(*args: Any, **values: Any) -> bytes:
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(pdf_signing, "sign_pdf", dies)
        with pytest.raises(SystemExit):
            making.make_waiting()
    document = Document.objects.get()
    assert (document.state, document.file) == (DocumentState.MAKING, None)
    assert not making.sweep(), "the worker's lease has not expired yet"
    Document.objects.update(leased_until=timezone.now() - datetime.timedelta(seconds=1))
    assert making.sweep()
    assert verify(make_content(agreement)).genuine


def test_a_document_that_kills_its_worker_every_time_is_parked(agreement: Agreement) -> None:
    Document.objects.update(
        state=DocumentState.MAKING, attempts=making.DOCUMENTS.most_attempts,
        leased_until=timezone.now() - datetime.timedelta(seconds=1),
    )  # fmt: skip
    assert making.make_waiting() == 0
    assert Document.objects.get().state == DocumentState.PARKED


def test_each_print_is_recorded_with_its_person(world: World, agreement: Agreement) -> None:
    make_content(agreement)
    user = signing.account_of(agreement.graduate)
    printing.hand_out(agreement=agreement, by=user)
    printing.hand_out(agreement=agreement, by=world.counsellor)
    found = Print.objects.order_by("pk").values_list("actor_realm", "copies", "actor_label")
    assert list(found) == [("graduate", 3, user.label), ("staff", 3, world.counsellor.label)]


def test_a_rejected_destination_cannot_be_printed(world: World, agreement: Agreement) -> None:
    make_content(agreement)
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    with pytest.raises(DomainError) as refusal:
        printing.hand_out(agreement=agreement, by=world.counsellor)
    assert refusal.value.code == "not_printable"


def test_markup_in_the_terms_is_printed_as_text(world: World, signing_key: Path) -> None:
    made = signing.sign_agreement(
        factories.make_graduate(world),
        signing_notes='<img src="http://127.0.0.1:9/x"><script>alert(1)</script>',
    )
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    assert "<script>" in read_text(make_content(made))


def test_an_older_document_is_not_handed_out_while_a_newer_one_is_made(
    world: World, signing_key: Path
) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    make_content(made)
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    assert making.current_document(made) is None
    making.make_waiting()
    newest = making.current_document(made)
    assert newest is not None
    assert set(newest.approvals) == {"department", "school"}


def test_control_characters_and_markup_do_not_prevent_a_document(
    world: World, signing_key: Path
) -> None:
    made = signing.sign_agreement(
        factories.make_graduate(world), signing_notes="一\x0b二 &nbsp; ]]> <![CDATA[三 &#11;"
    )
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    said = read_text(make_content(made))
    assert "&nbsp; ]]> <![CDATA[三 &#11;" in said


def test_headings_and_parties_are_bold(agreement: Agreement, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_content(agreement))
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True).stdout
    assert "Platform-Print-Bold" in fonts


def test_the_public_page_masks_the_parties_of_an_agreement(agreement: Agreement) -> None:
    from django.test import Client

    clear_own_cache()
    content = make_content(agreement)
    client = Client()
    page = client.get(f"/verify/{agreement.token}/").content.decode()
    graduate = Graduate.objects.select_related("person").get(pk=agreement.graduate_id)
    assert agreement.number in page
    assert graduate.name not in page
    assert graduate.person.id_number not in page
    upload = io.BytesIO(content)
    upload.name = "a.pdf"
    assert 'data-verdict="in_force"' in client.post("/verify/", {"file": upload}).content.decode()
    assert client.get("/verify/guessed/").status_code == 404
    clear_own_cache()


# --- a review that is undone ----------------------------------------------------------------------


@pytest.mark.parametrize("is_made", [False, True])
def test_undoing_the_schools_approval_brings_the_earlier_document_back(
    is_made: bool, agreement: Agreement, world: World
) -> None:
    make_content(agreement)
    earlier = making.current_document(agreement)
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    if is_made:
        making.make_waiting()
    assert making.current_document(agreement) != earlier
    review.undo(graduate_id=agreement.graduate_id, by=world.school_admin)
    assert making.current_document(agreement) == earlier
    assert Document.objects.filter(agreement=agreement).count() == 1


def test_an_approval_whose_document_was_printed_cannot_be_undone(
    agreement: Agreement, world: World
) -> None:
    make_content(agreement)
    printing.hand_out(agreement=agreement, by=world.counsellor)
    with pytest.raises(DomainError, match="已经打印"):
        review.undo(graduate_id=agreement.graduate_id, by=world.counsellor)
    assert Document.objects.filter(agreement=agreement).count() == 1
