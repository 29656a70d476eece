"""States of invitations, agreements, amendments, terminations, conclusions, documents and print
tickets."""

from __future__ import annotations

from django.db import models


class Way(models.TextChoices):
    """How an invitation came about (DOMAIN §4): the graduate's card was scanned, a registered unit
    began it, or the graduate applied for a posting."""

    CARD = "card", "扫码"
    REGISTERED = "registered", "单位发起"
    APPLIED = "applied", "平台投递"


class InvitationState(models.TextChoices):
    SENT = "sent", "待应约"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"
    EXPIRED = "expired", "已失效"
    WITHDRAWN = "withdrawn", "已撤回"


class AgreementState(models.TextChoices):
    ACTIVE = "active", "有效"
    ENDED = "ended", "已终止"  # a labour contract followed (article three)
    TERMINATED = "terminated", "已解约"


class AmendmentState(models.TextChoices):
    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "已拒绝"
    WITHDRAWN = "withdrawn", "已撤回"
    CLOSED = "closed", "已关闭"  # because the agreement ended


class TerminationState(models.TextChoices):
    WAITING_OTHER = "waiting_other", "待对方"
    CONSENTED = "consented", "已同意，一小时内可撤回"
    WAITING_DEPARTMENT = "waiting_department", "待院系"
    WAITING_SCHOOL = "waiting_school", "待学校"
    AGREED = "agreed", "已同意"
    REFUSED = "refused", "不同意"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_TERMINATION = (
    TerminationState.WAITING_OTHER,
    TerminationState.CONSENTED,
    TerminationState.WAITING_DEPARTMENT,
    TerminationState.WAITING_SCHOOL,
)


class Ground(models.TextChoices):
    """Why an agreement ends (articles five and six of the form)."""

    MUTUAL = "mutual", "协商一致"
    BREACH = "breach", "第五条：一方违约或隐瞒情况"
    BANKRUPT = "bankrupt", "第六条：单位被撤销或宣告破产"
    NOT_QUALIFIED = "not_qualified", "第六条：报到时未取得毕业资格"
    SENTENCED = "sentenced", "第六条：被判处拘役以上刑罚"
    LAW = "law", "第六条：法律、法规和规章规定的其他情况"


class Side(models.TextChoices):
    GRADUATE = "graduate", "毕业生"
    EMPLOYER = "employer", "用人单位"


class ConclusionState(models.TextChoices):
    PROPOSED = "proposed", "待确认"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "不同意"
    WITHDRAWN = "withdrawn", "已撤回"


class Proposer(models.TextChoices):
    """Who says that a labour contract followed an agreement."""

    EMPLOYER = "employer", "用人单位"
    SCHOOL = "school", "学校"


class DocumentState(models.TextChoices):
    WAITING = "waiting", "排队中"
    MAKING = "making", "生成中"
    READY = "ready", "已生成"
    PARKED = "parked", "待处理"


class TicketState(models.TextChoices):
    WAITING = "waiting", "待扫码"
    CLAIMED = "claimed", "待确认"
    CONFIRMED = "confirmed", "可下载"
    USED = "used", "已下载"


class RowOutcome(models.TextChoices):
    """The outcome of a row of a workbook of invitations."""

    ABLE = "able", "可发送"
    SENT = "sent", "已发送"
    AGAIN = "again", "已有"
    BAD = "bad", "有误"
