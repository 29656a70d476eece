"""Consent to a termination: the sheet, the one-time code, the hour in which it can be taken back, and the
hand-over to the department."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Message, OneTimeCode
from core.errors import DomainError
from core.models import Event
from esign.actions import amend, consent, terminate
from esign.models import Agreement, Amendment, Termination
from esign.states import OPEN_TERMINATION, Ground, TerminationState
from esign.tasks import forward_consents
from esign.termination_steps import CLOCK, EMPLOYER, GRADUATE, TAKE_BACK_PERIOD, TERMINATION
from graduates.models import Graduate
from schools.roles import Level, Role
from tests import factories
from tests.esign import signing
from tests.esign.test_races import run_at_once
from tests.factories import World, client_of

SIDES = ["graduate", "unit"]


def refused(code: str, call: Any, *args: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code


class Asked:
    """An agreement that one side wants to end, and the other side, which is asked."""

    def __init__(self, agreement: Agreement, side: str) -> None:
        graduate, unit = signing.account_of(agreement.graduate), agreement.member.user
        self.agreement = agreement
        self.user, self.other = (graduate, unit) if side == "graduate" else (unit, graduate)
        self.termination = terminate.start(
            agreement=agreement, by=self.other, ground=Ground.MUTUAL, reason="岗位取消"
        )
        self.client = client_of(self.user)
        self.phone = agreement.graduate.mobile if side == "graduate" else unit.login
        at = f"/agreements/{agreement.pk}/"
        if side == "graduate":
            self.page, self.sheet = at, f"{at}consent/"
            self.back = f"{at}termination/take_back/"
        else:
            self.page, self.sheet = f"/employer{at}", f"/employer{at}terminate/consent/"
            self.back = f"/employer{at}terminate/take-back/"
        signing.allow_new_codes()

    @property
    def state(self) -> str:
        self.termination.refresh_from_db()
        return self.termination.state

    def ask(self, **changes: Any) -> Any:
        return self.client.post(f"{self.sheet}code/", {"seen": self.termination.pk} | changes)

    def confirm(self, **changes: Any) -> Any:
        typed = {"seen": self.termination.pk, "has_read": "on"} | changes
        return self.client.post(f"{self.sheet}confirm/", typed)

    def consent(self) -> Termination:
        return signing.consent_to_termination(self.agreement, self.user)


@pytest.fixture(params=SIDES)
def asked(request: pytest.FixtureRequest, graduate: Graduate) -> Asked:
    return Asked(signing.sign_agreement(graduate, penalty_notes="提前30日告知"), request.param)


@pytest.fixture
def of_graduate(graduate: Graduate) -> Asked:
    return Asked(signing.sign_agreement(graduate), "graduate")


def titles_about(termination: Termination) -> list[str]:
    rows = Message.objects.filter(dedupe_key__contains=f":termination:{termination.pk}:")
    return list(rows.values_list("title", flat=True))


def parts(response: Any) -> tuple[str, str]:
    """The page above the block in which one consents, and the block."""
    above, _, block = response.content.decode().partition('id="sign"')
    assert block
    return above, block.partition("</section>")[0]


# --- the sheet ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_sheet_says_what_ends_what_follows_and_what_was_agreed(asked: Asked) -> None:
    assert asked.sheet in asked.client.get(asked.page).content.decode()
    above, block = parts(asked.client.get(asked.sheet))
    graduate = asked.agreement.graduate
    for words in (
        asked.agreement.number, asked.agreement.unit.name, graduate.name, "岗位取消",
        "签就业协议形式就业", "协议书作废", "回到待就业", "违约金", "3000", "提前30日告知", "提供集体宿舍",
    ):  # fmt: skip
        assert words in above, words
    assert "获取验证码" in block
    assert 'name="code"' not in block


@pytest.mark.django_db
def test_consent_needs_the_code_that_was_sent_to_the_persons_own_number(asked: Asked) -> None:
    answer = asked.ask()
    assert "验证码已发送到" in parts(answer)[1]
    code = signing.last_code(asked.phone)
    assert OneTimeCode.objects.latest("pk").purpose == "terminate"
    done = asked.confirm(code=code)
    assert (done.status_code, done["Location"]) == (302, asked.page)
    assert asked.state == TerminationState.CONSENTED
    page = asked.client.get(asked.page).content.decode()
    until = timezone.localtime(asked.termination.consented_at + TAKE_BACK_PERIOD)
    assert f"{until:%H:%M}前可以撤回" in page
    event = Event.objects.filter(action="esign.terminate_consent").get()
    assert event.data["code"] == OneTimeCode.objects.latest("pk").pk


@pytest.mark.django_db
def test_a_wrong_code_is_said_beside_the_code_and_counts_as_a_try(asked: Asked) -> None:
    asked.ask()
    wrong = "000000" if signing.last_code(asked.phone) != "000000" else "111111"
    answer = asked.confirm(code=wrong)
    above, block = parts(answer)
    assert answer.status_code == 422
    assert "验证码不正确" not in above
    assert re.search(
        r'role="alert">验证码不正确，还可以试 4 次。', block.partition("field-code")[2]
    )
    assert "checked" in block.partition("field-code")[0]
    assert OneTimeCode.objects.latest("pk").tries == 1
    assert asked.state == TerminationState.WAITING_OTHER


@pytest.mark.django_db
def test_without_the_tick_nothing_is_consented_to_and_the_code_stays(asked: Asked) -> None:
    asked.ask()
    code = signing.last_code(asked.phone)
    answer = asked.confirm(code=code, has_read="")
    assert answer.status_code == 409
    assert "请阅读以上内容并勾选" in parts(answer)[1]
    assert asked.state == TerminationState.WAITING_OTHER
    assert asked.confirm(code=code).status_code == 302


@pytest.mark.django_db
def test_a_second_code_at_once_is_refused_at_the_block(asked: Asked) -> None:
    asked.ask()
    again = asked.ask()
    block = parts(again)[1]
    assert again.status_code == 429
    assert "60秒后再获取" in block
    assert 'name="code"' in block
    assert "验证码已发送到" in parts(asked.client.get(asked.sheet))[1]


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["code", "confirm"])
def test_a_get_on_an_address_that_takes_a_post_goes_back_to_the_sheet(
    asked: Asked, end: str
) -> None:
    answer = asked.client.get(f"{asked.sheet}{end}/")
    assert (answer.status_code, answer["Location"]) == (302, f"{asked.sheet}#sign")


@pytest.mark.django_db
def test_the_code_of_another_termination_does_not_serve(of_graduate: Asked) -> None:
    asked = of_graduate
    code = signing.request_consent_code(asked.agreement, asked.user)
    terminate.withdraw(agreement=asked.agreement, by=asked.other)
    second = terminate.start(
        agreement=asked.agreement, by=asked.other, ground=Ground.MUTUAL, reason="另一原因"
    )
    old = asked.confirm(code=code)
    assert (old.status_code, second.state) == (409, TerminationState.WAITING_OTHER)
    assert asked.confirm(code=code, seen=second.pk).status_code == 422
    assert asked.ask().status_code == 409, "an old page"
    second.refresh_from_db()
    assert second.state == TerminationState.WAITING_OTHER


@pytest.mark.django_db
def test_a_double_click_consents_once(asked: Asked) -> None:
    code = signing.request_consent_code(asked.agreement, asked.user)
    assert [asked.confirm(code=code)["Location"] for _ in range(2)] == [asked.page] * 2
    assert Event.objects.filter(action="esign.terminate_consent").count() == 1


@pytest.mark.django_db
def test_the_side_that_asked_has_no_sheet(asked: Asked) -> None:
    client = client_of(asked.other)
    page = asked.sheet.removeprefix("/employer").replace("terminate/consent", "consent")
    if asked.sheet.startswith("/agreements"):
        page = f"/employer{asked.page}terminate/consent/"
    answer = client.get(page)
    assert (answer.status_code, "由您一方提出" in answer.content.decode()) == (409, True)
    refused("own_request", signing.consent_to_termination, asked.agreement, asked.other)


@pytest.mark.django_db
def test_a_graduate_with_a_new_number_reads_the_sheet_and_why_to_wait(of_graduate: Asked) -> None:
    Graduate.objects.filter(pk=of_graduate.agreement.graduate_id).update(mobile="13811112222")
    page = of_graduate.client.get(of_graduate.sheet).content.decode()
    assert "满72小时后才能办理解约" in page
    assert "获取验证码" not in page
    assert of_graduate.ask().status_code == 409
    assert not OneTimeCode.objects.filter(purpose="terminate").exists()


# --- the hour ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_consent_is_taken_back_within_the_hour_and_given_again(asked: Asked) -> None:
    asked.consent()
    answer = asked.client.post(asked.back, {"seen": asked.termination.pk})
    assert answer.status_code == 302
    assert asked.state == TerminationState.WAITING_OTHER
    assert (asked.termination.consented_at, asked.termination.answer) == (None, "")
    titles = titles_about(asked.termination)
    assert sum("已撤回对解约的同意" in t for t in titles) == 2, "both sides are told"
    assert Event.objects.filter(action="esign.terminate_take_back").exists()
    asked.consent()
    assert asked.state == TerminationState.CONSENTED
    titles = titles_about(asked.termination)
    assert sum("已同意解约，" in t for t in titles) == 4, "both sides, twice"


@pytest.mark.django_db
def test_after_the_hour_the_consent_stays(asked: Asked) -> None:
    asked.consent()
    signing.let_take_back_period_pass()
    assert "撤回同意</button>" not in asked.client.get(asked.page).content.decode()
    assert asked.client.post(asked.back, {"seen": asked.termination.pk}).status_code == 409
    refused("too_late", consent.take_back, agreement=asked.agreement, by=asked.user)
    assert asked.state == TerminationState.CONSENTED


@pytest.mark.django_db
def test_only_the_side_that_consented_takes_it_back(asked: Asked) -> None:
    asked.consent()
    refused("own_request", consent.take_back, agreement=asked.agreement, by=asked.other)
    refused("state", terminate.refuse, agreement=asked.agreement, by=asked.user, reason="不同意")


@pytest.mark.django_db
def test_the_request_is_withdrawn_within_the_hour(asked: Asked) -> None:
    asked.consent()
    terminate.withdraw(agreement=asked.agreement, by=asked.other)
    assert asked.state == TerminationState.WITHDRAWN
    signing.let_take_back_period_pass()
    assert consent.forward_due() == 0


@pytest.mark.django_db
def test_staff_see_nothing_of_it_until_the_hour_is_over(world: World, of_graduate: Asked) -> None:
    t, agreement = of_graduate.termination, of_graduate.agreement
    of_graduate.consent()
    consent.take_back(agreement=agreement, by=of_graduate.user)
    of_graduate.consent()
    staff = [world.client(r) for r in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN)]
    for client in staff:
        for path in ("", "queue/", "?state=consented"):
            page = client.get(f"/console/terminations/{path}").content.decode()
            assert agreement.graduate.name not in page
        assert client.get(f"/console/terminations/{t.pk}/").status_code == 404
        page = client.get(f"/console/agreements/{agreement.pk}/").content.decode()
        assert f"/console/terminations/{t.pk}/" not in page
        assert "同意解约" not in page
        assert "撤回同意" not in page
        counts = client.get("/console/counts/").content.decode()
        assert 'id="count-consoletermination-queue" hx-swap-oob="true">1<' not in counts
    signing.let_take_back_period_pass()
    forward_consents()
    assert of_graduate.state == TerminationState.WAITING_DEPARTMENT
    page = staff[0].get("/console/terminations/queue/").content.decode()
    assert agreement.graduate.name in page
    history = staff[0].get(f"/console/terminations/{t.pk}/").content.decode()
    assert history.count("同意解约</b>") == 1, "the one that was not taken back"


@pytest.mark.django_db
def test_the_hand_over_tells_both_sides_and_the_department_once(
    world: World, of_graduate: Asked
) -> None:
    of_graduate.consent()
    assert consent.forward_due() == 0, "the hour is not over"
    signing.let_take_back_period_pass()
    assert [consent.forward_due(), consent.forward_due()] == [1, 0]
    about = f":termination:{of_graduate.termination.pk}:"
    told = Message.objects.filter(dedupe_key__contains=about, title__contains="等待")
    reads = {m.to: m.title for m in told}
    person, member = of_graduate.agreement.graduate.person_id, of_graduate.agreement.member
    assert "等待院系审核" in reads[f"person:{person}"]
    assert "等待院系审核" in reads[f"user:{member.user_id}"]
    for user in (world.counsellor, world.department_admin):
        assert "等待审核" in reads[f"user:{user.pk}"]
    assert Event.objects.filter(action="esign.terminate_forward").count() == 1


@pytest.mark.django_db
def test_many_are_handed_over_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "_CHUNK", 2)
    for number in range(3):
        agreement = signing.sign_agreement(
            factories.make_graduate(world), mobile=f"1390000010{number}"
        )
        Asked(agreement, "graduate").consent()
    signing.let_take_back_period_pass()
    assert consent.forward_due() == 3


# --- the table and the database ----------------------------------------------------------------

_STAFF = (Level.CLASS, Level.DEPARTMENT, Level.SCHOOL)
ALLOWED: dict[str, dict[str, set[str]]] = {
    "consent": {GRADUATE: {"waiting_other"}, EMPLOYER: {"waiting_other"}},
    "take_back": {GRADUATE: {"consented"}, EMPLOYER: {"consented"}},
    "forward": {CLOCK: {"consented"}},
    "refuse": {GRADUATE: {"waiting_other"}, EMPLOYER: {"waiting_other"}},
    "withdraw": {GRADUATE: set(OPEN_TERMINATION), EMPLOYER: set(OPEN_TERMINATION)},
    "note_call": {level: {"waiting_department", "waiting_school"} for level in _STAFF},
    "pass_on": {level: {"waiting_department"} for level in _STAFF[:2]},
}


@pytest.mark.parametrize("action", list(ALLOWED))
def test_the_table_allows_each_role_exactly_these_states(action: str) -> None:
    found: dict[str, set[str]] = {}
    for step in TERMINATION.steps_of(action):
        for role in step.roles:
            found.setdefault(role, set()).update(step.sources)
    assert found == ALLOWED[action]


@pytest.mark.django_db
def test_the_database_wants_the_time_of_a_consent_and_one_open_termination(
    of_graduate: Asked,
) -> None:
    t = of_graduate.termination
    with pytest.raises(IntegrityError, match="termination_consented_when"), transaction.atomic():
        Termination.objects.filter(pk=t.pk).update(state=TerminationState.CONSENTED)
    of_graduate.consent()
    t.refresh_from_db()
    second = Termination.objects.get(pk=t.pk)
    second.pk, second.state = None, TerminationState.WAITING_OTHER
    with pytest.raises(IntegrityError, match="termination_one_open"), transaction.atomic():
        second.save(force_insert=True)


@pytest.mark.django_db
def test_no_change_is_proposed_within_the_hour(of_graduate: Asked) -> None:
    of_graduate.consent()
    agreement = of_graduate.agreement
    refused("not_amendable", amend.propose, agreement=agreement, member=agreement.member,
            typed={"wage": "7000"}, reason="有误")  # fmt: skip
    version = agreement.versions.get()
    with pytest.raises(IntegrityError, match="termination is open"), transaction.atomic():
        Amendment.objects.create(
            agreement=agreement, member=agreement.member, terms=version.terms,
            terms_hash=version.terms_hash, signature_id=version.employer_signature_id, reason="测试",
        )  # fmt: skip


def test_of_taking_back_and_handing_over_at_once_one_happens(committed_world: World) -> None:
    asked = Asked(signing.sign_agreement(factories.make_graduate(committed_world)), "graduate")
    asked.consent()
    at = timezone.now() - TAKE_BACK_PERIOD + datetime.timedelta(seconds=1.5)
    Termination.objects.update(consented_at=at)
    while timezone.now() < at + TAKE_BACK_PERIOD - datetime.timedelta(milliseconds=20):
        pass
    run_at_once(
        lambda: consent.take_back(agreement=asked.agreement, by=asked.user),
        consent.forward_due,
        consent.forward_due,
    )
    consent.forward_due()
    taken_back = Event.objects.filter(action="esign.terminate_take_back").count()
    forwarded = Event.objects.filter(action="esign.terminate_forward").count()
    assert taken_back + forwarded == 1
    expected = TerminationState.WAITING_OTHER if taken_back else TerminationState.WAITING_DEPARTMENT
    assert asked.state == expected


def test_of_taking_back_and_withdrawing_at_once_both_are_answered(committed_world: World) -> None:
    asked = Asked(signing.sign_agreement(factories.make_graduate(committed_world)), "graduate")
    asked.consent()
    call: dict[str, Any] = {"agreement": asked.agreement, "seen": asked.termination.pk}
    answers = run_at_once(
        lambda: consent.take_back(**call, by=asked.user),
        lambda: terminate.withdraw(**call, by=asked.other),
    )
    assert all(isinstance(a, Termination | DomainError) for a in answers), answers
    assert asked.state == TerminationState.WITHDRAWN
