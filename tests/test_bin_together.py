"""Commands that start at the same time share one set of secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.test_bin_run import ROOT

READ = """
import json, sys
from pathlib import Path
from launcher import installation
installation.VAR = Path(sys.argv[1])
print(json.dumps(installation.installation_secrets()))
"""


def test_commands_that_start_at_once_make_one_set_of_secrets() -> None:
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-c", READ, folder]
        env = os.environ | {"PYTHONPATH": str(ROOT / "bin")}
        started = [
            subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, cwd=ROOT) for _ in range(8)
        ]
        answers = [json.loads(p.communicate(timeout=60)[0]) for p in started]
        assert all(a == answers[0] for a in answers)
        kept = (Path(folder) / "secrets.env").read_text()
        assert all(f"{k}={v}\n" in kept for k, v in answers[0].items())
