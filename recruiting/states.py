"""States and other short lists of recruiting: units, postings, résumés, applications, interviews,
reports of units, and fairs. Numbers that are stored are those of the manuals' vendor (DOMAIN-AROUND §1)."""

from __future__ import annotations

from django.db import models


class AccountKind(models.TextChoices):
    """Who recruits through a unit's account."""

    OWN = "own", "用人单位自招"
    PUBLIC = "public", "公共服务机构"
    AGENCY = "agency", "经营性人力资源机构"


class Scale(models.IntegerChoices):
    UNDER_20 = 1, "20人以下"
    UNDER_100 = 2, "20–99人"
    UNDER_500 = 3, "100–499人"
    UNDER_1000 = 4, "500–999人"
    UNDER_10000 = 5, "1000–9999人"
    MORE = 6, "10000人以上"


class VerificationState(models.TextChoices):
    WAITING = "waiting", "待核验"
    APPROVED = "approved", "已核验"
    REFUSED = "refused", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"


class PostingState(models.TextChoices):
    DRAFT = "draft", "草稿"
    RETURNED = "returned", "退回修改"
    WAITING = "waiting", "待审核"
    PUBLISHED = "published", "已发布"
    PAUSED = "paused", "暂停"
    CLOSED = "closed", "已结束"
    EXPIRED = "expired", "已过期"
    TAKEN_DOWN = "taken_down", "已下架"


# Postings that can still be shown to graduates, or will be once what pauses them is over.
ON_SHOW = (PostingState.PUBLISHED, PostingState.PAUSED)


class PauseCause(models.TextChoices):
    """Why a posting is paused. It is shown again when no cause is left."""

    UNIT = "unit", "单位暂停"
    UNVERIFIED = "unverified", "招聘资格核验到期"
    UNCONFIRMED = "unconfirmed", "满60天未确认仍在招聘"
    REPORTED = "reported", "举报核查中"
    SUSPENDED = "suspended", "单位被暂停招聘"


class RevisionState(models.TextChoices):
    """A change of a published posting. The published text stands until the change is approved."""

    WAITING = "waiting", "待审核"
    APPROVED = "approved", "已通过"
    REFUSED = "refused", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"


class WorkKind(models.IntegerChoices):
    FULL_TIME = 1, "全职"
    INTERNSHIP = 2, "实习"


class MajorMatch(models.IntegerChoices):
    EXACT = 1, "完全匹配"
    FAMILY = 2, "专业大类"
    ANY = 3, "不限"


class Education(models.IntegerChoices):
    """The least education that a posting asks for, in rising order."""

    ANY = 0, "不限"
    COLLEGE = 1, "专科"
    BACHELOR = 2, "本科"
    MASTER = 3, "硕士研究生"
    DOCTOR = 4, "博士研究生"


class WantedPay(models.IntegerChoices):
    """The monthly pay that a graduate looks for, in yuan."""

    OPEN = 1, "面议"
    FROM_3000 = 2, "3000–5000元"
    FROM_5000 = 3, "5000–7000元"
    FROM_7000 = 4, "7000–10000元"
    FROM_10000 = 5, "10000–15000元"
    FROM_15000 = 6, "15000–20000元"
    FROM_20000 = 7, "20000元以上"


class Available(models.IntegerChoices):
    """When a graduate can begin to work."""

    ANY_TIME = 1, "随时"
    ONE_WEEK = 2, "一周内"
    TWO_WEEKS = 3, "二周内"
    THREE_WEEKS = 4, "三周内"
    ONE_MONTH = 5, "一月内"
    UNKNOWN = 6, "暂无法确定"
    TWO_MONTHS = 7, "两月内"
    HALF_YEAR = 8, "半年内"
    LATER = 9, "更长"


class EntryKind(models.TextChoices):
    """The sections of a résumé that hold several entries."""

    EDUCATION = "education", "教育背景"
    CAMPUS = "campus", "在校经历"
    AWARD = "award", "获奖"
    SKILL = "skill", "技能证书"


class CampusKind(models.IntegerChoices):
    CLUB = 1, "社团活动"
    JOB = 2, "兼职实习"
    OFFICE = 3, "任职经历"


class SkillKind(models.IntegerChoices):
    LANGUAGE = 1, "语言"
    SOFTWARE = 2, "软件"
    SKILL = 3, "技能"
    ACTIVITY = 4, "活动"


class RecommendationState(models.TextChoices):
    DRAFT = "draft", "草稿"
    WAITING_DEPARTMENT = "waiting_department", "待院系意见"
    WAITING_SCHOOL = "waiting_school", "待学校盖章"
    VALID = "valid", "有效"
    VOID = "void", "已作废"


OPEN_RECOMMENDATION = (
    RecommendationState.DRAFT,
    RecommendationState.WAITING_DEPARTMENT,
    RecommendationState.WAITING_SCHOOL,
)


class PrintState(models.TextChoices):
    """One PDF of several recommendations, made by a job."""

    WAITING = "waiting", "等待生成"
    MAKING = "making", "生成中"
    READY = "ready", "已生成"
    PARKED = "parked", "未能生成"


class ApplicationState(models.TextChoices):
    DELIVERED = "delivered", "已投递"
    VIEWED = "viewed", "已查看"
    INTERVIEWING = "interviewing", "面试中"
    SELECTED = "selected", "拟录用"
    OFFERED = "offered", "已发邀约"
    SIGNED = "signed", "已签约"
    REJECTED = "rejected", "不合适"
    WITHDRAWN = "withdrawn", "已撤回"
    LAPSED = "lapsed", "逾期未回复"
    ENDED = "ended", "已终止"


# Before an offer was sent: the graduate may withdraw, the unit may refuse.
BEFORE_OFFER = (
    ApplicationState.DELIVERED,
    ApplicationState.VIEWED,
    ApplicationState.INTERVIEWING,
    ApplicationState.SELECTED,
)
LIVE_APPLICATION = (*BEFORE_OFFER, ApplicationState.OFFERED)


class RejectReason(models.IntegerChoices):
    """Why a unit refuses an application, as the graduate reads it."""

    MAJOR = 1, "专业不符合"
    EDUCATION = 2, "学历不符合"
    SKILLS = 3, "技能或经历不符合"
    PLACE = 4, "地点或到岗时间不合适"
    PAY = 5, "薪资期望不一致"
    FILLED = 6, "已招满"
    ABSENT = 7, "未参加面试"
    OTHER = 8, "其他"


class InterviewWay(models.TextChoices):
    ON_SITE = "on_site", "现场"
    VIDEO = "video", "视频"
    PHONE = "phone", "电话"


class InterviewState(models.TextChoices):
    WAITING = "waiting", "待答复"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"
    EXPIRED = "expired", "已失效"
    CANCELLED = "cancelled", "已取消"
    MOVED = "moved", "已改期"
    ATTENDED = "attended", "已面试"
    ABSENT = "absent", "未到"
    DISPUTED = "disputed", "未到（有异议）"


OPEN_INTERVIEW = (InterviewState.WAITING, InterviewState.ACCEPTED)
# The graduate had accepted, whatever came of it.
AFTER_ACCEPTANCE = (
    InterviewState.ACCEPTED,
    InterviewState.ATTENDED,
    InterviewState.ABSENT,
    InterviewState.DISPUTED,
)


class InterviewResult(models.TextChoices):
    PASSED = "passed", "通过"
    FAILED = "failed", "不通过"
    UNDECIDED = "undecided", "待定"


class ReportReason(models.IntegerChoices):
    """What a graduate reports of a unit."""

    FEES = 1, "收取费用"
    PHONE_ONLY = 2, "仅电话面试即要求赴外地"
    FAMILY = 3, "打听家庭情况"
    DEBTS = 4, "打听借贷"
    LOANS = 5, "校园贷/培训贷"
    TRAINING_ONLY = 6, "只培训不工作"
    FALSE_POSTING = 7, "虚假职位宣传"
    PAID_INTERNSHIP = 8, "付费实习"
    BLACK_AGENCY = 9, "黑中介"
    PYRAMID = 10, "传销"
    DISCRIMINATION = 11, "就业歧视"
    OTHER = 12, "其他"


# A report of one of these pauses the unit's postings at once (DOMAIN-AROUND §1.8).
SERIOUS_REPORT = (
    ReportReason.FEES,
    ReportReason.LOANS,
    ReportReason.PAID_INTERNSHIP,
    ReportReason.PYRAMID,
)


class ReportState(models.TextChoices):
    SUBMITTED = "submitted", "已提交"
    EXAMINING = "examining", "核查中"
    UPHELD = "upheld", "属实"
    DISMISSED = "dismissed", "不属实"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_REPORT = (ReportState.SUBMITTED, ReportState.EXAMINING)


class SanctionKind(models.TextChoices):
    WARNING = "warning", "警告"
    TAKE_DOWN = "take_down", "下架职位"
    SUSPEND = "suspend", "暂停招聘"
    BLACKLIST = "blacklist", "列入黑名单"


class AppealState(models.TextChoices):
    NONE = "none", "未申诉"
    WAITING = "waiting", "申诉待处理"
    KEPT = "kept", "维持"
    REVOKED = "revoked", "撤销"


class FairKind(models.TextChoices):
    FAIR = "fair", "线下双选会"
    ONLINE_FAIR = "online_fair", "网络双选会"
    TALK = "talk", "宣讲会"
    ONLINE_TALK = "online_talk", "网络宣讲"


class FairState(models.TextChoices):
    DRAFT = "draft", "草稿"
    APPLIED = "applied", "待审批"  # a unit's talk that its host has not approved yet
    REFUSED = "refused", "未批准"
    OPEN = "open", "报名中"
    CLOSED = "closed", "报名截止"
    RUNNING = "running", "进行中"
    ENDED = "ended", "已结束"
    CANCELLED = "cancelled", "已取消"


class BoothState(models.TextChoices):
    WAITING = "waiting", "待审核"
    APPROVED = "approved", "已通过"
    RESERVE = "reserve", "候补"
    OFFERED = "offered", "候补待确认"  # a booth became free; the unit has 24 hours
    DECLINED = "declined", "谢绝"
    CANCELLED = "cancelled", "已取消"
    ATTENDED = "attended", "已到场"
    ABSENT = "absent", "未到场"


class BookingState(models.TextChoices):
    BOOKED = "booked", "已预约"
    CHECKED_IN = "checked_in", "已签到"
    ABSENT = "absent", "未到"
    CANCELLED = "cancelled", "已取消"
