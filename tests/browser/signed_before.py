"""Prepares the journeys after signing: a demo graduate whose agreement the school approved, and who has
read another invitation.

`Stack.python` runs it with a student number of school 99001. It prints what the journey needs as
JSON.
"""

from __future__ import annotations

import json
import sys

import django


def make(student_no: str) -> dict[str, str | int]:
    from accounts.models import Realm, User
    from codes import lookup
    from destinations.actions import review
    from graduates.models import Graduate
    from graduates.records import RELATED
    from tests import factories
    from tests.esign import signing

    lookup.refresh()
    rows = Graduate.objects.select_related(*RELATED)
    graduate = rows.get(school__code="99001", student_no=student_no)
    admin = User.objects.get(realm=Realm.STAFF, login="99001admin")
    first, second = (f"139{kind}{student_no[-4:]}" for kind in ("0011", "0022"))

    user = signing.confirm_origin(graduate)
    agreement = signing.sign_agreement(
        graduate, mobile=first, unit_name="虚构信息技术有限公司", contact_name="虚构经理",
    )  # fmt: skip
    review.approve(graduate_id=graduate.pk, by=admin)
    invitation = signing.send_invitation(
        graduate, second, unit_name="虚构数据服务有限公司",
        unit_code=factories.make_unit_code(body="MA2P1ABD"), contact_name="虚构主管",
    )  # fmt: skip
    signing.read_notice(invitation, user)
    signing.allow_new_codes()
    return {
        "student_no": student_no,
        "name": graduate.name,
        "password": factories.PASSWORD,
        "mobile": graduate.mobile,
        "agreement": agreement.pk,
        "number": agreement.number,
        "token": agreement.token,
        "unit_mobile": first,
        "unit": "虚构信息技术有限公司",
        "next_unit": "虚构数据服务有限公司",
    }


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()  # the account is opened by the page graduates use
    sys.stdout.write(json.dumps(make(sys.argv[1])))
