"""What every app shares: the audit trail and stored files."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from core.jobs import LeasedJob, lease_constraint


class Event(models.Model):
    """One thing that somebody did. A trigger refuses to change or delete rows.

    There are no foreign keys, because events are kept after the user or the object is deleted.
    """

    id: models.BigAutoField
    at = models.DateTimeField("时间", db_default=Now())
    actor_id = models.BigIntegerField(null=True)
    actor_realm = models.CharField(max_length=10, default="system")
    actor_label = models.CharField("操作人", max_length=80, default="系统")
    school_id = models.BigIntegerField(null=True)
    action = models.CharField("操作", max_length=60)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_label = models.CharField(max_length=120, default="", blank=True)
    reason = models.TextField("理由", default="", blank=True)
    # {"changes": {field: [old, new]}} for an edit; otherwise what the action wants remembered.
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "操作记录"
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="event_object"),
            models.Index(fields=["school_id", "object_type", "-id"], name="event_school"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type}:{self.object_id}"


class StoredFile(models.Model):
    """A private file: under a random key, never overwritten, sent only by views that check the user."""

    key = models.CharField(max_length=100, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content_type = models.CharField(max_length=100)
    name = models.CharField("文件名", max_length=200)
    # What it is for ("evidence", "roster"…). Each purpose has its own permission check.
    purpose = models.CharField(max_length=30)
    school_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "文件"
        indexes = [models.Index(fields=["sha256"], name="storedfile_sha256")]

    def __str__(self) -> str:
        return self.name


class Channel(models.TextChoices):
    SMS = "sms", "短信"
    EMAIL = "email", "邮件"


class OutboxState(models.TextChoices):
    WAITING = "waiting", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    PARKED = "parked", "未送达"


class OutboxMessage(LeasedJob):
    """A text message or e-mail, written in the transaction of its cause and sent after the commit.

    The unique `dedupe_key` keeps the same message from being written twice. A message whose worker
    died while sending is parked and not sent again, because nobody knows whether it arrived.
    """

    channel = models.CharField("方式", max_length=10, choices=Channel)
    address = models.CharField("地址", max_length=100)
    subject = models.CharField("标题", max_length=120, default="", blank=True)
    text = models.TextField("内容")
    # The text holds a one-time code and is deleted once it is sent.
    secret = models.BooleanField(default=False)
    dedupe_key = models.CharField(max_length=120, unique=True)
    state = models.CharField(
        "状态", max_length=10, choices=OutboxState, default=OutboxState.WAITING
    )
    created_at = models.DateTimeField("时间", db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "待发消息"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=OutboxState.values), name="outbox_state_known"
            ),
            lease_constraint("outbox_leased_while_sending", [OutboxState.SENDING]),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="outbox_due",
                condition=models.Q(state__in=[OutboxState.WAITING, OutboxState.SENDING]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.pk}"
