"""The job that makes an agreement's signed PDF. Each approval asks for one, and a task makes it.

Only signed files are stored. A document that can't be signed is parked until somebody has removed
the cause; the agreement itself is in force independently of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, files, jobs, pdf
from core.db.lookups import LookUp
from core.errors import Refused
from core.jobs import JobKind
from core.time_stamps import NoTimeStamp
from core.wake import wake
from destinations.models import Destination
from esign import documents, pdf_signing, verification
from esign.models import Agreement, AgreementVersion, Document, Print, PrintTicket
from esign.states import DocumentState
from schools.actions.base import require

DOCUMENTS = JobKind(
    name="documents",
    label="协议书文件",
    model=Document,
    phases={DocumentState.WAITING: DocumentState.MAKING},
    finished={DocumentState.MAKING: DocumentState.READY},
    parked=DocumentState.PARKED,
    owner="省级管理员",
    task="esign.tasks.make_documents",
    interrupted="生成时进程多次中断",
)
_NO_KEY, _NO_STAMP, _NO_GLYPH = "签名密钥：", "时间戳", "字体缺字："


def approvals_of(d: Destination) -> dict[str, Any]:
    """Who approved the destination and when, for the signature blocks of the PDF."""
    approvals = {}
    if d.department_at is not None:
        approvals["department"] = {"by": d.department_by, "at": d.department_at.isoformat()}
    if d.school_at is not None:
        approvals["school"] = {"by": d.school_by, "at": d.school_at.isoformat()}
    return approvals


def request(*, agreement: Agreement, destination: Destination) -> Document:
    """Ask for a document of the present version with the present approvals, in the caller's
    transaction. Asking for the same one again does nothing."""
    version = AgreementVersion.objects.get(agreement=agreement, number=agreement.version)
    approvals = approvals_of(destination)
    document, is_new = Document.objects.get_or_create(
        version=version,
        fingerprint=documents.fingerprint(version, approvals),
        defaults={"agreement": agreement, "approvals": approvals},
    )
    if is_new:
        wake("esign.tasks.make_documents")
    return document


def withdraw(*, agreement: Agreement, destination: Destination) -> None:
    """Remove the document with the present approvals, because the last of them is undone. The caller
    has locked the agreement. Raises `Refused` if it was printed, or is about to be."""
    version = AgreementVersion.objects.get(agreement=agreement, number=agreement.version)
    made = Document.objects.filter(
        version=version, fingerprint=documents.fingerprint(version, approvals_of(destination))
    )
    if (
        Print.objects.filter(document__in=made).exists()
        or PrintTicket.objects.filter(document__in=made).exists()
    ):
        raise Refused("printed", "协议书已经打印，不能撤销审核。")
    made.delete()


def current_document(agreement: Agreement) -> Document | None:
    """The newest document of the present version; None while a newer one is being made, so that
    nobody prints what is replaced a moment later."""
    documents_of_version = Document.objects.select_related("file", "version").filter(
        agreement=agreement, version__number=agreement.version
    )
    newest = documents_of_version.exclude(state=DocumentState.PARKED).order_by("-id").first()
    return newest if newest is not None and newest.state == DocumentState.READY else None


def make_waiting(*, most: int = 200) -> int:
    """Make up to `most` documents that wait, one after another. Several workers may run this at
    the same time. Returns how many were made."""
    count = 0
    for _ in range(most):
        claimed = jobs.claim(DOCUMENTS)
        if not claimed:
            break
        count += make(claimed[0])
    return count


_VERSION = LookUp(
    lambda pk: AgreementVersion.objects.filter(pk=pk),
    related=("agreement", "agreement__school", "employer_signature", "graduate_signature"),
)


def make(document: Document) -> bool:
    """Draw, sign and store one claimed document; returns whether it is ready.

    Without a usable key, or if no font has a glyph for one of its characters, the document is parked
    at once. Any other fault is raised again after the document was put back for another attempt.
    """
    version = _VERSION.get(document.version_id)
    try:
        pdf_signing.current_signer()  # raises at once if there is no key
        content = pdf_signing.sign_pdf(documents.render_unsigned(version, document.approvals))
        _check_stamp(content)
        return _store_file(document, version, content)
    except jobs.LeaseLost:
        return False
    except pdf_signing.NoUsableKey as problem:
        jobs.park(DOCUMENTS, document, f"{_NO_KEY}{problem}")
    except pdf.MissingGlyphs as missing:
        where = documents.explain_missing_glyphs(version, document.approvals, missing)
        jobs.park(DOCUMENTS, document, f"{_NO_GLYPH}{where}")
    except Exception as problem:
        cause = _NO_STAMP if isinstance(problem, NoTimeStamp) else type(problem).__name__
        if jobs.retry(DOCUMENTS, document, f"{cause}：{problem}"):
            raise
    return False


def _store_file(document: Document, version: AgreementVersion, content: bytes) -> bool:
    """Store the file and end the job in one transaction, so that no file is left without a row."""
    with jobs.writing(document):
        file = files.store(
            content,
            name=f"就业协议书{version.agreement.number}.pdf",
            content_type="application/pdf",
            purpose="agreement",
            school_id=version.agreement.school_id,
        )
        jobs.finish(
            document,
            DOCUMENTS.finished[document.state],
            file=file,
            sha256=file.sha256,
            problem="",
            made_at=timezone.now(),
        )
    return True


def _check_stamp(content: bytes) -> None:
    """Check a time stamp, which comes from outside, so that no document is handed out that can't be
    verified."""
    fault = verification.signature_fault(content) if settings.TIME_STAMP_URL else ""
    if fault:
        raise NoTimeStamp(f"带时间戳的签名未通过验证（{fault}），请核对时间戳服务及其根证书")


def sweep() -> bool:
    """Whether documents wait to be made, those of a worker that died included."""
    return bool(jobs.overdue(DOCUMENTS, delivery=timedelta(0)))


def unpark(*, by: User | None = None) -> int:
    """Put all parked documents back into the queue, after the cause was removed. Staff needs the
    province's permission; a command passes no `by`."""
    if by is not None:
        require(by, "province.schools", None)
    with transaction.atomic():
        count = jobs.release_parked(DOCUMENTS)
        if count:
            audit.record("esign.unpark", by=by, object_type="document", data={"count": count})
            wake("esign.tasks.make_documents")
    return count
