"""The province lists a graduate, the school names who is responsible, the counsellor plans, recommends and
records until the quota is met, and the graduate reads it on the phone."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import PASSWORD, Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out

pytestmark = pytest.mark.browser


def test_from_the_list_to_the_quota(desktop: Page, phone: Page, platform: Stack) -> None:
    known = json.loads(platform.python("tests.browser.support_before", str(platform.folder)))
    province_imports(desktop, known)
    school_names_who_is_responsible(desktop, known)
    staff_signs_in(desktop, "99001fudaoyuan")
    desktop.goto("/console/support/")
    desktop.get_by_role("link", name=known["name"]).click()
    counsellor_writes_profile_and_plan(desktop)
    counsellor_recommends_three_postings(desktop)
    counsellor_records(desktop, "guidance", "一对一职业指导，明确了求职方向和时间安排。")
    expect(desktop.get_by_role("cell", name="未达到", exact=True)).to_have_count(1)
    counsellor_records(desktop, "training", "参加面试技能培训，完成两轮模拟面试。")
    expect(desktop.get_by_role("cell", name="未达到", exact=True)).to_have_count(0)
    desktop.goto("/console/support/?quota=met")
    expect(desktop.get_by_role("link", name=known["name"])).to_be_visible()
    graduate_opens_a_recommendation(phone, known)
    desktop.goto(known["page"])
    sent = desktop.locator("section", has_text="推荐的职位").first
    expect(sent.get_by_role("cell", name=re.compile(r"^\d\d-\d\d$"))).to_have_count(4)
    staff_signs_out(desktop)


def province_imports(page: Page, known: dict[str, str]) -> None:
    staff_signs_in(page, "province")
    page.goto("/console/support-imports/")
    page.get_by_label("届别").last.select_option(known["year"])
    page.get_by_label("方式").select_option("add")
    page.get_by_label("工作簿（.xlsx 或 .xls）").set_input_files(known["workbook"])
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("button", name="确认导入")).to_be_visible(timeout=30_000)
    expect(page.locator(".tile", has_text="将列入或变更")).to_contain_text("1")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("导入完成")).to_be_visible(timeout=30_000)
    staff_signs_out(page)


def school_names_who_is_responsible(page: Page, known: dict[str, str]) -> None:
    staff_signs_in(page, "99001admin")
    page.goto(known["page"])
    page.get_by_text("指定责任人", exact=True).click()
    page.get_by_label("责任人").select_option(label="演示辅导员99001（辅导员）")
    page.locator("form", has=page.get_by_label("责任人")).get_by_role("button", name="保存").click()
    expect(page.get_by_text("已指定责任人。")).to_be_visible()
    staff_signs_out(page)


def counsellor_writes_profile_and_plan(page: Page) -> None:
    page.get_by_label("意愿").select_option("work")
    page.get_by_label("家庭说明").fill("父母务农，收入不稳定。")
    page.get_by_role("button", name="保存档案").click()
    expect(page.get_by_text("已保存帮扶档案")).to_be_visible()
    page.get_by_text("制定方案", exact=True).click()
    page.get_by_label("帮扶目标和措施").fill("每月面谈一次，推荐三个职位。")
    page.get_by_label("复核日期").fill((date.today() + timedelta(days=60)).isoformat())
    page.get_by_role("button", name="保存方案").click()
    expect(page.get_by_text("已保存帮扶方案")).to_be_visible()


def counsellor_recommends_three_postings(page: Page) -> None:
    for _ in range(3):
        page.get_by_role("link", name="推荐职位").click()
        page.get_by_label("推荐理由").fill("专业相符，可以试试。")
        page.get_by_role("button", name="推荐", exact=True).first.click()
        expect(page.get_by_text("已发送给毕业生")).to_be_visible()


def counsellor_records(page: Page, way: str, text: str) -> None:
    page.get_by_role("link", name="记录帮扶").click()
    page.get_by_label("方式").select_option(way)
    page.get_by_label("内容").fill(text)
    page.get_by_role("button", name="保存记录").click()
    expect(page.get_by_text(text).first).to_be_visible()


def graduate_opens_a_recommendation(page: Page, known: dict[str, str]) -> None:
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(known["student_no"])
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)
    page.goto("/services/")
    page.get_by_role("link", name="就业服务记录").click()
    expect(page.get_by_text("每月面谈一次")).to_be_visible()
    page.locator("a.row-card").first.click()
    expect(page).to_have_url(re.compile(r"/jobs/\d+/$"))
    page.goto("/employment-services/")
    expect(page.get_by_text("未读")).to_have_count(2)
