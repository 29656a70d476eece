"""States of a finding, a run and the print of a picture, and the kinds of runs."""

from __future__ import annotations

from django.db import models


class FindingState(models.TextChoices):
    OPEN = "open", "待核实"
    CHECKING = "checking", "核实中"
    TRUE = "true", "属实"
    CORRECTED = "corrected", "已更正"
    FALSE_ALARM = "false_alarm", "误报"
    DISPUTED = "disputed", "转异议"
    GONE = "gone", "已消失"


# Nobody has said yet what is right: somebody has to look.
UNSETTLED = (FindingState.OPEN, FindingState.CHECKING)
# The record is wrong or may be wrong: where the province wants it, uploads wait.
HOLDING = (*UNSETTLED, FindingState.TRUE, FindingState.DISPUTED)
# Nothing is left to be done about the record.
CLOSED = (FindingState.CORRECTED, FindingState.FALSE_ALARM, FindingState.GONE)


class FindingOwner(models.TextChoices):
    """Whose turn it is: the level of staff that looks into a finding."""

    DEPARTMENT = "department", "院系"
    SCHOOL = "school", "学校"
    PROVINCE = "province", "省级"


class RunKind(models.TextChoices):
    SCREENING = "screening", "可疑筛查"
    ROLL = "roll", "学籍比对"
    PLACES = "places", "生源地核查"
    STORED = "stored", "数据质量核查"
    UNITS = "units", "就业单位核查"


class RunState(models.TextChoices):
    WAITING = "waiting", "等待开始"
    RUNNING = "running", "正在核查"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"


UNFINISHED = (RunState.WAITING, RunState.RUNNING)


class PrintState(models.TextChoices):
    """How far the print of a picture is. A picture of one colour has a print that says nothing."""

    WAITING = "waiting", "待计算"
    MAKING = "making", "计算中"
    DONE = "done", "已计算"
    PARKED = "parked", "无法计算"


class UnitStatus(models.TextChoices):
    """How a unit stands in the registry file."""

    OPEN = "open", "存续"
    CANCELLED = "cancelled", "注销"
    REVOKED = "revoked", "吊销"


class SampleState(models.TextChoices):
    DRAFT = "draft", "草稿"
    DRAWN = "drawn", "已抽取"
    CALLING = "calling", "核查中"
    DONE = "done", "已完成"
    PUBLISHED = "published", "已公布"
    VOID = "void", "已作废"


class CallState(models.TextChoices):
    WAITING = "waiting", "待拨打"
    AGAIN = "again", "待再拨"
    REACHED = "reached", "已联系"
    NOT_REACHED = "not_reached", "未联系上"
    REFUSED = "refused", "拒答"
    WRONG = "wrong", "号码错误"


TO_CALL = (CallState.WAITING, CallState.AGAIN)


class CallOutcome(models.TextChoices):
    AGREES = "agrees", "一致"
    PARTLY = "partly", "部分不一致"
    DIFFERS = "differs", "不一致"
