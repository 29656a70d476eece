"""The final confirmation (最终信息确认): until when a cohort confirms, and what each graduate said."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from destinations.states import FinalState
from graduates.models import Graduate
from schools.models import Cohort, School

LIVE_FINAL = (FinalState.CONFIRMED, FinalState.DOUBT)


class FinalRound(models.Model):
    """A school has opened the final confirmation of a cohort. It ends with the cohort's registration."""

    cohort = models.OneToOneField(
        Cohort, models.PROTECT, primary_key=True, related_name="final_round"
    )
    opened_at = models.DateTimeField("开放时间", db_default=Now())
    opened_by_id = models.BigIntegerField()
    opened_by = models.CharField("开放人", max_length=80)

    class Meta:
        verbose_name = "最终信息确认"

    def __str__(self) -> str:
        return f"最终信息确认 {self.cohort_id}"


class FinalConfirmation(models.Model):
    """What a graduate said of everything that is registered of them: that it is right, or what is not.

    `hashes` has the SHA-256 of each part as it was shown. Triggers set `touched_at` when anything of the
    graduate is written (migration 0011); a task then compares the hashes, and lets the row lapse if a
    part has changed.
    """

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="finals", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    state = models.CharField("状态", max_length=10, choices=FinalState)
    hashes = models.JSONField()
    said_at = models.DateTimeField("时间", db_default=Now())
    # The browser and the network address from which it was said.
    device = models.CharField(max_length=200)
    address = models.CharField(max_length=45)
    # What is not right, in which part.
    part = models.CharField("部分", max_length=12, default="", blank=True)
    doubt = models.CharField("疑问", max_length=300, default="", blank=True)
    answer = models.CharField("答复", max_length=300, default="", blank=True)
    answered_by = models.CharField("答复人", max_length=80, default="", blank=True)
    touched_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField("失效时间", null=True, blank=True)
    # The parts that changed; none if a doubt was answered.
    changed = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    class Meta:
        verbose_name = "最终信息确认记录"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=FinalState.values), name="final_state"),
            models.CheckConstraint(
                condition=Q(state=FinalState.LAPSED, lapsed_at__isnull=False)
                | (~Q(state=FinalState.LAPSED) & Q(lapsed_at__isnull=True)),
                name="final_lapsed_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=FinalState.DOUBT) | (~Q(doubt="") & ~Q(part="")),
                name="final_doubt_says_what",
            ),
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(state__in=LIVE_FINAL), name="final_one_that_counts"
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="final_of"),
            models.Index(
                fields=["touched_at"], condition=Q(touched_at__isnull=False), name="final_touched"
            ),
            models.Index(
                fields=["school", "cohort", "-id"], condition=Q(state=FinalState.DOUBT),
                name="final_doubts",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"最终信息确认 {self.pk}"
