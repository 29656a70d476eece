"""Hooks that schools offer to the apps above."""

from core.hooks import hook
from schools.models import Cohort, SchoolClass


@hook
def class_guards(*, school_class: SchoolClass) -> None:
    """Asked before a class is deleted; raise a `DomainError` to refuse."""


@hook
def before_sealing(*, cohort: Cohort) -> list[tuple[str, str]]:
    """What a cohort would leave unfinished if it were sealed now: (sentence, address of the list
    behind it). Raise a `DomainError` to refuse."""
