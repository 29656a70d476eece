"""States of a ledger entry, a batch and a piece of feedback."""

from __future__ import annotations

from django.db import models


class Part(models.TextChoices):
    ORIGIN = "origin", "生源"
    DESTINATION = "destination", "毕业去向"
    ARCHIVE = "archive", "档案转寄"


class EntryState(models.TextChoices):
    """How far one part of one graduate is on its way to the national system."""

    QUIET = "quiet", "无需上报"  # not confirmed, not approved, or nothing changed
    WAITING = "waiting", "待上报"
    HELD = "held", "预校验未过"
    SENT = "sent", "已发送"
    ACCEPTED = "accepted", "已入库"
    REJECTED = "rejected", "被退回"
    FAILED = "failed", "稍后重试"
    PARKED = "parked", "待人工处理"


# Somebody or something has to do the next step: these carry an owner and a due date.
UNFINISHED = (
    EntryState.WAITING,
    EntryState.HELD,
    EntryState.SENT,
    EntryState.REJECTED,
    EntryState.FAILED,
    EntryState.PARKED,
)


class Owner(models.TextChoices):
    NOBODY = "", ""
    SYSTEM = "system", "系统"
    DEPARTMENT = "department", "院系"
    SCHOOL = "school", "学校"
    PROVINCE = "province", "省级"


class BatchState(models.TextChoices):
    READY = "ready", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "等待回执"
    DONE = "done", "已完成"
    PARKED = "parked", "待人工处理"


# Sent or to be sent, and not everything answered.
OPEN = (BatchState.READY, BatchState.SENDING, BatchState.SENT)

# The ways across: `Batch.way`.
HTTP, WORKBOOK = "http", "workbook"


class FeedbackState(models.TextChoices):
    OPEN = "open", "待处理"
    FIXED = "fixed", "已更正待复核"
    CLOSED = "closed", "已解决"


class ComparisonState(models.TextChoices):
    WAITING = "waiting", "等待比对"
    RUNNING = "running", "比对中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"


# The worker has, or is about to get, the row.
COMPARING = (ComparisonState.WAITING, ComparisonState.RUNNING)

# What the national side says of a graduate's own confirmation there.
CONFIRMED, UNCONFIRMED, LAPSED = "confirmed", "unconfirmed", "lapsed"
