"""Prepares the journey of recruiting: a certified unit with a person who signs in, and a graduate with an
account whose record is confirmed.

`Stack.python` runs it with `people`, with `fair`, or with `code` and the id of a fair. It prints what the
journey needs as JSON.
"""

from __future__ import annotations

import datetime
import json
import os
import sys

import django

MOBILE, STUDENT_NO = "13900008801", "90270004"


def make_fair() -> dict[str, int]:
    """A fair of the first demo school that begins in 50 minutes."""
    from django.utils import timezone

    from accounts.models import Realm, User
    from recruiting.actions import fairs
    from recruiting.states import FairKind

    school = User.objects.get(realm=Realm.STAFF, login="99001admin")
    start = timezone.now() + datetime.timedelta(minutes=50)
    terms = {
        "kind": FairKind.FAIR, "title": "虚构专场双选会", "starts_at": start, "place": "虚构礼堂",
        "ends_at": start + datetime.timedelta(hours=3), "link": "", "text": "", "capacity": 100,
        "booths_offered": 5, "slot_minutes": None, "slot_cap": None, "school_ids": [],
        "apply_until": start - datetime.timedelta(minutes=5),
    }  # fmt: skip
    fair = fairs.create(typed=terms, by=school)
    fairs.open_registration(fair_id=fair.pk, by=school)
    return {"fair": fair.pk}


def read_code(fair_id: int) -> dict[str, str]:
    """The code that the screen at the door shows now."""
    from django.urls import reverse

    from core.clock import database_now
    from recruiting import check_in_code

    return {"address": reverse("check-in", args=[check_in_code.code_of(fair_id, database_now())])}


def make() -> dict[str, str]:
    from codes import lookup
    from employers.demo import make_account, make_unit
    from graduates.models import Graduate
    from tests import factories
    from tests.esign import signing

    lookup.refresh()
    member = make_unit(
        make_account(MOBILE, os.environ["DEMO_PASSWORD"]),
        body="MA9B0001",
        name="虚构云计算有限公司",
    )
    graduate = Graduate.objects.get(school__code="99001", student_no=STUDENT_NO)
    signing.confirm_origin(graduate)
    return {
        "unit": member.unit.name,
        "mobile": MOBILE,
        "student_no": STUDENT_NO,
        "name": graduate.name,
        "password": factories.PASSWORD,
        "graduate_mobile": graduate.mobile,
    }


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()  # the account is opened by the page graduates use
    done = {"fair": make_fair, "people": make}
    what, *rest = sys.argv[1:]
    made = read_code(int(rest[0])) if what == "code" else done[what]()  # type: ignore[operator]
    sys.stdout.write(json.dumps(made))
