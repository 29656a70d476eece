"""States of an origin record and of a correction request."""

from __future__ import annotations

from django.db import models


class Confirmation(models.TextChoices):
    """确认情况 (DOMAIN §2)."""

    UNSUBMITTED = "unsubmitted", "未提交"
    CONFIRMED = "confirmed", "学生已确认"
    LOCKED = "locked", "已锁定"


class Standing(models.TextChoices):
    """学籍状态. Figures count only 在籍."""

    ENROLLED = "enrolled", "在籍"
    DEFERRED = "deferred", "延期"
    TRANSFERRED = "transferred", "转出"
    WITHDRAWN = "withdrawn", "退学"


class EntryCause(models.TextChoices):
    """How staff entered a person by hand."""

    ADDED = "added", "新增毕业生"
    DOCUMENT = "document", "更改证件号码"


class EntryState(models.TextChoices):
    """手工录入: whether a second staff member confirmed that the person exists."""

    WAITING = "waiting", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "未确认"


class CorrectionKind(models.TextChoices):
    ORIGIN = "origin", "生源"
    DESTINATION = "destination", "去向"
    ARCHIVE = "archive", "档案"


class CorrectionState(models.TextChoices):
    OPEN = "open", "待处理"
    ACCEPTED = "accepted", "已采纳"
    REFUSED = "refused", "未采纳"
    WITHDRAWN = "withdrawn", "已撤回"
