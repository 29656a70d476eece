"""Graduates with two invitations each, which they have read and received a one-time code for."""

from __future__ import annotations

import datetime
import io
import random
import secrets
import tempfile
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts import one_time_codes
from accounts.models import OneTimeCode, Realm, User
from benchmarks import made_up
from codes.validators import organisation_check_character, uscc_check_character
from core import files
from core.files import images
from core.models import StoredFile
from employers.models import Membership, Unit, UnitMember
from esign import terms
from esign.actions import accept
from esign.deadlines import end_of_day_after
from esign.fields import IMAGES, SIGNATURE
from esign.models import Invitation, Reading
from esign.rules import check_terms
from esign.states import Way
from graduates.models import Graduate, Person
from graduates.records import RELATED, confirmation_hash, record_of
from graduates.states import Confirmation
from schools.models import Cohort, School

SCHOOL, UNITS = "10998", 40
# New records and accounts wait for 72 hours before they sign.
_MONTH_AGO = timezone.now() - datetime.timedelta(days=30)


@dataclass(frozen=True)
class Offer:
    """What is needed to accept one invitation, with the one-time code sent to the phone."""

    user_id: int
    invitation_id: int
    code: str


def offers(graduates: int) -> list[tuple[Offer, Offer]]:
    """Make `graduates` people who confirmed their origin, with invitations from two units each."""
    _roster(graduates)
    people = list(Graduate.objects.select_related(*RELATED).order_by("pk"))
    _accounts(people)
    _confirm(people)
    members = [_member(n) for n in range(UNITS)]
    pictures = _pictures()
    invitations = Invitation.objects.bulk_create(
        [
            _invitation(graduate, members[(n + shift) % UNITS], pictures)
            for n, graduate in enumerate(people)
            for shift in (0, 7)
        ],
        batch_size=500,
    )
    owners = dict(Person.objects.values_list("pk", "user_id"))
    ready = _make_ready(invitations, owners)
    return list(zip(ready[::2], ready[1::2], strict=True))


def _roster(count: int) -> None:
    today = timezone.localdate()
    school = School.objects.create(code=SCHOOL, name="测试签约大学")
    Cohort.objects.create(
        school=school, year=made_up.YEAR, opens_on=today - datetime.timedelta(days=60),
        ends_on=today + datetime.timedelta(days=300),
    )  # fmt: skip
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(made_up.workbook(made_up.roster_rows(count)))
        file.flush()
        call_command("import_roster", SCHOOL, file.name)


def _accounts(people: list[Graduate]) -> None:
    users = User.objects.bulk_create(
        User(realm=Realm.GRADUATE, login=f"{SCHOOL}:{g.student_no}", label=g.name, password="!")
        for g in people
    )
    for graduate, user in zip(people, users, strict=True):
        graduate.person.user, graduate.person.activated_at = user, _MONTH_AGO
    Person.objects.bulk_update([g.person for g in people], ["user", "activated_at"], batch_size=500)


def _confirm(people: list[Graduate]) -> None:
    for graduate in people:
        graduate.archive_moved, graduate.household_moved = True, False
        graduate.created_at = _MONTH_AGO
        graduate.confirmed_at = timezone.now()
        graduate.confirmation = Confirmation.CONFIRMED
        graduate.confirmed_hash = confirmation_hash(record_of(graduate))
    Graduate.objects.bulk_update(
        people,
        [
            "archive_moved",
            "household_moved",
            "confirmed_at",
            "confirmation",
            "confirmed_hash",
            "created_at",
        ],
        batch_size=500,
    )


def _member(number: int) -> UnitMember:
    body = f"MA2N{number:04d}"
    first = f"91340100{body}{organisation_check_character(body)}"
    unit = Unit.objects.create(
        code=f"{first}{uscc_check_character(first)}", name=f"测试单位{number}有限公司"
    )
    mobile = f"139{number:08d}"
    user = User.objects.create_user(Realm.EMPLOYER, mobile, None, label="联系人", mobile=mobile)
    return UnitMember.objects.create(
        unit=unit, user=user, name="联系人", state=Membership.VERIFIED, verified_at=timezone.now()
    )


def _pictures() -> dict[str, StoredFile]:
    ink = images.signature(strokes(0))
    photo = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(photo, "JPEG")
    return {
        slot: files.store(
            ink if slot == SIGNATURE else photo.getvalue(), name=slot, purpose=slot,
            content_type="image/png" if slot == SIGNATURE else "image/jpeg",
        )
        for slot in (*IMAGES, SIGNATURE)
    }  # fmt: skip


def strokes(seed: int) -> bytes:
    """A drawn signature as the page sends it: a PNG of black strokes on white."""
    rng = random.Random(seed)
    image = Image.new("RGB", (600, 240), "white")
    draw = ImageDraw.Draw(image)
    for _ in range(3):
        x, points = rng.randint(40, 120), []
        while x < 540:
            points.append((x, rng.randint(50, 190)))
            x += rng.randint(20, 60)
        draw.line(points, fill="black", width=6, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def typed(member: UnitMember) -> dict[str, str]:
    report_by = timezone.localdate() + datetime.timedelta(days=120)
    return {
        "unit_name": member.unit.name, "unit_code": member.unit.code, "unit_division": "340111",
        "unit_property": "39", "unit_industry": "34", "unit_address": "测试路1号",
        "contact_name": member.name, "contact_mobile": member.user.login,
        "contact_phone": "0551-60000000", "contact_email": "hr@example.com", "job_category": "13",
        "job_title": "软件工程师", "term_years": "3", "probation_months": "3",
        "probation_wage": "5000", "wage": "6000", "penalty": "3000",
        "report_place": "测试路1号人力资源部", "report_by": report_by.isoformat(),
        "work_place": "合肥市包河区", "signing_notes": "提供集体宿舍，报到后十日内签订劳动合同",
        "penalty_notes": "", "archive_unit": "测试人才服务中心", "archive_contact": "档案员",
        "archive_phone": "0551-60000002", "archive_address": "测试路2号", "valid_days": "3",
    }  # fmt: skip


def _invitation(
    graduate: Graduate, member: UnitMember, pictures: dict[str, StoredFile]
) -> Invitation:
    checked = check_terms(typed(member))
    assert not checked.errors(), checked.errors()
    now = timezone.now()
    until = end_of_day_after(now, 3)
    text = terms.compose(
        graduate=graduate, values=checked.values, sent_at=now, valid_until=until,
        files={slot: file.sha256 for slot, file in pictures.items()},
    )  # fmt: skip
    values: dict[str, Any] = dict(pictures)
    return Invitation(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        unit=member.unit, member=member, way=Way.CARD, terms=text, terms_hash=terms.digest(text),
        sent_at=now, valid_days=3, valid_until=until, **values,
    )  # fmt: skip


def _make_ready(invitations: list[Invitation], owners: dict[int, int | None]) -> list[Offer]:
    """Write that the notices were opened two minutes ago, and a one-time code for each. The rows
    are those that `one_time_codes.issue` writes; sending 4,000 text messages is not measured."""
    now = timezone.now()
    ready, codes, readings = [], [], []
    for invitation in invitations:
        graduate, code = invitation.graduate, f"{secrets.randbelow(10**6):06d}"
        nonce = secrets.token_hex(16)
        user_id = owners[graduate.person_id]
        assert user_id is not None
        readings.append(
            Reading(graduate=graduate, terms_hash=invitation.terms_hash, user_id=user_id,
                    opened_at=now - datetime.timedelta(minutes=2))
        )  # fmt: skip
        codes.append(
            OneTimeCode(
                purpose="accept", phone=graduate.mobile, nonce=nonce, address="127.0.0.1",
                subject=accept._subject(invitation, invitation.terms_hash),
                digest=one_time_codes._digest(nonce, code),
                expires_at=now + datetime.timedelta(hours=1),
            )
        )  # fmt: skip
        ready.append(Offer(user_id, invitation.pk, code))
    Reading.objects.bulk_create(readings, batch_size=1000)
    OneTimeCode.objects.bulk_create(codes, batch_size=1000)
    return ready
