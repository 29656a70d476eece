"""Invitations from a workbook are uploaded, checked and sent by the worker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.test_after_signing import code_sent_to

pytestmark = pytest.mark.browser


def signs_in(page: Page, mobile: str) -> None:
    page.goto("/employer/")
    page.get_by_label("手机号码", exact=True).fill(mobile)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(code_sent_to(page, mobile, "登录"))
    page.get_by_role("button", name="登录", exact=True).click()


def test_a_unit_sends_invitations_from_a_workbook(
    desktop: Page, recruiter: Page, platform: Stack, tmp_path: Path
) -> None:
    file = tmp_path / "春季批量邀约.xlsx"
    before = json.loads(platform.python("tests.browser.workbook_before", str(file)))
    signs_in(desktop, before["mobile"])
    desktop.goto("/employer/invitations/")
    desktop.get_by_role("link", name="批量邀约").click()
    expect(desktop.get_by_role("link", name="下载模板")).to_be_visible()
    desktop.get_by_label("工作簿").set_input_files(file)
    desktop.get_by_role("button", name="上传并检查").click()
    expect(desktop.get_by_role("button", name="发送 6 份邀约")).to_be_visible()
    expect(desktop.get_by_text("没有找到院校、姓名、学号都一致的毕业生")).to_be_visible()
    phone = recruiter.context
    phone.add_cookies(desktop.context.cookies())  # type: ignore[arg-type]
    recruiter.goto(desktop.url)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not recruiter.evaluate(wide)

    desktop.get_by_role("button", name="发送 6 份邀约").click()
    expect(desktop.get_by_text("发送完成")).to_be_visible()
    expect(desktop.get_by_role("link", name="查看邀约")).to_have_count(6)
    recruiter.reload()
    with desktop.expect_download() as download:
        desktop.get_by_role("link", name="下载标注的工作簿").click()
    assert download.value.suggested_filename.endswith(".xlsx")

    # Uploading the same workbook again invites nobody twice.
    recruiter.goto("/employer/invitations/workbook/")
    recruiter.get_by_label("工作簿").set_input_files(file)
    recruiter.get_by_role("button", name="上传并检查").click()
    expect(recruiter.get_by_text("没有可以发送的行")).to_be_visible()
    assert not recruiter.evaluate(wide)
    desktop.goto("/employer/invitations/workbook/")
