"""What apps contribute to the console's home: panels under the waiting tiles."""

from core.hooks import Hook

panels = Hook(
    "core.home_panels",
    "Gets user; return (heading, list of (label, done, total, address)) or None. One query each.",
)
