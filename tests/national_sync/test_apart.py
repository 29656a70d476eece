"""The simulator shares nothing with the platform but the protocol."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "national_sync" / "simulator"
ALLOWED = {"psycopg", "psycopg_pool", "national_sync"} | set(sys.stdlib_module_names)


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module or "")
    return found


def test_the_simulator_imports_nothing_of_the_platform() -> None:
    seen = 0
    for path in FOLDER.rglob("*.py"):
        for name in imported(path):
            seen += 1
            assert name.split(".")[0] in ALLOWED, f"{path.name}: {name}"
            if name.startswith("national_sync"):
                assert name.startswith("national_sync.simulator"), f"{path.name}: {name}"
    assert seen > 50


def test_starting_the_simulator_loads_nothing_of_the_platform() -> None:
    code = (
        "import sys, national_sync.simulator.process as p;"
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env={}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & {"django", "config", "core", "codes", "graduates", "destinations"}


def test_the_platform_imports_nothing_of_the_simulator() -> None:
    for path in (FOLDER.parent / "transport").rglob("*.py"):
        assert not any(n.startswith("national_sync.simulator") for n in imported(path))
    command = FOLDER.parent / "management" / "commands" / "national_simulator.py"
    assert not any(n.startswith("national_sync") for n in imported(command))


def test_the_transport_knows_no_models() -> None:
    for path in (FOLDER.parent / "transport").rglob("*.py"):
        for name in imported(path):
            assert not name.startswith("django"), f"{path.name}: {name}"
            assert ".models" not in name, f"{path.name}: {name}"
