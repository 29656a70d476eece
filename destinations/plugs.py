"""What destinations plug into the apps below."""

from __future__ import annotations

from pathlib import Path

from django.db import connection
from django.urls import reverse

from accounts.models import User
from codes import hooks as codes_hooks
from core import home as console_home
from core.demo import demo_data
from core.errors import Refused
from core.generated_docs import MACHINES
from destinations import catalogue, demo, reports, steps
from destinations.models import Destination
from destinations.queries import empty_row_sql
from graduates import hooks
from graduates.models import Graduate
from schools.options import cohort_ids, cohort_options
from schools.scope import visible_to


@hooks.imported.plug()
def make_destinations(*, school_id: int, import_id: int) -> None:
    """A bare destination for every graduate the import just made."""
    columns, values = empty_row_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO destinations_destination (graduate_id, school_id, cohort_id, {columns})
                SELECT g.id, g.school_id, g.cohort_id, {values}
                FROM graduates_rosterrow s JOIN graduates_graduate g
                  ON g.school_id = %s AND g.student_no = s.student_no
                WHERE s.import_id = %s AND s.status IS NULL ORDER BY g.id""",
            [school_id, import_id],
        )


@hooks.created.plug()
def make_destination(*, graduate: Graduate, by: object) -> None:
    Destination.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id
    )


@codes_hooks.data_folder.plug()
def catalogue_folder() -> Path:
    return catalogue.DATA


@codes_hooks.codes_loaded.plug()
def load_catalogue() -> None:
    catalogue.load()


@hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    Destination.objects.filter(pk=graduate.pk).update(cohort_id=graduate.cohort_id)


@hooks.leave_guards.plug()
def no_agreement(*, graduate: Graduate) -> None:
    """Leaving with an active agreement needs its termination first."""
    if Destination.objects.filter(pk=graduate.pk, locked_at__isnull=False).exists():
        raise Refused("agreement", "有生效的网签协议, 须先解约。")


@hooks.detail_links.plug()
def link_to_destination(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    if not user.has_perm("destinations.view"):
        return []
    return [("去向审核", reverse("console:destination", args=[graduate.pk]))]


@demo_data.plug(order=30)
def make_demo_destinations(*, password: str) -> None:
    demo.make_destinations()


MACHINES.append((steps.MACHINE, {str(k): v for k, v in steps.ROLE_LABELS.items()}))


@console_home.panels.plug()
def progress_panel(*, user: User) -> tuple[str, list[tuple[str, int, int, str]]] | None:
    """The newest cohort's progress in the person's scope."""
    if not user.has_perm("figures.view"):
        return None
    cohorts = cohort_options(user)
    if not cohorts:
        return None
    year = cohorts[0][0]
    rows = visible_to(Destination.objects.all(), user, graduate="graduate")
    n = reports.progress(rows.filter(cohort_id__in=cohort_ids(user, int(year))))
    base = reverse("console:destinations")
    origins = reverse("console:origins")
    lines = [
        ("生源已确认或锁定", n["confirmed"], n["total"], f"{origins}?cohort={year}"),
        ("去向已登记", n["registered"], n["total"], f"{base}?cohort={year}"),
        ("已通过初审", n["department"], n["total"], f"{base}?cohort={year}"),
        ("已通过终审", n["school"], n["total"], f"{base}?cohort={year}&state=school_approved"),
    ]
    return f"{year}届进度", lines
