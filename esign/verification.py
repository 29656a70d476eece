"""Is this PDF a genuine agreement of ours, and is the agreement still in force?

Genuine needs both: pyHanko's bottom line over the whole file against our own certificates, and
that these very bytes are on file. A flipped byte, an appended revision, a re-saved text and the
same layout signed by another key fail at least one of them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from core.masking import mask_id
from esign import pdf_child, terms
from esign.models import Agreement, AgreementVersion, Document, SigningCertificate
from esign.states import AgreementState, DocumentState

MOST_BYTES = 5 * 1024 * 1024
_CHILD = Path(pdf_child.__file__)


@dataclass(frozen=True)
class Verdict:
    """`genuine`: we made exactly these bytes. `standing`: in_force, superseded, ended,
    terminated, or "" where nothing is known. `code` is a stable slug."""

    genuine: bool
    code: str
    sentence: str
    agreement: Agreement | None = None
    standing: str = ""


STANDING = {
    "in_force": "协议有效",
    "superseded": "此文件已被更新的版本或审核记录取代, 协议仍然有效",
    "ended": "协议已终止(已签订劳动合同)",
    "terminated": "协议已解约, 此文件作废",
}
_REFUSALS = {
    "not_pdf": "这不是PDF文件, 请上传平台出具的协议书原文件。",
    "too_large": "文件过大, 不是平台出具的协议书。",
    "unreadable": "文件已损坏或被改动, 无法读取。",
    "unsigned": "文件没有平台的电子签名, 可能是打印扫描件或重新保存的文件。",
    "many_signatures": "文件的签名数量不对, 可能被追加过内容。",
    "foreign_key": "文件不是由本平台签名的。",
    "altered": "文件内容在签名之后被改动过。",
    "unknown": "签名来自本平台, 但平台没有出具过这个文件。",
}


def verify(content: bytes) -> Verdict:
    """Judge one uploaded file. Never raises for what the file holds."""
    if len(content) > MOST_BYTES:
        return _refused("too_large")
    if not content.startswith(b"%PDF-"):
        return _refused("not_pdf")
    document = (
        Document.objects.select_related("agreement", "version")
        .filter(sha256=hashlib.sha256(content).hexdigest(), state=DocumentState.READY)
        .first()
    )
    # What we made ourselves is judged at the time it was made: certificates run out.
    made_at = document.made_at if document is not None else None
    code = fault_of(content, made_at.isoformat() if made_at else "")
    if code:
        return _refused(code)
    if document is None:
        return _refused("unknown")
    standing = standing_of(document)
    return Verdict(True, standing, STANDING[standing], document.agreement, standing)


def _refused(code: str) -> Verdict:
    return Verdict(False, code, _REFUSALS[code])


def fault_of(content: bytes, moment: str = "") -> str:
    """Empty when the signature holds at that moment (by default now), the authority's time stamp
    in it included, else the slug of what is wrong."""
    rows = SigningCertificate.objects.filter(revoked_at=None)
    pem = "".join(rows.values_list("pem", flat=True))
    with tempfile.NamedTemporaryFile() as file, tempfile.NamedTemporaryFile("w") as roots:
        file.write(content)
        file.flush()
        roots.write(pem)
        roots.flush()
        stamps = str(settings.TIME_STAMP_ROOTS)
        argv = [sys.executable, "-I", str(_CHILD), file.name, roots.name, stamps, moment]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                timeout=30,
                check=False,
            )
            said = json.loads(done.stdout or b"{}")
        except (subprocess.TimeoutExpired, ValueError):
            return "unreadable"
    return _slug(said)


def _slug(said: dict[str, Any]) -> str:
    if said.get("error") or "signatures" not in said:
        return said.get("error") or "unreadable"
    if said["signatures"] != 1:
        return "many_signatures" if said["signatures"] else "unsigned"
    if said["intact"] and not said["trusted"]:
        return "foreign_key"
    return "" if said["bottom_line"] and said["whole"] else "altered"


def standing_of(document: Document) -> str:
    agreement = document.agreement
    if agreement.state != AgreementState.ACTIVE:
        return {"ended": "ended", "terminated": "terminated"}[agreement.state]
    newest = agreement.documents.filter(state=DocumentState.READY).order_by("-id").first()
    current = document.version.number == agreement.version and newest == document
    return "in_force" if current else "superseded"


def public_facts(agreement: Agreement) -> dict[str, str]:
    """What anybody may see: number, masked parties, state."""
    version = AgreementVersion.objects.get(agreement=agreement, number=agreement.version)
    said, party = terms.read(version.terms), version.evidence["party"]
    return {
        "number": agreement.number,
        "unit": said["words"]["unit_name"],
        "unit_code": mask_id(said["words"]["unit_code"]),
        "name": party["name"][:1] + "*" * (len(party["name"]) - 1),
        "school": party["school"],
        "state": agreement.get_state_display(),
        "version": str(agreement.version),
        "void": "" if agreement.state == AgreementState.ACTIVE else "1",
        "origin": settings.PUBLIC_ORIGIN,
    }
