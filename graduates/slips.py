"""Initial codes of a class: who still needs one, and a PDF of slips to cut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from accounts.models import User
from core import pdf
from graduates.filters import without_account
from graduates.initial_codes import expired_before, initial_code, last_day
from graduates.models import Graduate
from schools.models import Cohort, SchoolClass
from schools.scope import visible_to

MOST = 500  # codes of one class; a larger class is a mistake in the roster


@dataclass(frozen=True)
class Slip:
    """A graduate with the initial code."""

    graduate_id: int
    name: str
    student_no: str
    code: str
    last_day: date

    @property
    def spaced(self) -> str:
        return f"{self.code[:4]} {self.code[4:]}"


def not_activated(user: User) -> QuerySet[Graduate]:
    """The graduates in the user's scope who are 在籍 and have not activated their account."""
    return without_account(visible_to(Graduate.objects.all(), user))


def classes_waiting(user: User, cohort: Cohort, department_id: int | None) -> list[dict[str, Any]]:
    """The classes of a cohort, each with the number of graduates who have not activated their account
    ("waiting"), of those whose code has expired ("expired"), and the last day of the code that
    expires first ("last_day")."""
    rows = not_activated(user).filter(school_id=cohort.school_id, cohort=cohort)
    if department_id is not None:
        rows = rows.filter(department_id=department_id)
    classes = (
        rows.values("school_class_id", "school_class__name", "department__name")
        .annotate(
            waiting=Count("pk"),
            expired=Count("pk", filter=Q(person__code_made_at__lt=expired_before())),
            made_at=Min(
                "person__code_made_at", filter=Q(person__code_made_at__gte=expired_before())
            ),
        )
        .order_by("department__name", "school_class__name", "school_class_id")
    )
    return [
        {**row, "last_day": last_day(row["made_at"]) if row["made_at"] else None} for row in classes
    ]


def slips_of(user: User, school_class: SchoolClass) -> list[Slip]:
    """The slips of a class for its graduates in the user's scope who need one."""
    rows = not_activated(user).filter(
        school_id=school_class.school_id,
        cohort_id=school_class.cohort_id,
        school_class=school_class,
    )
    return [
        Slip(
            g.pk,
            g.name,
            g.student_no,
            initial_code(g.person_id, g.person.code_number),
            last_day(g.person.code_made_at),
        )
        for g in rows.select_related("person").order_by("student_no")[:MOST]
    ]


def sign_in_address() -> str:
    return f"{settings.PUBLIC_ORIGIN}{reverse('activate')}"


def make_pdf(school_class: SchoolClass, slips: Sequence[Slip]) -> bytes:
    """The slips of a class as a PDF, with lines to cut along."""
    context = {
        "school_class": school_class,
        "slips": slips,
        "address": sign_in_address(),
        "qr": pdf.qr_svg(sign_in_address()),
    }
    return pdf.render("graduates/console/slips_pdf.html", context)
