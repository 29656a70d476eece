"""The abstract models of imports of workbooks. Each app derives a model for its kind of import."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from schools.models import School
from workbooks.states import UNFINISHED, ImportState


class WorkbookImport(LeasedJob):
    """One uploaded workbook and the state of its import, which `actions/imports.py` changes.

    Checking and applying are leased jobs. Each kind of import has a model that adds the school or
    the member it belongs to, and who uploaded it.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    # A workbook with the refused rows, in which the wrong cells are marked.
    annotated = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    state = models.CharField(
        max_length=12, default=ImportState.UPLOADED, choices=ImportState.choices
    )
    counts = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ImportState.values), name="%(class)s_state_known"
            ),
            lease_constraint(
                "%(class)s_leased_while_running", [ImportState.CHECKING, ImportState.APPLYING]
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_running(self) -> bool:
        """Whether a worker has the import or will get it next."""
        return self.state in UNFINISHED


class RowsImport(WorkbookImport):
    """An import of a school's workbook whose rows each change one record (`actions/rows.py`).

    `counts` has the keys "rows", "able" (rows that can be written), "unchanged" and "rejected".
    `issues` lists {"row", "column", "message"}; a warning has "is_warning", too.
    """

    school = models.ForeignKey(School, models.PROTECT, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    issues = models.JSONField(default=list)

    class Meta(WorkbookImport.Meta):
        abstract = True

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The issues that refuse their rows."""
        return [issue for issue in self.issues if not issue.get("is_warning")]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue.get("is_warning")]
