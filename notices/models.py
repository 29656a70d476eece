"""Notices (通知公告), their attachments, and who has read and confirmed them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from notices.states import NoticeState, Readers
from schools.models import School
from schools.roles import Level

# So many notices of one publisher are pinned at a time (DOMAIN-AROUND §2).
MOST_PINNED = 3


class Notice(models.Model):
    """A notice of the province, of a school, or of departments of a school.

    An empty list in the audience means everybody: `school_ids` (the province's only), `years` of
    cohorts, `levels` of education, `department_ids`, and `roles` of staff.
    """

    # None for the province's.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    publisher = models.CharField("发布层级", max_length=12, choices=Level)
    title = models.CharField("标题", max_length=60)
    body = models.TextField("正文")
    readers = models.CharField("面向", max_length=10, choices=Readers)
    school_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    years = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    levels = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    department_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    roles = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    state = models.CharField("状态", max_length=10, choices=NoticeState, default=NoticeState.DRAFT)
    must_read = models.BooleanField("需确认", default=False)
    # 1 to 3 while it is pinned.
    pin_place = models.PositiveSmallIntegerField("置顶", null=True, blank=True)
    # The last day on which it is shown.
    expires_on = models.DateField("展示至", null=True, blank=True)
    reason = models.CharField("撤回原因", max_length=200, default="", blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_by_label = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.CharField("发布人", max_length=80, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "通知公告"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=NoticeState.values), name="notice_state_known"
            ),
            models.CheckConstraint(
                condition=Q(readers__in=Readers.values), name="notice_readers_known"
            ),
            models.CheckConstraint(
                condition=Q(state=NoticeState.DRAFT, published_at__isnull=True)
                | (~Q(state=NoticeState.DRAFT) & Q(published_at__isnull=False)),
                name="notice_published_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.WITHDRAWN) | ~Q(reason=""),
                name="notice_withdrawn_why",
            ),
            models.CheckConstraint(
                condition=Q(pin_place__isnull=True)
                | Q(pin_place__range=(1, MOST_PINNED), state=NoticeState.PUBLISHED),
                name="notice_pin_place_known",
            ),
            models.UniqueConstraint(
                F("school"), F("pin_place"), condition=Q(pin_place__isnull=False),
                nulls_distinct=False, name="notice_one_a_place",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["-published_at", "-id"], condition=Q(state=NoticeState.PUBLISHED),
                name="notice_shown",
            ),
            models.Index(fields=["-created_at", "-id"], name="notice_by_time"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class NoticeAttachment(models.Model):
    """A PDF or a picture that belongs to a notice."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "通知附件"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.file.name


class Receipt(models.Model):
    """That somebody opened a notice, and whether they confirmed that they had read it."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="receipts", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    read_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "阅读记录"
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="receipt_one_a_reader"),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id}（{self.user_id}）"
