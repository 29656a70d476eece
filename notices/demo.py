"""Notices of the first demo school and of the province, and a reminder, made by the actions that people use."""

from __future__ import annotations

import datetime

from django.urls import reverse
from django.utils import timezone

from accounts.models import Message, Realm, User
from core import frame
from graduates.demo_roster import demo_account, graduates_of, staff
from graduates.models import Graduate
from notices.actions import notices, receipts, reminder_results, reminders
from notices.models import Notice, Reminder, ReminderRecipient
from notices.states import Readers
from schools.demo import DEMO_CODE, DEMO_YEAR
from schools.models import School

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


def fill_reminders() -> None:
    """One reminder to confirm the origin record; some of those reminded have read it."""
    if Reminder.objects.exists():
        return
    by, topic = staff("admin"), frame.reminder_topics()["confirm-origin"]
    school = School.objects.get(code=DEMO_CODE)
    rows = topic.open_for(Graduate.objects.filter(school=school, cohort__year=DEMO_YEAR))
    reminder = reminders.send(
        topic=topic, rows=rows, text=topic.text, with_mail=False, with_texts=False,
        expected=rows.count(), list_title="生源信息", by=by,
        came_from=f"{reverse('console:origins')}?cohort={DEMO_YEAR}&confirmation=unsubmitted",
    )  # fmt: skip
    reminders.run_waiting()
    told = ReminderRecipient.objects.filter(reminder=reminder, skipped="").order_by("pk")
    for row in told[:20]:
        Message.objects.filter(dedupe_key=f"person:{row.person_id}:remind:{reminder.pk}").update(
            read_at=timezone.now()
        )
    reminder.refresh_from_db()
    reminder_results.count(reminder)


def fill() -> None:
    fill_notices()
    fill_reminders()
