"""Forms with files: what was chosen is shown and can be left out, and goes up with a bar that moves."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.test_main_job import photo
from tests.browser.test_signing import PASSWORD, STUDENT

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_chosen_pictures_are_shown_left_out_and_sent_with_their_progress(
    device: str, request: pytest.FixtureRequest, platform: Stack
) -> None:
    page: Page = request.getfixturevalue(device)
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(STUDENT)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)
    page.goto("/corrections/ask/?kind=origin&field=gender")
    address = page.url
    pictures = [
        {"name": f"证件{n}.jpg", "mimeType": "image/jpeg", "buffer": photo()} for n in (1, 2)
    ]
    page.locator("input[type=file][name=images]").set_input_files(pictures)
    expect(page.locator(".chosen li")).to_have_count(2)
    page.get_by_role("button", name="放大 证件2.jpg").click()
    expect(page.locator("dialog.enlarged img")).to_be_visible()
    page.get_by_role("button", name="关闭").click()
    page.get_by_role("button", name="移除 证件1.jpg").click()
    expect(page.locator(".chosen li")).to_have_count(1)
    # A slow line: the bar is seen, and the form can't be sent twice.
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2_000_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("progressbar", name="上传进度")).to_be_visible()
    expect(page.get_by_text("正在上传")).to_be_visible()
    # The reason is missing: the same page says so, and the address is the form's.
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("理由")
    expect(summary).to_be_focused()
    assert page.url == address
    # Cancelled, it can be sent anew.
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": 60_000})
    page.locator("input[type=file][name=images]").set_input_files(pictures[0])
    page.get_by_role("button", name="提交", exact=True).click()
    page.get_by_role("button", name="取消上传").click()
    expect(page.get_by_text("已取消上传，填写的内容都在。")).to_be_visible()
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.get_by_role("button", name="提交", exact=True).click()
    expect(summary).to_be_focused()
