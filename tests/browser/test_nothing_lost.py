"""Journeys of staff: a review is undone by a key, and nothing typed is lost to another category or to a
colleague who saves first."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.test_main_job import staff_signs_in

pytestmark = pytest.mark.browser


def test_a_review_is_undone_and_nothing_typed_is_lost(desktop: Page, platform: Stack) -> None:
    one, two = json.loads(platform.python("tests.browser.registered_before", "2"))
    staff_signs_in(desktop, "99001admin")
    a_review_is_undone(desktop, one["pk"])
    another_category_keeps_what_was_typed(desktop, two["pk"])
    a_colleague_saves_first(desktop, two["pk"])


def a_review_is_undone(page: Page, pk: int) -> None:
    page.goto(f"/console/destinations/{pk}/?from=/console/destinations/queue/")
    page.keyboard.press("a")
    button = page.get_by_role("button", name="撤销（5秒）")
    expect(button).to_be_visible()
    assert f"/console/destinations/{pk}/" not in page.url  # the next one of the queue
    page.keyboard.press("u")
    expect(page.get_by_text("已撤销审核，恢复为“待审核”")).to_be_visible()
    assert f"/console/destinations/{pk}/" in page.url
    page.keyboard.press("a")
    expect(button).to_be_visible()
    expect(button).to_be_hidden(timeout=8000)  # too late
    page.goto(f"/console/destinations/{pk}/")
    expect(page.get_by_text("审核通过").first).to_be_visible()


def another_category_keeps_what_was_typed(page: Page, pk: int) -> None:
    page.goto(f"/console/destinations/{pk}/enter/")
    page.get_by_label("单位名称").fill("改选以前写的公司")
    page.locator("select[name=category]").select_option("12")
    expect(page.get_by_label("月薪（元）")).to_be_visible()
    expect(page.get_by_label("单位名称")).to_have_value("改选以前写的公司")


def a_colleague_saves_first(page: Page, pk: int) -> None:
    page.goto(f"/console/graduates/{pk}/")
    colleague = page.context.new_page()
    colleague.goto(f"/console/graduates/{pk}/")
    colleague.get_by_label("QQ").fill("10001")
    colleague.get_by_role("button", name="保存").click()
    expect(colleague.get_by_text("已保存。")).to_be_visible()
    colleague.close()
    page.get_by_label("QQ").fill("10002")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("您的修改没有保存")).to_be_visible()
    expect(page.get_by_label("QQ")).to_have_value("10002")
    expect(page.locator(".stored-now b")).to_have_text("10001")
    page.get_by_role("button", name="改用这个").click()
    expect(page.get_by_label("QQ")).to_have_value("10001")
    page.get_by_label("QQ").fill("10002")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    expect(page.get_by_label("QQ")).to_have_value("10002")
