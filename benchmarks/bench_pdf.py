"""bin/bench pdf: 100 agreements by the task's own function, drawn, signed and stored, against stock
WeasyPrint drawing the same HTML on Debian with fonts-noto-cjk. Two processes on either side, turn
by turn in one run, libharfbuzz-subset for both.

Stock is WeasyPrint as its documentation has it, with Debian's own fontconfig and no font of ours.
The stylesheet's families are unknown there, so Debian's rules choose: Noto Sans CJK for Chinese
and, as a rule, DejaVu Sans for Latin, and both are embedded. Stock makes no tags, signs nothing
and stores nothing.

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
from pathlib import Path
from typing import Any

from benchmarks import measure

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
    from esign import sealing

    sealing.issue_key(common_name="测试平台")
    waiting = _documents(offered.offers(DOCUMENTS))
    pages = [_html(pk) for pk in waiting]
    per_turn = DOCUMENTS // TURNS
    figures: dict[str, list[float]] = {"ours": [], "stock": [], "ratio": []}
    with (
        Crew(PROCESSES, {"make": (_ready, _make)}) as ours,
        Crew(PROCESSES, {"draw": (_debians_fonts, _draw)}) as stock,
    ):
        # What a worker does once in its life is done before the clock starts.
        ours.run("make", [[waiting[n]] for n in range(PROCESSES)])
        stock.run("draw", [[pages[n]] for n in range(PROCESSES)])
        for turn in range(TURNS):
            _wait_again(waiting)
            mine = slice(turn * per_turn, (turn + 1) * per_turn)
            made = ours.run("make", _dealt(waiting[mine]))
            drawn = stock.run("draw", _dealt(pages[mine]))
            assert all(made.answers), made.answers
            here, there = (per_turn / d.seconds / PROCESSES for d in (made, drawn))
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
    """What the other side needs; installed if we may."""
    if ctypes.util.find_library("harfbuzz-subset") is None:
        return "libharfbuzz-subset is missing: apt-get install libharfbuzz-subset0"
    if not _STOCK_FONTS.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", _PACKAGE]
        subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, check=False)
    if not _STOCK_FONTS.exists():
        return f"{_PACKAGE} is missing: apt-get install {_PACKAGE}"
    return ""


def _dealt(items: list[Any]) -> list[list[Any]]:
    return [items[n::PROCESSES] for n in range(PROCESSES)]


def _documents(offers: list[Any]) -> list[int]:
    """Accepted, approved by the school, the document asked for."""
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
    found = []
    for agreement in Agreement.objects.order_by("pk"):
        with transaction.atomic():
            destination = Destination.objects.get(pk=agreement.graduate_id)
            found.append(documents.request(agreement=agreement, destination=destination).pk)
    return found


def _html(pk: int) -> str:
    from django.template.loader import render_to_string

    from esign.documents import STYLESHEET, TEMPLATE, context_of
    from esign.models import Document

    row = Document.objects.select_related("version__agreement").get(pk=pk)
    page = render_to_string(TEMPLATE, context_of(row.version, row.approvals))
    style = f"<style>{render_to_string(STYLESHEET)}</style>"
    return page.replace("</head>", f"{style}</head>", 1)


def _wait_again(waiting: list[int]) -> None:
    """What was made to warm up is made once more."""
    from esign.models import Document
    from esign.states import DocumentState

    if Document.objects.filter(state=DocumentState.READY).count() == PROCESSES:
        Document.objects.filter(pk__in=waiting).update(
            state=DocumentState.WAITING, file=None, sha256="", attempts=0
        )


def _ready(part: list[int]) -> list[int]:
    return part


def _make(pk: int) -> int:
    """One turn of the task: claim whatever waits, draw, sign, store."""
    from esign.actions import documents

    return documents.make_waiting(most=1)


def _debians_fonts(part: list[str]) -> list[str]:
    """WeasyPrint is first imported after this, so fontconfig reads what Debian installed."""
    os.environ.pop("FONTCONFIG_FILE", None)
    return part


def _draw(html: str) -> float:
    """As WeasyPrint's own documentation has it; the answer is the size in KB."""
    from weasyprint import HTML

    return len(HTML(string=html).write_pdf()) / 1024


def _sizes() -> list[float]:
    from esign.models import Document

    rows = Document.objects.filter(file__isnull=False).values_list("file__size", flat=True)
    return [size / 1024 for size in rows]


if __name__ == "__main__":
    sys.exit(main())
