"""States of an origin record and of a correction request."""

from __future__ import annotations

import datetime

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


def words_of_correction(state: str, passed_at: datetime.datetime | None) -> str:
    """A correction's state by whose turn it is: an open one waits for the department, or for the school
    that it was passed on to."""
    if state == CorrectionState.OPEN:
        return "待学校处理" if passed_at is not None else "待院系处理"
    return CorrectionState(state).label
