"""Pages of docs/ that are made from the code, so that they can't be wrong for long."""

from __future__ import annotations

from core import frame, hooks
from core.states import as_markdown

_HEAD = "<!-- Made by `bin/manage write_docs`; do not edit. -->\n"


def pages() -> dict[str, str]:
    """File name → content."""
    return {"states.md": _states(), "hooks.md": _hooks()}


def _states() -> str:
    parts = [_HEAD, "# States and steps\n"]
    parts += [as_markdown(machine, labels) for machine, labels in frame.machines()]
    return "\n".join(parts)


def _hooks() -> str:
    lines = [_HEAD, "# Hooks", "", "Who plugs into what, in the order they run.", ""]
    for hook in sorted(hooks.ALL, key=lambda h: h.name):
        lines += [f"## `{hook.name}`", "", f"`{hook.signature}`", "", hook.doc, ""]
        lines += [f"- {order}: `{f.__module__}.{f.__qualname__}`" for order, f in hook.plugs]
        lines += [""] if hook.plugs else ["- nobody yet", ""]
    return "\n".join(lines).rstrip() + "\n"
