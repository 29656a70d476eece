"""What this app plugs into the hooks of lower apps."""

from __future__ import annotations

from pathlib import Path

from django.db import connection
from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.models import User
from codes import hooks as codes_hooks
from core.errors import Refused
from destinations import catalogue, corrections, home  # noqa: F401 - the last two fill hooks
from destinations.models import Destination, FinalConfirmation, ReleaseProposal
from destinations.queries import empty_row_sql
from destinations.states import OPEN_RELEASE, WAITING, State
from graduates import hooks
from graduates.models import Graduate
from graduates.states import Standing
from schools.hooks import before_sealing
from schools.models import Cohort


@hooks.imported.plug()
def make_destinations(*, school_id: int, import_id: int) -> None:
    """Add an empty destination for every graduate that the import has just added."""
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
    catalogue.load_shipped_catalogue()
    catalogue.load_shipped_wages()


@before_sealing.plug()
def unfinished_destinations(*, cohort: Cohort) -> list[tuple[str, str]]:
    """How many destinations are in each state that they should have left before the cohort is
    sealed, with a link to the list of them."""
    rows = Destination.objects.filter(
        school_id=cohort.school_id, cohort=cohort, graduate__standing=Standing.ENROLLED
    )
    counts = dict(rows.values_list("state").annotate(Count("pk")))
    address = f"{reverse('console:destinations')}?cohort={cohort.year}&state="
    return [
        (f"{counts[state]}人的去向{State(state).label}", f"{address}{state}")
        for state in (*WAITING, State.REJECTED, State.UNSUBMITTED)
        if state in counts
    ]


@hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    Destination.objects.filter(pk=graduate.pk).update(cohort_id=graduate.cohort_id)
    ReleaseProposal.objects.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)
    FinalConfirmation.objects.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)


@hooks.leave_guards.plug()
def refuse_with_agreement(*, graduate: Graduate) -> None:
    """A graduate with an active agreement leaves only after its termination."""
    if Destination.objects.filter(pk=graduate.pk, locked_at__isnull=False).exists():
        raise Refused("agreement", "有生效的网签协议，须先解约。")


@hooks.notices.plug()
def open_release(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """A proposal to release that waits for a decision."""
    if not user.has_perm("destinations.view"):
        return []
    rows = ReleaseProposal.objects.filter(graduate=graduate, state__in=OPEN_RELEASE)
    return [
        (
            f"{row.proposed_by}于{localtime(row.created_at):%Y年%-m月%-d日}对现在的去向提出解约，"
            f"{row.get_state_display()}。",
            reverse("console:release", args=[row.pk]),
        )
        for row in rows
    ]


@hooks.detail_links.plug()
def link_to_destination(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    if not user.has_perm("destinations.view"):
        return []
    return [("去向审核", reverse("console:destination", args=[graduate.pk]))]
