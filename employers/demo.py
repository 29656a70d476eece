"""Demo units, with made-up names, codes with valid check digits, and pictures that say SAMPLE."""

from __future__ import annotations

import functools
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


def unit_code(body: str = _BODY) -> str:
    """A unified social credit code with these eight characters in it."""
    first = f"{_HEAD}{body}{organisation_check_character(body)}"
    return f"{first}{uscc_check_character(first)}"


def make_unit(
    user: User, *, body: str = _BODY, name: str = NAME, unit_property: str = "39",
    industry: str = "34", division: str = "340111",
) -> UnitMember:  # fmt: skip
    """A certified unit that `user` signs for. It is made if it does not exist yet."""
    unit, is_new = Unit.objects.get_or_create(
        code=unit_code(body),
        defaults={
            "name": name,
            "unit_property": unit_property,
            "industry": industry,
            "division": division,
            "address": "示例路1号",
        },
    )
    if is_new:
        UnitName.objects.create(unit=unit, name=name)
        unit.certificate = _store("certificate", (900, 640), user)
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
        member.id_front = _store("id_front", (860, 540), user)
        member.id_back = _store("id_back", (860, 540), user)
        member.signature = files.store(
            _signature(), name="签名.png", content_type="image/png",
            purpose="signature", by_id=user.pk,
        )  # fmt: skip
        member.save()
    return member


def _store(slot: str, size: tuple[int, int], user: User) -> StoredFile:
    return files.store(
        _photo(size), name=f"{slot}.jpg", content_type="image/jpeg", purpose=slot,
        by_id=user.pk,
    )  # fmt: skip


@functools.cache
def _photo(size: tuple[int, int]) -> bytes:
    """A picture of a sheet of paper, as it is stored after an upload."""
    image = Image.new("RGB", size, "#f4f1e6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, size[0] - 20, size[1] - 20), outline="#8a7f5c", width=4)
    draw.text((60, 60), "SAMPLE - NOT A REAL DOCUMENT", fill="#5c5540", font_size=36)
    for line in range(5):
        top = 160 + line * 70
        draw.rectangle((60, top, size[0] - 120 - line * 40, top + 14), fill="#c9c1a4")
    return images.compress(_png(image))


@functools.cache
def _signature() -> bytes:
    return images.signature(drawn_signature())


def drawn_signature() -> bytes:
    """A made-up signature as a page sends it: a PNG of black strokes on white."""
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
    make_unit(make_account(_MOBILE, password))


def make_account(mobile: str, password: str | None) -> User:
    """A unit's person who signs in with this mobile number; without a password nobody can."""
    user = User.objects.filter(realm=Realm.EMPLOYER, login=mobile).first()
    return user or User.objects.create_user(
        Realm.EMPLOYER, mobile, password, label="示例单位招聘人员", mobile=mobile
    )


def show_employer() -> list[tuple[str, str, str]]:
    """The addresses and accounts that `load_demo --show` prints."""
    return [("用人单位", reverse("employer"), _MOBILE)] if employer_exists() else []
