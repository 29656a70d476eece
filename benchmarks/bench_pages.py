"""bin/bench pages: the console's origin list and the graduate's home under load.

They are compared with a page that needs no work behind the same middleware (the floor). Two
gunicorn workers and four connections; page and floor are loaded in turn, 20 seconds each in total.

Last line: {"static_ratio", "p99_ms"}: the lower of the two pages' requests a second ÷ the floor's,
and the higher of their 99th percentiles.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from benchmarks import measure
from benchmarks.served import Served, served

CONNECTIONS, ROUNDS, SECONDS, WARM_UP = 4, 5, 4.0, 3.0


def main() -> None:
    with served(workers=2, settings="benchmarks.floor_settings") as site:
        pages = {
            "origins": ("/console/graduates/", "/floor/", site.admin),
            "home": ("/", "/floor/", site.graduate),
        }
        ratios, worst = [], []
        for name, (path, floor, session) in pages.items():
            rates, floors, latencies = _measure(site, path, floor, session)
            measure.show(f"{name} rate", rates, "/s")
            measure.show(f"{name} floor rate", floors, "/s")
            measure.show(f"{name} latency", latencies, "ms")
            ratios.append(statistics.median(rates) / statistics.median(floors))
            worst.append(measure.percentile(latencies, 99))
            print(f"{name}: ratio {ratios[-1]:.3f}, p99 {worst[-1]:.1f} ms", flush=True)
    measure.finish(static_ratio=min(ratios), p99_ms=max(worst))


def _measure(
    site: Served, path: str, floor: str, session: str
) -> tuple[list[float], list[float], list[float]]:
    rates, floors, latencies = [], [], []
    for address in (path, floor):
        _load(site.port, address, session, WARM_UP)
    for _ in range(ROUNDS):
        rate, answered_in = _load(site.port, path, session, SECONDS)
        rates.append(rate)
        latencies += answered_in
        floors.append(_load(site.port, floor, session, SECONDS)[0])
    return rates, floors, latencies


def _load(port: int, path: str, session: str, seconds: float) -> tuple[float, list[float]]:
    """Requests a second, and every latency in milliseconds."""
    argv = [sys.executable, "-m", "benchmarks.load", str(port), path, session]
    argv += [str(CONNECTIONS), str(seconds)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path}: {done.stderr}")
    figures = json.loads(done.stdout)
    return figures["requests"] / figures["seconds"], figures["ms"]


if __name__ == "__main__":
    main()
