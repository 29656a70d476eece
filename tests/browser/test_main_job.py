"""The platform's main job, from roster to rate, in a real browser."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser import national_loop
from tests.browser.conftest import picture
from tests.browser.stack import PASSWORD, Stack

pytestmark = pytest.mark.browser

ROSTER = Path(__file__).parents[1] / "data" / "roster-400.xlsx"
NAME, NUMBER, ID_NUMBER = "于秀馨", "20237300001", "340103200507158026"
OWN_PASSWORD = "my-own-secret-42"


def photo() -> bytes:
    """A phone's photo of a contract: 12 megapixels, several megabytes."""
    image = Image.effect_noise((4000, 3000), 60).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((600, 400, 3400, 2600), fill="white")
    for line in range(20):
        draw.rectangle((800, 600 + line * 90, 3200, 620 + line * 90), fill="#444444")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def staff_signs_in(page: Page, login: str) -> None:
    page.goto("/console/login/")
    page.get_by_label("用户名").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("navigation", name="主菜单")).to_be_visible()


def staff_signs_out(page: Page) -> None:
    page.get_by_role("button", name="退出登录").click()


def employed_rate(page: Page) -> float:
    page.goto("/console/figures/")
    text = page.locator('[data-rate="employed_rate"] b').first.inner_text()
    return float(text.rstrip("%"))


def open_in_queue(page: Page) -> None:
    page.goto("/console/destinations/queue/")
    page.get_by_role("link", name=NAME).click()
    expect(page.locator("[data-review]")).to_be_visible()
    page.wait_for_load_state("load")  # keyboard shortcuts need the scripts


def test_a_graduate_goes_from_the_roster_into_the_employment_rate(
    desktop: Page, phone: Page, platform: Stack
) -> None:
    import_the_roster(desktop)
    before = employed_rate(desktop)
    desktop.goto(f"/console/graduates/?q={NUMBER}")
    picture(desktop, "console-origins")
    desktop.get_by_role("link", name=NAME).click()
    desktop.get_by_role("button", name="显示").last.click()
    code = desktop.locator("aside b.mono").inner_text()
    staff_signs_out(desktop)

    activate_and_confirm(phone, code)
    register(phone)

    staff_signs_in(desktop, "99001fudaoyuan")
    open_in_queue(desktop)
    picture(desktop, "console-review")
    desktop.keyboard.press("2")  # the second of the ready reasons
    expect(desktop.get_by_label("原因（不通过时填写）")).to_have_value("单位名称与证明材料不一致")
    desktop.keyboard.press("Escape")
    expect(desktop.get_by_role("button", name="确认不通过")).to_be_hidden()
    desktop.keyboard.press("x")
    desktop.get_by_label("原因（不通过时填写）").fill("单位名称与合同不一致")
    desktop.keyboard.press("Control+Enter")
    expect(desktop.get_by_text(re.compile("：已不通过"))).to_be_visible()

    correct_the_registration(phone)

    open_in_queue(desktop)
    expect(desktop.locator(".changed")).to_contain_text("安徽示例信息技术有限公司")
    desktop.get_by_role("button", name="通过", exact=True).click()
    expect(desktop.get_by_text(re.compile("：已通过"))).to_be_visible()
    staff_signs_out(desktop)

    staff_signs_in(desktop, "99001admin")
    open_in_queue(desktop)
    desktop.keyboard.press("a")
    expect(desktop.get_by_text(re.compile("：已通过"))).to_be_visible()
    assert employed_rate(desktop) > before
    picture(desktop, "console-figures")

    phone.goto("/destination/")
    expect(phone.get_by_text("审核通过").first).to_be_visible()
    picture(phone, "phone-destination")

    national_loop.register_other_data_nationally(platform, "安徽示例信息技术有限公司")
    national_loop.upload(platform)
    national_loop.see_the_refusal(desktop, NAME)
    national_loop.correct_the_destination(desktop)
    national_loop.upload(platform)
    national_loop.compare_both_sides(desktop, platform, NAME)
    national_loop.graduate_confirms(phone)


def import_the_roster(page: Page) -> None:
    staff_signs_in(page, "99001admin")
    page.goto("/console/graduates/import/")
    page.get_by_label("工作簿（.xlsx 或 .xls）").set_input_files(ROSTER)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("button", name="确认导入")).to_be_visible(timeout=30_000)
    expect(page.locator(".tile", has_text="新增")).to_contain_text("389")
    expect(page.locator(".tile", has_text="不导入")).to_contain_text("11")
    expect(page.get_by_text("340181 安徽省合肥市巢湖市")).to_be_visible()
    picture(page, "console-import")
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("导入完成")).to_be_visible(timeout=30_000)


def activate_and_confirm(page: Page, code: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="首次登录，激活帐号").click()
    page.get_by_label("院校").fill("示范大学")
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("学号").fill(NUMBER)
    page.get_by_label("证件号码").fill(ID_NUMBER)
    page.get_by_label("初始码").fill(code)
    page.get_by_label("新密码").fill(OWN_PASSWORD)
    page.get_by_label("再输入一次").fill(OWN_PASSWORD)
    page.get_by_role("button", name="激活并登录").click()
    expect(page.get_by_text("请先确认生源信息")).to_be_visible()
    picture(page, "phone-home")
    page.get_by_role("link", name="去办理").click()
    next_page(page)
    next_page(page)
    # Fields that the roster left empty must be filled in.
    expect(page.locator("#field-archive_moved")).to_contain_text("不能为空")
    page.get_by_label("档案是否转入学校").select_option("是")
    page.get_by_label("户口是否转入学校").select_option("否")
    next_page(page)
    next_page(page)
    page.get_by_role("button", name="确认并保存").click()
    expect(page.get_by_text("已确认并保存")).to_be_visible()
    expect(page.get_by_text("请登记毕业去向")).to_be_visible()


def register(page: Page) -> None:
    page.get_by_role("link", name="去办理").click()
    page.get_by_role("link", name="开始登记").click()
    page.get_by_text("签劳动合同形式就业").first.click()
    page.locator("a.choice", has_text="签劳动合同形式就业").click()
    page.locator("input[name=image]").set_input_files(
        {"name": "合同.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    expect(page.get_by_text("已压缩为")).to_be_visible(timeout=30_000)
    page.locator(".evidence-grid a").click()
    expect(page.locator("dialog.enlarged img")).to_be_visible()
    page.get_by_role("button", name="关闭").click()
    expect(page.locator("dialog.enlarged")).to_be_hidden()
    page.get_by_role("link", name="下一步").click()
    fill_unit(page, "安徽示例信息公司")
    page.get_by_label("单位性质").select_option(label="其他企业（含民营企业等）")
    page.get_by_label("单位行业").select_option(label="信息传输、软件和信息技术服务业")
    next_page(page)
    page.get_by_label("工作职位类别").select_option(label="工程技术人员")
    next_page(page)
    next_page(page)
    # The missing contact is reported beside its field, and values typed on another page are kept.
    expect(page.locator("#field-contact_name")).to_contain_text("联系人不能为空")
    page.get_by_label("联系人", exact=True).fill("王经理")
    page.get_by_role("button", name="上一步").click()
    page.get_by_role("button", name="上一步").click()
    expect(page.get_by_label("单位名称")).to_have_value("安徽示例信息公司")
    picture(page, "phone-form")
    next_page(page)
    next_page(page)
    expect(page.get_by_label("联系人", exact=True)).to_have_value("王经理")
    page.get_by_label("联系电话").fill("0551-65310000")
    next_page(page)
    expect(page.get_by_text("安徽示例信息公司")).to_be_visible()
    page.get_by_role("button", name="提交登记").click()
    expect(page.get_by_text("已提交，等待老师审核")).to_be_visible()


def next_page(page: Page) -> None:
    page.get_by_role("button", name="下一步", exact=True).click()


def fill_unit(page: Page, name: str) -> None:
    page.get_by_label("单位名称").fill(name)
    page.get_by_label("组织机构代码").fill("91110000802100433B")
    page.get_by_label("单位所在地").fill("安徽省合肥市瑶海区")


def correct_the_registration(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("登记未通过：单位名称与合同不一致")).to_be_visible()
    page.get_by_role("link", name="去办理").click()
    page.get_by_role("link", name="修改登记").click()
    page.locator("a.choice", has_text="签劳动合同形式就业").click()
    page.get_by_role("link", name="下一步").click()
    page.get_by_label("单位名称").fill("安徽示例信息技术有限公司")
    for _ in range(3):
        next_page(page)
    page.get_by_role("button", name="提交登记").click()
    expect(page.get_by_text("已提交，等待老师审核")).to_be_visible()
