"""Each invariant holds in a school that has signed, reviewed and reported, and finds what breaks it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.urls import reverse
from psycopg import sql

from accounts.models import Message
from core import audit_chain, frame, invariants
from core.models import InvariantCheck, StoredFile
from destinations.actions import enter, release, review
from esign import pdf_signing
from esign.actions import documents as making
from recruiting.states import BoothState, RecommendationState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET
from tests.national_sync.surviving import Night
from tests.quality import scene as quality_scene
from tests.recruiting import booking_scene, fair_scene, scene
from tests.removal import connect_unguarded

BREAKS = [
    # (invariant, table, column, the SQL it is set to behind the platform's back)
    ("destination_of_each", "destinations_destination", "school_id", "0"),
    ("destination_history", "destinations_destination", "state", "'department_approved'"),
    ("destination_steps", "destinations_destinationevent", "from_state", "'elsewhere'"),
    ("release_marked", "destinations_releaseproposal", "graduate_id", "-graduate_id"),
    ("person_of_same_school", "graduates_person", "school_id", "0"),
    ("agreement_locks_destination", "esign_agreement", "number", "'1' || id"),
    (
        "accepted_invitation_is_agreement",
        "esign_invitation",
        "state",
        "CASE state WHEN 'accepted' THEN 'declined' ELSE state END",
    ),
    ("agreement_versions", "esign_agreement", "version", "2"),
    ("document_is_file", "esign_document", "sha256", "'0'"),
    ("terms_unchanged", "esign_agreementversion", "terms", "'{}'"),
    ("terms_unchanged", "esign_invitation", "terms", "'{}'"),
    ("application_of_posting", "recruiting_application", "unit_id", "0"),
    ("offer_is_invitation", "recruiting_application", "graduate_id", "-graduate_id"),
    ("delivered_resume", "recruiting_application", "snapshot", "'{}'"),
    ("paused_by_unit", "recruiting_unitreport", "reason", "12"),
    ("paused_by_unit", "recruiting_sanction", "until", "'2020-01-01'"),
    ("recommendation_serials", "recruiting_recommendation", "serial", "serial + 1"),
    ("booths_within_offer", "recruiting_booth", "number", "'002'"),
    ("booths_within_offer", "recruiting_fair", "booths_offered", "0"),
    ("sealed_recommendation", "recruiting_recommendation", "text", "text || ' '"),
    ("bookings_fit", "recruiting_fair", "capacity", "0"),
    ("bookings_fit", "recruiting_fair", "slot_cap", "0"),
    ("booking_of_school", "recruiting_booking", "school_id", "0"),
    ("finding_of_graduate", "quality_finding", "school_id", "0"),
    ("approved_in_ledger", "national_sync_entry", "graduate_id", "-graduate_id"),
    (
        "sent_is_on_its_way",
        "national_sync_entry",
        "state",
        "'sent', owner = 'system', due_at = now()",
    ),
    ("accepted_is_copied", "national_sync_nationalcopy", "parts", "'{}'"),
    ("changes_marked", "destinations_destination", "unit_name", "'另一单位'"),
    ("files_present", "core_storedfile", "key", "'none/202601/' || id"),
    ("files_unchanged", "core_storedfile", "sha256", "'0'"),
    ("events_chained", "core_event", "reason", "'改'"),
]


@pytest.fixture
def lived(night: Night, settings: Any, tmp_path: Path) -> Iterator[Night]:
    """A school whose graduates were reported; one has an agreement and its document."""
    settings.SIGNING_KEY_FILE = str(tmp_path / "key.p12")
    settings.SIGNING_KEY_SECRET = "a-secret-of-this-test"
    settings.NATIONAL_URL = night.simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    pdf_signing.forget_loaded_key()
    pdf_signing.issue_key(common_name="试用平台")
    signed = signing.sign_agreement(factories.make_graduate(night.world))
    review.approve(graduate_id=signed.graduate_id, by=night.world.counsellor)
    making.make_waiting()
    with_release = factories.make_graduate(night.world)
    enter.enter(graduate_id=with_release.pk, typed=factories.CONTRACT, by=night.world.school_admin)
    release.propose_release(
        graduate_id=with_release.pk, by=night.world.counsellor, reason="解约",
        pictures=[factories.make_photo()],
    )  # fmt: skip
    scene.make_offer(night.world)
    scene.make_reported(night.world)
    scene.make_recommendation(night.world, RecommendationState.VALID)
    fair = fair_scene.open_fair(night.world, booths_offered=1)
    fair_scene.make_booth(night.world, fair, BoothState.APPROVED)
    fair = booking_scene.make_fair(
        night.world, place="报告厅", slot_minutes=30, slot_cap=5, capacity=50
    )
    booking_scene.book(fair, factories.make_graduate(night.world), fair.starts_at)
    quality_scene.make_finding(night.world)
    reporting.run(night.simulator)
    audit_chain.extend()
    yield night


def broken() -> set[str]:
    return {problem.name for problem in invariants.check(frame.invariants())}


def test_every_invariant_holds_and_finds_what_breaks_it(lived: Night) -> None:
    assert invariants.check(frame.invariants()) == []
    seen = set()
    for name, table, column, value in BREAKS:
        undo = set_behind(table, column, value)
        assert name in broken(), f"{table}.{column}"
        undo()
        seen.add(name)
    assert broken() == set(), "everything was put back"
    declared = {invariant.name for invariant in frame.invariants()}
    assert declared - seen == {"jobs_cared_for"}, "an invariant without a case that breaks it"


def set_behind(table: str, column: str, value: str) -> Any:
    """Change one column of all rows as the owner, without triggers; returns how to put it back."""
    key = "graduate_id" if table.endswith(("_destination", "nationalcopy")) else "id"
    names = {"t": sql.Identifier(table), "c": sql.Identifier(column), "k": sql.Identifier(key)}
    with connect_unguarded() as c:
        kept = c.execute(sql.SQL("SELECT {k}, {c}::text FROM {t}").format(**names)).fetchall()
        c.execute(sql.SQL("UPDATE {t} SET {c} = ").format(**names) + sql.SQL(value))  # type: ignore[arg-type]

    def undo() -> None:
        with connect_unguarded() as c:
            kind = c.execute(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attname = %s",
                [table, column],
            ).fetchone()[0]  # type: ignore[index]
            for pk, old in kept:
                c.execute(
                    sql.SQL("UPDATE {t} SET {c} = %s::" + kind + " WHERE {k} = %s").format(**names),
                    [old, pk],
                )

    return undo


def test_a_file_that_is_gone_or_changed_is_found(lived: Night) -> None:
    file = StoredFile.objects.filter(purpose="agreement").first() or StoredFile.objects.first()
    assert file is not None
    path = Path(default_storage.path(file.key))
    content = path.read_bytes()
    path.write_bytes(content + b" ")
    assert broken() == {"files_unchanged"}
    os.remove(path)
    assert broken() == {"files_present"}
    path.write_bytes(content)
    assert broken() == set()


def test_the_command_says_what_is_wrong_and_fails(lived: Night) -> None:
    undo = set_behind("esign_document", "sha256", "'0'")
    answer = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_invariants", "--json", "--files", stdout=answer)
    undo()
    assert stopped.value.code == 1
    found = json.loads(answer.getvalue())
    assert [problem["name"] for problem in found["problems"]] == ["document_is_file"]
    assert len(found["checked"]) == len(frame.invariants())
    call_command("check_invariants", stdout=answer)


def test_the_nightly_check_tells_the_province(lived: Night) -> None:
    province = factories.make_staff(Role.PROVINCE)
    undo = set_behind("esign_document", "sha256", "'0'")
    invariants.check_and_keep()
    invariants.check_and_keep()
    undo()
    told = Message.objects.filter(to=f"user:{province.pk}", title="数据一致性检查发现1项问题")
    assert told.count() == 1, "one message a day"
    page = factories.client_of(province).get(reverse("console:jobs")).content.decode()
    assert "协议书文件的校验值与存储的文件一致。" in page
    assert "1项不符合" in " ".join(page.split())
    invariants.check_and_keep()
    page = factories.client_of(province).get(reverse("console:jobs")).content.decode()
    assert "全部符合" in page
    Message.objects.filter(to=f"user:{province.pk}").delete()
    InvariantCheck.objects.all().delete()
    province.delete()
