"""Terminations of agreements and the pictures that prove their grounds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from esign.models.agreements import Agreement
from esign.reader_words import STAFF, state_of
from esign.states import OPEN_TERMINATION, Ground, Side, TerminationState
from graduates.models import Graduate
from schools.models import Cohort, School


class Termination(models.Model):
    """A request to end an agreement (解约), with its answer and reviews. An agreement has at most one
    that is open."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="terminations")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="terminations")
    started_by = models.CharField("发起方", max_length=10, choices=Side)
    started_by_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    ground = models.CharField("解约事由", max_length=15, choices=Ground)
    reason = models.CharField("说明", max_length=500)
    # The day on which the other side was told in writing; only for one-sided grounds.
    notified_on = models.DateField("书面告知对方日期", null=True, blank=True)
    state = models.CharField("状态", max_length=20, choices=TerminationState)
    created_at = models.DateTimeField("申请时间", db_default=Now())
    answer_by = models.DateTimeField("对方答复期限", null=True, blank=True)
    # The other side agreed and may take the consent back for an hour.
    consented_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField("对方意见", max_length=300, default="", blank=True)
    # The other side did not answer in time, and the unit's stamped release was uploaded instead.
    stamped_at = models.DateTimeField(null=True, blank=True)
    # Staff telephoned the unit, which confirmed the release.
    called_back_at = models.DateTimeField("回访时间", null=True, blank=True)
    called_back_note = models.CharField("回访记录", max_length=300, default="", blank=True)
    department_at = models.DateTimeField("院系审核时间", null=True, blank=True)
    department_by = models.CharField("院系审核人", max_length=80, default="", blank=True)
    decided_at = models.DateTimeField("终审时间", null=True, blank=True)
    decided_by = models.CharField("终审人", max_length=80, default="", blank=True)
    refusal = models.CharField("不同意原因", max_length=300, default="", blank=True)

    class Meta:
        verbose_name = "解约申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TerminationState.values), name="termination_state_known"
            ),
            models.CheckConstraint(
                condition=Q(ground__in=Ground.values), name="termination_ground_known"
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=OPEN_TERMINATION),
                name="termination_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state=TerminationState.AGREED) | Q(decided_at__isnull=False),
                name="termination_agreed_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state=TerminationState.CONSENTED) | Q(consented_at__isnull=False),
                name="termination_consented_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["school", "cohort", "state", "id"],
                name="termination_queue",
                condition=Q(state__in=OPEN_TERMINATION),
            ),
            models.Index(
                fields=["consented_at"],
                name="termination_consented",
                condition=Q(state=TerminationState.CONSENTED),
            ),
        ]

    def __str__(self) -> str:
        return f"解约申请 {self.pk}"

    @property
    def said_to_graduate(self) -> str:
        return state_of(self, Side.GRADUATE)

    @property
    def said_to_employer(self) -> str:
        return state_of(self, Side.EMPLOYER)

    @property
    def said_to_staff(self) -> str:
        return state_of(self, STAFF)


class TerminationMaterial(models.Model):
    """A picture that proves a ground or shows the unit's stamped release."""

    termination = models.ForeignKey(Termination, models.PROTECT, related_name="materials")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side)
    stamped = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "解约材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"解约材料 {self.pk}"
