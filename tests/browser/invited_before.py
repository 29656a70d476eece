"""Prepares the journey of a graduate who has read an invitation and is about to sign.

`Stack.python` runs it with a student number of school 99001. It prints what the journey needs as
JSON.
"""

from __future__ import annotations

import json
import sys

import django


def make(student_no: str) -> dict[str, str | int]:
    from codes import lookup
    from graduates.models import Graduate
    from graduates.records import RELATED
    from tests import factories
    from tests.esign import signing

    lookup.refresh()
    rows = Graduate.objects.select_related(*RELATED)
    graduate = rows.get(school__code="99001", student_no=student_no)
    user = signing.confirm_origin(graduate)
    invitation = signing.send_invitation(graduate, f"1390033{student_no[-4:]}")
    signing.read_notice(invitation, user)
    signing.allow_new_codes()
    return {
        "student_no": student_no,
        "name": graduate.name,
        "password": factories.PASSWORD,
        "mobile": graduate.mobile,
        "invitation": invitation.pk,
    }


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()  # the account is opened by the page graduates use
    sys.stdout.write(json.dumps(make(sys.argv[1])))
