"""Around the registration in a real browser: a reminder is seen in the graduate's inbox and followed; a sample
is drawn, called, published and drawn again."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.stack import Stack
from tests.browser.test_after_signing import graduate_signs_in
from tests.browser.test_main_job import staff_signs_in, staff_signs_out

pytestmark = pytest.mark.browser


def test_a_reminder_is_seen_and_a_sample_is_called(
    desktop: Page, phone: Page, platform: Stack
) -> None:
    known = json.loads(platform.python("tests.browser.around_before"))
    staff_signs_in(desktop, "99001admin")
    school_reminds(desktop, known["reminded"])
    graduate_reads_it(phone, known["reminded"])
    desktop.reload()
    expect(desktop.locator("tbody tr").first).to_contain_text("已读")
    number = school_draws_a_sample(desktop)
    staff_signs_out(desktop)
    counsellor_calls_everybody(desktop)
    school_publishes(desktop, number)
    assert platform.manage("replay_sample", number).startswith("一致")


def school_reminds(page: Page, graduate: dict[str, str]) -> None:
    page.goto("/console/graduates/")
    page.get_by_role("searchbox").fill(graduate["student_no"])
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("summary", has_text="催办").click()
    page.get_by_role("button", name="登记毕业去向").click()
    expect(page.get_by_role("heading", name="催办：登记毕业去向")).to_be_visible()
    picture(page, "reminder-preview")
    page.get_by_label("内容").fill("不登记将影响档案转递。")
    page.get_by_role("button", name="发送给 1 人").click()
    expect(page.get_by_text("不准以户口、档案为由").first).to_be_visible()
    page.get_by_label("内容").fill("请在月底前登录平台登记您的毕业去向。")
    page.get_by_role("button", name="发送给 1 人").click()
    # The page refreshes itself until the worker is done.
    expect(page.get_by_text("已发送").first).to_be_visible(timeout=30_000)
    expect(page.locator("tbody tr")).to_contain_text(graduate["name"])
    picture(page, "reminder")


def graduate_reads_it(page: Page, graduate: dict[str, str]) -> None:
    graduate_signs_in(page, graduate)  # type: ignore[arg-type]
    page.goto("/messages/")
    expect(page.get_by_text("请登记您的毕业去向").first).to_be_visible()
    expect(page.get_by_text("请在月底前登录平台登记您的毕业去向。").first).to_be_visible()
    picture(page, "reminder-inbox")
    page.get_by_role("button", name=re.compile("全部.*已读")).click()


def school_draws_a_sample(page: Page) -> str:
    page.goto("/console/samples/add/")
    page.get_by_label("名称").fill("虚构的抽查")
    page.get_by_label("比例（%）").fill("")
    page.get_by_label("人数").fill("2")
    page.get_by_role("button", name="创建").click()
    expect(page.get_by_text("请记下种子的SHA-256").first).to_be_visible()
    page.get_by_role("button", name="抽取").click()
    expect(page.get_by_text("已抽取，名单和总体已经固定。")).to_be_visible()
    page.get_by_label(re.compile("演示辅导员99001")).check()
    page.get_by_label(re.compile("演示院系99001")).check()
    page.get_by_role("button", name="分派").click()
    expect(page.get_by_text(re.compile(r"已分派\d+人。"))).to_be_visible()
    picture(page, "sample")
    return page.url.rstrip("/").rsplit("/", 1)[1]


def counsellor_calls_everybody(page: Page) -> None:
    for login in ("99001fudaoyuan", "99001yuanxi"):
        staff_signs_in(page, login)
        page.goto("/console/callbacks/?waiting=1")
        while page.locator("tbody tr").count():
            page.locator("tbody a").first.click()
            page.get_by_role("button", name="显示完整号码").click()
            expect(page.locator("dd.mono, dd .mono").first).to_have_text(re.compile(r"\d{11}"))
            for select in page.locator("#main form select").all():
                select.select_option(index=1)
            page.locator("#id_forced").select_option("no")
            picture(page, "callback")
            page.get_by_role("button", name="保存回访结果").click()
            expect(page.get_by_text("已记录。")).to_be_visible()
            page.goto("/console/callbacks/?waiting=1")
        staff_signs_out(page)


def school_publishes(page: Page, number: str) -> None:
    staff_signs_in(page, "99001admin")
    page.goto(f"/console/samples/{number}/")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="公布结果").click()
    expect(page.get_by_text("已公布结果和种子。")).to_be_visible()
    picture(page, "sample-published")
