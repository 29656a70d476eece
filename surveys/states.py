"""States of a survey and of an invitation to it, and whom a survey asks."""

from __future__ import annotations

from django.db import models


class SurveyState(models.TextChoices):
    DRAFT = "draft", "草稿"
    PUBLISHED = "published", "已发布"
    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"
    ARCHIVED = "archived", "已归档"


class Audience(models.TextChoices):
    GRADUATES = "graduates", "毕业生"
    EMPLOYERS = "employers", "用人单位"


class InvitationState(models.TextChoices):
    WAITING = "waiting", "待答"
    PARTIAL = "partial", "部分"
    DONE = "completed", "已完成"
    DECLINED = "declined", "拒答"
    BOUNCED = "bounced", "退信"
    UNFINISHED = "unfinished", "未完成"


# Answers of an invitation in these states may still be saved and sent.
ANSWERABLE = (InvitationState.WAITING, InvitationState.PARTIAL)
# What was drawn up to its end has results.
WITH_RESULTS = (SurveyState.RUNNING, SurveyState.ENDED, SurveyState.ARCHIVED)
