"""Made-up units, postings, résumés and applications, written with SQL beside the graduates of
`made_up.fill`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from benchmarks.made_up import _drop_indexes, _sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import Model

    from accounts.models import User

# The first unit's inbox has this size, however many postings there are.
INBOX = 20_000
UNITS = 5000
# Cities where most postings are, as codes of the national list with the province of each.
_CITIES = (
    "340100 340200 340300 340400 340500 340600 340700 340800 341000 341100 341200 341300 341500"
    " 341600 341700 341800 320100 320500 330100 310000 440300 440100 110000 420100"
).split()
_CATEGORIES = "13 21 40 24 22 29 19 11 60 30 17 10 23 25 27 26 80 90".split()
_WORDS = (
    "软件工程师",
    "会计",
    "机械设计员",
    "教师",
    "销售代表",
    "护士",
    "土建施工员",
    "算法工程师",
    "行政专员",
    "质检员",
)
_PARTS = (
    "recruiting_posting", "recruiting_application", "recruiting_resumestore", "recruiting_resume",
    "recruiting_intention",
)  # fmt: skip


def fill(connection: psycopg.Connection, *, postings: int, applications: int) -> None:
    """Write 5,000 units, each with a verified person, and the postings, résumés, intentions and
    applications. All graduates have a complete résumé and an intention."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'")
        _units(cursor)
        restore = [line for table in _PARTS for line in _drop_indexes(cursor, table)]
        _postings(cursor, postings)
        _resumes(cursor)
        _applications(cursor, postings, applications)
        for statement in restore:
            cursor.execute(statement)
        for table in ("recruiting_posting", "recruiting_resume", "recruiting_application"):
            _sequence(cursor, table)
        cursor.execute("RESET session_replication_role")
        for table in _PARTS:
            cursor.execute(f"VACUUM (FREEZE) {table}")
        cursor.execute("ANALYZE")


def accounts_of(graduates: Iterable[int]) -> dict[int, User]:
    """Make accounts for those of the graduates with these ids who have none; returns them by the
    graduate's id."""
    from accounts.models import Realm, User
    from graduates.models import Graduate, Person

    without = Graduate.objects.filter(pk__in=graduates, person__user=None)
    people = dict(without.values_list("pk", "person_id"))
    users = User.objects.bulk_create(
        User(realm=Realm.GRADUATE, login=f"bench:{pk}", label=f"毕业生{pk}", password="!")
        for pk in people
    )
    owners = [
        Person(pk=person, user=user) for person, user in zip(people.values(), users, strict=True)
    ]
    Person.objects.bulk_update(owners, ["user"], batch_size=1000)
    return dict(zip(people, users, strict=True))


def _insert(
    cursor: psycopg.Cursor, model: type[Model], values: dict[str, str], source: str
) -> None:
    """Insert a row of `model` for each row of `source`. `values` maps columns to SQL expressions; the
    others get the model's default."""
    from destinations.queries import _literal

    for field in model._meta.concrete_fields:
        if field.column not in values and not field.has_db_default() and not field.primary_key:
            values[field.column] = _literal(field.get_default())
    columns = ", ".join(f'"{c}"' for c in values)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {', '.join(values.values())} {source}"
    )


def _units(cursor: psycopg.Cursor) -> None:
    from accounts.models import Realm, User
    from employers.models import Unit, UnitMember, UnitName
    from recruiting.models import Recruiter

    source = f"FROM generate_series(1, {UNITS}) i"
    name = "'第' || i || '有限公司'"
    _insert(cursor, Unit, {
        "id": "i", "code": "lpad(i::text, 18, '0')", "name": name, "unit_property": "'31'",
        "industry": "'I'", "division": "'340103'", "certified_at": "now()", "certified_by": "'省级'",
    }, source)  # fmt: skip
    _insert(cursor, UnitName, {"unit_id": "i", "name": name}, source)
    account = f"{10_000_000} + i"
    _insert(cursor, User, {
        "id": account, "password": "'!'", "realm": f"'{Realm.EMPLOYER}'", "label": "'招聘' || i",
        "login": "'139' || lpad(i::text, 8, '0')", "mobile": "'139' || lpad(i::text, 8, '0')",
    }, source)  # fmt: skip
    _insert(cursor, UnitMember, {
        "id": "i", "unit_id": "i", "user_id": account, "name": "'招聘' || i", "state": "'verified'",
        "verified_at": "now()",
    }, source)  # fmt: skip
    _insert(cursor, Recruiter, {
        "unit_id": "i", "contact_name": "'招聘' || i", "contact_phone": "'0551-60000000'",
        "verified_at": "now()", "valid_until": "date '2090-12-31'",
    }, source)  # fmt: skip
    for table in ("employers_unit", "employers_unitmember", "accounts_user"):
        _sequence(cursor, table)


def _postings(cursor: psycopg.Cursor, postings: int) -> None:
    from recruiting.models import Posting

    def one_of(values: tuple[str, ...] | list[str], number: str) -> str:
        array = ", ".join(f"'{v}'" for v in values)
        return f"(ARRAY[{array}])[1 + ({number}) % {len(values)}]"

    # Two numbers that have nothing to do with each other nor with the posting's age.
    mixed, other = "(i::bigint * 7919 % 100003)", "(i::bigint * 104729 % 99991)"
    # Small numbers are more frequent than large ones: a few cities have most of the postings.
    skewed = f"(({mixed} % 100) * ({other} % 100) / 100)"
    city = one_of(_CITIES, f"{skewed} * {len(_CITIES)} / 100")
    word = one_of(_WORDS, other)
    pay = f"(3000 + {mixed} % 12 * 1000)"
    published = "timestamptz '2027-03-01' - i * interval '11 s'"
    _insert(cursor, Posting, {
        "id": "i", "unit_id": f"1 + i % {UNITS}", "member_id": f"1 + i % {UNITS}",
        "title": f"{word} || '（第' || i || '号）'", "job_category": one_of(_CATEGORIES, f"{skewed} / 5"),
        "work_kind": f"1 + ({mixed} % 10) / 8", "headcount": "5", "education": f"{other} % 4",
        "majors": f"'专业' || 1 + {mixed} % 20 || '、专业' || 1 + {other} % 20",
        "major_match": f"1 + {mixed} % 3", "places": f"ARRAY[{city}]",
        "search_places": f"ARRAY[{city}, left({city}, 2) || '0000']", "pay_from": pay, "pay_to": f"{pay} * 2",
        "pay_months": "12", "duties": "repeat('负责本岗位的日常工作，完成交办的任务。', 8 + (i % 20)::int)",
        "requirements": "repeat('认真负责，善于沟通，能按时到岗。', 8 + (i % 10)::int)",
        "state": "'published'", "valid_until": "date '2090-12-31'",
        "search_text": f"lower({word} || ' 第' || (1 + i % {UNITS}) || '有限公司')",
        "submitted_at": published, "first_published_at": published, "published_at": published,
        "confirmed_at": "now()", "created_at": published,
    }, f"FROM generate_series(1, {postings}) i")  # fmt: skip


def _resumes(cursor: psycopg.Cursor) -> None:
    from recruiting.models import Intention, Resume, ResumeStore

    graduates = "FROM graduates_graduate"
    _insert(cursor, ResumeStore, {
        "graduate_id": "id", "school_id": "school_id", "cohort_id": "cohort_id",
        "self_evaluation": "'踏实'", "completeness": "95",
    }, graduates)  # fmt: skip
    _insert(cursor, Resume, {
        "id": "id", "graduate_id": "id", "title": "'我的简历'", "is_default": "true",
    }, graduates)  # fmt: skip
    cities, categories = len(_CITIES), len(_CATEGORIES)

    def choice(values: list[str], number: str, count: str) -> str:
        """`count` of the values, beginning at `number`."""
        array = ", ".join(f"'{v}'" for v in values * 2)
        return f"(ARRAY[{array}])[1 + {number} % {len(values)}:{number} % {len(values)} + {count}]"

    _insert(cursor, Intention, {
        "graduate_id": "id", "work_kind": "1", "pay": "1 + id % 7", "major_match": "1 + id % 3",
        "job_categories": choice([*_CATEGORIES], f"(id::bigint * 31 % {categories})", "1 + id % 3"),
        "places": choice(_CITIES, f"(id::bigint * 17 % {cities})", "id % 5"), "available": "1",
    }, graduates)  # fmt: skip


def _applications(cursor: psycopg.Cursor, postings: int, applications: int) -> None:
    from recruiting.models import Application

    mixed = "(i::bigint * 7919 % 1000003)"
    # Some of each time are for the first unit's postings, which are every 5,000th.
    own, every = max(1, postings // UNITS), applications // INBOX
    posting = (
        f"CASE WHEN i % {every} = 0 THEN {UNITS} * (1 + i / {every} % {own})"
        f" ELSE 1 + {mixed} % {postings} END"
    )
    graduate = f"CASE WHEN i % {every} = 0 THEN i / {every} ELSE i END::bigint * 104729"
    live = "i % 10 < 6"
    common = {
        "id": "i", "graduate_id": "g.id", "school_id": "g.school_id", "cohort_id": "g.cohort_id",
        "posting_id": "p.id", "unit_id": "p.unit_id",
        "state": f"CASE WHEN {live} THEN CASE i % 3 WHEN 0 THEN 'delivered' WHEN 1 THEN 'viewed'"
                 " ELSE 'interviewing' END ELSE 'rejected' END",
        "reason": f"CASE WHEN {live} THEN NULL ELSE 1 + i % 7 END",
        "decided_at": f"CASE WHEN {live} THEN NULL ELSE now() END",
        "lapses_at": f"CASE WHEN {live} THEN timestamptz '2090-01-01' ELSE NULL END",
        "snapshot": "'{}'", "snapshot_hash": "'-'", "consent_version": "1",
        "created_at": "timestamptz '2027-03-01' + i * interval '1 s'",
    }  # fmt: skip
    _insert(cursor, Application, common, f"""
        FROM generate_series(1, {applications}) i
        JOIN recruiting_posting p ON p.id = {posting}
        JOIN graduates_graduate g ON g.id = 1 + {graduate} % (SELECT max(id) FROM graduates_graduate)
        ON CONFLICT DO NOTHING""")  # fmt: skip
