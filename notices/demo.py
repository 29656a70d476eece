"""Notices of the first demo school and of the province, published by the action that people use."""

from __future__ import annotations

import datetime

from django.utils import timezone

from accounts.models import Realm, User
from graduates.demo_roster import demo_account, graduates_of, staff
from notices.actions import notices, receipts
from notices.models import Notice
from notices.states import Readers
from schools.demo import DEMO_YEAR

_MUST = """请每位2027届毕业生在**12月31日前**完成生源信息核对。

# 核对什么

- 姓名、证件号码、专业、学历与学籍一致
- 生源所在地填写入学前户籍所在的县（区）
- 手机号码能收到短信

# 怎么办

打开“登记”中的“生源信息”，有误又不能修改的点“去纠错”。"""
_FAIR = """春季双选会将在体育馆举行，参会单位和职位见“招聘会与宣讲会”。

1. 提前预约入场时段
2. 带纸质简历
3. 到场后扫描屏幕上的二维码签到"""
_SIGNING = """用网络签约的，协议书由双方在手机上签名后生效，扫描二维码即可验证。

> 手工登记就业协议后不能再网签，请先想好用哪一种。"""
_STAFF = """本周起集中审核2026届去向。审核前请核对：

| 类别 | 要点 |
| --- | --- |
| 签就业协议 | 单位公章、单位名称与证照一致 |
| 签劳动合同 | 首页和签字盖章页齐全 |
| 自由职业 | 本人签字，收入不低于最低标准 |"""


def fill_notices() -> None:
    """Four notices, one pinned, one for staff; a third of the graduates have read the first one."""
    if Notice.objects.exists():
        return
    school = staff("admin")
    province = User.objects.get(realm=Realm.STAFF, login="province")
    first = _publish("请核对2027届生源信息", _MUST, school, years=[DEMO_YEAR], must_read=True)
    notices.pin(notice_id=first.pk, by=school)
    _publish("春季双选会安排", _FAIR, school, days=40)
    _publish("网络签约怎么办", _SIGNING, province)
    _publish("2026届去向集中审核安排", _STAFF, school, readers=Readers.STAFF, must_read=True)
    for number, graduate in enumerate(graduates_of(DEMO_YEAR)[:120]):
        if graduate.person.user is None:
            continue
        receipts.note_reading(notice=first, by=demo_account(graduate))
        if number % 3:
            receipts.confirm(notice=first, by=demo_account(graduate))


def _publish(
    title: str, body: str, by: User, *, readers: str = Readers.GRADUATES, must_read: bool = False,
    years: list[int] | None = None, days: int | None = None,
) -> Notice:  # fmt: skip
    until = None if days is None else timezone.localdate() + datetime.timedelta(days=days)
    draft = notices.write(
        typed={
            "title": title, "body": body, "readers": readers, "must_read": must_read,
            "expires_on": until, "school_ids": [], "years": years or [], "levels": [],
            "department_ids": [], "roles": [],
        },
        uploads=[], by=by,
    )  # fmt: skip
    return notices.publish(notice_id=draft.pk, version=draft.version, by=by)
