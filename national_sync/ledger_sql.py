"""The triggers that mark the ledger, made from the field map. Used by migrations only.

They run inside the transaction of the change, for every row and whoever changes it: an action, a
bulk update, plain SQL. A row marked waiting keeps everything known about what is held above.
"""

from __future__ import annotations

from collections.abc import Sequence

MARK = """
CREATE OR REPLACE FUNCTION national_mark(of_graduate bigint, of_part text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO national_sync_entry AS e
        (graduate_id, school_id, cohort_id, part, version, state, owner, attempts, problems,
         sent_hash, accepted_hash, returns)
    SELECT g.id, g.school_id, g.cohort_id, of_part, 1, 'waiting', 'system', 0, '[]', '', '', '{}'
    FROM graduates_graduate g WHERE g.id = of_graduate
    ON CONFLICT (graduate_id, part) DO UPDATE SET
        version = e.version + 1, state = 'waiting', owner = 'system', attempts = 0,
        problems = '[]', due_at = now(), changed_at = now(), cohort_id = excluded.cohort_id
$$;
"""

UNMARK = "DROP FUNCTION national_mark(bigint, text);"


def changed(columns: Sequence[str]) -> str:
    old = ", ".join(f"OLD.{c}" for c in columns)
    new = ", ".join(f"NEW.{c}" for c in columns)
    return f"(({old}) IS DISTINCT FROM ({new}))"


def origin_triggers(columns: Sequence[str]) -> str:
    """Origin goes up once confirmed or locked; with its key the other parts do, too."""
    ready = "NEW.confirmation IN ('confirmed', 'locked')"
    return f"""
    CREATE OR REPLACE FUNCTION national_mark_origin() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM national_mark(NEW.id, 'origin');
        IF NEW.exam_no <> OLD.exam_no OR NEW.cohort_id <> OLD.cohort_id
           OR OLD.confirmation NOT IN ('confirmed', 'locked') THEN
            PERFORM national_mark(e.graduate_id, e.part) FROM national_sync_entry e
                WHERE e.graduate_id = NEW.id AND e.part <> 'origin';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER national_mark_origin AFTER UPDATE ON graduates_graduate FOR EACH ROW
        WHEN ({ready} AND (OLD.confirmation NOT IN ('confirmed', 'locked')
              OR OLD.standing IS DISTINCT FROM NEW.standing OR {changed(columns)}))
        EXECUTE FUNCTION national_mark_origin();

    CREATE OR REPLACE FUNCTION national_mark_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM national_mark(g.id, 'origin') FROM graduates_graduate g
            WHERE g.person_id = NEW.id AND g.confirmation IN ('confirmed', 'locked');
        RETURN NULL;
    END $$;
    CREATE TRIGGER national_mark_person AFTER UPDATE ON graduates_person FOR EACH ROW
        WHEN ((OLD.id_type, OLD.id_number) IS DISTINCT FROM (NEW.id_type, NEW.id_number))
        EXECUTE FUNCTION national_mark_person();
    """


def destination_triggers(columns: Sequence[str]) -> str:
    """A destination goes up once approved. Falling back to none goes up at once, but only of
    what was ever sent: before that the national side knows of no destination anyway."""
    return f"""
    CREATE OR REPLACE FUNCTION national_mark_destination() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state <> 'unsubmitted' OR EXISTS (SELECT 1 FROM national_sync_entry e
            WHERE e.graduate_id = NEW.graduate_id AND e.part = 'destination') THEN
            PERFORM national_mark(NEW.graduate_id, 'destination');
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER national_mark_destination AFTER UPDATE ON destinations_destination FOR EACH ROW
        WHEN (NEW.state IN ('department_approved', 'school_approved', 'unsubmitted')
              AND (OLD.state IS DISTINCT FROM NEW.state OR OLD.flagged IS DISTINCT FROM NEW.flagged
                   OR {changed(columns)}))
        EXECUTE FUNCTION national_mark_destination();
    """


def archive_triggers(columns: Sequence[str]) -> str:
    """Archive data go up with a type chosen; confirmed or locked is asked when they are sent."""
    return f"""
    CREATE OR REPLACE FUNCTION national_mark_archive() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM national_mark(NEW.graduate_id, 'archive');
        RETURN NULL;
    END $$;
    CREATE TRIGGER national_mark_archive AFTER UPDATE ON graduates_archivetransfer FOR EACH ROW
        WHEN ({changed(columns)}) EXECUTE FUNCTION national_mark_archive();
    CREATE TRIGGER national_mark_archive_new AFTER INSERT ON graduates_archivetransfer
        FOR EACH ROW WHEN (NEW.transfer_type <> '') EXECUTE FUNCTION national_mark_archive();
    """


DROP_ARCHIVE = """
DROP TRIGGER IF EXISTS national_mark_archive_new ON graduates_archivetransfer;
DROP TRIGGER IF EXISTS national_mark_archive ON graduates_archivetransfer;
DROP FUNCTION IF EXISTS national_mark_archive();
"""

# A department, class or school that is renamed is renamed in every record that names it.
RENAMED = """
CREATE OR REPLACE FUNCTION national_mark_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM national_mark(g.id, 'origin') FROM graduates_graduate g
        JOIN national_sync_entry e ON e.graduate_id = g.id AND e.part = 'origin'
        WHERE g.confirmation IN ('confirmed', 'locked') AND CASE TG_TABLE_NAME
            WHEN 'schools_department' THEN g.department_id = NEW.id
            WHEN 'schools_schoolclass' THEN g.school_class_id = NEW.id
            ELSE g.school_id = NEW.id END;
    RETURN NULL;
END $$;
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_department FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_schoolclass FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
CREATE TRIGGER national_mark_renamed AFTER UPDATE OF name ON schools_school FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION national_mark_renamed();
"""

DROP = """
DROP TRIGGER IF EXISTS national_mark_renamed ON schools_school;
DROP TRIGGER IF EXISTS national_mark_renamed ON schools_schoolclass;
DROP TRIGGER IF EXISTS national_mark_renamed ON schools_department;
DROP FUNCTION IF EXISTS national_mark_renamed();
DROP TRIGGER IF EXISTS national_mark_destination ON destinations_destination;
DROP TRIGGER IF EXISTS national_mark_person ON graduates_person;
DROP TRIGGER IF EXISTS national_mark_origin ON graduates_graduate;
DROP FUNCTION IF EXISTS national_mark_destination(), national_mark_person(), national_mark_origin();
"""
