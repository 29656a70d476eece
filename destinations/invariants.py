"""What must always hold for destinations."""

from core.invariants import from_sql

EVERY_GRADUATE_HAS_ONE = from_sql(
    "destination_of_each",
    "每名毕业生恰有一条毕业去向，学校和届别与生源一致。",
    """
    SELECT g.id FROM graduates_graduate g
    LEFT JOIN destinations_destination d ON d.graduate_id = g.id
    WHERE d.graduate_id IS NULL
       OR (d.school_id, d.cohort_id) IS DISTINCT FROM (g.school_id, g.cohort_id)
    """,
)
HISTORY_LEADS_TO_STATE = from_sql(
    "destination_history",
    "去向的审核情况与最后一条去向记录一致。",
    """
    SELECT d.graduate_id FROM destinations_destination d
    JOIN LATERAL (
        SELECT to_state FROM destinations_destinationevent e
        WHERE e.graduate_id = d.graduate_id ORDER BY e.id DESC LIMIT 1
    ) last ON true
    WHERE last.to_state <> d.state
    """,
)
STEPS_FOLLOW = from_sql(
    "destination_steps",
    "去向记录首尾相接：每一步从上一步到达的状态开始。",
    """
    SELECT graduate_id FROM (
        SELECT graduate_id, from_state,
               lag(to_state) OVER (PARTITION BY graduate_id ORDER BY id) AS before
        FROM destinations_destinationevent
    ) steps
    WHERE before IS NOT NULL AND from_state <> before
    """,
)
PROPOSALS_ARE_MARKED = from_sql(
    "release_marked",
    "去向上有解约标记的，恰有一条待处理的非网签解约，反之亦然。",
    """
    SELECT coalesce(d.graduate_id, p.graduate_id) FROM
        (SELECT graduate_id FROM destinations_destination
         WHERE release_proposed_at IS NOT NULL) d
    FULL JOIN
        (SELECT graduate_id FROM destinations_releaseproposal
         WHERE state IN ('waiting_department', 'waiting_school')) p
    ON p.graduate_id = d.graduate_id
    WHERE d.graduate_id IS NULL OR p.graduate_id IS NULL
    """,
)
INVARIANTS = (
    EVERY_GRADUATE_HAS_ONE,
    HISTORY_LEADS_TO_STATE,
    STEPS_FOLLOW,
    PROPOSALS_ARE_MARKED,
)
