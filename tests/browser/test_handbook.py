"""Every page of the handbook opens for its reader without an error, and is photographed when asked.

With RETAKE_PICTURES=1 the demo school is filled first, so that the pictures show what a school sees.
"""

from __future__ import annotations

import io
import os

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from core.menu import menu_for
from employers.demo import NAME as UNIT
from schools.roles import Level
from tests.browser.conftest import PICTURES
from tests.browser.stack import PASSWORD, Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out
from tests.browser.test_recruiting import unit_signs_in
from tests.test_handbook import Holder

pytestmark = pytest.mark.browser
FOLDER = PICTURES / "handbook"
_COLOURS = 128


def keep_picture(page: Page, name: str) -> None:
    """Keep what the window shows, in few colours, so that the handbook stays small."""
    if not os.environ.get("RETAKE_PICTURES"):
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if taken.width > 1200:
        taken = taken.resize((1200, taken.height * 1200 // taken.width), Image.Resampling.LANCZOS)
    taken.quantize(_COLOURS, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def open_page(page: Page, address: str, name: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    expect(page.locator("h1")).to_have_count(1)
    keep_picture(page, name)


@pytest.fixture
def filled(platform: Stack) -> Stack:
    if os.environ.get("RETAKE_PICTURES"):
        platform.manage("load_demo", "--fill")
    return platform


def test_every_page_of_the_console_opens(desktop: Page, filled: Stack) -> None:
    seen: set[str] = set()
    for login, level in (("99001admin", Level.SCHOOL), ("99001yuanxi", Level.DEPARTMENT),
                         ("province", Level.PROVINCE)):  # fmt: skip
        staff_signs_in(desktop, login)
        for _, items in menu_for(Holder(level)):
            for item in items:
                if item.url_name not in seen:
                    seen.add(item.url_name)
                    address = reverse(item.url_name)
                    open_page(desktop, address, item.url_name.removeprefix("console:"))
        staff_signs_out(desktop)


def test_every_tab_of_the_graduate_opens(phone: Page, filled: Stack) -> None:
    phone.goto("/login/")
    phone.get_by_label("院校").fill("示范大学")
    phone.get_by_label("学号").fill("90270001")
    phone.get_by_label("密码").fill(PASSWORD)
    phone.get_by_role("button", name="登录").click()
    expect(phone.get_by_role("button", name="登录")).to_have_count(0)
    for name in ("home", "register-tab", "origin", "destination", "card", "services", "me"):
        open_page(phone, reverse(name), name)


def test_every_tab_of_the_unit_opens(desktop: Page, filled: Stack) -> None:
    unit_signs_in(desktop, "13900009999")
    expect(desktop.get_by_text(UNIT).first).to_be_visible()
    for name in ("home", "postings", "applications", "fairs", "invitations", "agreements", "unit",
                 "messages"):  # fmt: skip
        open_page(desktop, reverse(f"employer-{name}"), f"employer-{name}")
