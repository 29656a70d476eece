"""An agreement has an open termination or a proposed amendment, never both."""

from django.db import migrations

# Both triggers lock the agreement before they look, so that of two transactions the second sees what
# the first has done. Rows that were open together before this migration can still be closed.
EITHER_IS_OPEN = """
CREATE FUNCTION esign_termination_or_amendment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'esign_termination' AND OLD.state LIKE 'waiting%' THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM esign_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
    IF TG_TABLE_NAME = 'esign_termination' THEN
        PERFORM 1 FROM esign_amendment
            WHERE agreement_id = NEW.agreement_id AND state = 'proposed';
    ELSE
        PERFORM 1 FROM esign_termination
            WHERE agreement_id = NEW.agreement_id AND state LIKE 'waiting%';
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION 'agreement %: a termination and an amendment cannot be open together',
            NEW.agreement_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER esign_no_termination_beside_amendment
    AFTER INSERT OR UPDATE OF state ON esign_termination FOR EACH ROW
    WHEN (NEW.state LIKE 'waiting%')
    EXECUTE FUNCTION esign_termination_or_amendment();
CREATE CONSTRAINT TRIGGER esign_no_amendment_beside_termination
    AFTER INSERT OR UPDATE OF state ON esign_amendment FOR EACH ROW
    WHEN (NEW.state IN ('proposed', 'confirmed'))
    EXECUTE FUNCTION esign_termination_or_amendment();
"""

UNDO = """
DROP TRIGGER esign_no_amendment_beside_termination ON esign_amendment;
DROP TRIGGER esign_no_termination_beside_amendment ON esign_termination;
DROP FUNCTION esign_termination_or_amendment();
"""


class Migration(migrations.Migration):
    dependencies = [("esign", "0003_punctuation")]

    operations = [migrations.RunSQL(EITHER_IS_OPEN, UNDO)]
