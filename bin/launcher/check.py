"""bin/check: every check of the code that does not run its tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from .paths import ROOT
from .stack import PYTHON, say

_BIN = ROOT / ".venv" / "bin"
_PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "SECRET_KEY": "not-a-secret-" + "".join(chr(97 + i * 7 % 26) for i in range(60)),
    "INITIAL_CODE_KEY": "not-a-secret-either-0123456789abcdef",
    "ONE_TIME_CODE_KEY": "not-a-secret-at-all-0123456789abcdef",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "example.edu.cn",
    "PUBLIC_ORIGIN": "https://example.edu.cn",
    "TRUSTED_PROXIES": "1",
}
_TEST = {"DJANGO_SETTINGS_MODULE": "config.settings.test"}


def _templates() -> list[str]:
    return [str(p.relative_to(ROOT)) for p in sorted((ROOT / "templates").rglob("*.html"))]


def checks() -> list[tuple[str, list[str], dict[str, str]]]:
    tool = lambda name: str(_BIN / name)  # noqa: E731
    return [
        ("mypy", [tool("mypy"), "."], _TEST),
        ("ruff format", [tool("ruff"), "format", "--check", "."], {}),
        ("ruff", [tool("ruff"), "check", "."], {}),
        ("import-linter", [tool("lint-imports"), "--no-cache"], _TEST),
        ("djade", [tool("djade"), "--check", "--target-version", "5.2", *_templates()], {}),
        ("dead code", [PYTHON, "-m", "launcher.dead_code"], {"PYTHONPATH": str(ROOT / "bin")}),
        ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], _TEST),
        ("deploy", [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
         _PRODUCTION),
        ("templates", [PYTHON, "manage.py", "check_templates"], _TEST),
        ("compose", [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec",
                     "docker-compose.yml"], {}),
        ("dockerfile", [tool("hadolint"), "Dockerfile"], {}),
        ("shell", ["sh", "-n", "bin/setup.sh"], {}),
    ]  # fmt: skip


def run(name: str, argv: list[str], env: dict[str, str]) -> bool:
    """Run one check and print its result, with its output if it failed. Returns whether it passed."""
    started = time.monotonic()
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **env},
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - started
    output = f"\n{done.stdout}{done.stderr}" if done.returncode else ""
    say(f"{'ok  ' if not done.returncode else 'FAIL'} {name} ({seconds:.1f} s){output}")
    return not done.returncode


def main() -> int:
    wanted = set(sys.argv[1:])
    # mypy takes as long as all others together, so the others run beside it.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [pool.submit(run, *check) for check in checks() if not wanted or check[0] in wanted]
    return 0 if all(done.result() for done in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
