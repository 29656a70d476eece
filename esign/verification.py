"""Verifies that a PDF is a genuine agreement of this platform, and whether it is still in force.

A genuine PDF passes two checks: pyHanko finds a valid signature over the whole file by one of our
certificates, and the platform has stored a file with exactly these bytes. A changed byte, an appended
revision, a file saved again and the same layout signed by another key fail at least one of them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from core import child_process
from core.masking import mask_id, mask_name
from esign import pdf_child, terms
from esign.models import Agreement, AgreementVersion, Document, SigningCertificate
from esign.states import AgreementState, DocumentState

MOST_BYTES = 5 * 1024 * 1024
_CHILD = Path(pdf_child.__file__)
_LIMITS = child_process.Limits(memory=1024**3, cpu_seconds=20, seconds=30)
_PRELOAD = ("pyhanko.pdf_utils.reader", "pyhanko.sign.validation")


@dataclass(frozen=True)
class Verdict:
    """The result of a verification.

    `genuine` says whether the platform made exactly this file. `status` is "in_force", "superseded",
    "ended", "terminated", or "" for a file that is not genuine. `code` is a stable slug: the status,
    or the reason why the file is not genuine.
    """

    genuine: bool
    code: str
    sentence: str
    agreement: Agreement | None = None
    status: str = ""


STATUS_SENTENCES = {
    "in_force": "协议有效",
    "superseded": "此文件已被更新的版本或审核记录取代，协议仍然有效",
    "ended": "协议已终止（已签订劳动合同）",
    "terminated": "协议已解约，此文件作废",
}
_REFUSALS = {
    "not_pdf": "这不是PDF文件，请上传平台出具的协议书原文件。",
    "too_large": "文件过大，不是平台出具的协议书。",
    "unreadable": "文件已损坏或被改动，无法读取。",
    "unsigned": "文件没有平台的电子签名，可能是打印扫描件或重新保存的文件。",
    "many_signatures": "文件的签名数量不对，可能被追加过内容。",
    "foreign_key": "文件不是由本平台签名的。",
    "altered": "文件内容在签名之后被改动过。",
    "unknown": "签名来自本平台，但平台没有出具过这个文件。",
}


def verify(content: bytes) -> Verdict:
    """Verify one uploaded file. Never raises because of the file's content."""
    if len(content) > MOST_BYTES:
        return _refused("too_large")
    if not content.startswith(b"%PDF-"):
        return _refused("not_pdf")
    document = (
        Document.objects.select_related("agreement", "version")
        .filter(sha256=hashlib.sha256(content).hexdigest(), state=DocumentState.READY)
        .first()
    )
    # A file of ours is checked as of the time it was made, since certificates expire later.
    made_at = document.made_at if document is not None else None
    code = signature_fault(content, made_at.isoformat() if made_at else "")
    if code:
        return _refused(code)
    if document is None:
        return _refused("unknown")
    status = status_of_document(document)
    return Verdict(True, status, STATUS_SENTENCES[status], document.agreement, status)


def _refused(code: str) -> Verdict:
    return Verdict(False, code, _REFUSALS[code])


def signature_fault(content: bytes, moment: str = "") -> str:
    """ "" if the signature and its time stamp are valid at `moment` (ISO 8601; "" for now), otherwise
    the slug of what is wrong."""
    rows = SigningCertificate.objects.filter(revoked_at=None)
    pem = "".join(rows.values_list("pem", flat=True))
    with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile("w") as roots:
        file.write(content)
        file.flush()
        roots.write(pem)
        roots.flush()
        stamps = str(settings.TIME_STAMP_ROOTS)
        arguments = [file.name, roots.name, stamps, moment]
        try:
            process = child_process.run(_CHILD, arguments, limits=_LIMITS, preload=_PRELOAD)
            answer = json.loads(process.stdout or b"{}")
        except (subprocess.TimeoutExpired, ValueError):
            return "unreadable"
    return _fault_slug(answer)


def _fault_slug(answer: dict[str, Any]) -> str:
    if answer.get("error") or "signatures" not in answer:
        return answer.get("error") or "unreadable"
    if answer["signatures"] != 1:
        return "many_signatures" if answer["signatures"] else "unsigned"
    if answer["intact"] and not answer["trusted"]:
        return "foreign_key"
    return "" if answer["bottom_line"] and answer["whole"] else "altered"


def status_of_document(document: Document) -> str:
    """The status of a genuine document, as in `Verdict`."""
    agreement = document.agreement
    if agreement.state != AgreementState.ACTIVE:
        return {"ended": "ended", "terminated": "terminated"}[agreement.state]
    newest = agreement.documents.filter(state=DocumentState.READY).order_by("-id").first()
    current = document.version.number == agreement.version and newest == document
    return "in_force" if current else "superseded"


def public_facts(agreement: Agreement) -> dict[str, str]:
    """What anybody may see of an agreement: number, masked parties and state."""
    version = AgreementVersion.objects.get(agreement=agreement, number=agreement.version)
    signed, party = terms.read(version.terms), version.evidence["party"]
    return {
        "number": agreement.number,
        "unit": signed["words"]["unit_name"],
        "unit_code": mask_id(signed["words"]["unit_code"]),
        "name": mask_name(party["name"]),
        "school": party["school"],
        "state": agreement.get_state_display(),
        "version": str(agreement.version),
        "void": "" if agreement.state == AgreementState.ACTIVE else "1",
        "origin": settings.PUBLIC_ORIGIN,
    }
