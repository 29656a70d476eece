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


class ReminderState(models.TextChoices):
    WAITING = "waiting", "等待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    PARKED = "parked", "发送失败"


class Skipped(models.TextChoices):
    """Why somebody in the list was not reminded; empty for those who were."""

    NOT = "", "已提醒"
    DONE = "done", "已办理，不必提醒"
    LEFT = "left", "不在籍"
    TODAY = "today", "今天已为同一事项提醒过"
    UNREACHABLE = "unreachable", "没有激活帐号，也没有选用的联系方式"


class TextState(models.TextChoices):
    """What became of the text message of a reminder; empty where none is planned."""

    NONE = "", "不发短信"
    DUE = "due", "未读则发"
    SENT = "sent", "已交发"
    READ = "read", "已读，不再发"
    DONE = "done", "已办理，不再发"
    CAPPED = "capped", "三天内已发过提醒短信"
