"""Prepares the journey with a workbook: writes invitations for demo graduates of school 99001, two of
them with mistakes. `Stack.python` runs it with the path to write to. It prints the mobile number of
the unit's contact."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django


def make(path: Path) -> dict[str, str]:
    from codes import lookup
    from employers.demo import unit_code
    from employers.models import UnitMember
    from graduates.models import Graduate
    from tests.esign.workbooks import make_row, make_workbook

    lookup.refresh()
    graduates = Graduate.objects.select_related("school").filter(school__code="99001")
    found = list(graduates.order_by("-student_no")[:8])
    rows = [make_row(g, **({"wage": "面议"} if n == 3 else {})) for n, g in enumerate(found)]
    rows[6][2] = "90279999"
    path.write_bytes(make_workbook(rows))
    member = UnitMember.objects.select_related("user").get(unit__code=unit_code())
    return {"mobile": member.user.login}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make(Path(sys.argv[1]))))
