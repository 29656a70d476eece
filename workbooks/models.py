"""What every import of a workbook keeps; each app adds a model of its own for its kind."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from core.models import StoredFile
from workbooks.states import RUNNING, ImportState


class WorkbookImport(models.Model):
    """A workbook on its way from upload to confirmed result; `actions/imports.py` moves it.

    Each kind adds its school, who uploaded it, and what else it wants to say.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    # The refused rows with the wrong cells marked.
    annotated = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    state = models.CharField(
        max_length=12, default=ImportState.UPLOADED, choices=ImportState.choices
    )
    progress = models.PositiveSmallIntegerField(default=0)  # percent
    counts = models.JSONField(default=dict)
    problem = models.TextField("失败原因", default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def is_running(self) -> bool:
        """Between upload and preview, or between confirmation and result."""
        return self.state in RUNNING
