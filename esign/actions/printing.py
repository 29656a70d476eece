"""Printing an agreement (DOMAIN §4). Everybody gets the same signed file, and each time is recorded.

An agreement can be printed after the department or the school has approved the destination, and
only while it is in force.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import Refused
from destinations.models import Destination
from destinations.states import APPROVED
from esign.actions.documents import current_document
from esign.models import Agreement, Document, Print, SigningRules
from esign.states import AgreementState


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
        return "协议书正在生成，请稍后再试。"
    return None


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
            raise Refused("not_printable", reason or "协议书正在生成，请稍后再试。")
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
