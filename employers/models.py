"""Units (用人单位), the people who sign for them, and certification letters (认证公函)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile


class Unit(models.Model):
    """An employer, identified by its 统一社会信用代码. Its values are the newest ones that somebody typed,
    and new forms begin with them."""

    code = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("单位名称", max_length=100)
    unit_property = models.CharField("单位性质", max_length=2, default="", blank=True)
    industry = models.CharField("单位行业", max_length=2, default="", blank=True)
    division = models.CharField("单位所在地", max_length=6, default="", blank=True)
    address = models.CharField("单位地址", max_length=120, default="", blank=True)
    postcode = models.CharField("邮编", max_length=6, default="", blank=True)
    certificate = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    certified_at = models.DateTimeField("认证时间", null=True, blank=True)
    certified_by = models.CharField("认证人", max_length=80, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "用人单位"
        indexes = [
            models.Index(fields=["name"], name="unit_name_prefix", opclasses=["text_pattern_ops"])
        ]

    def __str__(self) -> str:
        return self.name


class UnitName(models.Model):
    """A name under which a unit has appeared. Searching for any of its names finds the unit."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="names")
    name = models.CharField(max_length=100)
    first_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "单位曾用名"
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="unit_name_once")]

    def __str__(self) -> str:
        return self.name


class Membership(models.TextChoices):
    """Whether the platform has verified that a person acts for a unit."""

    CLAIMED = "claimed", "未认证"  # only the person says so; they see only what they did themselves
    VERIFIED = (
        "verified",
        "已认证",
    )  # by letter or by a verified colleague; they see everything of the unit
    ENDED = "ended", "已离开"


class UnitMember(models.Model):
    """A person who signs for a unit. One account may sign for several."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    name = models.CharField("姓名", max_length=40)
    state = models.CharField("状态", max_length=10, choices=Membership, default=Membership.CLAIMED)
    # The saved handwritten signature, for future agreements. Signed ones refer to the one used then.
    signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    id_front = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    id_back = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    created_at = models.DateTimeField(db_default=Now())
    verified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # When somebody who had left signed for the unit again. What was done before stays closed to them
    # until they are verified.
    returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "单位人员"
        constraints = [
            models.UniqueConstraint(fields=["unit", "user"], name="unit_member_once"),
            models.CheckConstraint(
                condition=Q(state__in=Membership.values), name="unit_member_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=Membership.ENDED, ended_at__isnull=False)
                | (~Q(state=Membership.ENDED) & Q(ended_at__isnull=True)),
                name="unit_member_ended_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.unit}）"


class LetterKind(models.TextChoices):
    CERTIFY = "certify", "单位认证"
    MANAGER = "manager", "变更帐号管理者"
    RECOVER = "recover", "找回帐号"


class LetterState(models.TextChoices):
    WAITING = "waiting", "待审核"
    SECOND = "second", "待复核"  # taking over an account takes two reviewers
    APPROVED = "approved", "已通过"
    REFUSED = "refused", "未通过"


class Letter(models.Model):
    """An uploaded 认证公函 with the unit's stamp, and the province's decision about it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="letters")
    kind = models.CharField("事项", max_length=10, choices=LetterKind)
    # The person whom the letter makes the unit's manager; None until a lost account is recovered.
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+", null=True)
    name = models.CharField("帐号管理者姓名", max_length=40)
    mobile = models.CharField("手机号码", max_length=11)
    scan = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    state = models.CharField(
        "状态", max_length=10, choices=LetterState, default=LetterState.WAITING
    )
    # The checklist as the reviewer ticked it: {"signature": true, "stamp": true, …}.
    checklist = models.JSONField(default=dict, blank=True)
    reason = models.CharField("未通过原因", max_length=300, default="", blank=True)
    created_at = models.DateTimeField("提交时间", db_default=Now())
    first_by_id = models.BigIntegerField(null=True)
    first_by = models.CharField(max_length=80, default="", blank=True)
    # What a person of the unit has against a letter that would end somebody's rights.
    objection = models.CharField("异议", max_length=300, default="", db_default="", blank=True)
    objected_by = models.CharField(max_length=80, default="", db_default="", blank=True)
    objected_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "认证公函"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=LetterState.values), name="letter_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=LetterState.REFUSED) | ~Q(reason=""),
                name="letter_refused_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(objected_at__isnull=True, objection="", objected_by="")
                | (Q(objected_at__isnull=False) & ~Q(objection="") & ~Q(objected_by="")),
                name="letter_objection_paired",
            ),
            models.UniqueConstraint(
                fields=["unit", "mobile"],
                condition=Q(state__in=[LetterState.WAITING, LetterState.SECOND]),
                name="letter_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="letter_waiting",
                condition=Q(state__in=[LetterState.WAITING, LetterState.SECOND]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.unit}"
