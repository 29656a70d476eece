"""Having an agreement's PDF made: asked for with the approval, made by a task, parked if it can't.

Work lives in rows. A worker that dies leaves a claimed row; the sweep hands it out again. What
can't be signed is parked for operations and never half done: the file is stored only signed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, files
from core.db import rows
from core.db.lookups import LookUp
from core.wake import wake
from destinations.models import Destination
from esign import documents, sealing, verification
from esign.models import Agreement, AgreementVersion, Document
from esign.states import DocumentState
from schools.actions.base import require

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 3
_NO_KEY, _NO_STAMP = "签名密钥: ", "时间戳"


def approvals_of(d: Destination) -> dict[str, Any]:
    """Who approved the destination, as the signature blocks show it."""
    found = {}
    if d.department_at is not None:
        found["department"] = {"by": d.department_by, "at": d.department_at.isoformat()}
    if d.school_at is not None:
        found["school"] = {"by": d.school_by, "at": d.school_at.isoformat()}
    return found


def request(*, agreement: Agreement, destination: Destination) -> Document:
    """Ask for the document of the present version as it is approved now, in the caller's
    transaction. Asking for the same again does nothing."""
    version = AgreementVersion.objects.get(agreement=agreement, number=agreement.version)
    approvals = approvals_of(destination)
    document, made = Document.objects.get_or_create(
        version=version,
        fingerprint=documents.fingerprint(version, approvals),
        defaults={"agreement": agreement, "approvals": approvals},
    )
    if made:
        wake("esign.tasks.make_documents")
    return document


def current_document(agreement: Agreement) -> Document | None:
    """The newest document of the present version; none while a newer one is being made, so that
    nobody takes home what the next approval replaces a moment later."""
    found = Document.objects.select_related("file", "version").filter(
        agreement=agreement, version__number=agreement.version
    )
    newest = found.exclude(state=DocumentState.PARKED).order_by("-id").first()
    return newest if newest is not None and newest.state == DocumentState.READY else None


def make_waiting(*, most: int = 200) -> int:
    """Make what waits, one after another; several workers share the rows. Returns how many."""
    made = 0
    while made < most:
        document = _claim()
        if document is None:
            break
        made += make(document)
    return made


def _claim() -> Document | None:
    with transaction.atomic():
        row = (
            Document.objects.select_for_update(skip_locked=True)
            .filter(state=DocumentState.WAITING)
            .order_by("id")
            .first()
        )
        if row is None:
            return None
        row.state, row.claimed_at = DocumentState.MAKING, timezone.now()
        row.attempts += 1
        rows.update(row, "state", "claimed_at", "attempts")
    return row


_VERSION = LookUp(
    lambda pk: AgreementVersion.objects.select_related(
        "agreement", "employer_signature", "graduate_signature"
    ).filter(pk=pk)
)


def make(document: Document) -> bool:
    """Draw, sign and store one claimed document."""
    try:
        version = _VERSION.get(document.version_id)
        sealing.signer()  # no drawing for nothing
        content = sealing.seal(documents.draw(version, document.approvals))
        _check_stamp(content)
    except sealing.NoKey as problem:
        _put(document, DocumentState.PARKED, f"{_NO_KEY}{problem}")
        return False
    except Exception as problem:
        parked = document.attempts >= MOST_ATTEMPTS
        _put(
            document,
            DocumentState.PARKED if parked else DocumentState.WAITING,
            f"{_NO_STAMP if isinstance(problem, sealing.NoStamp) else type(problem).__name__}: "
            f"{problem}",
        )
        if parked:
            return False
        raise
    file = files.store(
        content,
        name=f"就业协议书{version.agreement.number}.pdf",
        content_type="application/pdf",
        purpose="agreement",
        school_id=version.agreement.school_id,
    )
    done = Document.objects.filter(
        pk=document.pk, state=DocumentState.MAKING, claimed_at=document.claimed_at
    ).update(
        state=DocumentState.READY, file=file, sha256=file.sha256, problem="",
        made_at=timezone.now(),
    )  # fmt: skip
    return bool(done)


def _check_stamp(content: bytes) -> None:
    """A stamp comes from outside: what nobody could verify afterwards is not given out."""
    fault = verification.fault_of(content) if settings.TIME_STAMP_URL else ""
    if fault:
        raise sealing.NoStamp(f"带时间戳的签名未通过验证({fault}), 请核对时间戳服务及其根证书")


def _put(document: Document, state: str, problem: str) -> None:
    Document.objects.filter(
        pk=document.pk, state=DocumentState.MAKING, claimed_at=document.claimed_at
    ).update(state=state, problem=problem[:300], claimed_at=None)


def sweep() -> int:
    """Hand out again what a dead worker left; park what killed its worker every time."""
    old = timezone.now() - LEASE
    left = Document.objects.filter(state=DocumentState.MAKING, claimed_at__lt=old)
    left.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=DocumentState.PARKED, problem="生成时进程多次中断", claimed_at=None
    )
    left.update(state=DocumentState.WAITING, claimed_at=None)
    return Document.objects.filter(state=DocumentState.WAITING).count()


def unpark(*, by: User | None = None) -> int:
    """Once the cause is mended: everything parked waits again. In the console for the province
    only; without `by` it is the command line of who runs the platform."""
    if by is not None:
        require(by, "province.schools", None)
    with transaction.atomic():
        count = Document.objects.filter(state=DocumentState.PARKED).update(
            state=DocumentState.WAITING, attempts=0, problem=""
        )
        if count:
            audit.record("esign.unpark", by=by, object_type="document", data={"count": count})
            wake("esign.tasks.make_documents")
    return count
