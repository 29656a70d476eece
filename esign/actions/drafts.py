"""Drafts of invitations. A draft begins with a scanned card or by a signed-in person of a unit, and is
saved while it is typed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts import one_time_codes
from accounts.models import Realm, User
from codes import text
from core import files
from core.errors import Invalid, Refused
from core.files import images
from core.models import StoredFile
from employers.models import UnitMember
from employers.queries import begun_by, certificate_for, memberships
from esign import hooks
from esign.fields import BY_KEY, IMAGES, SIGNATURE
from esign.models import Card, Draft, Invitation
from esign.states import InvitationState, Way
from graduates.models import Graduate

LIFETIME = timedelta(days=7)
_MOST_CHARACTERS = 1000  # kept of each field; the rules check lengths when the draft is sent


def begin_from_card(*, card: Card, address: str) -> Draft:
    return Draft.objects.create(
        key=secrets.token_urlsafe(24),
        graduate=card.graduate,
        card=card,
        way=Way.CARD,
        values={"valid_days": "3"},
        address=address,
    )


def begin_as_member(
    *,
    graduate: Graduate,
    member: UnitMember,
    address: str,
    way: Way = Way.REGISTERED,
    values: Mapping[str, str] | None = None,
) -> Draft:
    """A draft of somebody who is signed in for a unit. Signing in has proved their phone. `values` are
    further known ones, such as those of a posting."""
    hooks.invitation_guards.run(unit_id=member.unit_id)
    return Draft.objects.create(
        key=secrets.token_urlsafe(24),
        graduate=graduate,
        way=way,
        by=member.user,
        mobile=member.user.login,
        mobile_proved_at=timezone.now(),
        values={"valid_days": "3", **known_values(member), **(values or {})},
        certificate=usable_certificate(member),
        id_front=member.id_front,
        id_back=member.id_back,
        signature=member.signature,
        address=address,
    )


def usable_certificate(member: UnitMember) -> StoredFile | None:
    """The unit's certificate if this person may see it, otherwise the one that they sent last."""
    certificate = certificate_for(member)
    if certificate is not None:
        return certificate
    last = _last_invitation(member)
    return last.certificate if last is not None else None


def _last_invitation(member: UnitMember) -> Invitation | None:
    """What the person sent last; nothing from before they left the unit."""
    rows = member.invitations.select_related("certificate").filter(begun_by(member, "sent_at"))
    return rows.order_by("-id").first()


def known_values(member: UnitMember) -> dict[str, str]:
    """What the platform knows about the unit and the person, for the first view of the form."""
    unit = member.unit
    known = {
        "unit_name": unit.name,
        "unit_code": unit.code,
        "unit_division": unit.division,
        "unit_property": unit.unit_property,
        "unit_industry": unit.industry,
        "unit_address": unit.address,
        "contact_name": member.name,
        "contact_mobile": member.user.login,
    }
    last = _last_invitation(member)
    if last is not None:
        from esign import terms

        last_values = terms.read(last.terms)["values"]
        for key in ("contact_phone", "contact_email", "report_place", "work_place",
                    "archive_unit", "archive_contact", "archive_phone", "archive_address"):  # fmt: skip
            known[key] = last_values.get(key) or ""
    return {k: v for k, v in known.items() if v}


def find_draft(key: str) -> Draft | None:
    """The draft with this key; None if there is none or it is too old."""
    rows = Draft.objects.select_related(
        "graduate__school", "graduate__cohort", "card", "invitation",
        "certificate", "id_front", "id_back", "signature",
    )  # fmt: skip
    return rows.filter(key=key, created_at__gt=Now() - LIFETIME).first()


def check_card_in_use(draft: Draft) -> None:
    """Refuse a draft whose card was revoked. An expired card still accepts drafts that were already
    begun."""
    if draft.card is not None and draft.card.revoked_at is not None:
        raise Refused("card_revoked", "毕业生已停用此二维码，请向毕业生索取新的二维码。")


def send_code(*, draft: Draft, mobile: str, address: str) -> None:
    """Send a one-time code to the recruiter's phone. How many are sent is limited for each card,
    too."""
    check_card_in_use(draft)
    mobile = text.clean_phone(mobile)
    _check_same_phone(draft, mobile)
    one_time_codes.issue(purpose="card", phone=mobile, subject=_subject(draft), address=address)
    Draft.objects.filter(pk=draft.pk, mobile_proved_at=None).update(mobile=mobile)


def prove_phone(*, draft: Draft, mobile: str, code: str) -> Draft:
    """Note that the recruiter has the phone, as the code sent to it shows."""
    check_card_in_use(draft)
    mobile = text.clean_phone(mobile)
    _check_same_phone(draft, mobile)
    row = one_time_codes.prove(purpose="card", phone=mobile, subject=_subject(draft), typed=code)
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        _check_same_phone(locked, mobile)
        one_time_codes.spend(row)
        locked.mobile, locked.mobile_proved_at = mobile, timezone.now()
        locked.values = {"contact_mobile": mobile} | locked.values
        locked.save(update_fields=["mobile", "mobile_proved_at", "values"])
    return locked


def go_on(*, draft: Draft) -> Draft:
    """The draft that the recruiter goes on with, now that their phone is proved: the one that they began
    with an earlier scan for the same graduate, or whose invitation waits for its answer; else `draft`,
    with what the platform knows about the unit they sign for."""
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        earlier = _earlier_of(locked)
        if earlier is not None:
            locked.delete()  # nothing was filled in yet
            return earlier
        known = _known_of_phone(locked.mobile)
        if known and not locked.values.get("unit_name"):
            locked.values = known | {k: v for k, v in locked.values.items() if v}
            locked.save(update_fields=["values"])
    return locked


def _earlier_of(draft: Draft) -> Draft | None:
    """What the same phone began for the same graduate by scanning the card before."""
    rows = Draft.objects.select_for_update(of=("self",)).filter(
        graduate=draft.graduate_id, mobile=draft.mobile, mobile_proved_at__isnull=False,
        by=None, way=Way.CARD, card__revoked_at=None, created_at__gt=Now() - LIFETIME, pk__lt=draft.pk,
    )  # fmt: skip
    waits = Q(invitation__state=InvitationState.SENT, invitation__valid_until__gt=Now())
    return rows.filter(Q(invitation=None) | waits).order_by("-pk").first()


def _known_of_phone(mobile: str) -> dict[str, str]:
    """What is known about the only unit that the owner of the phone signs for; nothing if there are
    several, or none."""
    account = User.objects.filter(realm=Realm.EMPLOYER, login=mobile).first()
    found = list(memberships(account)[:2]) if account is not None else []
    return known_values(found[0]) if len(found) == 1 else {}


def _check_same_phone(draft: Draft, mobile: str) -> None:
    """A draft that was begun belongs to the phone that was proved first: it holds the owner's identity
    card."""
    if draft.mobile_proved_at is not None and mobile != draft.mobile:
        raise Refused(
            "other_phone", "此邀约由另一手机号码填写，请验证同一手机号码，或重新扫码填写。",
            field="mobile",
        )  # fmt: skip


def _subject(draft: Draft) -> str:
    return f"card:{draft.card_id}"


def save(*, draft: Draft, typed: Mapping[str, str]) -> Draft:
    """Save what was typed into the form's fields, right or wrong."""
    with transaction.atomic():
        locked = Draft.objects.select_for_update().get(pk=draft.pk)
        if locked.invitation_id is None:
            kept = {k: str(v)[:_MOST_CHARACTERS] for k, v in typed.items() if k in BY_KEY}
            locked.values = locked.values | kept
            locked.updated_at = timezone.now()
            locked.save(update_fields=["values", "updated_at"])
    return locked


def attach_picture(*, draft: Draft, slot: str, content: bytes) -> StoredFile:
    """Store one picture of the draft, re-encoded. `slot` is one of `IMAGES` or the signature."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
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
