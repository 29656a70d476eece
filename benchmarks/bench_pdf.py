"""bin/bench pdf: 100 agreements drawn, signed and stored as the background task does it.

They are compared with plain WeasyPrint, which only draws the same HTML, called as its documentation
shows, with the fonts of Debian's fonts-noto-cjk. Both use two processes and libharfbuzz-subset, and
run in turn. The plain side does not know the stylesheet's font families, so Debian's fontconfig
chooses Noto Sans CJK for Chinese and usually DejaVu Sans for Latin, and both are embedded.

Last line: {"stock_ratio", "kb", "docs_per_s"}: ours ÷ stock in documents a second per core, the
median size of the signed file, and ours in documents a second per core.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks import measure

if TYPE_CHECKING:
    from benchmarks.offered import Offer

T = TypeVar("T")

DOCUMENTS, PROCESSES, TURNS = 100, 2, 25
_PACKAGE = "fonts-noto-cjk"
_STOCK_FONTS = Path("/usr/share/fonts/opentype/noto")


def main() -> int:
    problem = _missing()
    if problem:
        print(problem)
        return 1
    measure.start_django()
    from benchmarks import offered
    from benchmarks.crew import Crew
    from esign import pdf_signing

    pdf_signing.issue_key(common_name="测试平台")
    waiting = _documents(offered.offers(DOCUMENTS))
    pages = [_html(pk) for pk in waiting]
    per_turn = DOCUMENTS // TURNS
    figures: dict[str, list[float]] = {"ours": [], "stock": [], "ratio": []}
    with (
        Crew(PROCESSES, {"make": (_ready, _make)}) as ours,
        Crew(PROCESSES, {"draw": (_use_debians_fonts, _draw)}) as stock,
    ):
        # Each process draws one document before the clock starts, which loads libraries and fonts.
        ours.run("make", [[waiting[n]] for n in range(PROCESSES)])
        stock.run("draw", [[pages[n]] for n in range(PROCESSES)])
        for turn in range(TURNS):
            _reset_warm_up(waiting)
            part = slice(turn * per_turn, (turn + 1) * per_turn)
            stored = ours.run("make", _split(waiting[part]))
            drawn = stock.run("draw", _split(pages[part]))
            assert all(stored.answers), stored.answers
            here, there = (per_turn / d.seconds / PROCESSES for d in (stored, drawn))
            for key, value in (("ours", here), ("stock", there), ("ratio", here / there)):
                figures[key].append(value)
            print(
                f"turn {turn}: ours {here:.2f}, stock {there:.2f} documents/s a core,"
                f" {here / there:.2f} ×; stock's file {statistics.median(drawn.answers):.0f} KB",
                flush=True,
            )
    for key, values in figures.items():
        measure.show(key, values, "" if key == "ratio" else "doc/s")
    sizes = _sizes()
    measure.show("signed file", sizes, "KB")
    measure.finish(
        stock_ratio=statistics.median(figures["ratio"]),
        kb=statistics.median(sizes),
        docs_per_s=statistics.median(figures["ours"]),
    )
    return 0


def _missing() -> str:
    """What plain WeasyPrint lacks here, as a sentence; installed first if we are root on Debian."""
    if ctypes.util.find_library("harfbuzz-subset") is None:
        return "libharfbuzz-subset is missing: apt-get install libharfbuzz-subset0"
    if not _STOCK_FONTS.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", _PACKAGE]
        subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, check=False)
    if not _STOCK_FONTS.exists():
        return f"{_PACKAGE} is missing: apt-get install {_PACKAGE}"
    return ""


def _split(items: Sequence[T]) -> list[Sequence[T]]:
    """A part for each process."""
    return [items[n::PROCESSES] for n in range(PROCESSES)]


def _documents(offers: list[tuple[Offer, Offer]]) -> list[int]:
    """Accept the first offer of each pair, approve the destinations and request the documents.
    Returns their primary keys."""
    from django.db import transaction
    from django.utils import timezone

    from benchmarks.bench_sign import _answer, _load
    from destinations.models import Destination
    from destinations.states import State
    from esign.actions import documents
    from esign.models import Agreement

    for item in _load([first for first, _ in offers]):
        assert _answer(item) == "accepted"
    now = timezone.now()
    Destination.objects.filter(locked_at__isnull=False).update(
        state=State.SCHOOL_APPROVED, department_at=now, department_by="测试辅导员",
        school_at=now, school_by="测试管理员",
    )  # fmt: skip
    requested = []
    for agreement in Agreement.objects.order_by("pk"):
        with transaction.atomic():
            destination = Destination.objects.get(pk=agreement.graduate_id)
            requested.append(documents.request(agreement=agreement, destination=destination).pk)
    return requested


def _html(pk: int) -> str:
    """A document's page with the stylesheet inside."""
    from django.template.loader import render_to_string

    from esign.documents import STYLESHEET, TEMPLATE, template_context
    from esign.models import Document

    row = Document.objects.select_related("version__agreement").get(pk=pk)
    page = render_to_string(TEMPLATE, template_context(row.version, row.approvals))
    style = f"<style>{render_to_string(STYLESHEET)}</style>"
    return page.replace("</head>", f"{style}</head>", 1)


def _reset_warm_up(waiting: list[int]) -> None:
    """Make the documents wait again that were drawn before the clock started."""
    from esign.models import Document
    from esign.states import DocumentState

    if Document.objects.filter(state=DocumentState.READY).count() == PROCESSES:
        Document.objects.filter(pk__in=waiting).update(
            state=DocumentState.WAITING, file=None, sha256="", attempts=0
        )


def _ready(part: list[int]) -> list[int]:
    return part


def _make(pk: int) -> int:
    """Claim one waiting document, draw, sign and store it."""
    from esign.actions import documents

    return documents.make_waiting(most=1)


def _use_debians_fonts(part: list[str]) -> list[str]:
    """Runs before WeasyPrint is imported, so that fontconfig reads Debian's configuration."""
    os.environ.pop("FONTCONFIG_FILE", None)
    return part


def _draw(html: str) -> float:
    """Draw as WeasyPrint's documentation shows; returns the size in KB."""
    from weasyprint import HTML

    return len(HTML(string=html).write_pdf()) / 1024


def _sizes() -> list[float]:
    """The stored files' sizes in KB."""
    from esign.models import Document

    rows = Document.objects.filter(file__isnull=False).values_list("file__size", flat=True)
    return [size / 1024 for size in rows]


if __name__ == "__main__":
    sys.exit(main())
