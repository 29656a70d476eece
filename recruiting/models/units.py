"""A unit as a recruiter: its profile, the verification of its right to recruit, sanctions, figures."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.models import StoredFile
from employers.models import Unit, UnitMember
from recruiting.states import AccountKind, AppealState, SanctionKind, Scale, VerificationState


class Recruiter(models.Model):
    """What graduates read of a unit, and until when it may recruit. Agreements do not depend on it."""

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="recruiter")
    introduction = models.TextField("单位简介", default="", blank=True)
    scale = models.PositiveSmallIntegerField("单位规模", choices=Scale, null=True, blank=True)
    logo = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    website = models.CharField("官网", max_length=200, default="", blank=True)
    contact_name = models.CharField("招聘联系人", max_length=40, default="", blank=True)
    contact_phone = models.CharField("招聘电话", max_length=30, default="", blank=True)
    account_kind = models.CharField(
        "账号类型", max_length=10, choices=AccountKind, default=AccountKind.OWN
    )
    licence_no = models.CharField("人力资源服务许可证号", max_length=40, default="", blank=True)
    licence = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    licence_until = models.DateField("许可证有效期至", null=True, blank=True)
    # Six months after the last verification (five ministries' notice of 2025-12-25).
    verified_at = models.DateTimeField("核验时间", null=True, blank=True)
    valid_until = models.DateField("招聘资格有效期至", null=True, blank=True)
    # The number of days before `valid_until` of the last reminder; 0 if the unit was told of the end.
    reminded_days = models.PositiveSmallIntegerField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "招聘单位"
        constraints = [
            models.CheckConstraint(
                condition=Q(account_kind__in=AccountKind.values), name="recruiter_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, valid_until__isnull=True)
                | Q(verified_at__isnull=False, valid_until__isnull=False),
                name="recruiter_verified_paired",
            ),
        ]
        indexes = [models.Index(fields=["valid_until"], name="recruiter_ending")]

    def __str__(self) -> str:
        return str(self.unit)


class Verification(models.Model):
    """A unit asks the province to verify, for six months, that it may recruit."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="verifications")
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    # The profile as it was handed in, by field, as the reviewer compares it.
    values = models.JSONField(default=dict)
    licence = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    state = models.CharField(
        "状态", max_length=10, choices=VerificationState, default=VerificationState.WAITING
    )
    reason = models.CharField("未通过原因", max_length=300, default="", blank=True)
    created_at = models.DateTimeField("提交时间", db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by = models.CharField("核验人", max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "招聘资格核验"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=VerificationState.values), name="verification_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=VerificationState.WAITING, decided_at__isnull=True)
                | (~Q(state=VerificationState.WAITING) & Q(decided_at__isnull=False)),
                name="verification_decided_paired",
            ),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state="waiting"), name="verification_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="verification_waiting", condition=Q(state="waiting"))
        ]

    def __str__(self) -> str:
        return f"招聘资格核验 {self.unit}"


class Sanction(models.Model):
    """What follows for a unit from a report that was upheld, and the unit's one appeal against it.

    A warning and a taken-down posting have no end; a suspension and a blacklisting end with `until`.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="sanctions")
    kind = models.CharField("处理", max_length=10, choices=SanctionKind)
    reason = models.CharField("理由", max_length=300)
    until = models.DateField("期限至", null=True, blank=True)
    decided_at = models.DateTimeField("处理时间", db_default=Now())
    decided_by_id = models.BigIntegerField()
    decided_by = models.CharField("处理人", max_length=80)
    appeal_state = models.CharField(
        "申诉", max_length=10, choices=AppealState, default=AppealState.NONE
    )
    appeal = models.CharField("申诉理由", max_length=500, default="", blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    appealed_by = models.CharField(max_length=80, default="", blank=True)
    answer = models.CharField("申诉答复", max_length=300, default="", blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_id = models.BigIntegerField(null=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "单位处理"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=SanctionKind.values), name="sanction_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[SanctionKind.SUSPEND, SanctionKind.BLACKLIST], until__isnull=False
                )
                | Q(kind__in=[SanctionKind.WARNING, SanctionKind.TAKE_DOWN], until__isnull=True),
                name="sanction_until_paired",
            ),
            models.CheckConstraint(
                condition=Q(appeal_state=AppealState.NONE, appealed_at__isnull=True)
                | (~Q(appeal_state=AppealState.NONE) & Q(appealed_at__isnull=False)),
                name="sanction_appeal_paired",
            ),
            models.CheckConstraint(
                condition=Q(
                    appeal_state__in=[AppealState.NONE, AppealState.WAITING],
                    answered_by_id__isnull=True,
                )
                | Q(
                    appeal_state__in=[AppealState.KEPT, AppealState.REVOKED],
                    answered_by_id__isnull=False,
                ),
                name="sanction_answer_paired",
            ),
            # Another person than the one who decided answers an appeal.
            models.CheckConstraint(
                condition=Q(answered_by_id__isnull=True) | ~Q(answered_by_id=F("decided_by_id")),
                name="sanction_answered_by_another",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "until"], name="sanction_of_unit"),
            models.Index(
                fields=["id"], name="sanction_appealed", condition=Q(appeal_state="waiting")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.unit}"


class UnitFigures(models.Model):
    """How a unit answered applications of the last 30 days, computed every night and shown to
    graduates. It is no score."""

    unit = models.OneToOneField(Unit, models.CASCADE, primary_key=True, related_name="figures")
    # Applications that were answered or whose time for an answer ran out, and those answered.
    due = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    median_days = models.FloatField(null=True)
    computed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "单位回复情况"
        constraints = [
            models.CheckConstraint(
                condition=Q(answered__lte=F("due")), name="unit_figures_answered_of_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.answered}/{self.due}"
