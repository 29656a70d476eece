"""bin/bench weight: how much a browser with an empty cache loads for two of the graduate's pages.

The home page and the registration form are served as bin/run serves them; Chromium counts the
received bytes.

Last line: {"home_kb", "form_kb"}.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks import measure
from benchmarks.served import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CHROMIUM = "/usr/bin/chromium"
_ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
_PAGES = {"home": "/", "form": "/destination/form/?category=11"}


def main() -> None:
    from playwright.sync_api import sync_playwright

    weights = {}
    with served(workers=3, settings="config.settings.dev") as site, sync_playwright() as p:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = p.chromium.launch(executable_path=_CHROMIUM, args=_ARGS)
        for name, path in _PAGES.items():
            weights[name] = _weigh(browser, f"http://127.0.0.1:{site.port}", path, site.graduate)
        browser.close()
    measure.finish(home_kb=weights["home"], form_kb=weights["form"])


def _weigh(browser: Browser, origin: str, path: str, session: str) -> float:
    context = browser.new_context(**_PHONE)
    context.add_cookies([{"name": "sessionid", "value": session, "url": origin}])
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    addresses: dict[str, str] = {}
    received: dict[str, float] = {}
    network.on("Network.requestWillBeSent", lambda e: addresses.update(
        {e["requestId"]: e["request"]["url"]}))  # fmt: skip
    network.on("Network.loadingFinished", lambda e: received.update(
        {e["requestId"]: e["encodedDataLength"]}))  # fmt: skip
    response = page.goto(origin + path, wait_until="networkidle")
    assert response.status == 200 and response.url == origin + path, (response.status, response.url)
    page.wait_for_timeout(500)
    for key, size in received.items():
        print(f"{size / 1024:8.1f} KB  {addresses[key].removeprefix(origin)}", flush=True)
    total = sum(received.values()) / 1024
    print(f"{total:8.1f} KB  {path} in all\n", flush=True)
    context.close()
    return total


_PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}


if __name__ == "__main__":
    main()
