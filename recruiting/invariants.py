"""What must always hold for applications, for the pauses of postings, for recommendations, and for the
booths and bookings of events."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from core.invariants import Invariant, from_sql
from recruiting import snapshots
from recruiting.models import Application, ApplicationFile, Posting, Recommendation
from recruiting.recommendation_text import is_intact
from recruiting.states import ON_SHOW, PauseCause
from recruiting.unit_standing import pausing_reports, sanctions_in_force

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
    """Applications whose résumé has another hash, or another photo or attachment, than when it was
    delivered. Erased ones are left out."""
    enclosed = ApplicationFile.objects.filter(application=OuterRef("pk")).order_by("pk")
    rows = Application.objects.exclude(snapshot="").order_by("pk")
    rows = rows.annotate(enclosed=ArraySubquery(enclosed.values("file__sha256")))
    columns = ("pk", "snapshot", "snapshot_hash", "photo__sha256", "enclosed")
    for pk, text, known, photo, enclosed_hashes in rows.values_list(*columns).iterator(500):
        held = {*enclosed_hashes, *([photo] if photo else [])}
        if snapshots.digest(text) != known or not snapshots.has_files(text, held):
            yield f"投递{pk}"


def wrong_pauses() -> Iterator[str]:
    """Postings that a report or a sanction should pause and does not, or the other way round."""
    of_cause = {
        PauseCause.REPORTED: pausing_reports().values("unit"),
        PauseCause.SUSPENDED: sanctions_in_force().values("unit"),
    }
    on_show = Posting.objects.filter(state__in=ON_SHOW).order_by("pk")
    for cause, units in of_cause.items():
        paused, due = Q(pause_causes__contains=[cause]), Q(unit__in=units)
        for pk in on_show.filter((paused & ~due) | (due & ~paused)).values_list("pk", flat=True):
            yield f"职位{pk}（{cause.label}）"


SERIALS = from_sql(
    "recommendation_serials",
    "每校每届就业推荐表的流水号从1开始连续，编号由院校代码、届别和流水号组成。",
    """
    SELECT c.id FROM recruiting_recommendation r
    JOIN schools_cohort c ON c.id = r.cohort_id JOIN schools_school s ON s.id = r.school_id
    WHERE r.serial IS NOT NULL
    GROUP BY r.school_id, c.id, s.code, c.year
    HAVING max(r.serial) <> count(*) OR min(r.serial) <> 1
        OR bool_or(r.number NOT LIKE '%' || c.year || lpad(r.serial::text, 5, '0'))
    """,
)

BOOKINGS_FIT = from_sql(
    "bookings_fit",
    "活动的预约和签到不超过容纳人数，每个时段不超过时段人数。",
    """
    SELECT f.id FROM recruiting_fair f JOIN (
        SELECT fair_id, slot, count(*) AS taken FROM recruiting_booking
        WHERE state IN ('booked', 'checked_in') GROUP BY fair_id, slot
    ) b ON b.fair_id = f.id
    GROUP BY f.id
    HAVING sum(b.taken) > f.capacity
        OR bool_or(b.taken > f.slot_cap) FILTER (WHERE b.slot IS NOT NULL)
    """,
)
BOOKING_OF_SCHOOL = from_sql(
    "booking_of_school",
    "预约的学校就是毕业生的学校。",
    """
    SELECT b.id FROM recruiting_booking b LEFT JOIN graduates_graduate g ON g.id = b.graduate_id
    WHERE b.school_id IS DISTINCT FROM g.school_id
    """,
)


def changed_recommendations() -> Iterator[str]:
    """Sealed forms whose text has another hash, or another number, than when they were sealed."""
    rows = Recommendation.objects.filter(valid_at__isnull=False).order_by("pk")
    for form in rows.only("number", "text", "text_hash").iterator(500):
        if not is_intact(form):
            yield f"就业推荐表{form.pk}"


BOOTHS_WITHIN_OFFER = from_sql(
    "booths_within_offer",
    "招聘会安排的展位不超过展位数，展位号在展位数以内。",
    """
    SELECT f.id FROM recruiting_fair f JOIN recruiting_booth b ON b.fair_id = f.id
    WHERE b.state IN ('approved', 'attended', 'offered')
    GROUP BY f.id, f.booths_offered
    HAVING count(*) > f.booths_offered
        OR max(CASE WHEN b.number ~ '^[0-9]{1,9}$' THEN b.number::int END) > f.booths_offered
    """,
)
INVARIANTS = (
    OF_ITS_POSTING,
    OFFER_IS_INVITATION,
    Invariant("delivered_resume", "投递的简历与投递时一致。", changed_resumes),
    Invariant(
        "paused_by_unit", "单位有须暂停的举报或处理时职位已暂停，没有时不因此暂停。", wrong_pauses
    ),
    SERIALS,
    BOOTHS_WITHIN_OFFER,
    BOOKINGS_FIT,
    BOOKING_OF_SCHOOL,
    Invariant("sealed_recommendation", "已盖章的就业推荐表与盖章时一致。", changed_recommendations),
)
