"""Who has to agree to what recruiting ends, releases or takes over (tests/test_single_actor.py)."""

OWN = "only what the person began or owns"
UNIT = "a verified person of the unit, about the unit's own"
CALLED = "called by another action, under its locks"
CLOCK = "no person: a date or the database's clock"
ANSWER = "one side answers what the other one asked"
APPEAL = "the unit is told and may appeal to another person"
TWO_STAFF = "blacklisting takes another person than the one who began; the rest can be appealed"
ANOTHER = "another person than who decided, after the unit's appeal"
REISSUED = "the graduate's own new form and the department's opinion; not who reset the account"
VOIDED = "the school takes back its own seal; the graduate is told and may hand in a new form"
HOST = "the host's own event; everybody registered is told, and no agreement depends on it"
NOTHING_ENDS = "nothing of anybody ends"
DELEGATED = "the province takes its own delegation back; the school is told, its decisions stay"

MODULES = {
    "application_base",
    "applications",
    "applications_of_posting",
    "attachments",
    "bookings",
    "booths",
    "fair_base",
    "fairs",
    "figures",
    "interviews",
    "offers",
    "photos",
    "posting_base",
    "posting_review",
    "postings",
    "recommendation_prints",
    "recommendations",
    "reports",
    "resume_choices",
    "resume_files",
    "resumes",
    "rules",
    "sanctions",
    "talks",
    "unit_applications",
    "verifications",
}
WHO_AGREES = {
    "recruiting.application_base.end": CALLED,
    "recruiting.applications.withdraw": OWN,
    "recruiting.booths.approve": NOTHING_ENDS,
    "recruiting.booths.cancel": UNIT,
    "recruiting.booths.confirm": ANSWER,
    "recruiting.booths.decline": ANSWER,
    "recruiting.booths.drop_of_fair": CALLED,
    "recruiting.booths.drop_of_unit": CALLED,
    "recruiting.booths.end": CALLED,
    "recruiting.fairs.cancel": HOST,
    "recruiting.talks.approve": NOTHING_ENDS,
    "recruiting.talks.expire_due": CLOCK,
    "recruiting.talks.refuse": ANSWER,
    "recruiting.talks.withdraw": UNIT,
    "recruiting.applications_of_posting.end_open": CALLED,
    "recruiting.applications_of_posting.end_open_of_unit": CALLED,
    "recruiting.attachments.delete": OWN,
    "recruiting.photos.remove": OWN,
    "recruiting.resume_choices.delete": OWN,
    "recruiting.resume_files.release": CALLED,
    "recruiting.bookings.cancel": OWN,
    "recruiting.interviews.accept": ANSWER,
    "recruiting.interviews.cancel": UNIT,
    "recruiting.interviews.decline": ANSWER,
    "recruiting.interviews.expire_due": CLOCK,
    "recruiting.posting_base.end_revision": CALLED,
    "recruiting.posting_base.remove_cause": CALLED,
    "recruiting.posting_review.approve": NOTHING_ENDS,
    "recruiting.posting_review.approve_many": NOTHING_ENDS,
    "recruiting.posting_review.remove": APPEAL,
    "recruiting.postings.close": UNIT,
    "recruiting.postings.confirm_open": UNIT,
    "recruiting.postings.delete_draft": UNIT,
    "recruiting.postings.expire_due": CLOCK,
    "recruiting.postings.release_unit": CALLED,
    "recruiting.postings.withdraw": UNIT,
    "recruiting.postings.withdraw_revision": UNIT,
    "recruiting.resumes.delete_entry": OWN,
    "recruiting.rules.remove_reviewing_school": DELEGATED,
    "recruiting.rules.set_active": NOTHING_ENDS,
    "recruiting.sanctions.release_lapsed": CLOCK,
    "recruiting.sanctions.revoke": ANOTHER,
    "recruiting.recommendations.drop_transcript": OWN,
    "recruiting.recommendations.seal": REISSUED,
    "recruiting.recommendations.seal_many": REISSUED,
    "recruiting.recommendations.void": VOIDED,
    "recruiting.recommendations.void_ended": CLOCK,
    "recruiting.recommendations.withdraw": OWN,
    "recruiting.reports.dismiss": NOTHING_ENDS,
    "recruiting.reports.uphold": TWO_STAFF,
    "recruiting.reports.withdraw": OWN,
    "recruiting.unit_applications.reject": ANSWER,
    "recruiting.verifications.approve": NOTHING_ENDS,
    "recruiting.verifications.refuse": NOTHING_ENDS,
    "recruiting.verifications.withdraw": UNIT,
}
