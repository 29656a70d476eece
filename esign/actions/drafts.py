"""An invitation being filled in: begun from a card or by a registered unit, saved as it is typed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import one_time_codes
from codes import text
from core import files
from core.errors import Invalid, Refused
from core.files import images
from core.models import StoredFile
from employers.models import UnitMember
from employers.queries import certificate_for
from esign.fields import BY_KEY, IMAGES, SIGNATURE
from esign.models import Card, Draft
from esign.states import Way
from graduates.models import Graduate

LIFETIME = timedelta(days=7)
_LONGEST = 1000  # of what is kept while typing; the rules judge lengths at the end


def begin_from_card(*, card: Card, address: str) -> Draft:
    return Draft.objects.create(
        key=secrets.token_urlsafe(24),
        graduate=card.graduate,
        card=card,
        way=Way.CARD,
        values={"valid_days": "3"},
        address=address,
    )


def begin_as_member(*, graduate: Graduate, member: UnitMember, address: str) -> Draft:
    """The registered route: who is signed in has proved their phone by that."""
    return Draft.objects.create(
        key=secrets.token_urlsafe(24),
        graduate=graduate,
        way=Way.REGISTERED,
        by=member.user,
        mobile=member.user.login,
        mobile_proved_at=timezone.now(),
        values={"valid_days": "3", **known_values(member)},
        certificate=certificate_of(member),
        id_front=member.id_front,
        id_back=member.id_back,
        signature=member.signature,
        address=address,
    )


def certificate_of(member: UnitMember) -> StoredFile | None:
    """The unit's certificate as far as this person may see it, or the one they sent last."""
    found = certificate_for(member)
    if found is not None:
        return found
    last = member.invitations.select_related("certificate").order_by("-id").first()
    return last.certificate if last is not None else None


def known_values(member: UnitMember) -> dict[str, str]:
    """What the platform knows of a unit and the person, to begin the form with."""
    unit = member.unit
    found = {
        "unit_name": unit.name,
        "unit_code": unit.code,
        "unit_division": unit.division,
        "unit_property": unit.unit_property,
        "unit_industry": unit.industry,
        "unit_address": unit.address,
        "contact_name": member.name,
        "contact_mobile": member.user.login,
    }
    last = member.invitations.order_by("-id").first()
    if last is not None:
        from esign import terms

        kept = terms.read(last.terms)["values"]
        for key in ("contact_phone", "contact_email", "report_place", "work_place",
                    "archive_unit", "archive_contact", "archive_phone", "archive_address"):  # fmt: skip
            found[key] = kept.get(key) or ""
    return {k: v for k, v in found.items() if v}


def draft_of(key: str) -> Draft | None:
    """The draft of this browser; None when it is gone or too old."""
    rows = Draft.objects.select_related(
        "graduate__school", "graduate__cohort", "card", "invitation",
        "certificate", "id_front", "id_back", "signature",
    )  # fmt: skip
    return rows.filter(key=key, created_at__gt=timezone.now() - LIFETIME).first()


def check_open(draft: Draft) -> None:
    """A card that was revoked meanwhile takes no more; one that only grew old still does."""
    if draft.card is not None and draft.card.revoked_at is not None:
        raise Refused("card_revoked", "毕业生已停用此二维码, 请向毕业生索取新的二维码。")


def send_code(*, draft: Draft, mobile: str, address: str) -> None:
    """A one-time code to the recruiter's phone, limited per card, too."""
    check_open(draft)
    mobile = text.clean_phone(mobile)
    one_time_codes.issue(purpose="card", phone=mobile, subject=_subject(draft), address=address)
    Draft.objects.filter(pk=draft.pk, mobile_proved_at=None).update(mobile=mobile)


def prove_phone(*, draft: Draft, mobile: str, code: str) -> Draft:
    check_open(draft)
    mobile = text.clean_phone(mobile)
    row = one_time_codes.prove(purpose="card", phone=mobile, subject=_subject(draft), typed=code)
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        one_time_codes.spend(row)
        locked.mobile, locked.mobile_proved_at = mobile, timezone.now()
        locked.values = {"contact_mobile": mobile} | locked.values
        locked.save(update_fields=["mobile", "mobile_proved_at", "values"])
    return locked


def _subject(draft: Draft) -> str:
    return f"card:{draft.card_id}"


def save(*, draft: Draft, typed: Mapping[str, str]) -> Draft:
    """Keep what was typed, right or wrong; only fields of the form."""
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if locked.invitation_id is None:
            kept = {k: str(v)[:_LONGEST] for k, v in typed.items() if k in BY_KEY}
            locked.values = locked.values | kept
            locked.updated_at = timezone.now()
            locked.save(update_fields=["values", "updated_at"])
    return locked


def attach(*, draft: Draft, slot: str, content: bytes) -> StoredFile:
    """Put one picture into its slot: re-encoded, or refused with a sentence."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB, 请用手机重新拍照后上传。")
    if slot == SIGNATURE:
        small, name, kind = images.signature(content), "签名.png", "image/png"
    elif slot in IMAGES:
        small, name, kind = images.compress(content), f"{IMAGES[slot]}.jpg", "image/jpeg"
    else:
        raise Invalid({slot: ["没有这一项材料。"]})
    file = files.store(
        small, name=name, content_type=kind, purpose=slot, school_id=draft.graduate.school_id
    )
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if locked.invitation_id is None:
            setattr(locked, slot, file)
            locked.save(update_fields=[slot])
    return file
