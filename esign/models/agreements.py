"""Signed agreements with their versions, and changes that were proposed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import StoredFile
from employers.models import Unit, UnitMember
from esign.models.invitations import Invitation
from esign.reader_words import STAFF, amendment_state
from esign.states import AgreementState, AmendmentState, Side
from graduates.models import Graduate
from schools.models import Cohort, School


class Agreement(models.Model):
    """A signed agreement (网签就业协议). Unit and school keep it when people leave."""

    number = models.CharField("协议书编号", max_length=20, unique=True)
    # Part of the address of its public page, which is in the anti-forgery QR code.
    token = models.CharField(max_length=43, unique=True)
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="agreements", db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="agreements", db_index=False)
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="agreements")
    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="agreement")
    state = models.CharField(
        "状态", max_length=12, choices=AgreementState, default=AgreementState.ACTIVE
    )
    signed_at = models.DateTimeField("签约时间", db_default=Now())
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    version = models.PositiveSmallIntegerField("版本", default=1)

    class Meta:
        verbose_name = "就业协议"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AgreementState.values), name="agreement_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=AgreementState.ACTIVE, ended_at__isnull=True)
                | (~Q(state=AgreementState.ACTIVE) & Q(ended_at__isnull=False)),
                name="agreement_ended_paired",
            ),
            # A graduate may have many invitations but only one active agreement.
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(state="active"), name="agreement_one_active"
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="agreement_of"),
            models.Index(fields=["unit", "-id"], name="agreement_of_unit"),
            models.Index(fields=["school", "cohort", "-id"], name="agreement_of_school"),
        ]

    def __str__(self) -> str:
        return self.number


class AgreementVersion(models.Model):
    """The terms that both sides signed. A version never changes; an amendment adds a new one."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("版本")
    terms = models.TextField()
    terms_hash = models.CharField(max_length=64)
    employer_signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    graduate_signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField(db_default=Now())
    # Who signed, when and from where: {"party": {...}, "graduate": {...}, "employer": {...}}.
    evidence = models.JSONField()

    class Meta:
        verbose_name = "协议版本"
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreement_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} v{self.number}"


class Amendment(models.Model):
    """A change of the terms that the unit proposed. It takes effect when the graduate confirms it."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="amendments")
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    terms = models.TextField()
    terms_hash = models.CharField(max_length=64)
    signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    state = models.CharField(
        "状态", max_length=12, choices=AmendmentState, default=AmendmentState.PROPOSED
    )
    reason = models.CharField("说明", max_length=200, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "协议变更"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AmendmentState.values), name="amendment_state_known"
            ),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="proposed"), name="amendment_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"协议变更 {self.pk}"

    @property
    def said_to_graduate(self) -> str:
        return amendment_state(self.state, Side.GRADUATE)

    @property
    def said_to_employer(self) -> str:
        return amendment_state(self.state, Side.EMPLOYER)

    @property
    def said_to_staff(self) -> str:
        return amendment_state(self.state, STAFF)
