"""A long form in steps, and at its end a page that shows all answers before they are sent.

Each page has the whole form: the fields of its step as inputs, all others hidden. So nothing is kept
on the server, nothing typed is lost on the way back, and no script is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.forms import BoundField
from django.http import QueryDict

from codes.forms import DeclaredForm
from core.errors import Invalid
from core.forms import read_number

NEXT, BACK, SEND = "next", "back", "send"
_CHECK_TITLE = "核对"
Problems = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class FormStep:
    """One page of a form, with the names of the fields that it asks for."""

    title: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A field on the page that shows all answers: what was typed, in words."""

    field: BoundField
    words: str


def steps_by_group(form: DeclaredForm) -> list[FormStep]:
    """A step for each group of fields that the form has."""
    return [
        FormStep(title, tuple(field.name for field in fields)) for title, fields in form.groups()
    ]


class FormWalk:
    """The way of a person through `steps` of a form. `position` is the page to show; the one after the
    last step shows the answers. `data` is what was posted: the page it came from as `step`, and the
    pressed button as `go`, which is "next", "back", "send" or the number of a step.
    """

    def __init__(
        self, form: DeclaredForm, steps: Sequence[FormStep], data: QueryDict | None
    ) -> None:
        self.form, self.steps = form, list(steps)
        posted = data if data is not None else {}
        self.go = posted.get("go", "")
        self.came_from = min(read_number(posted.get("step", "")) or 0, len(self.steps))
        # What names no button is sent as a whole, as a form of one page is.
        self.sends = data is not None and self.go in ("", SEND)
        self.position = 0

    def turn(self, problems: Callable[[], Problems]) -> None:
        """Go where the button leads. On the way forward the page's own fields have to be right:
        `problems` are those of the whole form by field."""
        if self.go == BACK:
            self._show(self.came_from - 1, {})
        elif self.go == NEXT:
            self._show(self.came_from + 1, self._all_problems(problems()))
        else:
            wanted = read_number(self.go)
            last = len(self.steps) - 1
            self._show(self.came_from if wanted is None else min(wanted, last), {})

    def refused(self) -> None:
        """What was sent was refused: show the first page with an error, else the answers."""
        self.position = self._first_with(set(self.form.errors), default=len(self.steps))
        self._keep_errors()

    def _show(self, wanted: int, problems: Problems) -> None:
        wanted = max(0, min(wanted, len(self.steps)))
        # The answers are shown only when all of them are right, any other page when those before are.
        self.position = self._first_with(set(problems), default=wanted, before=wanted)
        if self.position == wanted:
            self.form.errors.clear()
            return
        self._keep_errors()
        self.form.add_refusal(Invalid({k: list(problems[k]) for k in self.names if k in problems}))

    def _all_problems(self, problems: Problems) -> Problems:
        own = {name: [str(e) for e in errors] for name, errors in self.form.errors.items()}
        return {**problems, **own}

    def _first_with(
        self, wrong: Collection[str], *, default: int, before: int | None = None
    ) -> int:
        for number, step in enumerate(self.steps[:before]):
            if any(name in wrong for name in step.names):
                return number
        return default

    def _keep_errors(self) -> None:
        """Leave the errors that this page can show. The page of the answers may have fields that no
        step asks for, such as a password."""
        asked = set(self._asked) - set(self.names)
        for name in [n for n in self.form.errors if n in asked]:
            del self.form.errors[name]

    # --- what the page shows ---------------------------------------------------------------------

    @property
    def at_check(self) -> bool:
        return self.position == len(self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that the page asks for; none on the page of the answers."""
        return () if self.at_check else self.steps[self.position].names

    @property
    def fields(self) -> list[BoundField]:
        return [self.form[name] for name in self.names]

    @property
    def title(self) -> str:
        return _CHECK_TITLE if self.at_check else self.steps[self.position].title

    @property
    def _asked(self) -> list[str]:
        return [name for step in self.steps for name in step.names]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """(name, value) of the fields of the other pages."""
        others = [
            name for name in self._asked
            if name not in self.names and name not in self.form.greyed
        ]  # fmt: skip
        values = [(name, self.form[name].value()) for name in others]
        return [(name, "" if value is None else str(value)) for name, value in values]

    @property
    def pages(self) -> list[tuple[str, str]]:
        """(title, state) of every page for the list of steps; the state is "done", "now" or ""."""
        titles = [*(step.title for step in self.steps), _CHECK_TITLE]
        states = ["done"] * self.position + ["now"] + [""] * (len(self.steps) - self.position)
        return list(zip(titles, states, strict=True))

    @property
    def answers(self) -> list[tuple[int, str, list[Answer]]]:
        """(number, title, answers) of every step."""
        return [
            (number, step.title, [Answer(self.form[n], self._words(n)) for n in step.names])
            for number, step in enumerate(self.steps)
        ]

    def _words(self, name: str) -> str:
        """What was typed into a field, as it will be stored, in words."""
        declared = next(d for d in self.form.declarations if d.key == name)
        if self.form.is_bound and name not in self.form.greyed:
            value = self.form.cleaned_data.get(name)
            return declared.show(value) if value is not None else str(self.form[name].value() or "")
        return declared.show(self.form.initial.get(name))
