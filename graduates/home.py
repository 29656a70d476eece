"""What the graduate's home says: the steps, and the first one not yet taken."""

from __future__ import annotations

from dataclasses import dataclass

from graduates import hooks
from graduates.models import Graduate
from graduates.records import is_confirmation_current
from graduates.states import Confirmation


@dataclass(frozen=True)
class Step:
    """One step of the way. `todo` is the one line said when it is next."""

    label: str
    done: bool
    todo: str
    address: str
    state: str = ""
    state_label: str = ""


def steps(graduate: Graduate) -> list[Step]:
    found = [s for s in hooks.next_step.run(graduate=graduate) if s is not None]
    return found


@hooks.next_step.plug(order=10)
def confirm_step(*, graduate: Graduate) -> Step:
    lapsed = graduate.confirmation == Confirmation.LOCKED or graduate.confirmed_at is not None
    return Step(
        label="确认生源",
        done=is_confirmation_current(graduate),
        todo="信息有变化, 请重新确认生源信息" if lapsed else "请先确认生源信息",
        address="/origin/",
        state=graduate.confirmation,
        state_label=graduate.get_confirmation_display(),
    )
