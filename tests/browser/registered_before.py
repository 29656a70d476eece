"""Prepares the journey of a reviewer: demo graduates of school 99001 whose registrations wait for review.

`Stack.python` runs it with their number. It prints what the journey needs as JSON.
"""

from __future__ import annotations

import json
import sys

import django


def make(count: int) -> list[dict[str, str | int]]:
    from destinations.states import State
    from graduates.models import Graduate
    from graduates.records import RELATED
    from tests import factories

    untouched = Graduate.objects.select_related(*RELATED).filter(
        school__code="99001", destination__state=State.UNSUBMITTED, person__activated_at=None,
        cohort__year=2027, standing="enrolled",
    )  # fmt: skip
    made: list[dict[str, str | int]] = []
    for graduate in untouched.order_by("-pk")[:count]:
        factories.register_contract(graduate, factories.activate(graduate))
        made.append({"pk": graduate.pk, "name": graduate.name})
    return made


if __name__ == "__main__":
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment()  # the accounts are opened by the page graduates use
    sys.stdout.write(json.dumps(make(int(sys.argv[1]))))
