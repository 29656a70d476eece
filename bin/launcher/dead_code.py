"""Code that nothing uses, for bin/check: what vulture reports, without what is called by name.

Templates, settings and Django itself call functions by name, which vulture cannot see.
"""

from __future__ import annotations

import re
import subprocess
import sys

from .paths import ROOT

_FINDING = re.compile(r"unused (?:function|method|class|property|import) '(?P<name>\w+)'")
# Methods and classes that Django, Celery, django-filter or import-export call by their names.
_CALLED_BY_NAME = re.compile(
    r"Command|\w+Config|as_sql|get_group_by_cols|by_\w+|dehydrate_\w+|after_\w+|before_\w+"
    r"|add_arguments|process_view|process_exception|has_perm|get_user|get_by_natural_key"
    r"|get_session_auth_hash|get_failures|user_logged_in|get_session_store_class|get_model_class|validate|get_help_text|_ua_stylesheets|_update_meta|widget_attrs"
    r"|clean_\w+|get_bound_field|format_value|value_from_datadict|to_python|has_changed"
    r"|get_context|use_required_attribute|subwidgets|prepare_value|default_renderer|do_\w+|log_message|get_form_class"
    r"|run_from_argv|server_bind|handle_error|send_error|gettimeout|settimeout"
    r"|format_request|bind_user_id|process_got_request_exception"
)
# Registered by a decorator.
_DECORATORS = "@shared_task,@*.plug,@register.*,@*.connect,@hook,@pytest.*"


def main() -> int:
    vulture = subprocess.run(
        [
            sys.executable, "-m", "vulture", ".", "--min-confidence", "60",
            "--exclude", "/var/,.venv,migrations", "--ignore-decorators", _DECORATORS,
        ],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    by_name = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in (
            "templates/**/*.html",
            "config/**/*.py",
            "pyproject.toml",
            "gunicorn.conf.py",
        )
        for path in ROOT.glob(pattern)
    )
    words = set(re.findall(r"\w+", by_name))
    unused = []
    for line in vulture.stdout.splitlines():
        found = _FINDING.search(line)
        if found is None or line.startswith(("tests/", "benchmarks/")):
            continue
        if found["name"] not in words and not _CALLED_BY_NAME.fullmatch(found["name"]):
            unused.append(line)
    print("\n".join(unused))
    return 1 if unused else 0


if __name__ == "__main__":
    sys.exit(main())
