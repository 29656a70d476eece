"""Where people upload pictures, workbooks and PDFs, for the hostile files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from accounts.models import User
from destinations.actions import imports as destination_imports
from destinations.models import DestinationImport
from graduates.actions import archive_imports, roster
from graduates.models import ArchiveImport, RosterImport
from tests.access_table import Objects
from tests.attack.hostile import Hostile


@dataclass(frozen=True)
class Upload:
    """A form that takes a file: who sends it, where to, and the name of its field. `finish` does
    what a worker does with the file afterwards."""

    user: User | None
    path: str
    field: str
    finish: Callable[[], object] = lambda: None


def uploads_of(objects: Objects, file: Hostile) -> list[Upload]:
    """Forms that take files of this kind: two of staff and unit for pictures, those of the three
    imports, and the public page of verification."""
    admin = objects.world.school_admin
    match file.kind:
        case "picture":
            of_graduate = reverse("console:evidence-add", args=[objects.inside.pk])
            return [
                Upload(admin, of_graduate, "image"),
                Upload(objects.employer, reverse("employer-papers"), "certificate"),
            ]
        case "workbook":
            return [
                Upload(admin, reverse("console:imports"), "file", _check_roster),
                Upload(admin, reverse("console:destination-imports"), "file", _check_destinations),
                Upload(admin, reverse("console:archive-imports"), "file", _check_archives),
            ]
    return [Upload(None, reverse("verify"), "file")]


def _check_roster() -> None:
    for pk in RosterImport.objects.filter(state="uploaded").values_list("pk", flat=True):
        roster.check(pk)


def _check_destinations() -> None:
    for pk in DestinationImport.objects.filter(state="uploaded").values_list("pk", flat=True):
        destination_imports.check(pk)


def _check_archives() -> None:
    for pk in ArchiveImport.objects.filter(state="uploaded").values_list("pk", flat=True):
        archive_imports.check(pk)
