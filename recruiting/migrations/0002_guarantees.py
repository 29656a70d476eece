"""What the database itself guarantees about applications, résumés and recommendations."""

from django.db import migrations

# Who applied where, with which résumé, never changes. The résumé's text may only be erased.
FREEZE_APPLICATION = """
CREATE FUNCTION recruiting_freeze_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.graduate_id, NEW.posting_id, NEW.unit_id, NEW.snapshot_hash, NEW.consent_version,
        NEW.consent_at, NEW.created_at)
       IS DISTINCT FROM (OLD.graduate_id, OLD.posting_id, OLD.unit_id, OLD.snapshot_hash,
        OLD.consent_version, OLD.consent_at, OLD.created_at)
       OR (NEW.snapshot <> OLD.snapshot AND NEW.snapshot <> '') THEN
        RAISE EXCEPTION 'an application keeps its parties, consent and résumé'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.decided_at IS NOT NULL AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'an application that has ended stays ended'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recruiting_application_frozen BEFORE UPDATE ON recruiting_application
    FOR EACH ROW EXECUTE FUNCTION recruiting_freeze_application();
"""

# Readings of résumés are only ever added.
READINGS = """
CREATE TRIGGER recruiting_resumereading_append_only BEFORE UPDATE OR DELETE
    ON recruiting_resumereading FOR EACH ROW EXECUTE FUNCTION core_append_only();
CREATE TRIGGER recruiting_resumereading_no_truncate BEFORE TRUNCATE ON recruiting_resumereading
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""

# A sealed recommendation keeps what was sealed.
FREEZE_RECOMMENDATION = """
CREATE FUNCTION recruiting_freeze_recommendation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.graduate_id, NEW.number, NEW.text, NEW.text_hash, NEW.token, NEW.valid_at)
       IS DISTINCT FROM (OLD.graduate_id, OLD.number, OLD.text, OLD.text_hash, OLD.token,
        OLD.valid_at) OR (OLD.state = 'void' AND NEW.state <> 'void')
       OR (OLD.state = 'valid' AND NEW.state NOT IN ('valid', 'void')) THEN
        RAISE EXCEPTION 'a sealed recommendation never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER recruiting_recommendation_frozen BEFORE UPDATE ON recruiting_recommendation
    FOR EACH ROW WHEN (OLD.valid_at IS NOT NULL)
    EXECUTE FUNCTION recruiting_freeze_recommendation();
"""

# The keyword search: parts of one and two characters, as for names of graduates.
SEARCH = """
CREATE INDEX recruiting_posting_words ON recruiting_posting
    USING gin (graduates_name_codes(0, search_text)) WHERE state = 'published';
"""

UNDO = """
DROP INDEX recruiting_posting_words;
DROP TRIGGER recruiting_recommendation_frozen ON recruiting_recommendation;
DROP TRIGGER recruiting_resumereading_no_truncate ON recruiting_resumereading;
DROP TRIGGER recruiting_resumereading_append_only ON recruiting_resumereading;
DROP TRIGGER recruiting_application_frozen ON recruiting_application;
DROP FUNCTION recruiting_freeze_recommendation(), recruiting_freeze_application();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("recruiting", "0001_initial"),
        ("core", "0002_guarantees"),
        ("graduates", "0002_guarantees"),
    ]

    operations = [migrations.RunSQL(FREEZE_APPLICATION + READINGS + FREEZE_RECOMMENDATION + SEARCH, UNDO)]
