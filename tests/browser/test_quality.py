"""A screening of the demo school in a real browser: it finds the planted cases and nothing else, and one of
them is looked into and settled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from quality.demo import AT_ONCE, ONE_PHONE, SAME_PICTURE
from tests.browser.conftest import _page, picture
from tests.browser.stack import Stack
from tests.browser.test_main_job import staff_signs_in, staff_signs_out

pytestmark = pytest.mark.browser
FOUND = {
    "证明材料相同": SAME_PICTURE,
    "联系方式用于多个单位": ONE_PHONE,
    "短时间内集中录入": AT_ONCE,
}


@pytest.fixture
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform of this journey's own: six hundred graduates would stand in the way of the others, and
    what they leave would be found, too."""
    stack = Stack(tmp_path_factory.mktemp("filled"), "gw9")
    stack.start()
    stack.manage("load_demo", "--fill")
    yield stack
    stack.stop()


@pytest.fixture
def console(browser: Browser, filled: Stack) -> Iterator[Page]:
    yield from _page(browser, filled, 1440, 900)


def test_a_screening_finds_the_planted_cases_and_nothing_else(
    console: Page,
) -> None:
    desktop = console
    staff_signs_in(desktop, "99001admin")
    school_begins_a_screening(desktop)
    school_reads_what_was_found(desktop)
    school_compares_the_pictures(desktop)
    staff_signs_out(desktop)
    department_sees_its_own(desktop)


def school_begins_a_screening(page: Page) -> None:
    page.goto("/console/quality/runs/")
    page.get_by_label("核查项目").select_option("screening")
    page.get_by_label("届别", exact=True).last.select_option("2027")
    page.get_by_role("button", name="开始核查").click()
    # The page refreshes itself until the worker is done.
    expect(page.get_by_text("已完成")).to_be_visible(timeout=120_000)
    picture(page, "quality-run")


def school_reads_what_was_found(page: Page) -> None:
    rows = page.locator("tbody tr").filter(has=page.locator("a"))
    expect(rows).to_have_count(len(FOUND))
    for label, count in FOUND.items():
        expect(rows.filter(has_text=label)).to_contain_text(str(count))


def school_compares_the_pictures(page: Page) -> None:
    page.get_by_role("link", name="证明材料相同").click()
    expect(page.locator("tbody tr")).to_have_count(SAME_PICTURE)
    page.get_by_role("link", name="证明材料相同").first.click()
    shown = page.locator(".evidence-grid img")
    expect(shown).to_have_count(SAME_PICTURE)
    for n in range(SAME_PICTURE):
        expect(shown.nth(n)).to_have_js_property("complete", True)
        assert shown.nth(n).evaluate("img => img.naturalWidth") > 0
    expect(page.get_by_text(f"与另外{SAME_PICTURE - 1}名毕业生的完全相同")).to_be_visible()
    picture(page, "quality-finding")
    page.get_by_role("button", name="属实").click()
    expect(page.get_by_text("请填写属实的说明。").first).to_be_visible()
    page.locator("#id_note").fill("三份合同为同一张图片，已通知院系重新收取。")
    page.get_by_role("button", name="属实").click()
    expect(page.get_by_text("现为“属实”")).to_be_visible()
    expect(page.get_by_text("三份合同为同一张图片").first).to_be_visible()


def department_sees_its_own(page: Page) -> None:
    staff_signs_in(page, "99001yuanxi")
    answer = page.goto("/console/quality/findings/")
    assert answer is not None
    assert answer.status == 200
    assert page.goto("/console/quality/runs/").status == 403  # type: ignore[union-attr]
