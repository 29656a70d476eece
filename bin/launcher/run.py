"""bin/run: start the whole platform; Ctrl-C stops it."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

from . import children
from .fonts import build_fonts
from .paths import ROOT, VAR, Account, make_folder, reachable_by_all, service_account
from .stack import (
    OF_OTHER_ROLES,
    PYTHON,
    delete_note,
    manage,
    prepare,
    say,
    services,
    stop_on_signals,
    write_note,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/run", description="Serve the platform.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-demo", action="store_true", help="start without demo schools")
    parser.add_argument("--debug", action="store_true", help="Django's debug pages and reload")
    options = parser.parse_args()
    stop_on_signals()
    try:
        with services() as env:
            serve(env, options)
    except KeyboardInterrupt:
        say("\nStopped.")


def serve(env: dict[str, str], options: argparse.Namespace) -> None:
    if options.debug:
        env["DEBUG"] = "1"
    port = children.free_port(options.port)
    if port != options.port:
        say(f"Port {options.port} is taken, using {port}.")
    env["PUBLIC_ORIGIN"] = f"http://127.0.0.1:{port}"
    simulator = simulator_argv(env) if not options.no_demo else None
    prepare(env, demo=not options.no_demo)
    collect_static(env)
    # Only PDFs need the fonts, so the first start does not wait for them.
    threading.Thread(target=build_fonts, args=(Path(env["FONT_DIR"]),), daemon=True).start()
    account = _web_account()
    python = [PYTHON, "-m"]
    celery = [*python, "celery", "-A", "config", "--quiet"]
    gunicorn = [*python, "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    gunicorn += ["--workers", "3"]
    gunicorn += ["--reload"] if options.debug else []
    beat_schedule = make_folder(VAR / "beat", account) / "schedule"
    children_argv = {
        "web": gunicorn,
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "info"],
        "beat": [*celery, "beat", "--schedule", str(beat_schedule), "--pidfile="],
    }
    if simulator:
        children_argv["national"] = simulator
        write_note(env)
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, argv in children_argv.items():
            role_env = {**env_of_service(env, simulator=name == "national"), "PROCESS_ROLE": name}
            log = VAR / f"{name}.log"
            p = children.start(argv, log=log, env=role_env, account=account, cwd=str(ROOT))
            stack.callback(children.stop, p)
            processes[name] = p
        wait_for_answer(f"http://127.0.0.1:{port}/healthz", processes["web"])
        say_addresses(env, port, demo=not options.no_demo)
        # This runs first at the end, so that no command starts to share services that are stopping.
        stack.callback(delete_note)
        while True:
            for name, p in processes.items():
                if p.poll() is not None:
                    log = VAR / f"{name}.log"
                    raise SystemExit(f"{name} ended ({p.returncode}):\n{children.tail(log)}")
            time.sleep(0.5)


def env_of_service(env: dict[str, str], *, simulator: bool) -> dict[str, str]:
    """The environment of a service: without the owner of the database, without the accounts of the
    demo, and without the simulator's database unless it is the simulator."""
    kept = {"NATIONAL_SIMULATOR_DATABASE_URL"} if simulator else set()
    left_out = {*OF_OTHER_ROLES, "DEMO_PASSWORD"} - kept
    return {k: v for k, v in env.items() if k not in left_out}


def simulator_argv(env: dict[str, str]) -> list[str] | None:
    """The command line of the simulator of the national system; the demo uploads to it. None if
    NATIONAL_URL names a real one. Adds the simulator's address to `env`."""
    if env.get("NATIONAL_URL"):
        return None
    port = children.free_port(8900)
    env |= {
        "NATIONAL_URL": f"http://127.0.0.1:{port}",
        "NATIONAL_CLIENT": "platform",
        "NATIONAL_DEMO": "1",
    }
    return [PYTHON, "manage.py", "national_simulator", "--port", str(port)]


# Variants of Bootstrap and htmx that no page loads. Compressing them would take most of the time.
IGNORED_STATIC = [
    arg
    for pattern in (
        "bootstrap*.js*",
        "bootstrap.css*",
        "*rtl*",
        "*-grid*",
        "*-reboot*",
        "*-utilities*",
        "htma*",
        "htmx-4*",
        "htmx-2.js",
        "import_export",
    )
    for arg in ("--ignore", pattern)
]


def collect_static(env: dict[str, str]) -> None:
    """Collect and compress the static files, unless nothing changed since the last time."""
    h = hashlib.sha256((ROOT / "requirements-local.txt").read_bytes())
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            h.update(str(path).encode() + path.read_bytes())
    stamp = Path(env["STATIC_ROOT"]) / ".digest"
    if stamp.exists() and stamp.read_text() == h.hexdigest():
        return
    manage(env, "collectstatic", "--noinput", "--clear", "--verbosity", "0", *IGNORED_STATIC)
    stamp.write_text(h.hexdigest())


def _web_account() -> Account | None:
    """The account for web, worker and beat, or None to run them under the present account."""
    account = service_account()
    if account is None:
        return None
    python = Path(PYTHON)
    if not all(map(reachable_by_all, (ROOT, python.parent, python.resolve().parent))):
        say("Other accounts can't enter this checkout or its Python: the web runs as root.")
        return None
    return account


def wait_for_answer(url: str, process: subprocess.Popen) -> None:
    """Wait up to 60 s until the web server `process` answers at `url`."""
    deadline = time.monotonic() + 60
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            opener.open(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise SystemExit("The web server does not answer:\n" + children.tail(VAR / "web.log"))


def say_addresses(env: dict[str, str], port: int, *, demo: bool) -> None:
    """Print the addresses of the three sign-in pages, and the demo accounts."""
    base = f"http://127.0.0.1:{port}"
    say(f"\n  毕业生      {base}/\n  控制台      {base}/console/\n  用人单位    {base}/employer/")
    if demo:
        say("")
        manage(env, "load_demo", "--show")
    say("\nCtrl-C stops everything.")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
