"""What the database itself guarantees about agreements."""

from django.db import migrations

# Versions of an agreement are only ever added.
VERSIONS = """
CREATE TRIGGER esign_agreementversion_append_only BEFORE UPDATE OR DELETE ON esign_agreementversion
    FOR EACH ROW EXECUTE FUNCTION core_append_only();
CREATE TRIGGER esign_agreementversion_no_truncate BEFORE TRUNCATE ON esign_agreementversion
    FOR EACH STATEMENT EXECUTE FUNCTION core_append_only();
"""

# Parties and number of an agreement never change; an ended agreement stays ended.
FREEZE_AGREEMENT = """
CREATE FUNCTION esign_freeze_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'agreements are never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.number, NEW.token, NEW.graduate_id, NEW.school_id, NEW.unit_id, NEW.invitation_id,
        NEW.signed_at)
       IS DISTINCT FROM (OLD.number, OLD.token, OLD.graduate_id, OLD.school_id, OLD.unit_id,
        OLD.invitation_id, OLD.signed_at) THEN
        RAISE EXCEPTION 'an agreement keeps its parties' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'active' AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'an ended agreement stays ended' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER esign_agreement_frozen BEFORE UPDATE OR DELETE ON esign_agreement
    FOR EACH ROW EXECUTE FUNCTION esign_freeze_agreement();
"""

# An invitation or amendment that was decided keeps the terms it was decided on.
FREEZE_TERMS = """
CREATE FUNCTION esign_freeze_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a decided % keeps its state and terms', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER esign_invitation_frozen BEFORE UPDATE ON esign_invitation
    FOR EACH ROW WHEN (OLD.state <> 'sent' AND (NEW.state, NEW.terms, NEW.terms_hash,
        NEW.signature_id, NEW.certificate_id, NEW.id_front_id, NEW.id_back_id)
        IS DISTINCT FROM (OLD.state, OLD.terms, OLD.terms_hash,
        OLD.signature_id, OLD.certificate_id, OLD.id_front_id, OLD.id_back_id))
    EXECUTE FUNCTION esign_freeze_terms();
CREATE TRIGGER esign_amendment_frozen BEFORE UPDATE ON esign_amendment
    FOR EACH ROW WHEN (OLD.state <> 'proposed' OR (NEW.terms, NEW.terms_hash, NEW.signature_id)
        IS DISTINCT FROM (OLD.terms, OLD.terms_hash, OLD.signature_id))
    EXECUTE FUNCTION esign_freeze_terms();
"""

# An active agreement and a destination locked to it: one never exists without the other.
AGREEMENT_IS_LOCK = """
CREATE FUNCTION esign_agreement_is_lock() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_graduate bigint := NEW.graduate_id;
    active text;
    locked text;
BEGIN
    SELECT number INTO active FROM esign_agreement
        WHERE graduate_id = of_graduate AND state = 'active';
    SELECT nullif(agreement_no, '') INTO locked FROM destinations_destination
        WHERE graduate_id = of_graduate;
    IF active IS DISTINCT FROM locked THEN
        RAISE EXCEPTION 'graduate %: active agreement % but destination locked to %',
            of_graduate, active, locked USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER esign_agreement_is_lock
    AFTER INSERT OR UPDATE OF state ON esign_agreement
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION esign_agreement_is_lock();
CREATE CONSTRAINT TRIGGER esign_lock_is_agreement
    AFTER UPDATE OF agreement_no ON destinations_destination
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.agreement_no IS DISTINCT FROM NEW.agreement_no)
    EXECUTE FUNCTION esign_agreement_is_lock();
"""

# Every change of a graduate's mobile number is noted, whoever makes it.
NOTE_MOBILE = """
CREATE FUNCTION esign_note_mobile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO esign_mobilechange (graduate_id, old, new) VALUES (NEW.id, OLD.mobile, NEW.mobile);
    RETURN NULL;
END $$;
CREATE TRIGGER esign_note_mobile AFTER UPDATE OF mobile ON graduates_graduate
    FOR EACH ROW WHEN (OLD.mobile IS DISTINCT FROM NEW.mobile)
    EXECUTE FUNCTION esign_note_mobile();
"""

UNDO = """
DROP TRIGGER esign_note_mobile ON graduates_graduate;
DROP TRIGGER esign_lock_is_agreement ON destinations_destination;
DROP TRIGGER esign_agreement_is_lock ON esign_agreement;
DROP TRIGGER esign_amendment_frozen ON esign_amendment;
DROP TRIGGER esign_invitation_frozen ON esign_invitation;
DROP TRIGGER esign_agreement_frozen ON esign_agreement;
DROP FUNCTION esign_note_mobile(), esign_agreement_is_lock(), esign_freeze_terms(),
    esign_freeze_agreement();
DROP TRIGGER esign_agreementversion_no_truncate ON esign_agreementversion;
DROP TRIGGER esign_agreementversion_append_only ON esign_agreementversion;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("esign", "0001_initial"),
        ("core", "0002_guarantees"),
        ("destinations", "0001_initial"),
    ]

    operations = [migrations.RunSQL(VERSIONS + FREEZE_AGREEMENT + FREEZE_TERMS + AGREEMENT_IS_LOCK + NOTE_MOBILE, UNDO)]
