"""What every app shares: the audit trail and its chain, stored files, messages to be sent."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
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


class AuditLink(models.Model):
    """One link of the audit chain of a school: the hashes of events, bound to the link before.

    Every few minutes the events that were added since then become a link (`core/audit_chain.py`).
    Who changes, removes or adds an old event has to change every later link, too, and the anchors
    of all days since. A trigger refuses to change or delete rows.
    """

    # None for events that belong to no school.
    school_id = models.BigIntegerField(null=True)
    position = models.PositiveBigIntegerField()  # 1, 2, 3 … within the chain
    day = models.DateField()
    event_table = models.CharField(max_length=63)
    event_ids = ArrayField(models.BigIntegerField())
    last_event_id = models.BigIntegerField()
    digests = models.BinaryField()  # 32 bytes for each event, in the order of `event_ids`
    hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "操作记录链"
        constraints = [
            models.UniqueConstraint(
                fields=["school_id", "position"], name="audit_link_once", nulls_distinct=False
            ),
        ]
        indexes = [
            models.Index(fields=["event_table", "-last_event_id"], name="audit_link_newest"),
            models.Index(fields=["day"], name="audit_link_day"),
        ]

    def __str__(self) -> str:
        return f"{self.school_id}:{self.position}"


class AuditAnchor(models.Model):
    """The hash over the last links of all chains at the end of a day, and over the anchor before.

    The same hash is written to a file that operators keep elsewhere, with a time stamp of an
    authority where one is set. A trigger refuses to change or delete rows.
    """

    day = models.DateField(unique=True)
    hash = models.BinaryField(max_length=32)
    chains = models.PositiveIntegerField()
    # The authority's RFC 3161 token over `hash`; empty where no authority is set.
    time_stamp = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "操作记录日锚"

    def __str__(self) -> str:
        return f"{self.day}"


class InvariantCheck(models.Model):
    """One check of everything that must always hold, and what was wrong (`core/invariants.py`)."""

    started_at = models.DateTimeField("开始时间", db_default=Now())
    seconds = models.PositiveIntegerField("用时")
    checked = models.PositiveIntegerField("检查项")
    # [{"name", "statement", "count", "examples": [str]}] of what does not hold.
    problems = models.JSONField(default=list)

    class Meta:
        verbose_name = "一致性检查"
        indexes = [models.Index(fields=["-started_at"], name="invariant_check_newest")]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


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


class SavedView(models.Model):
    """What a list shows, kept under a name: the own one of a person, or without an owner one of a
    school, or of the province where there is no school either (`core/lists/saved.py`)."""

    list_key = models.CharField("列表", max_length=40)  # the list's URL name
    owner_id = models.BigIntegerField(null=True)
    school_id = models.BigIntegerField(null=True)
    name = models.CharField("名称", max_length=20)
    query = models.TextField("条件")  # as in an address, without the year
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "保存的视图"
        constraints = [
            models.UniqueConstraint(
                fields=["list_key", "owner_id", "school_id", "name"],
                name="saved_view_name_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(owner_id=None) | models.Q(school_id=None),
                name="saved_view_of_one",
            ),
        ]

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
    # One of very many that were written at once: it waits until no other message is due.
    bulk = models.BooleanField(db_default=False, default=False)
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
                fields=["bulk", "due_at", "id"],
                name="outbox_by_turn",
                condition=models.Q(state__in=[OutboxState.WAITING, OutboxState.SENDING]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.pk}"
