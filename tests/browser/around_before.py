"""Prepares the journeys around the registration: a demo graduate of school 99001 who has an account and
has registered nothing, and one whose approved destination is called back. It prints both as JSON."""

from __future__ import annotations

import json
import sys

import django


def make() -> dict[str, dict[str, str]]:
    from destinations.actions import enter
    from destinations.states import State
    from graduates.models import Graduate
    from graduates.records import RELATED
    from tests import factories

    untouched = Graduate.objects.select_related(*RELATED).filter(
        school__code="99001", destination__state=State.UNSUBMITTED, person__activated_at=None,
        cohort__year=2027, standing="enrolled", student_no__startswith="9027",
    )  # fmt: skip
    reminded, called = untouched.order_by("-pk")[2:4]
    factories.activate(reminded)
    from accounts.models import Realm, User

    admin = User.objects.get(realm=Realm.STAFF, login="99001admin")
    enter.enter(graduate_id=called.pk, typed=factories.CONTRACT, by=admin)
    return {
        who: {
            "name": one.name, "student_no": one.student_no, "password": factories.PASSWORD,
            "mobile": one.mobile,
        }
        for who, one in (("reminded", reminded), ("called", called))
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()  # the accounts are opened by the page graduates use
    sys.stdout.write(json.dumps(make()))
