"""Notices (通知公告), their attachments, who has read and confirmed them; and reminders (催办)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from graduates.models import Graduate, Person
from notices.states import NoticeState, Readers, ReminderState, Skipped, TextState
from schools.models import Cohort, School
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


class Reminder(LeasedJob):
    """One reminder of the graduates that a list showed when it was sent (DOMAIN-AROUND §10).

    A job writes the messages, so many graduates at a time; `done` says how many of `graduate_ids` it
    has come through. The list of ids is emptied at the end: everybody has a `ReminderRecipient` then.
    """

    # None for the province's.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    topic = models.CharField("事项", max_length=30)  # a key of `core.frame.reminder_topics`
    came_from = models.TextField()  # the address of the list
    list_title = models.CharField("名单", max_length=40)
    title = models.CharField("标题", max_length=40)
    text = models.CharField("内容", max_length=70)
    link = models.CharField(max_length=200)
    with_mail = models.BooleanField("发邮件")
    with_texts = models.BooleanField("发短信")
    state = models.CharField(
        "状态", max_length=10, choices=ReminderState, default=ReminderState.WAITING
    )
    graduate_ids = ArrayField(models.BigIntegerField(), default=list)
    total = models.PositiveIntegerField("名单人数")
    done = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    by_label = models.CharField("发送人", max_length=80)
    created_at = models.DateTimeField("时间", db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    # Counted every hour for seven days.
    told = models.PositiveIntegerField("已提醒", default=0)
    read = models.PositiveIntegerField("已读", default=0)
    acted = models.PositiveIntegerField("7日内完成", default=0)
    counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "催办"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReminderState.values), name="reminder_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=ReminderState.SENT, sent_at__isnull=False)
                | (~Q(state=ReminderState.SENT) & Q(sent_at__isnull=True)),
                name="reminder_sent_when",
            ),
            lease_constraint("reminder_leased_while_sending", [ReminderState.SENDING]),
        ]
        indexes = [
            models.Index(fields=["school", "-id"], name="reminder_newest"),
            models.Index(fields=["sent_at"], name="reminder_by_sending"),
        ]

    def __str__(self) -> str:
        return f"{self.title}（{self.pk}）"


class ReminderRecipient(models.Model):
    """One graduate of a reminder: reminded, or skipped for a reason."""

    reminder = models.ForeignKey(
        Reminder, models.PROTECT, related_name="recipients", db_index=False
    )
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+", db_index=False)
    # Copies of the graduate's.
    person = models.ForeignKey(Person, models.PROTECT, db_constraint=False, db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    topic = models.CharField(max_length=30)
    day = models.DateField()
    skipped = models.CharField("提醒情况", max_length=12, choices=Skipped, default="", blank=True)
    mailed = models.BooleanField("邮件", default=False)
    text_state = models.CharField("短信", max_length=8, choices=TextState, default="", blank=True)
    # From then on the text message goes out, unless the message was read or the matter is done.
    text_due_at = models.DateTimeField(null=True, blank=True)
    text_at = models.DateTimeField(null=True, blank=True)
    acted_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "催办对象"
        constraints = [
            models.UniqueConstraint(fields=["reminder", "graduate"], name="recipient_once"),
            # One message about a matter to a person a day, whoever sends them (DOMAIN-AROUND §10).
            models.UniqueConstraint(
                fields=["person", "topic", "day"], condition=Q(skipped=""),
                name="recipient_one_a_day",
            ),
            models.CheckConstraint(
                condition=Q(skipped__in=Skipped.values), name="recipient_skipped_known"
            ),
            models.CheckConstraint(
                condition=Q(text_state__in=TextState.values), name="recipient_text_known"
            ),
            models.CheckConstraint(
                condition=Q(text_state=TextState.DUE, text_due_at__isnull=False)
                | (~Q(text_state=TextState.DUE) & Q(text_due_at__isnull=True)),
                name="recipient_text_due_when",
            ),
            models.CheckConstraint(
                condition=Q(text_state=TextState.SENT, text_at__isnull=False)
                | (~Q(text_state=TextState.SENT) & Q(text_at__isnull=True)),
                name="recipient_text_sent_when",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["text_due_at", "id"], name="recipient_text_due",
                condition=Q(text_state=TextState.DUE),
            ),
            models.Index(
                fields=["person", "text_at"], name="recipient_texted",
                condition=Q(text_state=TextState.SENT),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reminder_id}：{self.graduate_id}"
