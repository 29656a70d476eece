"""What checks of data plug into the hooks of the apps below."""

from __future__ import annotations

from codes import hooks as codes_hooks
from destinations import hooks as destination_hooks
from graduates import hooks as graduate_hooks
from graduates.models import Graduate
from national_sync import hooks as national_hooks
from national_sync.hooks import UploadHold
from quality import holding, rule_book
from quality.actions import findings
from quality.models import Finding


@codes_hooks.codes_loaded.plug()
def load_rules() -> None:
    rule_book.load_rules()


@graduate_hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    Finding.objects.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)


@national_hooks.upload_holds.plug()
def held_by_findings(*, graduate_ids: list[int]) -> list[UploadHold]:
    return holding.holds_of(graduate_ids)


@destination_hooks.dispute_settled.plug()
def dispute_was_settled(*, graduate_id: int) -> None:
    findings.note_settled_dispute(graduate_id)
