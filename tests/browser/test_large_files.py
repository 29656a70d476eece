"""Files that are too large: the page says so before it sends them; whoever sends them nevertheless comes
back to what they typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.bodies import MEGABYTE
from tests.browser.stack import Stack
from tests.browser.test_signing import PASSWORD, STUDENT

pytestmark = pytest.mark.browser
_NOT_TAKEN = "提交的内容超过64MB，没有接收，也没有保存。"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "证件.jpg"
    path.write_bytes(b"\xff\xd8" + bytes(64 * MEGABYTE))
    return path


def _shoot(page: Page, name: str) -> None:
    """Keep a picture in the folder SHOTS, for somebody who wants to look."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)  # type: ignore[index]


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_a_large_file_is_named_before_it_is_sent_and_what_was_typed_survives_the_refusal(
    device: str, request: pytest.FixtureRequest, platform: Stack, large: Path
) -> None:
    page: Page = request.getfixturevalue(device)
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(STUDENT)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)
    page.goto("/corrections/ask/?kind=origin&field=gender")
    typed = page.get_by_label("理由")
    typed.fill("性别登记有误，附证件照片")
    scan = page.locator("input[type=file][name=images]")
    scan.set_input_files(large)
    beside = page.locator("#field-images .error")
    expect(beside).to_have_text(
        "所选文件有64.1MB，超过上限63MB，没有选上，其他内容都还在。请换小一些的文件，或压缩后再选。"
    )
    assert scan.evaluate("input => input.files.length") == 0
    expect(typed).to_have_value("性别登记有误，附证件照片")
    _shoot(page, "field")
    small = {"name": "证件.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8"}
    scan.set_input_files(small)
    expect(beside).to_have_count(0)
    # Without the limit on the page it is sent, to a server that does not even read it.
    page.evaluate("document.body.removeAttribute('data-files-limit')")
    scan.set_input_files(large)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".upload-state .error")).to_have_text(_NOT_TAKEN)
    expect(typed).to_have_value("性别登记有误，附证件照片")


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_the_413_page_leads_back_to_the_form(
    device: str, request: pytest.FixtureRequest, platform: Stack, tmp_path: Path
) -> None:
    page: Page = request.getfixturevalue(device)
    path = tmp_path / "协议书.pdf"
    path.write_bytes(b"%PDF-1.7" + bytes(7 * MEGABYTE))
    page.goto("/verify/")
    page.evaluate("document.body.removeAttribute('data-files-limit')")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("form[enctype]").evaluate("form => form.submit()")  # as without scripts
    expect(page.get_by_role("heading", name="内容过大，没有接收")).to_be_visible()
    expect(page.get_by_text("提交的内容超过6MB，没有接收，也没有保存。")).to_be_visible()
    _shoot(page, "413")
    page.get_by_role("button", name="返回填写页").click()
    expect(page).to_have_url(f"{platform.origin}/verify/")
    expect(page.locator("input[type=file]")).to_be_visible()
