"""States and other fixed choices of the support of graduates in difficulty (DOMAIN-AROUND §3)."""

from __future__ import annotations

from django.db import models


class ListingState(models.TextChoices):
    LISTED = "listed", "在册"
    REMOVED = "removed", "已移出"


class ListingChange(models.TextChoices):
    """What one row of a listing's history says."""

    LISTED = "listed", "列入"
    CHANGED = "changed", "变更"
    REMOVED = "removed", "移出"
    LISTED_AGAIN = "listed_again", "重新列入"


class ImportMode(models.TextChoices):
    ADD = "add", "增补"
    FULL = "full", "全量"


class ProposalState(models.TextChoices):
    WAITING = "waiting", "待省级决定"
    ACCEPTED = "accepted", "同意"
    REFUSED = "refused", "不同意"
    WITHDRAWN = "withdrawn", "已撤回"


class RecordState(models.TextChoices):
    VALID = "valid", "有效"
    CORRECTED = "corrected", "已更正"


class Wish(models.TextChoices):
    """What the graduate wants to do."""

    WORK = "work", "就业"
    STUDY = "study", "升学"
    CIVIL_SERVICE = "civil_service", "考公"
    NOT_YET = "not_yet", "暂不就业"


class Result(models.TextChoices):
    """What came of one help."""

    ATTENDED = "attended", "已参加"
    APPLIED = "applied", "已应聘"
    SIGNED = "signed", "已签约"
    NOTHING = "nothing", "未成"
    UNREACHED = "unreached", "未联系上"


class CountsAs(models.TextChoices):
    """Which part of the quota a way of helping counts for."""

    GUIDANCE = "guidance", "职业指导"
    RECOMMEND = "recommend", "岗位推荐"
    TRAINING = "training_or_internship", "技能培训或就业见习"
    POLICY = "policy", "政策宣传"
    NONE = "none", "不计"


class SubsidyState(models.TextChoices):
    """How far a request for the 求职补贴 is."""

    APPLIED = "applied", "已申请"
    GRANTED = "granted", "已发放"
    REFUSED = "refused", "未通过"
