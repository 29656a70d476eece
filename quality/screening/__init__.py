"""The suspicion rules (可疑筛查), each one query over a year's graduates of one or all schools."""

from __future__ import annotations

from quality.screening import contacts, entries, jobs, pictures, units
from quality.screening.scope import RuleQuery

QUERIES: dict[str, RuleQuery] = {
    "unit_cluster": units.unit_cluster,
    "contact_shared": contacts.contact_shared,
    "contact_self": contacts.contact_self,
    "file_same": pictures.file_same,
    "burst": entries.burst,
    "confirm_device": contacts.confirm_device,
    "internship_like": jobs.internship_like,
    "unit_new_or_dead": units.unit_new_or_dead,
    "wage_low": jobs.wage_low,
    "wage_same": jobs.wage_same,
    "job_mismatch": jobs.job_mismatch,
    "share_jump": entries.share_jump,
    "late_wave": entries.late_wave,
}
