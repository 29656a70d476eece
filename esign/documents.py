"""What an agreement's PDF shows, and its making."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import files, pdf
from core.models import Event, StoredFile
from esign import sealing, terms
from esign.fields import IMAGES, SIGNATURE
from esign.models import Agreement, AgreementVersion

_LABELS = {
    "esign.invite": "单位发出邀约",
    "esign.accept": "毕业生接受并签署, 协议生效",
    "esign.amend_propose": "单位提出变更",
    "esign.amend_confirm": "毕业生确认变更",
}
TEMPLATE, STYLESHEET = "esign/pdf/agreement.html", "esign/pdf/agreement.css"
_FILES = {**IMAGES, SIGNATURE: "单位签名"}


def public_address(agreement: Agreement) -> str:
    return f"{settings.PUBLIC_ORIGIN}/verify/{agreement.token}/"


def fingerprint(version: AgreementVersion, approvals: dict[str, Any]) -> str:
    """Equal for documents that would say the same."""
    text = terms.canonical({"terms": version.terms_hash, "approvals": approvals})
    return hashlib.sha256(text.encode()).hexdigest()


def draw(version: AgreementVersion, approvals: dict[str, Any]) -> bytes:
    """The PDF, unsigned, with room for the signature."""
    context = context_of(version, approvals)
    return pdf.render(
        TEMPLATE, context, stylesheet=STYLESHEET, pdf_tags=True, finisher=sealing.leave_room
    )


def context_of(version: AgreementVersion, approvals: dict[str, Any]) -> dict[str, Any]:
    agreement = version.agreement
    said = terms.read(version.terms)
    evidence = version.evidence
    employer_at = _time(evidence["employer"]["at"])
    graduate_at = _time(evidence["graduate"]["at"])
    return {
        "agreement": agreement,
        "version": version,
        "v": said["values"],
        "w": said["words"],
        "party": evidence["party"],
        "evidence": evidence,
        "approvals": {
            kind: {"by": a["by"], "on": _day(_time(a["at"]))} for kind, a in approvals.items()
        },
        "employer_signature": _picture(version.employer_signature),
        "graduate_signature": _picture(version.graduate_signature),
        "employer_on": _day(employer_at),
        "graduate_on": _day(graduate_at),
        "employer_at": _moment(employer_at),
        "graduate_at": _moment(graduate_at),
        "files": [(_FILES.get(k, k), v) for k, v in said["files"].items()],
        "events": _events(agreement, version),
        "address": public_address(agreement),
        "qr": pdf.qr_picture(public_address(agreement)),
    }


def _picture(file: StoredFile) -> str:
    with files.open_file(file) as f:
        return pdf.data_address(f.read(), "image/png")


def _events(agreement: Agreement, version: AgreementVersion) -> list[dict[str, str]]:
    """What led to this version; later events are not part of it."""
    from django.db.models import Q

    rows = Event.objects.filter(
        Q(object_type="invitation", object_id=agreement.invitation_id)
        | Q(object_type="agreement", object_id=agreement.pk),
        action__in=_LABELS,
        at__lte=version.signed_at + datetime.timedelta(minutes=1),
    ).order_by("id")
    return [{"at": _moment(e.at), "label": _LABELS[e.action], "by": e.actor_label} for e in rows]


def _time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _day(at: datetime.datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.year}年{local.month}月{local.day}日"


def _moment(at: datetime.datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")
