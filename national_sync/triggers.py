"""The triggers that mark a changed record for reporting, made from the declarations in `fields.py`.

A trigger catches every change, also those of bulk statements and of SQL written by hand, in the
transaction of the change. What runs in the database was frozen by a migration, which
`bin/manage write_ledger_migration` writes; `tests/national_sync/test_triggers.py` fails while what
is installed differs from what this module says.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from graduates.models import Graduate
from national_sync.fields import ARCHIVE, DESTINATION, KEY_FIELDS, MODELS, ORIGIN, Reported
from national_sync.states import Part

# Reported once the graduate or the school has confirmed it.
_CONFIRMED = "('confirmed', 'locked')"


@dataclass(frozen=True)
class Function:
    """A function of the database. `head` is what stands between its name and its body."""

    name: str
    head: str
    body: str

    @property
    def create(self) -> str:
        return f"CREATE OR REPLACE FUNCTION {self.name}{self.head} AS $${self.body}$$;"


@dataclass(frozen=True)
class Trigger:
    """A trigger of the database: on `event`, if `condition` holds, it calls `call`."""

    name: str
    table: str
    event: str
    condition: str
    call: str

    @property
    def create(self) -> str:
        text = (
            f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} FOR EACH ROW"
            f" WHEN ({self.condition}) EXECUTE FUNCTION {self.call};"
        )
        return "\n".join(textwrap.wrap(text, 98, subsequent_indent="    "))

    @property
    def drop(self) -> str:
        return f"DROP TRIGGER IF EXISTS {self.name} ON {self.table};"


def own_columns(part: str, fields: Iterable[Reported]) -> list[str]:
    """Columns of the part's own table on which these fields depend: those that hold a value, and
    the foreign keys that lead to one."""
    meta = MODELS[part]._meta
    names = dict.fromkeys(f.join or f.column for f in fields)
    return [str(meta.get_field(name).column) for name in names]  # type: ignore[union-attr]


def _differ(columns: Iterable[str]) -> str:
    names = list(columns)
    old, new = (", ".join(f"{row}.{name}" for name in names) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def functions() -> list[Function]:
    """The functions that the triggers call, in the order in which to create them."""
    return [
        # A new entry of the ledger, or the next version of the one that is there.
        Function(
            "national_mark",
            "(of_graduate bigint, of_part text) RETURNS void LANGUAGE sql",
            """
    INSERT INTO national_sync_entry AS e
        (graduate_id, school_id, cohort_id, part, version, state, owner, attempts, problems,
         sent_hash, accepted_hash, returns)
    SELECT g.id, g.school_id, g.cohort_id, of_part, 1, 'waiting', 'system', 0, '[]', '', '', '{}'
    FROM graduates_graduate g WHERE g.id = of_graduate
    ON CONFLICT (graduate_id, part) DO UPDATE SET
        version = e.version + 1, state = 'waiting', owner = 'system', attempts = 0,
        problems = '[]', due_at = now(), changed_at = now(), cohort_id = excluded.cohort_id
""",
        ),
        # Another key, or a new confirmation, concerns every part that was reported.
        Function(
            "national_mark_origin",
            "() RETURNS trigger LANGUAGE plpgsql",
            f"""
BEGIN
    PERFORM national_mark(NEW.id, 'origin');
    IF {_differ(own_columns(Part.ORIGIN, KEY_FIELDS))}
       OR OLD.confirmation NOT IN {_CONFIRMED} THEN
        PERFORM national_mark(e.graduate_id, e.part) FROM national_sync_entry e
            WHERE e.graduate_id = NEW.id AND e.part <> 'origin';
    END IF;
    RETURN NULL;
END """,
        ),
        # A destination that was never submitted is reported only if an earlier one was.
        Function(
            "national_mark_destination",
            "() RETURNS trigger LANGUAGE plpgsql",
            """
BEGIN
    IF NEW.state <> 'unsubmitted' OR EXISTS (SELECT 1 FROM national_sync_entry e
        WHERE e.graduate_id = NEW.graduate_id AND e.part = 'destination') THEN
        PERFORM national_mark(NEW.graduate_id, 'destination');
    END IF;
    RETURN NULL;
END """,
        ),
        Function(
            "national_mark_archive",
            "() RETURNS trigger LANGUAGE plpgsql",
            """
BEGIN
    PERFORM national_mark(NEW.graduate_id, 'archive');
    RETURN NULL;
END """,
        ),
        # Arguments: the foreign key of the graduate that leads to the changed row, and the part
        # to mark, or '' for every part.
        Function(
            "national_mark_joined",
            "() RETURNS trigger LANGUAGE plpgsql",
            f"""
BEGIN
    EXECUTE format('SELECT national_mark(e.graduate_id, e.part)'
        ' FROM graduates_graduate g JOIN national_sync_entry e ON e.graduate_id = g.id'
        ' WHERE g.%I = $1 AND g.confirmation IN {_CONFIRMED.replace("'", "''")}'
        ' AND ($2 = '''' OR e.part = $2)', TG_ARGV[0]) USING NEW.id, TG_ARGV[1];
    RETURN NULL;
END """,
        ),
    ]


def triggers() -> list[Trigger]:
    """Every trigger that marks the ledger."""
    return [
        Trigger(
            "national_mark_origin",
            "graduates_graduate",
            "UPDATE",
            f"NEW.confirmation IN {_CONFIRMED} AND (OLD.confirmation NOT IN {_CONFIRMED}"
            " OR OLD.standing IS DISTINCT FROM NEW.standing"
            f" OR {_differ(own_columns(Part.ORIGIN, ORIGIN))})",
            "national_mark_origin()",
        ),
        Trigger(
            "national_mark_destination",
            "destinations_destination",
            "UPDATE",
            "NEW.state IN ('department_approved', 'school_approved', 'unsubmitted')"
            " AND (OLD.state IS DISTINCT FROM NEW.state OR OLD.flagged IS DISTINCT FROM NEW.flagged"
            f" OR {_differ(own_columns(Part.DESTINATION, DESTINATION))})",
            "national_mark_destination()",
        ),
        Trigger(
            "national_mark_archive",
            "graduates_archivetransfer",
            "UPDATE",
            _differ(own_columns(Part.ARCHIVE, ARCHIVE)),
            "national_mark_archive()",
        ),
        Trigger(
            "national_mark_archive_new",
            "graduates_archivetransfer",
            "INSERT",
            "NEW.transfer_type <> ''",
            "national_mark_archive()",
        ),
        *_joined([f for f in ORIGIN if f.join and not f.key], "national_mark_joined", Part.ORIGIN),
        *_joined([f for f in ORIGIN if f.join and f.key], "national_mark_key", ""),
    ]


def _joined(fields: list[Reported], name: str, part: str) -> list[Trigger]:
    """One trigger on each table that holds some of these values for many graduates."""
    made = []
    for join in dict.fromkeys(f.join for f in fields):
        link = Graduate._meta.get_field(join)
        columns = [f.column for f in fields if f.join == join]
        assert link.related_model is not None and not isinstance(link.related_model, str)
        made.append(
            Trigger(
                name,
                link.related_model._meta.db_table,
                f"UPDATE OF {', '.join(columns)}",
                _differ(columns),
                f"national_mark_joined('{link.column}', '{part}')",  # type: ignore[union-attr]
            )
        )
    return made


def install() -> str:
    """SQL that puts these functions and triggers in the place of those of the same names."""
    made = triggers()
    return "\n\n".join(
        [
            "\n".join(trigger.drop for trigger in made),
            *(function.create for function in functions()),
            "\n".join(trigger.create for trigger in made),
        ]
    )


def remove() -> str:
    """SQL that takes all of them away."""
    names = ", ".join(
        f"{f.name}({'bigint, text' if f.name == 'national_mark' else ''})" for f in functions()
    )
    drops = "\n".join(trigger.drop for trigger in triggers())
    return f"{drops}\nDROP FUNCTION IF EXISTS {names};"
