"""Packages of npm that only tests and benchmarks use: installed when first asked for, into var/npm.

`python -m launcher.npm NAME` prints the folder of one package. No script of a package is run.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from .paths import VAR
from .stack import say

# Each says why it is here.
VERSIONS = {
    "axe-core": "4.14.1",  # the rules of WCAG 2.2, asked of a page in the browser
    "vnu-jar": "26.9.27",  # the Nu HTML Checker, which browsers' makers and the W3C check pages with
    # 13 wants a newer Node than Debian 12 has.
    "lighthouse": "12.2.3",  # figures of bin/bench lighthouse
}


def package(name: str) -> Path:
    """The folder of the package `name` in the version that stands above."""
    place = VAR / "npm" / f"{name}-{VERSIONS[name]}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            _install(name, place)
    return place / "node_modules" / name


def _install(name: str, place: Path) -> None:
    """Install into a folder beside `place`, which gets its name once it is complete."""
    say(f"Installing {name} {VERSIONS[name]} (once)")
    draft = place.with_name(f"{place.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    argv = ["npm", "install", "--prefix", str(draft), f"{name}@{VERSIONS[name]}"]
    argv += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise SystemExit(f"npm could not install {name}:\n{done.stdout}")
    draft.rename(place)


if __name__ == "__main__":
    print(package(sys.argv[1]))
