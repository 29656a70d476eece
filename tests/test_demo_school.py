"""`load_demo --fill`: the first demo school becomes one worth showing."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import call_command

from accounts.models import Realm, User
from destinations.models import Destination, Dispute, ReleaseProposal
from destinations.states import State
from esign.models import Agreement, Conclusion, Invitation, Termination
from esign.states import InvitationState, TerminationState
from graduates import demo
from graduates.demo_roster import fill_graduates
from graduates.models import CorrectionRequest, Graduate
from graduates.states import Confirmation, Standing
from national_sync import demo as national_demo
from quality import demo as quality_demo
from quality.actions import runs
from quality.models import Finding
from quality.states import RunKind
from schools.demo import DEMO_CODE, DEMO_YEAR, EARLIER_YEAR, fill_school, make_schools
from schools.models import School
from surveys.models import Survey
from surveys.states import SurveyState

pytestmark = pytest.mark.django_db


def test_the_demo_school_has_six_hundred_graduates_in_every_state(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "demo-password-1")
    call_command("load_demo")
    call_command("load_demo", "--fill")
    assert "演示学校的数据已齐全" in capsys.readouterr().out

    own = Graduate.objects.filter(school__code=DEMO_CODE)
    assert Counter(own.values_list("cohort__year", flat=True)) == {
        DEMO_YEAR: 450, EARLIER_YEAR: 150,
    }  # fmt: skip
    assert own.values("school_class__department").distinct().count() == 6
    assert set(own.values_list("confirmation", flat=True)) == set(Confirmation.values)
    assert {Standing.ENROLLED, Standing.TRANSFERRED, Standing.WITHDRAWN} == set(
        own.values_list("standing", flat=True)
    )
    present = Destination.objects.filter(school__code=DEMO_CODE, cohort__year=DEMO_YEAR)
    assert set(present.values_list("state", flat=True)) == set(State.values)
    assert CorrectionRequest.objects.count() >= 8
    assert ReleaseProposal.objects.count() == 3
    assert Dispute.objects.count() == 2
    assert {InvitationState.SENT, InvitationState.ACCEPTED, InvitationState.DECLINED} <= set(
        Invitation.objects.values_list("state", flat=True)
    )
    assert Counter(Termination.objects.values_list("state", flat=True)) == {
        TerminationState.WAITING_OTHER: 2, TerminationState.WAITING_DEPARTMENT: 1,
        TerminationState.AGREED: 1,
    }  # fmt: skip
    assert Conclusion.objects.count() == 1
    assert Counter(Survey.objects.values_list("state", flat=True)) == {
        SurveyState.DRAFT: 1, SurveyState.RUNNING: 1, SurveyState.ENDED: 1,
    }  # fmt: skip

    check_screening()
    counted = {m: m.objects.count() for m in (Graduate, Destination, Agreement, Invitation, Survey)}
    call_command("load_demo", "--fill")
    assert counted == {m: m.objects.count() for m in counted}


def check_screening() -> None:
    """A screening finds what was planted, and nothing else."""
    school = School.objects.get(code=DEMO_CODE)
    admin = User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}admin")
    made = runs.ask(kind=RunKind.SCREENING, school=school, year=DEMO_YEAR, by=admin)
    assert runs.do(made.pk)
    made.refresh_from_db()
    found = {key: count for key, count in made.counts["by_rule"].items() if count}
    assert found == {
        "file_same": quality_demo.SAME_PICTURE, "contact_shared": quality_demo.ONE_PHONE,
        "burst": quality_demo.AT_ONCE,
    }, list(Finding.objects.values_list("rule", "sentence")[:50])  # fmt: skip
    assert made.counts.get("prints_missing", 0) == 0


def test_filling_goes_on_where_it_was_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed with the platform; the next start goes on."""
    make_schools("demo-password-1")
    fill_school()
    monkeypatch.setattr("graduates.demo_roster._ROSTERS", {
        DEMO_YEAR: ("927", 40, 20), EARLIER_YEAR: ("926", 20, 700),
    })  # fmt: skip

    class Killed(Exception):
        pass

    confirmed: list[int] = []
    confirm = demo.confirm

    def confirm_ten(graduate: Graduate) -> None:
        if len(confirmed) == 10:
            raise Killed
        confirmed.append(graduate.pk)
        confirm(graduate)

    with monkeypatch.context() as patched:
        patched.setattr("graduates.demo.confirm", confirm_ten)
        with pytest.raises(Killed):
            fill_graduates()
    fill_graduates()
    earlier = Graduate.objects.filter(cohort__year=EARLIER_YEAR, school__code=DEMO_CODE)
    assert set(earlier.values_list("confirmation", flat=True)) == {Confirmation.LOCKED}
    assert earlier.count() == 20


def test_the_registry_of_the_demo_writes_one_name_in_a_hundred_differently() -> None:
    row = {"school": DEMO_CODE, "exam_no": "90990010000077", "name": "示例甲子"}
    assert national_demo._as_registered(row)["name"] != row["name"]
    for other in ({"exam_no": "90990010000078"}, {"school": "10001"}):
        assert national_demo._as_registered(row | other) == row | other
