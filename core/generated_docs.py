"""Pages of docs/ that are generated from the code. A test fails when they are out of date."""

from __future__ import annotations

from typing import Any

from core import frame, hooks
from core.jobs import JobKind
from core.states import as_markdown, as_mermaid, mermaid

_HEAD = "<!-- Made by `bin/manage write_docs`; do not edit. -->\n"


def pages() -> dict[str, str]:
    """File name → content."""
    return {"states.md": _states(), "hooks.md": _hooks()}


def _states() -> str:
    parts = [_HEAD, "# States and steps\n"]
    for machine, labels in frame.machines():
        parts += [as_markdown(machine, labels), as_mermaid(machine)]
    parts.append("# Background jobs\n")
    parts += [_job_states(kind) for kind in frame.job_kinds()]
    return "\n".join(parts)


def _job_states(kind: JobKind[Any]) -> str:
    """Claiming leads from waiting to running, success to finished; a failed attempt leads back, the
    last one parks."""
    field = kind.model._meta.get_field("state")
    labels = {str(value): str(label) for value, label in field.flatchoices}  # type: ignore[union-attr]
    arrows: dict[tuple[str, str], list[str]] = {}
    for waiting, running in kind.phases.items():
        arrows[str(waiting), str(running)] = ["claim"]
        arrows[str(running), str(kind.finished[running])] = ["finish"]
        arrows[str(running), str(waiting)] = ["retry"] if kind.repeatable else ["retry: not sent"]
        arrows[str(running), str(kind.parked)] = ["park"]
        if kind.releasable:
            arrows[str(kind.parked), str(waiting)] = ["release"]
    attempts = "any number of" if kind.most_attempts is None else kind.most_attempts
    facts = (
        f"`{kind.name}`: lease {int(kind.lease.total_seconds())} s, {attempts} attempts,"
        f" parked ones belong to {kind.owner}."
    )
    return f"## {kind.label}\n\n{facts}\n\n{mermaid(labels, arrows)}"


def _hooks() -> str:
    lines = [_HEAD, "# Hooks", "", "Who plugs into what, in the order they run.", ""]
    for hook in sorted(hooks.ALL, key=lambda h: h.name):
        lines += [f"## `{hook.name}`", "", f"`{hook.signature}`", "", hook.doc, ""]
        lines += [f"- {order}: `{f.__module__}.{f.__qualname__}`" for order, f in hook.plugs]
        lines += [""] if hook.plugs else ["- nobody yet", ""]
    return "\n".join(lines).rstrip() + "\n"
