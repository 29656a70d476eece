"""Prepares the journey of recruiting: a certified unit with a person who signs in, and a graduate with an
account whose record is confirmed.

`Stack.python` runs it. It prints what the journey needs as JSON.
"""

from __future__ import annotations

import json
import os
import sys

import django

MOBILE, STUDENT_NO = "13900008801", "90270004"


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
    sys.stdout.write(json.dumps(make()))
