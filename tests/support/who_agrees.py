"""Who agrees to the actions of support that end something (tests/test_single_actor.py)."""

from __future__ import annotations

WHO_AGREES: dict[str, str] = {
    "support.group_imports.confirm": "the preview lists who leaves; over a tenth needs a typed reason",
    "support.group_imports.cancel": "nothing was written yet",
    "support.listing.remove": "called by a confirmed full workbook; everything stays and can be read",
    "support.proposals.accept": "school staff and the province",
    "support.proposals.refuse": "the answer to a request; school staff may ask again",
    "support.proposals.withdraw": "the own proposal",
    "support.records.delete": "the own record within 24 hours; the event stays",
}

MODULES: set[str] = {
    "base", "group_imports", "helping", "listing", "proposals", "recommending", "records", "rules",
}  # fmt: skip
