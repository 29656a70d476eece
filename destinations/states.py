"""The audit states of a destination. The steps between them are in `steps.py`."""

from __future__ import annotations

from django.db import models


class State(models.TextChoices):
    """审核情况 (DOMAIN §3)."""

    UNSUBMITTED = "unsubmitted", "未提交"
    PENDING = "pending", "待审核"
    ESIGNED = "esigned", "网络签约"
    DEPARTMENT_APPROVED = "department_approved", "初审通过"
    SCHOOL_APPROVED = "school_approved", "审核通过"
    REJECTED = "rejected", "审核不通过"


APPROVED = (State.DEPARTMENT_APPROVED, State.SCHOOL_APPROVED)
WAITING = (State.PENDING, State.ESIGNED)


class ReleaseState(models.TextChoices):
    """Where a proposal to release a destination that is not e-signed stands. An open state says whose
    turn it is."""

    WAITING_DEPARTMENT = "waiting_department", "待院系处理"
    WAITING_SCHOOL = "waiting_school", "待学校处理"
    RELEASED = "released", "已解约"
    REFUSED = "refused", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"
    LAPSED = "lapsed", "已失效"


OPEN_RELEASE = (ReleaseState.WAITING_DEPARTMENT, ReleaseState.WAITING_SCHOOL)


class ReasonSource(models.TextChoices):
    """Who rejected a destination. What the national system rejected can be resumed."""

    NONE = "", ""
    DEPARTMENT = "department", "院系"
    SCHOOL = "school", "学校"
    NATIONAL = "national", "全国系统"


class FinalState(models.TextChoices):
    """What a graduate said in the final confirmation (最终信息确认). Who has said nothing, or whose row
    has lapsed, is asked."""

    CONFIRMED = "confirmed", "已确认"
    DOUBT = "doubt", "有疑问"
    LAPSED = "lapsed", "已失效"
