"""Prepares the journey of 就业帮扶: the province's workbook with one graduate of the first demo school whom
its counsellor looks after and who can sign in. `Stack.python` runs it with the folder for the workbook; it
prints what the journey needs as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django


def write_workbook(folder: str) -> dict[str, str]:
    from accounts.models import Realm, User
    from core import spreadsheets
    from graduates.models import Graduate
    from schools.scope import visible_to
    from support.actions import group_imports

    counsellor = User.objects.get(realm=Realm.STAFF, login="99001fudaoyuan")
    rows = visible_to(Graduate.objects.select_related("school", "cohort"), counsellor)
    able = rows.filter(person__activated_at__isnull=False, student_no__startswith="902700")
    others = able.exclude(student_no="90270004").select_related("person__user")
    graduate = others.order_by("-student_no")[0]
    account = graduate.person.user
    assert account is not None
    account.set_password(os.environ["DEMO_PASSWORD"])
    account.save(update_fields=["password"])
    line = [graduate.cohort.year, graduate.school.code, graduate.exam_no, "", graduate.name,
            "低保家庭；残疾", "2026-09-10"]  # fmt: skip
    path = Path(folder) / "困难群体.xlsx"
    path.write_bytes(spreadsheets.write(group_imports.HEADER, [line], title="困难群体"))
    return {
        "workbook": str(path), "name": graduate.name, "student_no": graduate.student_no,
        "year": str(graduate.cohort.year), "page": f"/console/support/{graduate.pk}/",
    }  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    sys.stdout.write(json.dumps(write_workbook(sys.argv[1])))
