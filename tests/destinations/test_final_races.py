"""A double click on the final confirmation, and a change at the same instant."""

from __future__ import annotations

from core.errors import DomainError
from destinations.actions import final
from destinations.models import FinalConfirmation
from destinations.states import FinalState
from graduates.models import Graduate
from tests.destinations.test_final import digest, make
from tests.esign.test_races import run_at_once
from tests.factories import World


def test_a_double_click_confirms_once(committed_world: World) -> None:
    world = committed_world
    final.open_round(cohort_id=world.cohort.pk, by=world.school_admin)
    graduate, user = make(world)
    shown = digest(graduate)

    def confirm() -> object:
        return final.confirm(
            graduate_id=graduate.pk, digest=shown, by=user, device="Phone", address="10.0.0.1"
        )

    answers = run_at_once(confirm, confirm)
    raised = [a for a in answers if isinstance(a, BaseException)]
    assert [a.code for a in raised if isinstance(a, DomainError)] == ["state"], answers
    assert FinalConfirmation.objects.filter(graduate=graduate).count() == 1


def test_a_change_at_the_same_instant_is_refused_or_ends_it(committed_world: World) -> None:
    world = committed_world
    final.open_round(cohort_id=world.cohort.pk, by=world.school_admin)
    for _ in range(4):
        graduate, user = make(world)
        shown = digest(graduate)

        def confirm(pk: int = graduate.pk, by: object = user, seen: str = shown) -> object:
            return final.confirm(
                graduate_id=pk,
                digest=seen,
                by=by,
                device="",
                address="",  # type: ignore[arg-type]
            )

        def change(pk: int = graduate.pk) -> int:
            return Graduate.objects.filter(pk=pk).update(wechat="anotherone")

        answers = run_at_once(confirm, change)
        assert answers[1] == 1
        final.lapse_changed()
        states = set(
            FinalConfirmation.objects.filter(graduate=graduate).values_list("state", flat=True)
        )
        refused = isinstance(answers[0], DomainError)
        assert states == (set() if refused else {FinalState.LAPSED}), answers
