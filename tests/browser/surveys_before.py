"""Prepares the journey of a survey: a running one of the first demo school, which twelve others have
answered. It prints the link of one graduate as JSON."""

from __future__ import annotations

import json
import sys

import django


def make() -> dict[str, str]:
    from accounts.models import Realm, User
    from codes import lookup
    from graduates.models import Graduate
    from surveys.models import Answer
    from tests.surveys import scene

    lookup.refresh()
    by = User.objects.get(realm=Realm.STAFF, login="99001admin")
    survey = scene.publish(by, title="虚构的满意度调查")
    graduate = Graduate.objects.select_related("school").get(
        school__code="99001", student_no="90270001"
    )
    Answer.objects.bulk_create(
        Answer(
            survey=survey, number=1, data={"q1": 0}, is_complete=True, is_valid=True,
            school_fact=graduate.school_id, department_fact=graduate.department_id,
            level_fact="本科", group_fact="升学",
        )
        for _ in range(12)
    )  # fmt: skip
    return {
        "title": survey.title, "link": scene.address_of(survey, graduate), "pk": str(survey.pk),
        "name": graduate.name,
    }  # fmt: skip


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make(), ensure_ascii=False))
