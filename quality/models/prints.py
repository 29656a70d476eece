"""Prints of evidence pictures, by which copies of a picture are found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.jobs import LeasedJob, lease_constraint
from quality.states import PrintState


class EvidencePrint(LeasedJob):
    """The perceptual hash of a picture, by the SHA-256 of its content (`StoredFile.sha256`), so that a
    content is worked out once however often it was uploaded. Working it out is a leased job.

    `dhash` holds the 64 bits as a signed number. It is None of a picture that says nothing: one of
    one colour or nearly so, which would look like every other one of these.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    dhash = models.BigIntegerField(null=True)
    state = models.CharField("状态", max_length=10, choices=PrintState, default=PrintState.WAITING)

    class Meta:
        verbose_name = "材料指纹"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PrintState.values), name="evidence_print_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=PrintState.DONE) | Q(dhash__isnull=True),
                name="evidence_print_hash_of_done",
            ),
            lease_constraint("evidence_print_leased_while_making", [PrintState.MAKING]),
        ]
        indexes = [
            models.Index(fields=["dhash"], name="evidence_print_hash", condition=Q(dhash__isnull=False)),
            models.Index(
                fields=["due_at", "sha256"],
                name="evidence_print_due",
                condition=Q(state__in=[PrintState.WAITING, PrintState.MAKING]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"材料指纹 {self.sha256[:8]}"
