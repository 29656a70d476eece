"""Deleting the schools of tests that commit. Flushing the whole database would take longer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Max
from psycopg import sql

from core.models import Event, StoredFile
from schools.models import School


def clear_own_cache() -> None:
    """Delete the cache keys of this worker only. `cache.clear()` would delete those of the others."""
    keys = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]
    for key in keys.scan_iter(match=cache.make_key("*")):
        keys.delete(key)


@contextmanager
def committed() -> Iterator[list[School]]:
    """Rows made inside the block are committed, for tests with several connections. The schools that
    are put into the list are deleted at the end, and every event that was logged meanwhile, with the
    audit chain."""
    schools: list[School] = []
    assert not connection.in_atomic_block, "races run outside the test's transaction"
    newest = Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
    try:
        yield schools
    finally:
        for school in schools:
            remove_school(school.pk)
        with connect_unguarded() as c:
            c.execute("DELETE FROM core_event WHERE id > %s", [newest])
            c.execute("DELETE FROM destinations_destinationevent")
            c.execute("DELETE FROM core_auditlink")
            c.execute("DELETE FROM core_auditanchor")


def connect_unguarded() -> psycopg.Connection:
    """A connection to this worker's database without triggers and foreign keys, as only the owner
    may open one."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    c = psycopg.connect(url.geturl())
    c.execute("SET session_replication_role = replica")
    return c


def _remove_signing(school_id: int) -> None:
    """Delete rows that triggers protect."""
    mine = "(SELECT id FROM graduates_graduate WHERE school_id = %(s)s)"
    agreements = "(SELECT id FROM esign_agreement WHERE school_id = %(s)s)"
    with connect_unguarded() as c:
        if c.execute(
            "SELECT 1 FROM esign_invitation WHERE school_id = %(s)s LIMIT 1", {"s": school_id}
        ).fetchone():
            c.execute(
                """DELETE FROM accounts_user WHERE id IN (SELECT user_id FROM employers_unitmember
                   WHERE unit_id IN (SELECT unit_id FROM esign_invitation WHERE school_id = %(s)s))""",
                {"s": school_id},
            )
            for table in ("letter", "unitname", "unitmember"):
                c.execute(
                    f"""DELETE FROM employers_{table} WHERE unit_id IN
                        (SELECT unit_id FROM esign_invitation WHERE school_id = %(s)s)""",
                    {"s": school_id},
                )
            c.execute(
                """DELETE FROM employers_unit WHERE id IN
                   (SELECT unit_id FROM esign_invitation WHERE school_id = %(s)s)""",
                {"s": school_id},
            )
        for statement in (
            f"""WITH mine AS (DELETE FROM esign_invitationrow WHERE graduate_id IN {mine}
                RETURNING made_id) DELETE FROM esign_invitationimport WHERE id IN
                (SELECT made_id FROM mine)""",
            f"""DELETE FROM esign_terminationmaterial WHERE termination_id IN
                (SELECT id FROM esign_termination WHERE agreement_id IN {agreements})""",
            *(
                f"DELETE FROM esign_{table} WHERE agreement_id IN {agreements}"
                for table in (
                    "print",
                    "document",
                    "amendment",
                    "conclusion",
                    "agreementversion",
                    "termination",
                )
            ),
            "DELETE FROM esign_agreement WHERE school_id = %(s)s",
            *(
                f"DELETE FROM esign_{table} WHERE graduate_id IN {mine}"
                for table in (
                    "printticket",
                    "reading",
                    "draft",
                    "invitation",
                    "card",
                    "mobilechange",
                )
            ),
            f"DELETE FROM graduates_archivetransfer WHERE graduate_id IN {mine}",
            """DELETE FROM accounts_message WHERE "to" IN (SELECT 'person:' || person_id
                FROM graduates_graduate WHERE school_id = %(s)s)""",
            f"DELETE FROM national_sync_entry WHERE graduate_id IN {mine}",
            f"DELETE FROM national_sync_nationalcopy WHERE graduate_id IN {mine}",
            "DELETE FROM accounts_onetimecode",
        ):
            c.execute(statement, {"s": school_id})


def _remove_notices_and_recruiting() -> None:
    """Delete everything of notices and of recruiting, with its units and their people. Only tests that commit leave
    any rows there, and each worker has a database of its own."""
    with connect_unguarded() as c:
        tables = c.execute(
            """SELECT tablename FROM pg_tables WHERE tablename LIKE 'recruiting\\_%'
               AND tablename <> 'recruiting_wordingrule' OR tablename LIKE 'notices\\_%'
               OR tablename LIKE 'surveys\\_%'
               OR tablename LIKE 'quality\\_%' AND tablename <> 'quality_rule'
               OR tablename LIKE 'support\\_%' AND tablename NOT IN ('support_way', 'support_quota')"""
        ).fetchall()
        c.execute(
            """CREATE TEMPORARY TABLE recruiters ON COMMIT DROP AS
               SELECT m.unit_id, m.user_id FROM employers_unitmember m
               JOIN recruiting_recruiter r ON r.unit_id = m.unit_id"""
        )
        for (table,) in tables:
            c.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        c.execute(
            """DELETE FROM accounts_message WHERE "to" IN
               (SELECT 'user:' || user_id FROM recruiters)"""
        )
        c.execute(
            "DELETE FROM employers_unitmember WHERE unit_id IN (SELECT unit_id FROM recruiters)"
        )
        c.execute("DELETE FROM employers_unit WHERE id IN (SELECT unit_id FROM recruiters)")
        c.execute("DELETE FROM accounts_user WHERE id IN (SELECT user_id FROM recruiters)")


def remove_school(school_id: int) -> None:
    """Delete all rows of a school except its events, children first."""
    _remove_notices_and_recruiting()
    _remove_signing(school_id)
    graduates = "SELECT id FROM graduates_graduate WHERE school_id = %(s)s"
    users = """SELECT user_id FROM graduates_person WHERE school_id = %(s)s
                UNION SELECT user_id FROM schools_staffmember WHERE school_id = %(s)s"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(users, {"s": school_id})
        user_ids = [row[0] for row in cursor.fetchall() if row[0]]
        cursor.execute(
            "SELECT file_id, annotated_id FROM graduates_rosterimport WHERE school_id = %s",
            [school_id],
        )
        file_ids = [i for row in cursor.fetchall() for i in row if i]
        for statement in (
            f"""DELETE FROM destinations_releaseimage WHERE proposal_id IN (SELECT id
                FROM destinations_releaseproposal WHERE graduate_id IN ({graduates}))""",
            f"DELETE FROM destinations_releaseproposal WHERE graduate_id IN ({graduates})",
            f"DELETE FROM destinations_evidence WHERE graduate_id IN ({graduates})",
            f"DELETE FROM destinations_finalconfirmation WHERE graduate_id IN ({graduates})",
            f"DELETE FROM destinations_destination WHERE graduate_id IN ({graduates})",
            """DELETE FROM graduates_rosterissue WHERE roster_import_id IN
               (SELECT id FROM graduates_rosterimport WHERE school_id = %(s)s)""",
            """DELETE FROM graduates_rosterrow WHERE import_id IN
               (SELECT id FROM graduates_rosterimport WHERE school_id = %(s)s)""",
            "DELETE FROM graduates_rosterimport WHERE school_id = %(s)s",
            "DELETE FROM graduates_graduate WHERE school_id = %(s)s",
            "DELETE FROM graduates_person WHERE school_id = %(s)s",
            """DELETE FROM schools_staffmember_cohorts WHERE cohort_id IN
               (SELECT id FROM schools_cohort WHERE school_id = %(s)s)""",
            """DELETE FROM schools_staffmember_departments WHERE department_id IN
               (SELECT id FROM schools_department WHERE school_id = %(s)s)""",
            """DELETE FROM schools_staffmember_classes WHERE schoolclass_id IN
               (SELECT id FROM schools_schoolclass WHERE school_id = %(s)s)""",
            "DELETE FROM schools_staffmember WHERE school_id = %(s)s",
            "DELETE FROM schools_schoolclass WHERE school_id = %(s)s",
            "DELETE FROM schools_major WHERE school_id = %(s)s",
            "DELETE FROM schools_department WHERE school_id = %(s)s",
            """DELETE FROM schools_fieldpermission WHERE cohort_id IN
               (SELECT id FROM schools_cohort WHERE school_id = %(s)s)""",
            "DELETE FROM destinations_finalround WHERE cohort_id IN (SELECT id FROM schools_cohort WHERE school_id = %(s)s)",
            "DELETE FROM schools_cohort WHERE school_id = %(s)s",
            "DELETE FROM schools_school WHERE id = %(s)s",
        ):
            cursor.execute(statement, {"s": school_id})
        cursor.execute("DELETE FROM accounts_user WHERE id = ANY(%s)", [user_ids])
    StoredFile.objects.filter(pk__in=file_ids).delete()
