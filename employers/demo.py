"""The demo unit, with a made-up name, a code with valid check digits, and pictures that say SAMPLE."""

from __future__ import annotations

import io

from django.urls import reverse
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import Realm, User
from codes.validators import organisation_check_character, uscc_check_character
from core import files
from core.files import images
from core.models import StoredFile
from employers.models import Membership, Unit, UnitMember, UnitName

NAME = "示例智能科技有限公司"
_MOBILE = "13900009999"
_BODY, _HEAD = "MA9DEM0X", "91340100"


def unit_code() -> str:
    first = f"{_HEAD}{_BODY}{organisation_check_character(_BODY)}"
    return f"{first}{uscc_check_character(first)}"


def make_unit(user: User) -> UnitMember:
    """A certified unit that `user` signs for. It is made if it does not exist yet."""
    unit, is_new = Unit.objects.get_or_create(
        code=unit_code(),
        defaults={
            "name": NAME,
            "unit_property": "39",
            "industry": "34",
            "division": "340111",
            "address": "示例路1号",
        },
    )
    if is_new:
        UnitName.objects.create(unit=unit, name=NAME)
        unit.certificate = _store("certificate", _sheet((900, 640)), user)
        unit.certified_at, unit.certified_by = timezone.now(), "演示省级"
        unit.save()
    member, is_new = UnitMember.objects.get_or_create(
        unit=unit,
        user=user,
        defaults={
            "name": "示例联系人", "state": Membership.VERIFIED, "verified_at": timezone.now(),
        },
    )  # fmt: skip
    if is_new:
        member.id_front = _store("id_front", _sheet((860, 540)), user)
        member.id_back = _store("id_back", _sheet((860, 540)), user)
        member.signature = files.store(
            images.signature(_strokes()), name="签名.png", content_type="image/png",
            purpose="signature", by_id=user.pk,
        )  # fmt: skip
        member.save()
    return member


def _store(slot: str, content: bytes, user: User) -> StoredFile:
    return files.store(
        images.compress(content), name=f"{slot}.jpg", content_type="image/jpeg", purpose=slot,
        by_id=user.pk,
    )  # fmt: skip


def _sheet(size: tuple[int, int]) -> bytes:
    image = Image.new("RGB", size, "#f4f1e6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, size[0] - 20, size[1] - 20), outline="#8a7f5c", width=4)
    draw.text((60, 60), "SAMPLE - NOT A REAL DOCUMENT", fill="#5c5540", font_size=36)
    for line in range(5):
        top = 160 + line * 70
        draw.rectangle((60, top, size[0] - 120 - line * 40, top + 14), fill="#c9c1a4")
    return _png(image)


def _strokes() -> bytes:
    image = Image.new("RGB", (600, 240), "white")
    draw = ImageDraw.Draw(image)
    draw.line([(60 + 40 * i, 60 + (i * 61) % 110) for i in range(12)], fill="black", width=6)
    draw.line([(90, 190), (480, 172)], fill="black", width=6)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def employer_exists() -> bool:
    return UnitMember.objects.filter(user__login=_MOBILE, unit__code=unit_code()).exists()


def make_employer(password: str) -> None:
    """Make the demo account of an employer and its verified unit."""
    user = User.objects.filter(realm=Realm.EMPLOYER, login=_MOBILE).first()
    if user is None:
        user = User.objects.create_user(
            Realm.EMPLOYER, _MOBILE, password, label="示例单位招聘人员", mobile=_MOBILE
        )
    make_unit(user)


def show_employer() -> list[tuple[str, str, str]]:
    """The addresses and accounts that `load_demo --show` prints."""
    return [("用人单位", reverse("employer"), _MOBILE)] if employer_exists() else []
