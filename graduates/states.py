"""States of an origin record and of an import."""

from __future__ import annotations

from django.db import models


class Confirmation(models.TextChoices):
    """确认情况 (DOMAIN §2)."""

    UNSUBMITTED = "unsubmitted", "未提交"
    CONFIRMED = "confirmed", "学生已确认"
    LOCKED = "locked", "已锁定"


class Standing(models.TextChoices):
    """Only 在籍 counts in figures."""

    ENROLLED = "enrolled", "在籍"
    DEFERRED = "deferred", "延期"
    TRANSFERRED = "transferred", "转出"
    WITHDRAWN = "withdrawn", "退学"


class CorrectionKind(models.TextChoices):
    ORIGIN = "origin", "生源"
    DESTINATION = "destination", "去向"
    ARCHIVE = "archive", "档案"


class CorrectionState(models.TextChoices):
    OPEN = "open", "待处理"
    ACCEPTED = "accepted", "已采纳"
    REFUSED = "refused", "未采纳"
    WITHDRAWN = "withdrawn", "已撤回"


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "等待检查"
    CHECKING = "checking", "检查中"
    PREVIEWED = "previewed", "等待确认"
    CONFIRMED = "confirmed", "等待导入"
    APPLYING = "applying", "导入中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    CANCELLED = "cancelled", "已取消"


# Nobody has to do anything now: the worker has, or is about to get, the row.
RUNNING = (
    ImportState.UPLOADED,
    ImportState.CHECKING,
    ImportState.CONFIRMED,
    ImportState.APPLYING,
)
