"""Steps of the main journey with the national system: it refuses an upload, the school corrects the
record, uploads it again and compares both sides, and the graduate confirms the national record."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.conftest import picture
from tests.browser.stack import Stack

RIGHT_CODE = "91340100MA8N1QX17B"


def upload(platform: Stack) -> None:
    platform.manage("national_upload", "--seconds", "40")


def register_other_data_nationally(platform: Stack, unit: str) -> None:
    with platform.national.transport() as transport:
        transport.admin(
            "units",
            units=[{"name": unit, "code": RIGHT_CODE, "property": "39", "industry": "34"}],
        )
        # And the national system asks for a smaller place than this one.
        transport.admin("lists", list="division", standings={"340102": "coarse"})


def see_the_refusal(page: Page, name: str) -> None:
    page.goto("/console/national/feedback/")
    row = page.locator("tr", has_text=name).filter(has_text="组织机构代码不正确")
    expect(row).to_contain_text("对照证明材料更正组织机构代码")
    expect(page.locator("tr", has_text=name).filter(has_text="单位所在地")).to_be_visible()
    picture(page, "console-feedback")
    row.get_by_role("link", name="去更正").click()
    expect(page.get_by_text("组织机构代码不正确").first).to_be_visible()


def correct_the_destination(page: Page) -> None:
    page.goto(page.url.partition("#")[0] + "enter/")
    page.get_by_label("组织机构代码").fill(RIGHT_CODE)
    page.get_by_label("单位所在地").fill("安徽省合肥市庐阳区")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("审核通过").first).to_be_visible()


def compare_both_sides(page: Page, platform: Stack, name: str) -> None:
    page.goto(f"/console/national/feedback/?state=closed&q={name}")
    expect(page.locator("tr", has_text=name).first).to_contain_text("已解决")
    page.goto("/console/national/reconcile/")
    page.get_by_role("button", name="开始比对").click()
    expect(page.get_by_text("两边完全一致")).to_be_visible(timeout=20_000)
    picture(page, "console-reconcile")
    (found,) = json.loads(platform.manage("reconcile", "--school", "99001", "--json"))
    assert (found["differences"], found["adds_up"]) == ([], True)


def graduate_confirms(page: Page) -> None:
    page.goto("/national/")
    page.get_by_role("button", name="刷新").click()
    for agreeing in page.locator("details summary").all():
        agreeing.click()
    expect(page.get_by_text("安徽示例信息技术有限公司")).to_be_visible()
    picture(page, "phone-national")
    page.get_by_role("button", name="以上信息与本人一致").click()
    expect(page.get_by_text("已核对一致").first).to_be_visible()
