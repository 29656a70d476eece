"""Hooks that destinations offer to the apps above."""

from core.hooks import Hook

stepped = Hook(
    "destinations.stepped",
    "A step was written, in its transaction. Gets destination and action.",
)
detail_links = Hook(
    "destinations.detail_links",
    "Links in the review workspace. Gets destination, user; return a list of (label, address).",
)
review_notes = Hook(
    "destinations.review_notes",
    "Calm notes in the review workspace; they stand in nobody's way. Gets destination; return a "
    "list of sentences.",
)
dispute_upheld = Hook(
    "destinations.dispute_upheld",
    "A dispute is upheld. Gets destination, reason, by; return True when an agreement was ended "
    "and the destination is released by that.",
)
dispute_settled = Hook(
    "destinations.dispute_settled", "A dispute was settled either way. Gets graduate_id."
)
