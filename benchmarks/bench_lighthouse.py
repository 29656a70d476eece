"""bin/bench lighthouse: four pages as Lighthouse judges them on its mobile profile.

The graduate's home page and registration form, the form that a recruiter fills in after scanning a card,
and the console's review page are served as bin/run serves them. Lighthouse comes from npm when it is first
asked for; it drives Debian's Chromium on a simulated slow phone, three times each, and the middle score of
performance counts. Accessibility is judged the same each time.

Last line: {"home", "form", "recruiter", "review", "a11y_min"}: scores of performance by page, and the least
of accessibility, from 0 to 100.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
import statistics
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.served import Served, served

_CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
RUNS = 3


def main() -> None:
    from launcher import npm

    program = npm.package("lighthouse") / "cli" / "index.js"
    scores, accessibility = {}, []
    with served(workers=3, settings="config.settings.dev") as site:
        for name, (path, cookie) in _pages(site).items():
            found = [
                _judge(program, f"http://127.0.0.1:{site.port}{path}", cookie) for _ in range(RUNS)
            ]
            scores[name] = statistics.median(performance for performance, _ in found)
            accessibility += [score for _, score in found]
            print(f"{name}: performance {[p for p, _ in found]}", flush=True)
    measure.finish(**scores, a11y_min=min(accessibility))


def _pages(site: Served) -> dict[str, tuple[str, str]]:
    """By name, the address of each page and the cookie of somebody who may open it."""
    from destinations.models import Destination
    from destinations.states import State

    graduate, admin = f"sessionid={site.graduate}", f"sessionid={site.admin}"
    waiting = Destination.objects.filter(school_id=1, state=State.PENDING)[0]
    return {
        "home": ("/", graduate),
        "form": ("/destination/form/?category=11", graduate),
        "recruiter": _recruiters_form(),
        "review": (f"/console/destinations/{waiting.graduate_id}/", admin),
    }


def _recruiters_form() -> tuple[str, str]:
    """The first page of an invitation, in the browser of the recruiter who proved the phone."""
    from django.urls import reverse
    from django.utils import timezone

    from esign import draft_browser
    from esign.models import Card, Draft
    from esign.states import Way
    from graduates.models import Graduate

    graduate, now = Graduate.objects.get(pk=10), timezone.now()
    card = Card.objects.create(
        graduate=graduate,
        token=secrets.token_urlsafe(24),
        expires_at=now + datetime.timedelta(days=7),
    )
    draft = Draft.objects.create(
        key=secrets.token_urlsafe(24), graduate=graduate, card=card, way=Way.CARD,
        mobile="13900000001", mobile_proved_at=now, values={"valid_days": "3"}, address="127.0.0.1",
    )  # fmt: skip
    cookie = f"{draft_browser.COOKIE}={draft_browser.proof_of(draft)}"
    return reverse("invite-step", args=[draft.key, 1]), cookie


def _judge(program: Path, address: str, cookie: str) -> tuple[float, float]:
    """The scores of performance and accessibility of one page, with what keeps it below 100."""
    argv = ["node", str(program), address, "--output=json", "--quiet", f"--chrome-flags={_FLAGS}"]
    argv += ["--only-categories=performance,accessibility"]
    argv += [f"--extra-headers={json.dumps({'Cookie': cookie})}"]
    env = {**os.environ, "CHROME_PATH": _CHROMIUM}
    done = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"{address}: {done.stderr[-3000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["finalDisplayedUrl"] == address, report["finalDisplayedUrl"]
    scores = []
    for kind in ("performance", "accessibility"):
        category = report["categories"][kind]
        scores.append(100 * category["score"])
        for part in category["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 1:
                shown = audit.get("displayValue", "")
                print(f"  {kind}: {audit['title']} {100 * audit['score']:.0f} {shown}", flush=True)
    return scores[0], scores[1]


if __name__ == "__main__":
    main()
