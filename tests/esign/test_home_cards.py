"""The graduate's home page while the agreement is being terminated: whose turn it is, and until when."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from esign.actions import terminate
from esign.models import Agreement, SigningRules, Termination
from esign.states import Ground
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


def card(agreement: Agreement) -> str:
    found = client_of(signing.account_of(agreement.graduate)).get("/").context["cards"]
    words = [f"{c.title}：{c.text}" for c in found if c.label == "解约办理中"]
    return words[0] if words else ""


def test_home_shows_the_own_termination_and_whose_turn_it_is(
    world: World, graduate: Graduate
) -> None:
    SigningRules.objects.create(
        cohort=world.cohort, signing_from=factories.today(), termination_from=factories.today()
    )
    agreement = signing.sign_agreement(graduate)
    assert card(agreement) == ""
    started = terminate.start(
        agreement=agreement, by=signing.account_of(graduate), ground=Ground.MUTUAL, reason="协商"
    )
    last = timezone.localtime(started.answer_by)
    words = (
        f"等待用人单位答复：应于{last.year}年{last.month}月{last.day}日前答复；逾期不答复不算同意。"
    )
    assert card(agreement) == words
    past = timezone.now() - datetime.timedelta(days=1)
    Termination.objects.filter(pk=started.pk).update(answer_by=past)
    assert "仍没有答复" in card(agreement)
    Termination.objects.filter(pk=started.pk).update(answer_by=started.answer_by)
    signing.agree_to_terminate(agreement, agreement.member.user)
    assert card(agreement).startswith("等待院系审核")
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    assert card(agreement).startswith("等待学校审核")
    terminate.agree(agreement=agreement, by=world.school_admin)
    assert card(agreement) == ""


def test_a_unit_that_asks_for_it_waits_for_the_graduate(world: World, graduate: Graduate) -> None:
    SigningRules.objects.create(
        cohort=world.cohort, signing_from=factories.today(), termination_from=factories.today()
    )
    agreement = signing.sign_agreement(graduate)
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.MUTUAL, reason="协商"
    )
    assert card(agreement).startswith("用人单位申请解约，等待您答复：应于")
