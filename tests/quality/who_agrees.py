"""Who agrees to the actions of quality that end something (tests/test_single_actor.py)."""

from __future__ import annotations

RECORD = (
    "closes a hint about a record; nothing of anybody ends, and whom it names does not close it"
)

WHO_AGREES: dict[str, str] = {
    "quality.findings.dismiss_many": RECORD,
    "quality.findings.dismiss_one": RECORD,
    "quality.findings.settle": RECORD,
    "quality.findings.pass_on": "only whose turn it is changes; no record does",
    "quality.prints.delete_stray": "no person: what is deleted can be worked out again",
    "quality.calls.refuse": "the graduate does not want to answer; nothing of anybody ends",
    "quality.samples.void": "a superior, not who created it; nothing of anybody ends",
    "quality.sighting.close_vanished": "no person: a run does not find it any more",
}

MODULES: set[str] = {"calls", "findings", "prints", "rules", "runs", "samples", "sighting"}
