"""State machines as data: a table of steps that pages, actions, tests and docs all read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import DomainError, NotPermitted, Refused


@dataclass(frozen=True)
class Step:
    """One row of a transition table.

    `sources` are the states it may start from (none: the step makes the object), `target` the state
    it leads to (None: the same, or computed by the action). Each guard gets `(obj, actor)` and
    raises a `DomainError`.
    """

    action: str
    label: str
    roles: frozenset[str]
    sources: frozenset[str]
    target: str | None
    guards: tuple[Callable[[Any, Any], None], ...] = ()
    note: str = ""
    needs_reason: bool = False


@dataclass(frozen=True)
class Lifecycle:
    """The steps of one kind of object, for actions that check the actor and everything else
    themselves and ask only which states they may start from."""

    name: str
    labels: dict[str, str]
    steps: tuple[Step, ...]

    def actions(self) -> list[str]:
        return list(dict.fromkeys(step.action for step in self.steps))

    def steps_of(self, action: str) -> list[Step]:
        return [step for step in self.steps if step.action == action]

    def sources(self, action: str) -> frozenset[str]:
        """The states from which `action` may start."""
        return frozenset(state for step in self.steps_of(action) for state in step.sources)

    def allows(self, action: str, state: str) -> bool:
        """Whether `action` may start from `state`."""
        return state in self.sources(action)


@dataclass(frozen=True)
class Machine(Lifecycle):
    """A lifecycle that also checks roles and guards. `state_of` reads the object, `role_of` the
    actor."""

    state_of: Callable[[Any], str]
    role_of: Callable[[Any], str]

    def check(self, action: str, obj: Any, actor: Any) -> Step:
        """The step that `actor` may take on `obj` now; raises the `DomainError` that says why not.

        The button on a page and the action behind it both ask here.
        """
        role, state = self.role_of(actor), self.state_of(obj)
        mine = [s for s in self.steps_of(action) if role in s.roles]
        if not mine:
            raise NotPermitted("role", "您的角色没有此项操作的权限。")
        failures: list[DomainError] = []
        for step in mine:
            if state not in step.sources:
                continue
            try:
                for guard in step.guards:
                    guard(obj, actor)
            except DomainError as refusal:
                failures.append(refusal)
            else:
                return step
        if failures:
            raise failures[0]
        label = mine[0].label
        raise Refused("state", f"当前状态为“{self.labels[state]}”，不能{label}。")

    def why_not(self, action: str, obj: Any, actor: Any) -> str:
        """The sentence that says why `actor` can't take the step now; "" if they can."""
        try:
            self.check(action, obj, actor)
        except DomainError as refusal:
            return refusal.message
        return ""

    def can(self, action: str, obj: Any, actor: Any) -> bool:
        try:
            self.check(action, obj, actor)
        except DomainError:
            return False
        return True

    def available(self, obj: Any, actor: Any) -> list[Step]:
        """The steps to offer as buttons, in the table's order."""
        found = []
        for action in self.actions():
            try:
                found.append(self.check(action, obj, actor))
            except DomainError:
                continue
        return found


def states(*names: str) -> frozenset[str]:
    return frozenset(names)


def roles(*names: str) -> frozenset[str]:
    return frozenset(names)


# Where the diagram of an object begins.
_NEW = "[*]"


def as_markdown(machine: Lifecycle, role_labels: Mapping[str, str]) -> str:
    """The table for docs/states.md."""
    lines = [
        f"## {machine.name}",
        "",
        "| action | by | from | to | note |",
        "| - | - | - | - | - |",
    ]

    def names(values: Iterable[str], order: Iterable[str], labels: Mapping[str, str]) -> str:
        return ", ".join(f"{labels[v]} `{v}`" for v in order if v in values)

    for step in machine.steps:
        source = names(step.sources, machine.labels, machine.labels) or "new"
        target = f"{machine.labels[step.target]} `{step.target}`" if step.target else "—"
        lines.append(
            f"| {step.label} `{step.action}` | {names(step.roles, role_labels, role_labels)} "
            f"| {source} | {target} | {step.note} |"
        )
    return "\n".join(lines) + "\n"


def as_mermaid(machine: Lifecycle) -> str:
    """The diagram for docs/states.md. A step without a target stays in its state here; where the
    action computes the target, the step's note says so."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in machine.steps:
        for source in sorted(step.sources, key=list(machine.labels).index) or [_NEW]:
            names = arrows.setdefault((source, step.target or source), [])
            if step.label not in names:
                names.append(step.label)
    return mermaid(machine.labels, arrows)


def mermaid(labels: Mapping[str, str], arrows: Mapping[tuple[str, str], Iterable[str]]) -> str:
    """A state diagram: `arrows` maps (from, to) to what leads there."""
    known = [state for state in labels if any(state in pair for pair in arrows)]
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{labels[state]}" as {state}' for state in known]
    lines += [f"    {a} --> {b}: {'、'.join(names)}" for (a, b), names in arrows.items()]
    return "\n".join([*lines, "```"]) + "\n"
