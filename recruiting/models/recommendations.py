"""就业推荐表: the school's recommendation of a graduate, sealed, numbered and verifiable."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from graduates.models import Graduate
from recruiting.states import OPEN_RECOMMENDATION, PrintState, RecommendationState
from schools.models import Cohort, School


class Recommendation(models.Model):
    """One form. Once it is valid its text, hash and number never change; a new form replaces it."""

    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="recommendations", db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    state = models.CharField(
        "状态", max_length=20, choices=RecommendationState, default=RecommendationState.DRAFT
    )
    # What the graduate wrote: studies and awards, practice, strengths.
    studies = models.CharField("学习与获奖", max_length=500, default="", blank=True)
    practice = models.CharField("社会实践", max_length=500, default="", blank=True)
    strengths = models.CharField("特长与自我评价", max_length=500, default="", blank=True)
    transcript = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    department_opinion = models.CharField("院系意见", max_length=200, default="", blank=True)
    department_by = models.CharField(max_length=80, default="", blank=True)
    department_at = models.DateTimeField(null=True, blank=True)
    school_opinion = models.CharField("学校意见", max_length=200, default="", blank=True)
    school_by = models.CharField(max_length=80, default="", blank=True)
    # Why the form was given back or declared void.
    reason = models.CharField("原因", max_length=300, default="", blank=True)
    # Set when the school seals it: school code, year and serial; the canonical text and its hash; the
    # random part of the address that the QR code holds.
    number = models.CharField("编号", max_length=24, null=True, unique=True)
    serial = models.PositiveIntegerField(null=True)
    text = models.TextField(default="", blank=True)
    text_hash = models.CharField(max_length=64, default="", blank=True)
    token = models.CharField(max_length=43, null=True, unique=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    valid_at = models.DateTimeField("生效时间", null=True, blank=True)
    void_at = models.DateTimeField("作废时间", null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "就业推荐表"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RecommendationState.values), name="recommendation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=OPEN_RECOMMENDATION, valid_at__isnull=True, number__isnull=True
                )
                | (
                    ~Q(state__in=OPEN_RECOMMENDATION)
                    & Q(valid_at__isnull=False, number__isnull=False, token__isnull=False)
                    & ~Q(text_hash="")
                ),
                name="recommendation_valid_is_sealed",
            ),
            models.CheckConstraint(
                condition=Q(state=RecommendationState.VOID, void_at__isnull=False)
                | (~Q(state=RecommendationState.VOID) & Q(void_at__isnull=True)),
                name="recommendation_void_paired",
            ),
            models.UniqueConstraint(
                fields=["graduate"],
                condition=Q(state__in=OPEN_RECOMMENDATION),
                name="recommendation_one_open",
            ),
            models.UniqueConstraint(
                fields=["graduate"],
                condition=Q(state=RecommendationState.VALID),
                name="recommendation_one_valid",
            ),
            models.UniqueConstraint(
                fields=["school", "cohort", "serial"], name="recommendation_serial_once"
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "id"], name="recommendation_by_state"),
            models.Index(fields=["graduate", "-id"], name="recommendation_of"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"就业推荐表 {self.number or self.pk}"


class RecommendationPrint(LeasedJob):
    """Somebody of the staff asked for one PDF of several valid forms. A job draws it; it is deleted
    after a day."""

    school = models.ForeignKey(School, models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    forms = ArrayField(models.BigIntegerField())
    state = models.CharField("状态", max_length=10, choices=PrintState, default=PrintState.WAITING)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    # How many forms the PDF has, and the sentences about those that were left out.
    printed = models.PositiveSmallIntegerField(default=0)
    left_out = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "就业推荐表打印"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PrintState.values), name="recommendation_print_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=PrintState.READY) | Q(file__isnull=True),
                name="recommendation_print_ready_has_file",
            ),
            lease_constraint("recommendation_print_leased_while_making", [PrintState.MAKING]),
        ]
        indexes = [
            models.Index(fields=["school", "-id"], name="recommendation_print_newest"),
            models.Index(
                fields=["id"], name="recommendation_print_to_make",
                condition=Q(state__in=[PrintState.WAITING, PrintState.MAKING]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"就业推荐表打印 {self.pk}"
