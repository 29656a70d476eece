"""What an agreement's PDF shows, and how it is rendered."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from core import files, pdf
from core.models import Event, StoredFile
from esign import pdf_signing, terms
from esign.fields import ALL, IMAGES, SIGNATURE
from esign.models import Agreement, AgreementVersion
from esign.party import PARTY_LABELS, school_contact
from schools.models import School

if TYPE_CHECKING:
    import pydyf
    from weasyprint import Document

_EVENT_LABELS = {
    "esign.invite": "单位发出邀约",
    "esign.accept": "毕业生接受并签署，协议生效",
    "esign.amend_propose": "单位提出变更",
    "esign.amend_confirm": "毕业生确认变更",
}
TEMPLATE, STYLESHEET = "esign/pdf/agreement.html", "esign/pdf/agreement.css"
_FILES = {**IMAGES, SIGNATURE: "单位签名"}


def public_address(agreement: Agreement) -> str:
    """The address of the page that verifies the agreement. The printed QR code holds it."""
    return f"{settings.PUBLIC_ORIGIN}{reverse('verify-token', args=[agreement.token])}"


def fingerprint(version: AgreementVersion, approvals: dict[str, Any]) -> str:
    """A hash that is equal for documents with the same content."""
    text = terms.canonical({"terms": version.terms_hash, "approvals": approvals})
    return hashlib.sha256(text.encode()).hexdigest()


def render_unsigned(version: AgreementVersion, approvals: dict[str, Any]) -> bytes:
    """The PDF without its signature, but with the place reserved for it. Raises
    `pdf.MissingGlyphs` rather than draw a box."""
    context = template_context(version, approvals)
    return pdf.render(TEMPLATE, context, stylesheet=STYLESHEET, pdf_tags=True, finisher=_finish)


def _finish(document: Document, file: pydyf.PDF) -> None:
    pdf.require_glyphs(document)
    pdf_signing.reserve_signature(document, file)


def explain_missing_glyphs(
    version: AgreementVersion, approvals: dict[str, Any], missing: pdf.MissingGlyphs
) -> str:
    """A sentence that says of each missing character in whose name or in which field it is."""
    found = []
    for character in missing.characters:
        places = [
            f"{label}“{words}”"
            for label, words in _named_words(version, approvals)
            if character in words
        ]
        where = "、".join(p if len(p) <= 40 else f"{p[:40]}…”" for p in places[:2]) or "文件"
        found.append(f"{where}中的“{character}”（U+{ord(character):04X}）")
    return "；".join(found)


def _named_words(version: AgreementVersion, approvals: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(label, words) of everything in the PDF that somebody typed."""
    signed, evidence = terms.read(version.terms), version.evidence
    party = _with_school_contact(evidence["party"], version.agreement.school)
    for key, label in PARTY_LABELS.items():
        yield label, party[key]
    for field in ALL:
        yield field.label, signed["words"].get(field.key) or ""
    yield "单位经办人姓名", evidence["employer"]["name"]
    for approval in approvals.values():
        yield "审核人姓名", approval["by"]


def template_context(version: AgreementVersion, approvals: dict[str, Any]) -> dict[str, Any]:
    """The context of the PDF's template."""
    agreement = version.agreement
    signed = terms.read(version.terms)
    evidence = version.evidence
    employer_at = _parse_time(evidence["employer"]["at"])
    graduate_at = _parse_time(evidence["graduate"]["at"])
    return {
        "agreement": agreement,
        "version": version,
        "v": signed["values"],
        "w": _words_in_print(signed),
        "province": settings.PROVINCE_NAME,
        "party": _with_school_contact(evidence["party"], agreement.school),
        "evidence": evidence,
        "agent": _plain_agent(evidence["graduate"].get("agent") or ""),
        "approvals": {
            kind: {"by": a["by"], "on": _format_day(_parse_time(a["at"]))}
            for kind, a in approvals.items()
        },
        "employer_signature": _as_data_address(version.employer_signature),
        "graduate_signature": _as_data_address(version.graduate_signature),
        "employer_on": _format_day(employer_at),
        "graduate_on": _format_day(graduate_at),
        "employer_at": _format_time(employer_at),
        "graduate_at": _format_time(graduate_at),
        "files": [(_FILES.get(k, k), v) for k, v in signed["files"].items()],
        "events": _events(agreement, version),
        "address": public_address(agreement),
        "qr": pdf.qr_picture(public_address(agreement)),
    }


def _with_school_contact(party: dict[str, str], school: School) -> dict[str, str]:
    """`party` as it was signed. How to reach a school that had not filled it in by then is taken from
    its set-up of today; it is no part of what was agreed."""
    return party | {key: party.get(key) or today for key, today in school_contact(school).items()}


def _plain_agent(agent: str) -> str:
    """A browser's name for print. It should be ASCII, but the browser may send anything."""
    return agent.encode("ascii", "replace").decode()


def _words_in_print(signed: dict[str, Any]) -> dict[str, str]:
    """The words of the signed terms, with numbers and dates written as in an official document:
    8,000, 4 (never 4.0) and 2027年7月10日."""
    words = dict(signed["words"])
    for field in ALL:
        value = signed["values"].get(field.key)
        if value in (None, ""):
            continue
        if field.kind in ("money", "number"):
            words[field.key] = _format_number(value)
        elif field.kind == "date":
            day = datetime.date.fromisoformat(value)
            words[field.key] = f"{day.year}年{day.month}月{day.day}日"
    return words


def _format_number(value: float | str) -> str:
    number = Decimal(str(value))
    return f"{number:,.0f}" if number == int(number) else f"{number.normalize():,f}"


def _as_data_address(file: StoredFile) -> str:
    with files.open_file(file) as f:
        return pdf.data_address(f.read(), "image/png")


def _events(agreement: Agreement, version: AgreementVersion) -> list[dict[str, str]]:
    """The events that led to this version, without later ones."""
    from django.db.models import Q

    rows = Event.objects.filter(
        Q(object_type="invitation", object_id=agreement.invitation_id)
        | Q(object_type="agreement", object_id=agreement.pk),
        action__in=_EVENT_LABELS,
        at__lte=version.signed_at + datetime.timedelta(minutes=1),
    ).order_by("id")
    return [
        {"at": _format_time(e.at), "label": _EVENT_LABELS[e.action], "by": e.actor_label}
        for e in rows
    ]


def _parse_time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _format_day(at: datetime.datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.year}年{local.month}月{local.day}日"


def _format_time(at: datetime.datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")
