"""The demo's recruiting shows what there is: postings, résumés, applications in every state."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.management import call_command

from esign.models import Agreement
from esign.states import AgreementState, Way
from recruiting import demo
from recruiting.models import (
    Application,
    Fair,
    Interview,
    Posting,
    Recommendation,
    Recruiter,
    Resume,
    UnitReport,
)
from recruiting.states import (
    ApplicationState,
    BoothState,
    FairState,
    InterviewState,
    PostingState,
    RecommendationState,
)

pytestmark = pytest.mark.django_db


def test_the_demo_has_forty_postings_of_twelve_units_and_applications_in_every_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEMO_PASSWORD", "demo-password-1")
    call_command("load_demo")
    assert Posting.objects.count() == 40
    assert Posting.objects.values("unit").distinct().count() == 12
    assert Recruiter.objects.filter(verified_at__isnull=False).count() == 12
    states = set(Posting.objects.values_list("state", flat=True))
    assert states == set(PostingState.values) - {PostingState.EXPIRED}
    assert set(Application.objects.values_list("state", flat=True)) == set(ApplicationState.values)
    assert {InterviewState.WAITING, InterviewState.ACCEPTED} <= set(
        Interview.objects.values_list("state", flat=True)
    )
    assert set(Recommendation.objects.values_list("state", flat=True)) == {
        RecommendationState.WAITING_DEPARTMENT,
        RecommendationState.WAITING_SCHOOL,
        RecommendationState.VALID,
    }
    assert Resume.objects.count() == 10
    assert UnitReport.objects.count() == 1
    fair, talk = Fair.objects.order_by("-starts_at")
    assert (fair.state, talk.state) == (FairState.OPEN, FairState.OPEN)
    assert Counter(fair.booths.values_list("state", flat=True)) == {
        BoothState.APPROVED: 8, BoothState.RESERVE: 1, BoothState.WAITING: 1,
    }  # fmt: skip
    assert fair.bookings.count() == 6
    signed = Agreement.objects.get(state=AgreementState.ACTIVE)
    assert signed.invitation.way == Way.APPLIED

    before = Application.objects.count()
    demo.make_recruiting("demo-password-1")
    assert (Posting.objects.count(), Application.objects.count()) == (40, before)
