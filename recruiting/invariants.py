"""What must always hold for applications."""

from __future__ import annotations

from collections.abc import Iterator

from core.invariants import Invariant, from_sql
from recruiting import snapshots
from recruiting.models import Application

OF_ITS_POSTING = from_sql(
    "application_of_posting",
    "投递的单位就是职位的单位，学校和届别与毕业生一致。",
    """
    SELECT a.id FROM recruiting_application a
    LEFT JOIN recruiting_posting p ON p.id = a.posting_id
    LEFT JOIN graduates_graduate g ON g.id = a.graduate_id
    WHERE a.unit_id IS DISTINCT FROM p.unit_id
       OR (a.school_id, a.cohort_id) IS DISTINCT FROM (g.school_id, g.cohort_id)
    """,
)
OFFER_IS_INVITATION = from_sql(
    "offer_is_invitation",
    "已发邀约的投递有本人待应约的邀约，已签约的有本人已接受的邀约。",
    """
    SELECT a.id FROM recruiting_application a
    LEFT JOIN esign_invitation i ON i.id = a.invitation_id
    WHERE a.state IN ('offered', 'signed')
      AND (i.graduate_id, i.unit_id, i.state) IS DISTINCT FROM
          (a.graduate_id, a.unit_id,
           CASE a.state WHEN 'signed' THEN 'accepted'::varchar ELSE 'sent'::varchar END)
    """,
)


def changed_resumes() -> Iterator[str]:
    """Applications whose résumé has another hash than when it was delivered. Erased ones are left out."""
    rows = Application.objects.exclude(snapshot="").order_by("pk")
    for pk, text, known in rows.values_list("pk", "snapshot", "snapshot_hash").iterator(500):
        if snapshots.digest(text) != known:
            yield f"投递{pk}"


INVARIANTS = (
    OF_ITS_POSTING,
    OFFER_IS_INVITATION,
    Invariant("delivered_resume", "投递的简历与投递时一致。", changed_resumes),
)
