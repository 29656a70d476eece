"""Hooks that origin records offer to the apps above."""

from core.hooks import Hook

imported = Hook(
    "graduates.imported",
    "Rows were created or changed by an import. Gets school_id and import_id; the rows of "
    "`graduates_rosterrow` with that import_id and status NULL were just created.",
)
created = Hook("graduates.created", "One origin record was added by hand. Gets graduate, by.")
leave_guards = Hook(
    "graduates.leave_guards",
    "Asked before a graduate leaves 在籍. Gets graduate; raise a DomainError to refuse.",
)
moved = Hook(
    "graduates.moved", "A graduate moved to another cohort: move what copies it. Gets graduate."
)
detail_links = Hook(
    "graduates.detail_links",
    "Links on the console's origin page. Gets graduate, user; return a list of (label, address).",
)
next_step = Hook(
    "graduates.next_step",
    "The graduate's home. Gets graduate; return a home.Step or None. Steps come in plug order.",
)
correction_targets = Hook(
    "graduates.correction_targets",
    "What corrections can be asked for. Return a corrections.Target.",
)
