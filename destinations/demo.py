"""Demo destinations in several states, made by the same actions that people use."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from accounts.models import Realm, User
from destinations.actions import enter, evidence, review
from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from schools.demo import DEMO_CODE

_UNIT = {
    "unit_name": "示例信息技术有限公司",
    "unit_code": "91110000802100433B",
    "unit_property": "39",
    "unit_industry": "34",
    "unit_division": "340111",
    "job_category": "13",
    "job_title": "软件工程师",
    "contact_name": "示例经理",
    "contact_phone": "0551-60000000",
}
_CONTRACT: dict[str, Any] = {"category": "11", **_UNIT}
_AGREEMENT = {"category": "10", "form": "agreement", "agreement_ref": "演示0001", **_UNIT}
_STUDY = {"category": "801", "unit_name": "示例大学", "unit_division": "340104"}
_SOLDIER = {"category": "46"}
_SEEKING = {"category": "70-2"}
_DESTINATIONS = (_CONTRACT, _AGREEMENT, _STUDY, _SOLDIER, _CONTRACT, _SEEKING)


def make_destinations(password: str) -> None:
    """Enter destinations as the demo staff: some approved by the school, some rejected, some left
    with the department's approval."""
    admin = User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}admin")
    adviser = User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}yuanxi")
    graduates = Graduate.objects.filter(school__code=DEMO_CODE, student_no__startswith="9027")
    for index, graduate in enumerate(graduates.order_by("student_no")[4:]):
        state = Destination.objects.values_list("state", flat=True).get(pk=graduate.pk)
        if state != State.UNSUBMITTED:
            continue
        typed = _DESTINATIONS[index % len(_DESTINATIONS)]
        if index % 2:
            enter.enter(graduate_id=graduate.pk, typed=typed, by=admin)
            continue
        enter.enter(graduate_id=graduate.pk, typed=typed, by=adviser)
        evidence.add_evidence(
            graduate=graduate, content=paper(500 + index), name="证明.png", by=adviser
        )
        if index % 6 == 0:
            review.reject(graduate_id=graduate.pk, reason="证明材料缺少单位盖章", by=admin)


def paper(number: int = 0) -> bytes:
    """A picture of a sheet of paper with a table, lines of text and a red seal. Different numbers give
    sheets that look different, also to a check for copies."""
    dice = random.Random(number)  # noqa: S311 - a drawing, no secret
    image = Image.new("RGB", (1200, 1600), "#fdfdfb")
    draw = ImageDraw.Draw(image)
    title = dice.randrange(160, 600)
    draw.rectangle((title, 100, title + 420, 150), fill="#333333")
    for row in range(7):
        for column in range(6):
            shade = dice.choice(("#fdfdfb", "#dcdcdc", "#b4b4b4", "#8c8c8c"))
            left, top = 110 + column * 165, 230 + row * 140
            draw.rectangle((left, top, left + 155, top + 128), fill=shade, outline="#555555")
            draw.rectangle(
                (left + 15, top + 50, left + dice.randrange(40, 145), top + 64), fill="#444444"
            )
    for line in range(4):
        draw.rectangle(
            (140, 1270 + line * 55, dice.randrange(500, 1060), 1282 + line * 55), fill="#777777"
        )
    seal = dice.randrange(120, 820)
    draw.ellipse((seal, 1240, seal + 260, 1500), outline="#c0392b", width=12)
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
