"""Hooks that schools offer to the apps above."""

from core.hooks import Hook

class_guards = Hook(
    "schools.class_guards",
    "Asked before a class is deleted. Gets school_class; raise a DomainError to refuse.",
)
renamed = Hook(
    "schools.renamed",
    "A department or class got another name, which is part of what graduates confirm. "
    "Gets obj, old, new, by.",
)
before_sealing = Hook(
    "schools.before_sealing",
    "What a cohort would leave unfinished if it were sealed now. Gets cohort; return a list of "
    "(sentence, address of the list behind it); raise a DomainError to refuse.",
)
