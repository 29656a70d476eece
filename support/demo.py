"""Graduates in difficulty of the first demo school, listed by the province and helped by the actions that
people use: some have everything the quota asks for, some a plan, some nothing yet."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Realm, User
from core import spreadsheets
from core.errors import DomainError
from graduates.demo_roster import graduates_of, staff
from graduates.models import Graduate
from graduates.states import Standing
from recruiting import queries as recruiting_queries
from schools.demo import DEMO_YEAR
from schools.scope import visible_to
from support.actions import group_imports, helping, proposals, recommending, records
from support.models import GroupImport, Listing, Proposal
from support.states import ImportMode, Wish
from workbooks.states import ImportState

_GROUPS = ("低保家庭", "脱贫家庭", "残疾", "零就业家庭", "低保家庭；残疾", "长期失业")
_AIMS = (
    "一、每月面谈一次，完善简历。\n二、推荐三个专业相符的职位并跟进。\n三、参加一次面试技能培训。"
)
_TALK = "面谈了解家庭情况和求职意向，一起修改了简历的实践经历部分。"
_TRAINING = "参加学院组织的面试技能培训，完成两轮模拟面试。"


def fill_support() -> None:
    listed = [g for g in graduates_of(DEMO_YEAR)
              if g.difficulty == "1" and g.standing == Standing.ENROLLED]  # fmt: skip
    if not listed:
        return
    province = User.objects.get(realm=Realm.STAFF, login="province")
    if not GroupImport.objects.exists():
        _import(listed, province)
    for number, graduate in enumerate(listed):
        _help(number, graduate)
    _propose([g for g in graduates_of(DEMO_YEAR) if g.difficulty != "1"], province)


def _import(graduates: list[Graduate], province: User) -> None:
    lines = [
        [DEMO_YEAR, g.school.code, g.exam_no, "", g.name, _GROUPS[n % len(_GROUPS)],
         datetime.date(DEMO_YEAR - 1, 9, 10)]
        for n, g in enumerate(graduates)
    ]  # fmt: skip
    uploaded = group_imports.upload(
        content=spreadsheets.write(group_imports.HEADER, lines, title="困难群体"),
        name=f"{DEMO_YEAR}届困难群体.xlsx", year=DEMO_YEAR, mode=ImportMode.ADD, by=province,
    )  # fmt: skip
    group_imports.check(uploaded.pk)
    group_imports.confirm(GroupImport.objects.get(pk=uploaded.pk), reason="", by=province)
    group_imports.apply(uploaded.pk)
    done = GroupImport.objects.get(pk=uploaded.pk)
    if done.state != ImportState.DONE or done.counts["rejected"]:
        raise RuntimeError(f"The demo's graduates in difficulty were not listed: {done.problem}")


def _help(number: int, graduate: Graduate) -> None:
    """The first half has a 责任人, a third a plan with records, every fourth of them all of the quota."""
    listing = Listing.objects.get(graduate=graduate)
    if listing.responsible_id is not None or number % 5 == 4:
        return
    admin = staff("admin")
    adviser = _adviser(graduate)
    helping.assign(listing_id=listing.pk, user_id=adviser.pk, by=admin)
    if number % 5 == 3:
        return
    helping.save_profile(
        listing_id=listing.pk, version=0, by=adviser,
        typed={
            "family": "父母务农，收入不稳定，另有一名在读的弟弟。", "difficulty": "缺少实习经历，面试时容易紧张。",
            "wish": (Wish.WORK, Wish.STUDY, Wish.WORK)[number % 3],
        },
    )  # fmt: skip
    review_on = timezone.localdate() + datetime.timedelta(days=90)
    helping.save_plan(listing_id=listing.pk, aims=_AIMS, review_on=review_on, by=adviser)
    _record(listing, adviser, "talk", _TALK)
    if number % 5 == 2:
        return
    _record(listing, adviser, "training", _TRAINING)
    if number % 5 == 0:
        _recommend(listing, graduate, adviser)


def _adviser(graduate: Graduate) -> User:
    """The demo's counsellor where the graduate is in scope, otherwise somebody who has all of them."""
    for role in ("fudaoyuan", "yuanxi"):
        person = staff(role)
        if visible_to(Graduate.objects.filter(pk=graduate.pk), person).exists():
            return person
    return staff("admin")


def _record(listing: Listing, by: User, way: str, text: str) -> None:
    typed: dict[str, Any] = {
        "on": timezone.localdate() - datetime.timedelta(days=7), "way": way, "text": text,
        "helper": by.label, "result": "attended", "next_on": None, "subsidy": "",
        "subsidy_amount": None, "about": "",
    }  # fmt: skip
    records.add(listing_id=listing.pk, typed=typed, evidence=[], form_key=f"demo-{way}", by=by)


def _recommend(listing: Listing, graduate: Graduate, by: User) -> None:
    """Three postings, of which the graduate has opened one."""
    found = recruiting_queries.open_to(graduate).order_by("pk")[:3]
    for posting in found:
        recommending.send(listing_id=listing.pk, posting_id=posting.pk, note="专业相符。", by=by)
    if found:
        recommending.note_opened(graduate=graduate, posting_id=found[0].pk)


def _propose(graduates: list[Graduate], province: User) -> None:
    """Three proposals: one waits, one was agreed to, one refused."""
    if Proposal.objects.exists():
        return
    made = []
    for graduate in graduates[100:103]:
        try:
            made.append(
                proposals.propose(
                    graduate_id=graduate.pk,
                    groups=["low_income"],
                    evidence=[],
                    by=staff("admin"),
                    reason="家庭于今年九月取得低保证，已核对原件，学生本人申请。",
                )
            )
        except DomainError:
            continue  # the graduate is no longer at the school
    if len(made) == 3:
        proposals.accept(proposal_id=made[1].pk, answer="材料齐全，同意列入。", by=province)
        proposals.refuse(
            proposal_id=made[2].pk, answer="低保证已过有效期，请补交新证。", by=province
        )
