"""Fixtures of the browser tests. The tests of a worker share one platform, those of a module one
Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.stack import Stack

_ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium inside the block.

    Playwright's synchronous API leaves an event loop running in its thread. asgiref then gives out
    other database connections, so that later tests would not roll back what they wrote. Playwright
    is therefore stopped before the worker goes on to other modules.
    """
    env = {**os.environ, "FONTCONFIG_FILE": str(settings.FONT_DIR / "fonts.conf")}
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=_ARGS, env=env
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of one module."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Stack]:
    worker = worker_id if worker_id.startswith("gw") else "gw0"
    stack = Stack(tmp_path_factory.mktemp("platform"), worker)
    stack.start()
    yield stack
    # After all journeys of this worker.
    try:
        stack.manage("check_invariants")
        assert stack.people_in_logs() == []
    finally:
        stack.stop()


@pytest.fixture
def desktop(browser: Browser, platform: Stack) -> Iterator[Page]:
    yield from _page(browser, platform, 1440, 900)


@pytest.fixture
def phone(browser: Browser, platform: Stack) -> Iterator[Page]:
    yield from _page(browser, platform, 390, 844, is_mobile=True, has_touch=True)


@pytest.fixture
def recruiter(browser: Browser, platform: Stack) -> Iterator[Page]:
    """A second phone, on which nobody is signed in."""
    yield from _page(browser, platform, 390, 844, is_mobile=True, has_touch=True)


def _page(
    browser: Browser, platform: Stack, width: int, height: int, **options: bool
) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(
        base_url=platform.origin,
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        **options,  # type: ignore[arg-type]
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    expected = ("Failed to load resource",)  # refusals answer 4xx, which Chromium notes
    assert [p for p in problems if not p.startswith(expected)] == []


PICTURES = Path(settings.BASE_DIR) / "docs" / "pictures"


def picture(page: Page, name: str) -> None:
    """Retake a picture of the README (only when asked: RETAKE_PICTURES=1)."""
    if os.environ.get("RETAKE_PICTURES"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")
