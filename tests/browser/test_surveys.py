"""A survey is answered on the phone without signing in; the school ends it and reads the results."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.stack import Stack
from tests.browser.test_main_job import staff_signs_in

pytestmark = pytest.mark.browser


def test_a_survey_is_answered_on_the_phone_and_read_by_the_school(
    phone: Page, desktop: Page, platform: Stack
) -> None:
    known = json.loads(platform.python("tests.browser.surveys_before"))
    _answer(phone, known)
    staff_signs_in(desktop, "99001admin")
    desktop.goto(f"/console/surveys/{known['pk']}/")
    desktop.get_by_text("提前结束", exact=True).first.click()
    desktop.get_by_label("提前结束的原因").fill("回收已达到预期")
    desktop.once("dialog", lambda dialog: dialog.accept())
    desktop.get_by_role("button", name="提前结束").click()
    expect(desktop.get_by_text("已结束，不再接收答卷。")).to_be_visible()
    desktop.get_by_role("link", name="调查结果").last.click()
    expect(desktop.get_by_text("作答13份").first).to_be_visible()
    expect(
        desktop.get_by_text("满意度（相关度、相符度）= 选前三级的 ÷ 作答的").first
    ).to_be_visible()
    expect(desktop.get_by_text(known["name"])).to_have_count(0)
    picture(desktop, "survey-results")


def _answer(phone: Page, known: dict[str, str]) -> None:
    phone.goto(known["link"])
    expect(phone.get_by_role("heading", name=known["title"])).to_be_visible()
    expect(phone.get_by_text("本问卷不记名")).to_be_visible()
    phone.get_by_role("link", name="开始填写").click()
    phone.get_by_role("button", name="保存，下一页").click()
    expect(phone.get_by_text("此题必答。")).to_be_visible()
    phone.get_by_label("不满意", exact=True).check()
    picture(phone, "survey-phone")
    phone.get_by_role("button", name="保存，下一页").click()
    phone.get_by_label("课程").check()
    phone.get_by_label("有什么建议").fill("多安排实习")
    phone.wait_for_timeout(3500)  # as long as a person takes; a hasty answer would not be valid
    # Left and come back to with the same link.
    phone.get_by_role("button", name="上一页").click()
    expect(phone.get_by_label("不满意", exact=True)).to_be_checked()
    phone.goto(f"{known['link']}?page=2")
    expect(phone.get_by_label("课程")).to_be_checked()
    expect(phone.get_by_label("有什么建议")).to_have_value("多安排实习")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("已提交，谢谢")).to_be_visible()
    phone.goto(known["link"])
    expect(phone.get_by_text("这个链接现在不能作答")).to_be_visible()
