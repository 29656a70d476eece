"""Printing an agreement (DOMAIN §4). Everybody gets the same signed file, and each time is recorded.

An agreement can be printed after the department or the school has approved the destination, and
only while it is in force.
"""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import Refused
from destinations.models import Destination
from destinations.states import APPROVED
from esign.actions.documents import current_document
from esign.models import Agreement, Document, Print, SigningRules
from esign.states import AgreementState, DocumentState

# Looks of one person within this time are recorded as one.
LOOK_SECONDS = 600
_BEING_MADE = "协议书正在生成，请稍后再试。"
_PARKED = "协议书文件暂时无法生成，已转省级管理员处理；协议的效力不受影响。"


def print_refusal(agreement: Agreement) -> str | None:
    """The sentence that says why an agreement can't be printed now; None when it can."""
    if agreement.state != AgreementState.ACTIVE:
        return f"协议{agreement.get_state_display()}，不能打印。"
    state, disputed = Destination.objects.values_list("state", "disputed_at").get(
        pk=agreement.graduate_id
    )
    if disputed is not None:
        return "毕业生对去向有异议，处理完毕之前不能打印。"
    if state not in APPROVED:
        return "院系或学校审核通过后才能打印协议书。"
    if current_document(agreement) is None:
        return _PARKED if _is_parked(agreement) else _BEING_MADE
    return None


def _is_parked(agreement: Agreement) -> bool:
    """Whether the newest document of the present version waits for somebody to remove a cause."""
    of_version = Document.objects.filter(agreement=agreement, version__number=agreement.version)
    newest = of_version.order_by("-id").first()
    return newest is not None and newest.state == DocumentState.PARKED


def show(*, agreement: Agreement, by: User) -> Document:
    """The document of which `by` looks at a picture. Looking is recorded as an event, once in
    `LOOK_SECONDS` for all its pages, and not as a print. Raises `Refused` as `hand_out` does."""
    document, reason = current_document(agreement), print_refusal(agreement)
    if reason or document is None:
        raise Refused("not_printable", reason or _BEING_MADE)
    if cache.add(f"esign:looked:{by.pk}:{document.pk}", True, timeout=LOOK_SECONDS):
        data = {"sha256": document.sha256}
        audit.record("esign.view_document", by=by, obj=agreement, data=data)
    return document


def hand_out(
    *, agreement: Agreement, by: User, way: str = "own", copies: int | None = None
) -> Document:
    """The document to print, recorded as one print. Raises `Refused` with the reason why not.

    `way` is "own" for a download of one's own and "scan" for scan-to-print; `copies` is the school's
    default number if None.
    """
    with transaction.atomic():
        locked = (
            Agreement.objects.select_for_update(no_key=True, of=("self",))
            .select_related("cohort")
            .get(pk=agreement.pk)
        )
        reason = print_refusal(locked)
        document = current_document(locked)
        if reason or document is None:
            raise Refused("not_printable", reason or _BEING_MADE)
        Print.objects.create(
            agreement=locked,
            document=document,
            copies=copies or SigningRules.of(locked.cohort).copies,
            actor_id=by.pk,
            actor_realm=by.realm,
            actor_label=by.label,
            way=way,
        )
        audit.record("esign.print", by=by, obj=locked, data={"sha256": document.sha256, "way": way})
    return document
