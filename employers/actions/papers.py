"""What people save for future invitations: signature, identity card, and the unit's certificate."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from core import audit, files
from core.errors import Invalid, Refused
from core.files import images
from core.models import StoredFile
from employers.models import Membership, Unit, UnitMember

CERTIFICATE, SIGNATURE = "certificate", "signature"
PAPERS = {
    CERTIFICATE: "营业执照或事业单位法人证书",
    "id_front": "本人身份证人像面",
    "id_back": "本人身份证国徽面",
}


def keep_signature(*, member: UnitMember, content: bytes) -> StoredFile:
    """Save the signature for future use. What was signed before keeps the signature of that time."""
    check_size(content)
    ink = images.signature(content)
    file = files.store(
        ink, name="签名.png", content_type="image/png", purpose=SIGNATURE, by_id=member.user_id
    )
    return _keep_own(member, SIGNATURE, file)


def keep_paper(*, member: UnitMember, slot: str, content: bytes) -> StoredFile:
    """Save a picture; `slot` is one of `PAPERS`. The certificate belongs to the unit, the others to
    the person."""
    if slot not in PAPERS:
        raise Invalid({slot: ["没有这一项材料。"]})
    if slot == CERTIFICATE:
        check_certificate(member, member.unit)
    check_size(content)
    file = files.store(
        images.compress(content), name=f"{PAPERS[slot]}.jpg", content_type="image/jpeg",
        purpose=slot, by_id=member.user_id,
    )  # fmt: skip
    if slot != CERTIFICATE:
        return _keep_own(member, slot, file)
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(pk=member.unit_id)
        check_certificate(UnitMember.objects.get(pk=member.pk), unit)
        unit.certificate = file
        unit.save(update_fields=["certificate"])
        audit.record("employers.keep_certificate", by=member.user, obj=unit)
    return file


def check_certificate(member: UnitMember, unit: Unit) -> None:
    """Refuse to let anybody but verified people change the certificate of a certified unit."""
    if member.state == Membership.ENDED or (
        unit.certified_at is not None and member.state != Membership.VERIFIED
    ):
        raise Refused("not_verified", "单位已认证，只有已认证的人员可以更换单位证件。")


def check_size(content: bytes) -> None:
    """Refuse a picture that is larger than uploads may be."""
    if len(content) > settings.EVIDENCE_MAX_UPLOAD:
        raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")


def _keep_own(member: UnitMember, slot: str, file: StoredFile) -> StoredFile:
    with transaction.atomic():
        locked = UnitMember.objects.select_for_update().get(pk=member.pk)
        if locked.state == Membership.ENDED:
            raise Refused("ended", "您已离开此单位，不能再保存材料。")
        setattr(locked, slot, file)
        locked.save(update_fields=[slot])
        audit.record(f"employers.keep_{slot}", by=member.user, obj=locked)
    return file
