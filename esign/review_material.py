"""What the reviewer of an e-signed destination compares with the registered values: the agreement's terms,
the unit's licence, the recruiter's identity card, and both signatures."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.errors import DomainError
from core.files.pages import page_pictures
from destinations import hooks
from destinations.fields import ESIGNED
from destinations.hooks import ReviewMaterial, ReviewPicture
from destinations.models import Destination
from employers.models import Membership
from esign import terms
from esign.actions import documents, printing
from esign.fields import ARCHIVE, JOB, UNIT, of_step
from esign.models import Agreement
from esign.states import AgreementState


@hooks.review_material.plug()
def agreement_to_review(*, destination: Destination, user: User) -> ReviewMaterial | None:
    """The agreement that the destination is locked to, for staff who may see agreements."""
    if destination.locked_at is None or not user.has_perm("esign.view"):
        return None
    agreement = (
        Agreement.objects.select_related("unit", "member")
        .filter(graduate_id=destination.pk, state=AgreementState.ACTIVE)
        .first()
    )
    if agreement is None:
        return None
    version = agreement.versions.get(number=agreement.version)
    words = terms.read(version.terms)["words"]
    signed = timezone.localtime(version.signed_at)
    rows = [
        ("协议书编号", agreement.number),
        ("签署", f"第{version.number}版，{signed:%Y-%m-%d %H:%M}"),
        ("单位认证", "已认证" if agreement.unit.certified_at is not None else "未认证"),
        ("经办人", _agent(agreement)),
        *_shown([JOB], words),
    ]
    return ReviewMaterial(
        title=ESIGNED,
        pictures=[*_pictures(agreement), *_pages(agreement, user)],
        rows=rows,
        more=_shown([UNIT, ARCHIVE], words),
        links=_links(agreement, user),
    )


def _shown(steps: list[str], words: dict[str, str]) -> list[tuple[str, str]]:
    """(label, words) of the terms of these steps that are filled in."""
    fields = [field for step in steps for field in of_step(step)]
    return [(field.label, words[field.key]) for field in fields if words.get(field.key)]


def _agent(agreement: Agreement) -> str:
    member = agreement.member
    verified = member.state == Membership.VERIFIED
    return f"{member.name}（{'已认证' if verified else member.get_state_display()}）"


def _pictures(agreement: Agreement) -> list[ReviewPicture]:
    """The page asks for a picture of an identity card only when the reviewer chooses it, since each view
    of one is logged."""

    def image(slot: str) -> str:
        return reverse("console:agreement-image", args=[agreement.pk, slot])

    def signature(side: str) -> str:
        return reverse("console:agreement-signature", args=[agreement.pk, agreement.version, side])

    return [
        ReviewPicture("营业执照或法人证书", image("certificate")),
        ReviewPicture("单位签名", signature("employer")),
        ReviewPicture("毕业生签名", signature("graduate")),
        ReviewPicture("身份证人像面", image("id_front"), is_logged=True),
        ReviewPicture("身份证国徽面", image("id_back"), is_logged=True),
    ]


def _pages(agreement: Agreement, user: User) -> list[ReviewPicture]:
    """The pages of the signed document, once it can be printed. Looking at them is recorded."""
    if not user.has_perm("esign.print") or printing.print_refusal(agreement) is not None:
        return []
    document = documents.current_document(agreement)
    try:
        count = len(page_pictures(document.made_file)) if document is not None else 0
    except DomainError:
        return []
    return [
        ReviewPicture(
            f"协议书第{number}页",
            reverse("console:agreement-page", args=[agreement.pk, number]),
            is_logged=True,
        )
        for number in range(1, count + 1)
    ]


def _links(agreement: Agreement, user: User) -> list[tuple[str, str]]:
    if not user.has_perm("esign.print") or printing.print_refusal(agreement) is not None:
        return []
    return [
        ("查看协议书", reverse("console:agreement-pages", args=[agreement.pk])),
        ("打印协议书", reverse("console:print", args=[agreement.pk])),
    ]
