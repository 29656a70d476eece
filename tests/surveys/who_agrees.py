"""Who agrees to the actions of surveys that end something (tests/test_single_actor.py)."""

from __future__ import annotations

WHO_AGREES: dict[str, str] = {
    "surveys.answers.decline": "only whoever has the link, about their own invitation",
    "surveys.surveys.end": "the publisher's own survey, with a reason; answers stay, no agreement depends on it",
}

MODULES: set[str] = {"answers", "invitations", "surveys"}
