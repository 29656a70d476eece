"""From a verified unit to an agreement that came of an application, over the faces of unit, graduate,
school and province, in a real browser."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.stack import PASSWORD, Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out
from tests.browser.test_signing import draw_signature, fill, last_code

pytestmark = pytest.mark.browser

TITLE = "云平台开发工程师"
POSTING = {
    "title": TITLE, "headcount": "3", "majors": "", "places": "合肥市", "pay_from": "8000",
    "pay_to": "12000", "pay_months": "13", "contract_years": "3", "probation_months": "3",
    "duties": "参与云平台的设计和开发，编写技术文档。", "requirements": "985院校毕业，熟悉一门编程语言。",
    "valid_until": (date.today() + timedelta(days=60)).isoformat(),
}  # fmt: skip
OFFER = {
    "unit_address": "虚构路8号", "contact_name": "虚构经理", "contact_phone": "0551-60000000",
    "contact_email": "hr@example.com",
}  # fmt: skip
OFFERED_JOB = {
    "probation_wage": "7000", "penalty": "3000", "report_place": "虚构路8号",
    "report_by": (date.today() + timedelta(days=200)).isoformat(),
    "signing_notes": "提供集体宿舍",
}  # fmt: skip


def test_from_a_posting_to_a_signature(
    phone: Page, recruiter: Page, desktop: Page, platform: Stack
) -> None:
    known = json.loads(platform.python("tests.browser.recruiting_before", "people"))
    unit_signs_in(recruiter, known["mobile"])
    unit_asks_to_be_verified(recruiter)
    province_verifies(desktop, known["unit"])
    unit_mends_its_posting(recruiter)
    province_approves_the_posting(desktop)
    graduate_signs_in(phone, known)
    graduate_writes_a_resume(phone)
    graduate_applies(phone)
    unit_invites_to_an_interview(recruiter, known["name"])
    graduate_accepts_the_interview(phone)
    unit_offers(recruiter, known["name"])
    graduate_signs(phone, known["unit"])
    school_approves(desktop, known["name"])
    graduate_comes_to_a_fair(phone, desktop, platform)
    graduate_reports_the_unit(phone)
    posting_is_paused(recruiter)


def unit_signs_in(page: Page, mobile: str) -> None:
    page.goto("/employer/?by=password")
    page.get_by_label("手机号码").fill(mobile)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)


def unit_asks_to_be_verified(page: Page) -> None:
    page.goto("/employer/recruiter/")
    fill(page, {"contact_name": "虚构经理", "contact_phone": "0551-60000000",
                "introduction": "虚构的云计算公司。"})  # fmt: skip
    page.locator("#id_account_kind").select_option("own")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="提交核验").click()
    expect(page.get_by_text("待核验")).to_be_visible()


def province_verifies(page: Page, unit: str) -> None:
    staff_signs_in(page, "province")
    page.goto("/console/verifications/")
    page.get_by_role("link", name=unit).click()
    page.get_by_role("button", name="核验通过").click()
    expect(page.get_by_text(re.compile("核验通过|已核验")).first).to_be_visible()


def unit_mends_its_posting(page: Page) -> None:
    """The first text limits the kind of university, which the checker refuses with its article."""
    page.goto("/employer/postings/new/")
    fill(page, POSTING)
    page.locator("#id_job_category").select_option("13")
    page.locator("#id_work_kind").select_option("1")
    page.locator("#id_education").select_option("2")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("三严禁").first).to_be_visible()
    page.locator("#id_requirements").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    picture(page, "posting-refused")
    page.locator("#id_requirements").fill("熟悉一门编程语言，善于沟通。")
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("待审核").first).to_be_visible()


def province_approves_the_posting(page: Page) -> None:
    page.goto("/console/postings/")
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text(re.compile("已通过|已发布")).first).to_be_visible()
    staff_signs_out(page)


def graduate_signs_in(page: Page, known: dict[str, str]) -> None:
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(known["student_no"])
    page.get_by_label("密码").fill(known["password"])
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)


def graduate_writes_a_resume(page: Page) -> None:
    page.goto("/resume/edit/")
    fill(page, {"foreign_language": "英语六级", "computer": "二级", "hobbies": "阅读",
                "strengths": "写作", "self_evaluation": "学习踏实，乐于沟通。"})  # fmt: skip
    for kind in ("在校经历", "获奖", "技能证书"):
        page.get_by_label(kind).check()
    page.get_by_role("button", name="保存").click()
    page.goto("/resume/entries/new/education/")
    fill(page, {"name": "示范大学", "begun": "2023-09", "text": "数据结构、操作系统。"})
    page.locator("#id_level").select_option("31")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("示范大学").first).to_be_visible()
    picture(page, "phone-resume")


def graduate_applies(page: Page) -> None:
    page.goto("/jobs/")
    picture(page, "phone-jobs")
    page.goto("/jobs/?q=云平台")
    page.locator("a.row-card", has_text=TITLE).click()
    page.get_by_role("link", name="投递简历").click()
    page.get_by_label("我已阅读并同意").check()
    page.get_by_role("button", name="同意并投递").click()
    expect(page.get_by_text("已投递").first).to_be_visible()


def unit_invites_to_an_interview(page: Page, name: str) -> None:
    open_application(page, name)
    picture(page, "application")
    page.get_by_role("link", name="邀请面试").click()
    page.locator("#id_way").select_option("on_site")
    fill(page, {
        "day": (date.today() + timedelta(days=5)).isoformat(), "time": "10:00", "place": "虚构路8号302室",
        "contact_name": "虚构经理", "contact_phone": "0551-60000000",
    })  # fmt: skip
    page.get_by_role("button", name="发出邀请").click()
    expect(page.get_by_text("待毕业生答复").first).to_be_visible()


def open_application(page: Page, name: str) -> None:
    page.goto("/employer/applications/")
    page.locator("section.row-card", has_text=name).get_by_role("link", name="查看").click()


def graduate_accepts_the_interview(page: Page) -> None:
    page.goto("/interviews/")
    page.locator("a.row-card", has_text=TITLE).click()
    page.get_by_role("button", name="接受", exact=True).click()
    expect(page.get_by_text("已接受").first).to_be_visible()


def unit_offers(page: Page, name: str) -> None:
    open_application(page, name)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="拟录用").click()
    page.get_by_role("button", name="发签约邀约").click()
    # The posting has filled in the job.
    fill(page, OFFER)
    page.get_by_role("button", name="下一步").click()
    expect(page.locator("#id_job_title")).to_have_value(TITLE)
    fill(page, OFFERED_JOB)
    for _ in range(2):
        page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="预览").click()
    page.get_by_role("button", name="确认发送").click()
    page.wait_for_url("**/sent/")


def graduate_signs(page: Page, unit: str) -> None:
    page.goto("/invitations/")
    page.locator("a.row-card", has_text=unit).click()
    ask = page.get_by_role("button", name="我已阅读，获取验证码")
    expect(ask).to_be_enabled()
    ask.click()
    expect(page.get_by_label("短信验证码")).to_be_visible()
    masked = page.locator("#sign").get_by_text("验证码将发送到").inner_text()
    draw_signature(page)
    page.get_by_label("短信验证码").fill(last_code(page, masked.strip()[-4:]))
    page.get_by_role("button", name="我已阅读并接受相关约定").click()
    expect(page.get_by_text("签约成功，协议已生效。")).to_be_visible()
    page.goto("/applications/")
    expect(page.locator("a.row-card", has_text=TITLE)).to_contain_text("已签约")


def school_approves(page: Page, name: str) -> None:
    staff_signs_in(page, "99001admin")
    page.goto("/console/destinations/queue/")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_text(re.compile("：已通过"))).to_be_visible()
    assert signed_by_way(page)["平台投递"] == "1"
    staff_signs_out(page)


def signed_by_way(page: Page) -> dict[str, str]:
    """The agreements of the school by the way in which they came about, as the figures show them."""
    page.goto("/console/recruiting-figures/")
    table = page.locator("table").last
    return dict(
        zip(
            table.locator("th").all_inner_texts(),
            table.locator("td").all_inner_texts(),
            strict=True,
        )
    )


def graduate_comes_to_a_fair(page: Page, host: Page, platform: Stack) -> None:
    fair = json.loads(platform.python("tests.browser.recruiting_before", "fair"))["fair"]
    page.goto(f"/fairs/{fair}/")
    page.get_by_role("button", name=re.compile("预约")).click()
    expect(page.get_by_text("已预约").first).to_be_visible()
    staff_signs_in(host, "99001admin")
    host.goto(f"/console/fairs/{fair}/check-in/")
    expect(host.locator("svg").first).to_be_visible()
    picture(host, "check-in")
    code = json.loads(platform.python("tests.browser.recruiting_before", "code", str(fair)))
    page.goto(code["address"])
    page.get_by_role("button", name="签到").click()
    expect(page.get_by_text("签到").first).to_be_visible()
    host.goto(f"/console/fairs/{fair}/")
    expect(host.locator("main")).to_contain_text(re.compile(r"已签到\s*1人"))
    staff_signs_out(host)


def graduate_reports_the_unit(page: Page) -> None:
    """A unit that takes money is paused at once, before anybody has decided."""
    page.goto("/jobs/?q=云平台")
    page.locator("a.row-card", has_text=TITLE).click()
    page.get_by_role("link", name="举报单位").click()
    page.locator("#id_reason").select_option("1")
    page.locator("#id_text").fill("入职前要求交服装费。")
    page.get_by_role("button", name="提交举报").click()
    expect(page.get_by_text("举报").first).to_be_visible()


def posting_is_paused(page: Page) -> None:
    page.goto("/employer/postings/")
    card = page.locator(".row-card", has_text=TITLE)
    expect(card).to_contain_text("暂停")
