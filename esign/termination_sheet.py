"""What a person reads before they consent to a termination: what ends, what follows, what was agreed."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from destinations.models import Destination
from destinations.shown import category_label
from esign import terms
from esign.fields import BY_KEY
from esign.models import Agreement, Termination
from esign.states import Side
from graduates.models import Graduate

# The terms that matter when an agreement ends.
_TERMS = ("penalty", "penalty_notes", "signing_notes")
_NONE = "没有约定"


@dataclass(frozen=True)
class TerminationSheet:
    """`ends` and `agreed` are (label, words), `follows` are sentences; `statement` is what the person
    ticks."""

    ends: list[tuple[str, str]]
    follows: list[str]
    agreed: list[tuple[str, str]]
    statement: str


def sheet_of(
    agreement: Agreement, graduate: Graduate, termination: Termination, side: str
) -> TerminationSheet:
    """The sheet for the side that is asked to consent."""
    said = terms.read(agreement.versions.get(number=agreement.version).terms)
    words, unit = said["words"], agreement.unit.name
    destination = Destination.objects.get(pk=graduate.pk)
    signed = timezone.localtime(agreement.signed_at)
    ends = [
        ("协议书编号", agreement.number),
        ("用人单位", unit),
        ("毕业生", f"{graduate.name}，{said['to']['school']}"),
        ("去向类别", category_label(destination)),
        ("职位", words["job_title"]),
        ("签约时间", f"{signed:%Y-%m-%d %H:%M}"),
        ("提出方", termination.get_started_by_display()),
        ("解约事由", termination.get_ground_display()),
        ("说明", termination.reason),
    ]
    follows = [
        "学校审核同意后，就业协议解除，协议书作废；扫码验证时显示“已解约”。",
        "毕业生的毕业去向回到待就业，可以重新签约或登记其他去向。",
        "审核同意之前协议继续有效，双方仍须履行，毕业生不能与其他单位签约。",
        "您同意后一小时内可以撤回，学校在这一小时里看不到您的同意；满一小时转院系审核，不能再撤回。",
        "平台不经手违约金；是否支付、如何支付由双方按下列约定办理，有不同意见的请先商定再同意。",
    ]
    agreed = [(BY_KEY[key].label, words.get(key) or _NONE) for key in _TERMS]
    if side == Side.GRADUATE:
        statement = f"我已阅读以上内容，自愿同意与{unit}解除就业协议"
    else:
        statement = f"我已阅读以上内容，代表本单位同意与{graduate.name}解除就业协议"
    return TerminationSheet(ends, follows, agreed, statement)
