"""From a scanned card to a signed, approved and verifiable agreement, in a real browser."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.stack import PASSWORD, Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out
from tests.factories import make_unit_code

pytestmark = pytest.mark.browser

STUDENT, NAME, RECRUITER = "90270001", "示例甲", "13900007788"
UNIT = "虚构信息技术有限公司"
UNIT_STEP = {
    "unit_name": UNIT, "unit_code": make_unit_code(body="MA2N7788"),
    "unit_division": "安徽省合肥市包河区", "unit_address": "虚构路1号",
    "contact_name": "虚构经理", "contact_phone": "0551-60000000",
    "contact_email": "hr@example.com",
}  # fmt: skip
JOB_STEP = {
    "job_title": "软件工程师", "term_years": "3", "probation_months": "3",
    "probation_wage": "6000", "wage": "8000", "penalty": "3000", "report_place": "虚构路1号",
    "report_by": (date.today() + timedelta(days=200)).isoformat(), "work_place": "合肥市",
    "signing_notes": "提供集体宿舍",
}  # fmt: skip


def photo() -> dict:
    """A phone's photo of a certificate."""
    image = Image.new("RGB", (1600, 1200), "#f6f3ea")
    draw = ImageDraw.Draw(image)
    for line in range(10):
        draw.rectangle((200, 150 + line * 90, 1400, 160 + line * 90), fill="#444444")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


def draw_signature(page: Page) -> None:
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for n in range(14):
        page.mouse.move(box["x"] + 40 + n * 18, box["y"] + 50 + n * 37 % 70)
    page.mouse.up()
    # The strokes are in the form once the canvas has turned them into a picture.
    page.wait_for_function(
        "() => document.querySelector('[data-pad] input[type=file]').files.length > 0"
    )


def last_code(page: Page, ending: str) -> str:
    """The newest code sent to a number, read from the development inbox."""
    inbox = page.context.new_page()
    inbox.goto("/dev/inbox/")
    found = re.search(
        rf"{ending}.*?验证码 ?(\d{{6}})", inbox.locator("body").inner_text(), re.DOTALL
    )
    inbox.close()
    assert found
    return found.group(1)


def of_the_graduate(platform: Stack, select: str) -> str:
    with psycopg.connect(platform.env["DATABASE_URL"]) as c:
        row = c.execute(
            f"{select} FROM graduates_graduate g JOIN schools_school s ON s.id = g.school_id"
            " LEFT JOIN esign_card k ON k.graduate_id = g.id AND k.revoked_at IS NULL"
            " WHERE s.code = '99001' AND g.student_no = %s", [STUDENT],
        ).fetchone()  # fmt: skip
    assert row
    return row[0]


def card_address(platform: Stack) -> str:
    """The address in the QR code of the card."""
    return f"/card/{of_the_graduate(platform, 'SELECT k.token')}/"


def extend_the_counsellors_scope(platform: Stack) -> None:
    """Add the graduate's department to the scope of the demo's counsellor."""
    department = of_the_graduate(platform, "SELECT g.department_id")
    with psycopg.connect(platform.env["DATABASE_URL"]) as c:
        c.execute(
            "INSERT INTO schools_staffmember_departments (staffmember_id, department_id)"
            " SELECT m.user_id, %s FROM schools_staffmember m JOIN accounts_user u"
            " ON u.id = m.user_id WHERE u.login = '99001fudaoyuan' ON CONFLICT DO NOTHING",
            [department],
        )


def test_a_scanned_card_leads_to_a_verified_agreement(
    phone: Page, recruiter: Page, desktop: Page, platform: Stack, tmp_path: Path
) -> None:
    graduate_shows_card(phone)
    recruiter_invites(recruiter, card_address(platform))
    graduate_accepts(phone)
    extend_the_counsellors_scope(platform)
    school_approves(desktop)
    file = download_agreement(phone, tmp_path)
    verify(desktop, file)


def graduate_shows_card(page: Page) -> None:
    page.goto("/login/")
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("学号").fill(STUDENT)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="登录")).to_have_count(0)
    page.goto("/origin/")
    confirm = page.get_by_role("button", name="确认并保存")
    forward = page.get_by_role("button", name="下一步", exact=True)
    while not confirm.count():  # the fields stand on several pages, the answers on the last one
        with page.expect_navigation():
            forward.click()
    confirm.click()
    expect(page.get_by_text("已确认并保存")).to_be_visible()
    page.goto("/my-card/")
    page.get_by_role("button", name="生成二维码名片").click()
    expect(page.locator(".qr-box svg")).to_be_visible()
    picture(page, "phone-card")


def recruiter_invites(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="确认是此毕业生").click()
    page.get_by_label("手机号码").fill(RECRUITER)
    page.get_by_role("button", name="获取验证码").click()
    page.get_by_label("短信验证码").fill(last_code(page, RECRUITER))
    page.get_by_role("button", name="下一步").click()
    fill(page, UNIT_STEP)
    page.locator("#id_unit_property").select_option("39")
    page.locator("#id_unit_industry").select_option("34")
    go_on(page, 2)
    fill(page, JOB_STEP)
    page.locator("#id_job_category").select_option("13")
    page.evaluate("scrollTo(0, 0)")
    picture(page, "recruiter-form")
    go_on(page, 3)
    go_on(page, 4)
    for slot in ("certificate", "id_front", "id_back"):
        page.locator(f"#id_{slot}").set_input_files(photo())
        expect(page.locator(f'[data-slot*="/{slot}/"] img')).to_be_visible()
    draw_signature(page)
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_text("决定录用您，职位为“软件工程师”")).to_be_visible()
    page.get_by_role("button", name="确认发送").click()
    page.wait_for_url("**/sent/")


def fill(page: Page, values: dict[str, str]) -> None:
    for key, value in values.items():
        page.locator(f"#id_{key}").fill(value)


def go_on(page: Page, number: int) -> None:
    page.get_by_role("button", name="下一步").click()
    page.wait_for_url(f"**/{number}/")


def graduate_accepts(page: Page) -> None:
    page.goto("/invitations/")
    page.locator("a.row-card", has_text=UNIT).click()
    expect(page.get_by_role("heading", name="邀约通知书")).to_be_visible()
    picture(page, "phone-invitation")
    ask = page.get_by_role("button", name="我已阅读，获取验证码")
    expect(ask).to_be_disabled()
    expect(ask).to_be_enabled()
    ask.click()
    expect(page.get_by_label("短信验证码")).to_be_visible()
    masked = page.locator("#sign").get_by_text("验证码将发送到").inner_text()
    code = last_code(page, masked.strip()[-4:])
    # A wrong code counts as a try; the reading time and the signature are kept.
    draw_signature(page)
    expect(page.get_by_text("签名已保存。")).to_be_visible()
    page.get_by_label("短信验证码").fill(f"{(int(code) + 1) % 10**6:06d}")
    page.get_by_role("button", name="我已阅读并接受相关约定").click()
    expect(page.get_by_text("还可以试 4 次")).to_be_visible()
    expect(page.get_by_role("img", name="已保存的签名")).to_be_visible()
    page.get_by_label("短信验证码").fill(code)
    page.get_by_role("button", name="我已阅读并接受相关约定").click()
    expect(page.get_by_text("签约成功，协议已生效。")).to_be_visible()
    expect(page.get_by_text("院系或学校审核通过后才能打印协议书。")).to_be_visible()


def school_approves(page: Page) -> None:
    for login in ("99001fudaoyuan", "99001admin"):
        staff_signs_in(page, login)
        page.goto("/console/destinations/queue/")
        page.get_by_role("link", name=NAME, exact=True).click()
        expect(page.locator("[data-review]")).to_contain_text(UNIT)
        page.get_by_role("button", name="通过", exact=True).click()
        expect(page.get_by_text(re.compile("：已通过"))).to_be_visible()
        staff_signs_out(page)


def download_agreement(page: Page, folder: Path) -> Path:
    """Reload the page until the background task has made the document, then download it."""
    link = page.get_by_role("link", name="下载协议书 PDF")
    page.goto("/agreements/")
    page.locator("a.row-card", has_text=UNIT).click()
    for _ in range(40):
        if link.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    with page.expect_download() as started:
        link.click()
    path = folder / "agreement.pdf"
    started.value.save_as(path)
    return path


def verify(page: Page, file: Path) -> None:
    content = file.read_bytes()
    page.goto("/verify/")
    hand_in(page, content)
    expect(page.locator('[data-verdict="in_force"]')).to_be_visible()
    picture(page, "verify")
    touched = bytearray(content)
    touched[len(touched) // 2] ^= 1
    hand_in(page, bytes(touched))
    expect(page.locator(".verdict-bad")).to_be_visible()


def hand_in(page: Page, content: bytes) -> None:
    page.locator("#file").set_input_files(
        {"name": "协议书.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    page.get_by_role("button", name="验证").click()
