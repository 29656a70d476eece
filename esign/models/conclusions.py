"""转为劳动合同: somebody says that a labour contract followed an agreement, and somebody else confirms it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from esign.models.agreements import Agreement
from esign.reader_words import STAFF, conclusion_state_of
from esign.states import ConclusionState, Proposer, Side
from graduates.models import Graduate
from schools.models import Cohort, School


class Conclusion(models.Model):
    """A proposal to end an agreement because a labour contract followed it (article three). It takes
    effect when a second person confirms it. An agreement has at most one that is open."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="conclusions")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="conclusions")
    proposed_by = models.CharField("提出方", max_length=10, choices=Proposer)
    proposed_by_user = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_by_label = models.CharField("提出人", max_length=80)
    contract_on = models.DateField("劳动合同签订日期")
    note = models.CharField("说明", max_length=300, default="", blank=True)
    # Pictures of the labour contract.
    first_page = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    signature_page = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    state = models.CharField(
        "状态", max_length=12, choices=ConclusionState, default=ConclusionState.PROPOSED
    )
    created_at = models.DateTimeField("提出时间", db_default=Now())
    # Until then only the graduate decides on what the unit proposed; afterwards the school may.
    answer_by = models.DateTimeField("毕业生答复期限")
    school_told_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField("办结时间", null=True, blank=True)
    decided_by_user = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_by_label = models.CharField("办结人", max_length=80, default="", blank=True)
    refusal = models.CharField("不同意原因", max_length=300, default="", blank=True)

    class Meta:
        verbose_name = "转为劳动合同"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ConclusionState.values), name="conclusion_state_known"
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__in=Proposer.values), name="conclusion_proposer_known"
            ),
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state=ConclusionState.PROPOSED),
                name="conclusion_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=ConclusionState.PROPOSED, decided_at__isnull=True)
                | (~Q(state=ConclusionState.PROPOSED) & Q(decided_at__isnull=False)),
                name="conclusion_decided_paired",
            ),
            # Nobody confirms what they proposed themselves.
            models.CheckConstraint(
                condition=~Q(state=ConclusionState.CONFIRMED)
                | (Q(decided_by_user__isnull=False) & ~Q(decided_by_user=F("proposed_by_user"))),
                name="conclusion_second_person",
            ),
        ]
        indexes = [
            models.Index(
                fields=["school", "cohort", "id"],
                name="conclusion_queue",
                condition=Q(state=ConclusionState.PROPOSED),
            ),
            models.Index(
                fields=["answer_by"],
                name="conclusion_untold",
                condition=Q(state=ConclusionState.PROPOSED, school_told_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"转为劳动合同 {self.pk}"

    @property
    def said_to_graduate(self) -> str:
        return conclusion_state_of(self, Side.GRADUATE)

    @property
    def said_to_employer(self) -> str:
        return conclusion_state_of(self, Side.EMPLOYER)

    @property
    def said_to_staff(self) -> str:
        return conclusion_state_of(self, STAFF)
