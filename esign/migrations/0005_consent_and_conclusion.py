"""Consent to a termination can be taken back for an hour; a labour contract that followed an agreement is
proposed by one person and confirmed by another. Of an agreement only one of termination, amendment
and conclusion is open."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# The triggers lock the agreement before they look, so that of two transactions the second sees what the
# first has done. An amendment looks again when it is confirmed.
ONE_IS_OPEN = """
DROP TRIGGER esign_no_amendment_beside_termination ON esign_amendment;
DROP TRIGGER esign_no_termination_beside_amendment ON esign_termination;
DROP FUNCTION esign_termination_or_amendment();
CREATE FUNCTION esign_one_procedure_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'esign_termination'
       AND (OLD.state LIKE 'waiting%' OR OLD.state = 'consented') THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM esign_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
    IF TG_TABLE_NAME <> 'esign_termination' AND EXISTS (
        SELECT 1 FROM esign_termination WHERE agreement_id = NEW.agreement_id
            AND (state LIKE 'waiting%' OR state = 'consented')) THEN
        RAISE EXCEPTION 'agreement %: a termination is open already; two procedures cannot be open together',
            NEW.agreement_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_TABLE_NAME <> 'esign_amendment' AND EXISTS (
        SELECT 1 FROM esign_amendment WHERE agreement_id = NEW.agreement_id
            AND state = 'proposed') THEN
        RAISE EXCEPTION 'agreement %: an amendment is open already; two procedures cannot be open together',
            NEW.agreement_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_TABLE_NAME <> 'esign_conclusion' AND EXISTS (
        SELECT 1 FROM esign_conclusion WHERE agreement_id = NEW.agreement_id
            AND state = 'proposed') THEN
        RAISE EXCEPTION 'agreement %: a conclusion is open already; two procedures cannot be open together',
            NEW.agreement_id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER esign_termination_opens_alone
    AFTER INSERT OR UPDATE OF state ON esign_termination FOR EACH ROW
    WHEN (NEW.state LIKE 'waiting%' OR NEW.state = 'consented')
    EXECUTE FUNCTION esign_one_procedure_is_open();
CREATE CONSTRAINT TRIGGER esign_amendment_opens_alone
    AFTER INSERT OR UPDATE OF state ON esign_amendment FOR EACH ROW
    WHEN (NEW.state IN ('proposed', 'confirmed'))
    EXECUTE FUNCTION esign_one_procedure_is_open();
CREATE CONSTRAINT TRIGGER esign_conclusion_opens_alone
    AFTER INSERT OR UPDATE OF state ON esign_conclusion FOR EACH ROW
    WHEN (NEW.state = 'proposed')
    EXECUTE FUNCTION esign_one_procedure_is_open();
"""

# A conclusion that was decided keeps its decision, and an open one keeps its proof.
FREEZE_CONCLUSION = """
CREATE FUNCTION esign_freeze_conclusion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a conclusion keeps its proof and its decision'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER esign_conclusion_frozen BEFORE UPDATE ON esign_conclusion
    FOR EACH ROW WHEN ((OLD.state <> 'proposed' AND NEW.state <> OLD.state)
        OR (NEW.agreement_id, NEW.proposed_by, NEW.proposed_by_user_id, NEW.contract_on,
            NEW.first_page_id, NEW.signature_page_id)
        IS DISTINCT FROM (OLD.agreement_id, OLD.proposed_by, OLD.proposed_by_user_id,
            OLD.contract_on, OLD.first_page_id, OLD.signature_page_id))
    EXECUTE FUNCTION esign_freeze_conclusion();
"""

UNDO = """
DROP TRIGGER esign_conclusion_frozen ON esign_conclusion;
DROP FUNCTION esign_freeze_conclusion();
DROP TRIGGER esign_conclusion_opens_alone ON esign_conclusion;
DROP TRIGGER esign_amendment_opens_alone ON esign_amendment;
DROP TRIGGER esign_termination_opens_alone ON esign_termination;
DROP FUNCTION esign_one_procedure_is_open();
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


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_guarantees"),
        ("esign", "0004_termination_or_amendment"),
        ("graduates", "0003_longer_names"),
        ("schools", "0002_guarantees"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Conclusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "proposed_by",
                    models.CharField(
                        choices=[("employer", "用人单位"), ("school", "学校")],
                        max_length=10,
                        verbose_name="提出方",
                    ),
                ),
                ("proposed_by_label", models.CharField(max_length=80, verbose_name="提出人")),
                ("contract_on", models.DateField(verbose_name="劳动合同签订日期")),
                (
                    "note",
                    models.CharField(blank=True, default="", max_length=300, verbose_name="说明"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "待确认"),
                            ("confirmed", "已确认"),
                            ("refused", "不同意"),
                            ("withdrawn", "已撤回"),
                        ],
                        default="proposed",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="提出时间",
                    ),
                ),
                ("answer_by", models.DateTimeField(verbose_name="毕业生答复期限")),
                ("school_told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="办结时间"),
                ),
                (
                    "decided_by_label",
                    models.CharField(blank=True, default="", max_length=80, verbose_name="办结人"),
                ),
                (
                    "refusal",
                    models.CharField(
                        blank=True, default="", max_length=300, verbose_name="不同意原因"
                    ),
                ),
            ],
            options={
                "verbose_name": "转为劳动合同",
            },
        ),
        migrations.RemoveConstraint(
            model_name="termination",
            name="termination_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="termination",
            name="termination_one_open",
        ),
        migrations.RemoveIndex(
            model_name="termination",
            name="termination_queue",
        ),
        migrations.AddField(
            model_name="termination",
            name="consented_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="termination",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting_other", "待对方"),
                    ("consented", "已同意，一小时内可撤回"),
                    ("waiting_department", "待院系"),
                    ("waiting_school", "待学校"),
                    ("agreed", "已同意"),
                    ("refused", "不同意"),
                    ("withdrawn", "已撤回"),
                ],
                max_length=20,
                verbose_name="状态",
            ),
        ),
        migrations.AddIndex(
            model_name="termination",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ("waiting_other", "consented", "waiting_department", "waiting_school"),
                    )
                ),
                fields=["school", "cohort", "state", "id"],
                name="termination_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="termination",
            index=models.Index(
                condition=models.Q(("state", "consented")),
                fields=["consented_at"],
                name="termination_consented",
            ),
        ),
        migrations.AddConstraint(
            model_name="termination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "waiting_other",
                            "consented",
                            "waiting_department",
                            "waiting_school",
                            "agreed",
                            "refused",
                            "withdrawn",
                        ],
                    )
                ),
                name="termination_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="termination",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ("waiting_other", "consented", "waiting_department", "waiting_school"),
                    )
                ),
                fields=("agreement",),
                name="termination_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="termination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "consented"), _negated=True),
                    ("consented_at__isnull", False),
                    _connector="OR",
                ),
                name="termination_consented_when",
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="agreement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conclusions",
                to="esign.agreement",
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="cohort",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.cohort",
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="decided_by_user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="first_page",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.storedfile"
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="graduate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="conclusions",
                to="graduates.graduate",
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="proposed_by_user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="school",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="schools.school",
            ),
        ),
        migrations.AddField(
            model_name="conclusion",
            name="signature_page",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.storedfile"
            ),
        ),
        migrations.AddIndex(
            model_name="conclusion",
            index=models.Index(
                condition=models.Q(("state", "proposed")),
                fields=["school", "cohort", "id"],
                name="conclusion_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="conclusion",
            index=models.Index(
                condition=models.Q(("school_told_at__isnull", True), ("state", "proposed")),
                fields=["answer_by"],
                name="conclusion_untold",
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["proposed", "confirmed", "refused", "withdrawn"])
                ),
                name="conclusion_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(("proposed_by__in", ["employer", "school"])),
                name="conclusion_proposer_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "proposed")),
                fields=("agreement",),
                name="conclusion_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "proposed")),
                    models.Q(
                        models.Q(("state", "proposed"), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="conclusion_decided_paired",
            ),
        ),
        migrations.AddConstraint(
            model_name="conclusion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "confirmed"), _negated=True),
                    models.Q(
                        ("decided_by_user__isnull", False),
                        models.Q(("decided_by_user", models.F("proposed_by_user")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="conclusion_second_person",
            ),
        ),
        migrations.RunSQL(ONE_IS_OPEN + FREEZE_CONCLUSION, UNDO),
    ]
