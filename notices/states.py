"""States of a notice, and who reads it."""

from __future__ import annotations

from django.db import models


class NoticeState(models.TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已过期"


class Readers(models.TextChoices):
    GRADUATES = "graduates", "毕业生"
    STAFF = "staff", "工作人员"


class Reading(models.TextChoices):
    """What one reader has done with a notice."""

    UNREAD = "unread", "未读"
    READ = "read", "已读"
    CONFIRMED = "confirmed", "已确认"
