"""Signing on a phone whose browser can't put a file into a form: iOS before 14.5 and WeChat there."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.test_after_signing import code_sent_to, graduate_signs_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("is_kept", [False, True], ids=["sent with the form", "kept when drawn"])
def test_a_signature_reaches_the_server_without_data_transfer(
    phone: Page, platform: Stack, is_kept: bool
) -> None:
    number = "90270002" if is_kept else "90270003"
    before = json.loads(platform.python("tests.browser.invited_before", number))
    phone.add_init_script("delete window.DataTransfer")
    if not is_kept:  # the drawing that is sent as soon as the pen is lifted gets lost
        phone.route("**/signatures/**", lambda route: route.abort())
    graduate_signs_in(phone, before)
    phone.goto(f"/invitations/{before['invitation']}/")
    phone.get_by_role("button", name="我已阅读，获取验证码").click()
    phone.get_by_label("短信验证码").fill(code_sent_to(phone, before["mobile"], "签署"))
    draw(phone)
    if is_kept:
        expect(phone.get_by_text("签名已保存。")).to_be_visible()
        expect(phone.locator("[data-drawn]")).to_have_value("")
    else:
        assert phone.locator("[data-drawn]").input_value().startswith("data:image/png;base64,")
        assert phone.evaluate("document.querySelector('#id_signature').files.length") == 0
    phone.get_by_role("button", name="我已阅读并接受相关约定").click()
    expect(phone.get_by_text("签约成功，协议已生效")).to_be_visible()


def draw(page: Page) -> None:
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
    page.wait_for_function(
        "() => document.querySelector('[data-drawn]').value"
        " || document.querySelector('[name=kept]').value"
    )
