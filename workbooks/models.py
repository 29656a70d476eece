"""What every import of a workbook keeps; each app adds a model of its own for its kind."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from workbooks.states import UNFINISHED, ImportState


class WorkbookImport(LeasedJob):
    """One uploaded workbook and how far its import is; `actions/imports.py` changes its state.

    Checking and applying are leased jobs. Each kind of import adds a model of its own with the
    school or member it belongs to and who uploaded it.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    # The refused rows with the wrong cells marked.
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
        """Whether a worker has, or is about to get, this import."""
        return self.state in UNFINISHED
