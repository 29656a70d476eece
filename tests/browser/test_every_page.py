"""Every page that the access test knows meets WCAG 2.2 A and AA, the HTML standard, and rules of our own.

Each page is loaded once in Chromium and looked at on a desk (1440 px) and on a phone (390 px): as it
opens, and as it comes back when its form is sent empty. axe's and our rules run in the page; the pages'
texts go through the Nu HTML Checker, the one that the HTML standard's own rules are written for. It needs
Java, which bin/setup.sh installs where there is none; checkers written in Python accept wrong nesting and
labels of hidden fields.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.browser.conftest import chromium
from tests.browser.opened_pages import OpenedPage, open_pages, served

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PARTS = 4
_SIZES = {"1440": (1440, 900), "390": (390, 844)}
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN_AXE = """async (tags) => {
  const result = await axe.run(document, {
    preload: false, resultTypes: ["violations"], runOnly: { type: "tag", values: tags },
  });
  return result.violations.flatMap((rule) => rule.nodes.map((node) => {
    const why = node.any.concat(node.all, node.none)[0];
    return [rule.id + (why ? ": " + why.message : ""), node.html.replace(/\\s+/g, " ").slice(0, 240)];
  }));
}"""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_can_be_used_by_everybody(part: int, tmp_path: Path) -> None:
    # All pages are made before Chromium starts: see `chromium`.
    pages = open_pages(part, PARTS)
    assert len(pages) > 30
    wrong = wrong_html(pages, tmp_path)
    axe = npm_package("axe-core") / "axe.min.js"
    own = Path(__file__).with_name("page_rules.js").read_text(encoding="utf-8")
    with served(pages, axe) as origin, chromium() as browser:
        context = browser.new_context(locale="zh-CN", reduced_motion="reduce")
        tab = context.new_page()
        for page in pages:
            tab.set_viewport_size({"width": 1440, "height": 900})
            tab.goto(f"{origin}{page.path}", wait_until="load")
            for width, (wide, high) in _SIZES.items():
                tab.set_viewport_size({"width": wide, "height": high})
                found = tab.evaluate(own)
                # axe sees the page as a whole: what a bar at the window's edge covers is reached by
                # scrolling.
                whole = tab.evaluate("document.documentElement.scrollHeight")
                tab.set_viewport_size({"width": wide, "height": max(high, whole)})
                for rule, element in [*found, *tab.evaluate(_RUN_AXE, _TAGS)]:
                    wrong.append(f"{page.name}, {width} px: {rule}: {element}")
    assert wrong == [], "\n".join(["", *wrong])


def wrong_html(pages: Sequence[OpenedPage], folder: Path) -> list[str]:
    """What the HTML checker finds in `pages`."""
    files = {}
    for number, page in enumerate(pages):
        path = folder / f"{number}.html"
        # HTML knows htmx's attributes by their long names only, which do the same.
        path.write_text(re.sub(r"\shx-", " data-hx-", page.html), encoding="utf-8")
        files[path.name] = page.name
    jar = npm_package("vnu-jar") / "build" / "dist" / "vnu.jar"
    argv = [
        "java",
        "-Xss4m",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--errors-only",
        "--exit-zero-always",
    ]
    done = subprocess.run([*argv, *map(str, folder.glob("*.html"))], capture_output=True, text=True)
    messages: list[dict[str, Any]] = json.loads(done.stderr)["messages"]
    return [
        f"{files[Path(m['url']).name]}: {m['message']} {' '.join(m.get('extract', '').split())}"
        for m in messages
    ]


@cache
def npm_package(name: str) -> Path:
    """The folder of a package of npm, which is installed when it is not there."""
    root = Path(settings.BASE_DIR)
    done = subprocess.run(
        [sys.executable, "-m", "launcher.npm", name],
        env={**os.environ, "PYTHONPATH": str(root / "bin")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())
