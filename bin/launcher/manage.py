"""bin/manage: manage.py with the services up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from .children import dies_with_parent
from .paths import ROOT
from .stack import PYTHON, prepare, services, stop_on_signals

# These need no prepared database, or prepare it themselves.
_BARE = {
    "makemigrations", "migrate", "help", "check", "shell", "dbshell", "showmigrations", "restore",
}  # fmt: skip
# These change the schema, so they run as its owner.
_OWNER = {"migrate", "dbshell", "restore"}


def main() -> int:
    args = sys.argv[1:] or ["help"]
    stop_on_signals()
    with services(outlast_others=True) as (env, _):
        if args[0] not in _BARE:
            prepare(env, demo=True)
        if args[0] in _OWNER:
            env["DATABASE_URL"] = env["DATABASE_OWNER_URL"]
        env["PROCESS_ROLE"] = "command"
        cwd = os.environ.get("CALLER_PWD", str(ROOT))
        # A migration of a command that was killed must not go on beside that of the next one.
        ends_too = dies_with_parent(signal.SIGKILL)
        argv = [PYTHON, str(ROOT / "manage.py"), *args]
        return subprocess.run(argv, env=env, cwd=cwd, preexec_fn=ends_too).returncode


if __name__ == "__main__":
    sys.exit(main())
