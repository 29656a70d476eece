"""Journeys after signing: printing on a public computer; ending an agreement and signing another."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import picture
from tests.browser.stack import Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out

pytestmark = pytest.mark.browser

Before = dict[str, Any]


def signed_before(platform: Stack, student_no: str) -> Before:
    return json.loads(platform.python("tests.browser.signed_before", student_no))


def graduate_signs_in(page: Page, before: Before) -> None:
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(before["student_no"])
    page.get_by_label("密码").fill(before["password"])
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text(f"{before['name']}，你好")).to_be_visible()


def code_sent_to(page: Page, mobile: str, purpose: str) -> str:
    """The newest code for `purpose`, as the development inbox shows it."""
    inbox = page.context.new_page()
    inbox.goto("/dev/inbox/")
    text = inbox.locator("section", has_text=mobile).filter(has_text=purpose).first.inner_text()
    inbox.close()
    found = re.search(r"验证码(\d{6})", text)
    assert found, text
    return found.group(1)


def test_an_agreement_is_printed_once_from_a_public_computer(
    desktop: Page, phone: Page, platform: Stack, tmp_path: Path
) -> None:
    before = signed_before(platform, "90270010")
    graduate_signs_in(phone, before)
    the_document_gets_ready(phone, before)
    picture(phone, "phone-agreement")

    desktop.goto("/print/")
    desktop.get_by_role("button", name="显示二维码").click()
    expect(desktop.locator("#ticket-qr svg")).to_be_visible()
    digits = desktop.locator(".two-digits").inner_text()
    picture(desktop, "print")
    token = desktop.url.rstrip("/").rpartition("/")[2]

    # The address of the page is useless on another device.
    phone.goto(f"/print/{token}/")
    expect(phone.get_by_text("此页面只能在原来的电脑上使用")).to_be_visible()

    phone.goto(f"/print/scan/{token}/")
    expect(phone.locator(".two-digits")).to_have_text(digits)
    expect(desktop.get_by_text("请在手机上确认")).to_be_visible()
    expect(desktop.locator("#ticket-qr")).to_be_hidden()
    expect(desktop.locator(".two-digits")).to_have_text(digits)
    expect(desktop.get_by_role("button", name=re.compile("下载协议书"))).to_have_count(0)
    phone.get_by_role("button", name="数字一致，确认打印").click()
    expect(phone.get_by_text("已确认，请在电脑上下载打印")).to_be_visible()

    button = desktop.get_by_role("button", name=re.compile("下载协议书"))
    expect(button).to_be_visible()
    form = {
        "csrfmiddlewaretoken": desktop.locator(
            "#ticket-state input[name=csrfmiddlewaretoken]"
        ).input_value()
    }
    with desktop.expect_download() as download:
        button.click()
    paper = tmp_path / "agreement.pdf"
    download.value.save_as(paper)
    assert paper.read_bytes().startswith(b"%PDF-")
    assert before["number"] in platform.manage("verify_agreement", str(paper))

    expect(desktop.get_by_text("请打印后删除电脑上下载的文件")).to_be_visible()
    again = desktop.request.post(f"/print/{token}/pdf/", form=form)
    assert (again.status, "已经下载过" in again.text()) == (409, True)
    phone.goto(f"/agreements/{before['agreement']}/")
    phone.get_by_text("打印记录（1 次）").click()
    expect(phone.get_by_text("扫码打印").last).to_be_visible()


def the_document_gets_ready(page: Page, before: Before) -> None:
    """Wait until the worker has made the document and the page offers it."""
    page.goto(f"/agreements/{before['agreement']}/")
    link = page.get_by_role("link", name=re.compile("下载协议书"))
    for _ in range(60):
        try:
            link.wait_for(timeout=500)
            return
        except PlaywrightTimeout:
            page.reload()
    expect(link).to_be_visible()


def test_an_agreement_is_ended_and_another_unit_signs(
    desktop: Page, phone: Page, platform: Stack
) -> None:
    before = signed_before(platform, "90270016")  # in the counsellor's care
    graduate_signs_in(phone, before)
    ask_to_end(phone, before)
    the_unit_consents(desktop, before)
    platform.python("tests.browser.take_back_period_over")
    the_counsellor_passes_on(desktop, before)
    the_school_agrees(desktop, before)

    desktop.goto(f"/verify/{before['token']}/")
    expect(desktop.get_by_text("已解约，文件作废")).to_be_visible()
    expect(desktop.get_by_text(before["name"])).to_have_count(0)

    sign_again(phone, before)


def ask_to_end(page: Page, before: Before) -> None:
    page.goto(f"/agreements/{before['agreement']}/")
    page.get_by_role("link", name="申请解约").click()
    page.get_by_label("解约事由").select_option(label="协商一致")
    page.get_by_role("button", name="提交解约申请").click()
    # The missing reason is reported beside its field, and the chosen ground is kept.
    expect(page.locator(".field", has=page.locator("#reason"))).to_contain_text("请说明解约的原因")
    expect(page.get_by_label("解约事由")).not_to_have_value("")
    page.get_by_label("原因说明").fill("家人需要照顾，已与单位协商一致")
    page.get_by_role("button", name="提交解约申请").click()
    expect(page.get_by_text("解约申请已提交，办结之前协议继续有效")).to_be_visible()
    expect(page.get_by_role("link", name="申请解约")).to_have_count(0)


def the_unit_consents(page: Page, before: Before) -> None:
    page.goto("/employer/")
    page.get_by_label("手机号码", exact=True).fill(before["unit_mobile"])
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(code_sent_to(page, before["unit_mobile"], "登录"))
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="协议").click()
    page.get_by_role("link", name=re.compile(before["number"])).click()
    expect(page.get_by_text("毕业生申请协商解约，请答复")).to_be_visible()
    page.get_by_role("link", name="阅读解约内容，同意解约").click()
    expect(page.get_by_text(before["number"]).first).to_be_visible()
    page.get_by_role("button", name="我已阅读，获取验证码").click()
    page.get_by_role("checkbox", name=re.compile("我已阅读以上内容")).check()
    page.get_by_label("短信验证码").fill(code_sent_to(page, before["unit_mobile"], "解除"))
    page.get_by_role("button", name="同意解约", exact=True).click()
    expect(
        page.get_by_text(re.compile("您已同意解约，.*前可以撤回，之后转院系审核")).first
    ).to_be_visible()
    expect(page.get_by_role("button", name="撤回同意")).to_be_visible()


def the_counsellor_passes_on(page: Page, before: Before) -> None:
    staff_signs_in(page, "99001fudaoyuan")
    page.goto("/console/terminations/queue/")
    page.get_by_role("link", name=before["name"]).click()
    expect(page.get_by_text("家人需要照顾").first).to_be_visible()
    picture(page, "console-termination")
    page.get_by_role("button", name="初审同意").click()
    expect(page.get_by_text("已初审同意").first).to_be_visible()
    staff_signs_out(page)


def the_school_agrees(page: Page, before: Before) -> None:
    staff_signs_in(page, "99001admin")
    page.goto("/console/messages/")
    page.get_by_role("button", name=f"{before['name']}的解约申请等待终审").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="终审同意").click()
    expect(page.get_by_text("已终审同意").first).to_be_visible()
    expect(page.get_by_text("已解约").first).to_be_visible()


def sign_again(page: Page, before: Before) -> None:
    page.goto("/messages/")
    page.get_by_role("button", name=f"{before['unit']}：协议已解约").click()
    expect(page.get_by_text("可以重新签约或登记去向")).to_be_visible()
    page.goto("/")
    expect(page.get_by_text("有1份签约邀约等待您答复")).to_be_visible()
    page.get_by_role("link", name="去办理").click()
    page.get_by_role("button", name="我已阅读，获取验证码").click()
    page.get_by_label("短信验证码").fill(code_sent_to(page, before["mobile"], "签署"))
    draw_a_signature(page)
    page.get_by_role("button", name="我已阅读并接受相关约定").click()
    expect(page.get_by_text("签约成功，协议已生效")).to_be_visible()
    expect(page.get_by_role("heading", name=before["next_unit"])).to_be_visible()
    page.goto("/agreements/")
    expect(page.locator("a.row-card", has_text=before["next_unit"])).to_contain_text("有效")
    expect(page.locator("a.row-card", has_text=before["unit"])).to_contain_text("已解约")


def draw_a_signature(page: Page) -> None:
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    left, top = box["x"] + 40, box["y"] + 50
    page.mouse.move(left, top)
    page.mouse.down()
    for i in range(14):
        page.mouse.move(left + i * 18, top + (i * 37) % 70)
    page.mouse.up()
    # The signature is in the form once the pad has written its picture.
    expect(page.locator("#id_signature")).to_have_value(re.compile("signature.png"))
