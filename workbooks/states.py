"""States of an import."""

from __future__ import annotations

from django.db import models


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "等待检查"
    CHECKING = "checking", "检查中"
    PREVIEWED = "previewed", "等待确认"
    CONFIRMED = "confirmed", "等待导入"
    APPLYING = "applying", "导入中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    CANCELLED = "cancelled", "已取消"


# States in which a worker has the import or will get it next, so that no person has to act.
UNFINISHED = (
    ImportState.UPLOADED,
    ImportState.CHECKING,
    ImportState.CONFIRMED,
    ImportState.APPLYING,
)
