"""Prepares the journeys around the registration: a demo graduate of school 99001 who has an account and
has registered nothing, and one whose approved destination is called back. It prints both as JSON."""

from __future__ import annotations

import json
import sys

import django


def make() -> dict[str, dict[str, str]]:
    from accounts.models import Realm, User
    from destinations.actions import enter
    from graduates import demo
    from graduates.actions import origin
    from graduates.models import Graduate
    from graduates.records import RELATED
    from schools.demo import DEMO_YEAR
    from schools.models import School, SchoolClass
    from tests import factories

    school = School.objects.get(code="99001")
    its_class = SchoolClass.objects.filter(cohort__school=school, cohort__year=DEMO_YEAR).first()
    assert its_class is not None
    made = []
    for index in (9001, 9002):
        typed = demo.typed_record(index, its_class, DEMO_YEAR)
        added = origin.add(school=school, typed=typed, by=demo.DEMO_ACTOR)
        Graduate.objects.filter(pk=added.pk).update(created_at=demo.long_ago())
        made.append(Graduate.objects.select_related(*RELATED).get(pk=added.pk))
    reminded, called = made
    factories.activate(reminded)
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
