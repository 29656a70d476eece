"""bin/run: start the whole platform; Ctrl-C stops it."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import signal
import socket
import threading
import time
import urllib.request
from pathlib import Path

from . import children
from .children import Service
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
from .supervise import keep_running


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/run", description="Serve the platform.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-demo", action="store_true", help="start without demo schools")
    parser.add_argument("--debug", action="store_true", help="Django's debug pages and reload")
    options = parser.parse_args()
    stop_on_signals()
    try:
        with services() as (env, servers):
            serve(env, servers, options)
    except KeyboardInterrupt:
        say("\nStopped.")


def serve(env: dict[str, str], servers: list[Service], options: argparse.Namespace) -> None:
    if options.debug:
        env["DEBUG"] = "1"
    web_socket = children.listening_socket(options.port)
    port = web_socket.getsockname()[1]
    if options.port and port != options.port:
        say(f"Port {options.port} is taken, using {port}.")
    env["PUBLIC_ORIGIN"] = f"http://127.0.0.1:{port}"
    simulator = simulator_socket(env) if not options.no_demo else None
    prepare(env, demo=not options.no_demo)
    collect_static(env)
    # Only PDFs need the fonts, so the first start does not wait for them.
    threading.Thread(target=build_fonts, args=(Path(env["FONT_DIR"]),), daemon=True).start()
    account = _web_account()
    python = [PYTHON, "-m"]
    celery = [*python, "celery", "-A", "config", "--quiet"]
    gunicorn = [*python, "gunicorn", "config.wsgi", "--bind", f"fd://{web_socket.fileno()}"]
    gunicorn += ["--workers", "3"]
    gunicorn += ["--reload"] if options.debug else []
    beat_schedule = make_folder(VAR / "beat", account) / "schedule"
    children_argv = {
        "web": gunicorn,
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "info"],
        "beat": [*celery, "beat", "--schedule", str(beat_schedule), "--pidfile="],
    }
    sockets = {"web": web_socket}
    if simulator:
        argv = [PYTHON, "manage.py", "national_simulator", "--socket", str(simulator.fileno())]
        children_argv["national"], sockets["national"] = argv, simulator
        write_note(env)
    with contextlib.ExitStack() as stack:
        running = {
            name: Service(
                name,
                argv,
                VAR / f"{name}.log",
                {**env_of_service(env, simulator=name == "national"), "PROCESS_ROLE": name},
                account,
                cwd=str(ROOT),
                pass_fds=[sockets[name].fileno()] if name in sockets else [],
            )
            for name, argv in children_argv.items()
        }
        for service in running.values():
            service.start()
            stack.callback(service.stop)
        wait_for_answer(f"http://127.0.0.1:{port}/healthz", running["web"])
        say_addresses(env, port, demo=not options.no_demo)
        if not options.no_demo:
            stack.callback(fill_demo(env, account).stop)
        # This runs first at the end, so that no command starts to share services that are stopping.
        stack.callback(delete_note)
        keep_running([*servers, *running.values()], log=VAR / "run.log")


def fill_demo(env: dict[str, str], account: Account | None) -> Service:
    """Begin to fill the first demo school with graduates, beside the services and after them in turn. It
    is ended with them, and the next start goes on with it."""
    argv = ["nice", PYTHON, "manage.py", "load_demo", "--fill"]
    own = env_of_service(env, simulator=False)
    filling = Service("demo", argv, VAR / "demo.log", own, account, cwd=str(ROOT))
    filling.start()
    return filling


def env_of_service(env: dict[str, str], *, simulator: bool) -> dict[str, str]:
    """The environment of a service: without the owner of the database, without the accounts of the
    demo, and without the simulator's database unless it is the simulator."""
    kept = {"NATIONAL_SIMULATOR_DATABASE_URL"} if simulator else set()
    left_out = {*OF_OTHER_ROLES, "DEMO_PASSWORD"} - kept
    return {k: v for k, v in env.items() if k not in left_out}


def simulator_socket(env: dict[str, str]) -> socket.socket | None:
    """The socket of the simulator of the national system, to which the demo uploads. None if
    NATIONAL_URL names a real system. Adds the simulator's address to `env`."""
    if env.get("NATIONAL_URL"):
        return None
    listening = children.listening_socket(8900)
    port = listening.getsockname()[1]
    env |= {
        "NATIONAL_URL": f"http://127.0.0.1:{port}",
        "NATIONAL_CLIENT": "platform",
        "NATIONAL_DEMO": "1",
    }
    return listening


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


def wait_for_answer(url: str, web: Service) -> None:
    """Wait up to 60 s until the web server answers at `url`."""
    deadline = time.monotonic() + 60
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and web.ended() is None:
        with contextlib.suppress(OSError):
            opener.open(url, timeout=2).close()
            return
        time.sleep(0.1)
    raise SystemExit("The web server does not answer:\n" + children.tail(web.log))


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
