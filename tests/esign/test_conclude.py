"""Concluding (转为劳动合同): one person proposes it with proof, and it takes effect when another confirms."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Message, User
from core.errors import Conflict, DomainError
from core.models import Event, OutboxMessage
from destinations.actions import dispute, review
from destinations.actions.evidence import standing_evidence
from destinations.models import Dispute
from destinations.states import State
from esign.actions import amend, conclude, printing, terminate
from esign.conclusion_steps import CONCLUSION
from esign.models import Agreement, Amendment, Conclusion, Termination
from esign.states import AgreementState, ConclusionState, Ground, Side, TerminationState
from esign.termination_steps import EMPLOYER, GRADUATE
from esign.verification import public_facts
from graduates.models import Graduate
from schools.roles import Level, Role
from tests import factories
from tests.esign import signing
from tests.esign.test_races import run_at_once
from tests.factories import World, client_of


@pytest.fixture
def agreement(world: World) -> Agreement:
    return approved(world)


def approved(world: World) -> Agreement:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    return made


def graduate_user(agreement: Agreement) -> User:
    return signing.account_of(agreement.graduate)


def refused(code: str, call: Any, *args: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code
    return refusal.value


def confirm(conclusion: Conclusion, by: User, **changes: Any) -> Conclusion:
    call = {"seen": conclusion.pk, "has_read": True} | changes
    return conclude.confirm(agreement=conclusion.agreement, by=by, **call)


def let_answer_period_pass() -> None:
    Conclusion.objects.update(answer_by=timezone.now() - datetime.timedelta(seconds=1))


def state(agreement: Agreement) -> str:
    return Agreement.objects.get(pk=agreement.pk).state


# --- proposing ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["unit", "school"])
def test_a_proposal_changes_nothing_and_asks_the_graduate(
    world: World, agreement: Agreement, side: str
) -> None:
    by = agreement.member.user if side == "unit" else world.school_admin
    made = signing.propose_conclusion(agreement, by, note="试用期已满")
    assert (made.state, state(agreement)) == (ConclusionState.PROPOSED, AgreementState.ACTIVE)
    assert factories.destination_of(agreement.graduate_id).category == "10"
    told = set(
        Message.objects.filter(dedupe_key__contains=f":{made.pk}:proposed").values_list(
            "to", flat=True
        )
    )
    assert f"person:{agreement.graduate.person_id}" in told
    assert (f"school:{agreement.school_id}" in told) == (side == "school")
    text = OutboxMessage.objects.filter(address=agreement.graduate.mobile).latest("pk").text
    assert "转为劳动合同" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contract_on": None}, "contract_on"),
        ({"contract_on": factories.today() + datetime.timedelta(days=1)}, "contract_on"),
        ({"contract_on": factories.today() - datetime.timedelta(days=1)}, "contract_on"),
        ({"first_page": b""}, "first_page"),
        ({"signature_page": b""}, "signature_page"),
        ({"signature_page": b"%PDF-1.7"}, "signature_page"),
    ],
)
def test_a_proposal_needs_the_date_and_two_pictures(
    agreement: Agreement, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        signing.propose_conclusion(agreement, agreement.member.user, **changes)
    assert refusal.value.field == field
    assert not Conclusion.objects.exists()


@pytest.mark.django_db
def test_only_the_unit_and_the_schools_admin_may_propose(
    world: World, agreement: Agreement
) -> None:
    propose = signing.propose_conclusion
    refused("role", propose, agreement, world.counsellor)
    refused("role", propose, agreement, world.department_admin)
    refused("role", propose, agreement, graduate_user(agreement))
    refused("scope", propose, agreement, factories.make_world().school_admin)
    refused("not_yours", propose, agreement, factories.make_employer())


@pytest.mark.django_db
def test_a_proposal_needs_an_approved_destination_without_dispute(
    world: World, agreement: Agreement
) -> None:
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    refused("not_approved", signing.propose_conclusion, agreement, world.school_admin)
    other = signing.sign_agreement(factories.make_graduate(world), mobile="13900000003")
    review.approve(graduate_id=other.graduate_id, by=world.school_admin)
    dispute.raise_dispute(graduate_id=other.graduate_id, reason="不是", by=graduate_user(other))
    refused("disputed", signing.propose_conclusion, other, world.school_admin)


@pytest.mark.django_db
def test_an_agreement_has_one_open_proposal(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    refused("state", signing.propose_conclusion, agreement, world.school_admin)
    again = Conclusion.objects.get(pk=made.pk)
    again.pk = None
    with pytest.raises(IntegrityError, match="conclusion_one_open"), transaction.atomic():
        again.save(force_insert=True)


# --- confirming --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["unit", "school"])
def test_the_graduates_confirmation_ends_the_agreement_and_keeps_the_approval(
    world: World, agreement: Agreement, side: str
) -> None:
    before = factories.destination_of(agreement.graduate_id)
    by = agreement.member.user if side == "unit" else world.school_admin
    made = signing.propose_conclusion(agreement, by)
    done = confirm(made, graduate_user(agreement))
    assert (done.state, state(agreement)) == (ConclusionState.CONFIRMED, AgreementState.ENDED)
    d = factories.destination_of(agreement.graduate_id)
    assert (d.state, d.category, d.form) == (State.SCHOOL_APPROVED, "11", "")
    assert (d.agreement_no, d.locked_at) == ("", None)
    assert (d.unit_name, d.unit_code, d.school_at) == (
        before.unit_name, before.unit_code, before.school_at,
    )  # fmt: skip
    evidence = standing_evidence(d.pk, "11").values_list("file_id", flat=True)
    assert set(evidence) == {made.first_page_id, made.signature_page_id}
    assert "签订劳动合同" in Event.objects.get(action="esign.conclude").reason
    told = Message.objects.filter(dedupe_key__endswith=f":{made.pk}:concluded").values_list(
        "to", flat=True
    )
    assert set(told) == {
        f"person:{agreement.graduate.person_id}", f"user:{agreement.member.user_id}",
    }  # fmt: skip
    agreement.refresh_from_db()
    assert public_facts(agreement)["state"] == "已终止"
    assert printing.print_refusal(agreement) == "协议已终止，不能打印。"
    with transaction.atomic():  # run the deferred triggers now
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DomainError) as refusal:  # of signing again
        signing.sign_agreement(Graduate.objects.get(pk=agreement.graduate_id), mobile="13900000002")
    assert refusal.value.code == "not_seeking"


@pytest.mark.django_db
def test_who_proposed_it_never_confirms_it(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("same_person", confirm, made, world.school_admin)
    refused("same_person", conclude.refuse, agreement=agreement, by=world.school_admin,
            seen=made.pk, reason="不对")  # fmt: skip
    refused("role", confirm, made, agreement.member.user)
    with pytest.raises(IntegrityError, match="conclusion_second_person"), transaction.atomic():
        Conclusion.objects.filter(pk=made.pk).update(
            state=ConclusionState.CONFIRMED, decided_at=timezone.now(),
            decided_by_user=world.school_admin,
        )  # fmt: skip
    assert state(agreement) == AgreementState.ACTIVE


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_a_second_staff_member_confirms_what_the_school_proposed(
    world: World, agreement: Agreement, role: str
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    second = factories.make_staff(role, world)
    refused("not_read", confirm, made, second, has_read=False)
    assert confirm(made, second).decided_by_user == second
    assert state(agreement) == AgreementState.ENDED


@pytest.mark.django_db
def test_staff_decide_on_the_units_proposal_only_after_the_graduate_was_silent(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    refused("still_waiting", confirm, made, world.school_admin)
    assert conclude.tell_schools_of_silence() == 0
    let_answer_period_pass()
    assert [conclude.tell_schools_of_silence() for _ in range(2)] == [1, 0]
    assert Message.objects.filter(
        to=f"school:{agreement.school_id}", title__contains="逾期"
    ).exists()
    assert confirm(made, world.school_admin).state == ConclusionState.CONFIRMED


@pytest.mark.django_db
def test_others_cannot_confirm(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("role", confirm, made, world.counsellor)
    refused("scope", confirm, made, factories.make_world().school_admin)
    outside = factories.make_staff(
        Role.DEPARTMENT_ADMIN, world, cohorts=[world.cohort], departments=world.departments[1:]
    )
    refused("scope", confirm, made, outside)
    refused("not_yours", confirm, made, signing.account_of(factories.make_graduate(world)))


@pytest.mark.django_db
def test_after_a_reset_of_the_account_the_graduates_confirmation_waits(
    world: World, agreement: Agreement
) -> None:
    user = graduate_user(agreement)
    made = signing.propose_conclusion(agreement, world.school_admin)
    person = agreement.graduate.person
    person.code_counter, person.activated_at = 1, timezone.now()
    person.save(update_fields=["code_counter", "activated_at"])
    refused("account_reset", confirm, made, user)
    done = conclude.refuse(agreement=agreement, by=user, seen=made.pk, reason="没有签过")
    assert done.state == ConclusionState.REFUSED, "saying no needs no waiting"


@pytest.mark.django_db
def test_a_refusal_needs_a_reason_and_leaves_the_agreement(
    world: World, agreement: Agreement
) -> None:
    user = graduate_user(agreement)
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("reason", conclude.refuse, agreement=agreement, by=user, seen=made.pk, reason=" ")
    conclude.refuse(agreement=agreement, by=user, seen=made.pk, reason="没有签过")
    assert state(agreement) == AgreementState.ACTIVE
    told = Message.objects.filter(dedupe_key__endswith=f":{made.pk}:refused").values_list(
        "to", flat=True
    )
    assert f"school:{agreement.school_id}" in set(told)
    assert signing.propose_conclusion(agreement, world.school_admin).pk != made.pk


@pytest.mark.django_db
def test_only_the_proposing_side_withdraws(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    call: dict[str, Any] = {"agreement": agreement, "seen": made.pk}
    refused("not_own_request", conclude.withdraw, **call, by=world.school_admin)
    refused("role", conclude.withdraw, **call, by=graduate_user(agreement))
    assert conclude.withdraw(**call, by=agreement.member.user).state == ConclusionState.WITHDRAWN
    made = signing.propose_conclusion(agreement, world.school_admin)
    call["seen"] = made.pk
    refused("not_own_request", conclude.withdraw, **call, by=agreement.member.user)
    other = factories.make_staff(Role.SCHOOL_ADMIN, world)
    assert conclude.withdraw(**call, by=other).state == ConclusionState.WITHDRAWN


@pytest.mark.django_db
def test_an_old_page_decides_nothing_and_says_what_happened(
    world: World, agreement: Agreement
) -> None:
    old = signing.propose_conclusion(agreement, world.school_admin)
    conclude.withdraw(agreement=agreement, by=world.school_admin, seen=old.pk)
    new = signing.propose_conclusion(agreement, world.school_admin)
    error = refused("changed", confirm, old, graduate_user(agreement))
    assert "您的操作没有执行" in error.message
    new.refresh_from_db()
    assert new.state == ConclusionState.PROPOSED


# --- one procedure at a time -------------------------------------------------------------------


@pytest.mark.django_db
def test_no_termination_and_no_change_begin_while_a_conclusion_is_open(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    for by in (agreement.member.user, graduate_user(agreement)):
        refused("conclusion_open", terminate.start, agreement=agreement, by=by,
                ground=Ground.MUTUAL, reason="协商")  # fmt: skip
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    error = refused("not_amendable", amend.propose, agreement=agreement, member=agreement.member,
                    typed={"wage": "7000"}, reason="有误")  # fmt: skip
    assert "转为劳动合同" in error.message
    refused("not_approved", confirm, made, graduate_user(agreement))
    version = agreement.versions.get()
    with pytest.raises(IntegrityError, match="a conclusion is open"), transaction.atomic():
        Amendment.objects.create(
            agreement=agreement, member=agreement.member, terms=version.terms,
            terms_hash=version.terms_hash, signature_id=version.employer_signature_id, reason="测试",
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="a conclusion is open"), transaction.atomic():
        Termination.objects.create(
            agreement=agreement, school_id=agreement.school_id, cohort_id=agreement.cohort_id,
            graduate_id=agreement.graduate_id, started_by=Side.EMPLOYER,
            started_by_user=agreement.member.user, ground=Ground.MUTUAL, reason="协商",
            state=TerminationState.WAITING_OTHER,
        )  # fmt: skip


@pytest.mark.django_db
def test_no_conclusion_begins_while_a_termination_or_a_change_is_open(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    proposal = amend.propose(
        agreement=made, member=made.member, typed={"wage": "7000"}, reason="填写有误"
    )
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    refused("amendment_open", signing.propose_conclusion, made, world.school_admin)
    amend.withdraw(amendment=proposal, member=made.member)
    terminate.start(agreement=made, by=made.member.user, ground=Ground.MUTUAL, reason="协商")
    refused("termination_open", signing.propose_conclusion, made, world.school_admin)
    signing.consent_to_termination(made, graduate_user(made))
    refused("termination_open", signing.propose_conclusion, made, made.member.user)


@pytest.mark.django_db
def test_an_upheld_dispute_withdraws_the_proposal(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    proposal = signing.propose_conclusion(made, made.member.user)
    dispute.raise_dispute(graduate_id=made.graduate_id, reason="不是我", by=graduate_user(made))
    refused("disputed", confirm, proposal, graduate_user(made))
    dispute.settle(
        dispute=Dispute.objects.get(), upheld=True, by=world.school_admin, answer="经核实属实"
    )
    proposal.refresh_from_db()
    assert (proposal.state, state(made)) == (ConclusionState.WITHDRAWN, AgreementState.TERMINATED)


# --- the table and the database ----------------------------------------------------------------

_ADMINS = {Level.DEPARTMENT, Level.SCHOOL}
ALLOWED: dict[str, dict[str, set[str]]] = {
    "propose": {role: {"none"} for role in (EMPLOYER, Level.SCHOOL)},
    "confirm": {role: {"proposed"} for role in (GRADUATE, *_ADMINS)},
    "refuse": {role: {"proposed"} for role in (GRADUATE, *_ADMINS)},
    "withdraw": {role: {"proposed"} for role in (EMPLOYER, Level.SCHOOL)},
}


@pytest.mark.parametrize("action", CONCLUSION.actions())
def test_the_table_allows_each_role_exactly_these_states(action: str) -> None:
    found: dict[str, set[str]] = {}
    for step in CONCLUSION.steps_of(action):
        for role in step.roles:
            found.setdefault(role, set()).update(step.sources)
    assert found == ALLOWED[action]


@pytest.mark.django_db
def test_a_decided_conclusion_keeps_its_decision_and_its_proof(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    conclude.refuse(agreement=agreement, by=graduate_user(agreement), seen=made.pk, reason="没有")
    for changes in (
        {"state": ConclusionState.CONFIRMED},
        {"contract_on": factories.today() - datetime.timedelta(days=3)},
    ):
        with pytest.raises(IntegrityError, match="keeps its proof"), transaction.atomic():
            Conclusion.objects.filter(pk=made.pk).update(**changes)


def test_of_two_confirmations_at_once_one_counts_and_the_other_is_told(
    committed_world: World,
) -> None:
    world = committed_world
    agreement = approved(world)
    made = signing.propose_conclusion(agreement, world.school_admin)
    second, user = factories.make_staff(Role.SCHOOL_ADMIN, world), graduate_user(agreement)
    answers = run_at_once(lambda: confirm(made, second), lambda: confirm(made, user))
    done = [a for a in answers if isinstance(a, Conclusion)]
    told = [a for a in answers if isinstance(a, Conflict)]
    assert (len(done), len(told)) == (1, 1), answers
    assert state(agreement) == AgreementState.ENDED
    assert Event.objects.filter(action="esign.conclude", object_id=agreement.pk).count() == 1


def test_of_confirming_and_withdrawing_at_once_one_happens(committed_world: World) -> None:
    agreement = approved(committed_world)
    made = signing.propose_conclusion(agreement, agreement.member.user)
    user = graduate_user(agreement)
    answers = run_at_once(
        lambda: confirm(made, user),
        lambda: conclude.withdraw(agreement=agreement, by=agreement.member.user, seen=made.pk),
    )
    assert sum(isinstance(a, Conclusion) for a in answers) == 1, answers
    made.refresh_from_db()
    expected = AgreementState.ENDED if made.state == "confirmed" else AgreementState.ACTIVE
    assert state(agreement) == expected


# --- the pages ---------------------------------------------------------------------------------


def photo(name: str = "合同.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.make_photo(), "image/jpeg")


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "contract_on": factories.today().isoformat(), "first_page": photo(),
        "signature_page": photo(), "note": "",
    } | changes  # fmt: skip


@pytest.mark.django_db
def test_the_unit_proposes_and_the_graduate_confirms_on_the_pages(agreement: Agreement) -> None:
    unit, phone = client_of(agreement.member.user), client_of(graduate_user(agreement))
    address = f"/employer/agreements/{agreement.pk}/conclude/"
    assert address in unit.get(f"/employer/agreements/{agreement.pk}/").content.decode()
    wrong = unit.post(address, typed(contract_on="", signature_page=""))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "请填写劳动合同的签订日期" in page
    assert "请上传劳动合同签字盖章页的图片" in page
    for _ in range(2):  # the form may be sent twice
        assert unit.post(address, typed()).status_code == 302
    made = Conclusion.objects.get()
    shown = unit.get(f"/employer/agreements/{agreement.pk}/").content.decode()
    assert f"/employer/agreements/{agreement.pk}/conclusions/{made.pk}/first_page/" in shown
    assert (
        unit.get(f"/employer/agreements/{agreement.pk}/conclusions/{made.pk}/no/").status_code
        == 404
    )

    assert f"/conclusions/{made.pk}/" in phone.get("/").content.decode()
    sheet = phone.get(f"/conclusions/{made.pk}/").content.decode()
    for words in (agreement.number, "签劳动合同形式就业", "协议书作废", "不能撤回"):
        assert words in sheet
    assert phone.get(f"/conclusions/{made.pk}/picture/signature_page/").status_code == 200
    unticked = phone.post(f"/conclusions/{made.pk}/confirm/", {})
    assert (unticked.status_code, "请核对以上内容并勾选" in unticked.content.decode()) == (
        409,
        True,
    )
    for _ in range(2):  # a double click
        answer = phone.post(f"/conclusions/{made.pk}/confirm/", {"has_read": "on"})
        assert (answer.status_code, answer["Location"]) == (302, f"/agreements/{agreement.pk}/")
    assert state(agreement) == AgreementState.ENDED
    assert phone.get(f"/conclusions/{made.pk}/confirm/")["Location"].endswith("#answer")
    assert "已确认" in phone.get(f"/agreements/{agreement.pk}/").content.decode()


@pytest.mark.django_db
def test_the_graduate_refuses_on_the_page(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    phone = client_of(graduate_user(agreement))
    empty = phone.post(f"/conclusions/{made.pk}/refuse/", {"reason": ""})
    assert (empty.status_code, "请填写理由" in empty.content.decode()) == (409, True)
    assert phone.post(f"/conclusions/{made.pk}/refuse/", {"reason": "没有签过"}).status_code == 302
    late = phone.post(f"/conclusions/{made.pk}/confirm/", {"has_read": "on"})
    assert (late.status_code, state(agreement)) == (409, AgreementState.ACTIVE)


@pytest.mark.django_db
def test_two_staff_members_conclude_on_the_console(world: World, agreement: Agreement) -> None:
    first = world.client(Role.SCHOOL_ADMIN)
    second = client_of(factories.make_staff(Role.SCHOOL_ADMIN, world))
    page = first.get(f"/console/agreements/{agreement.pk}/").content.decode()
    assert "提出转为劳动合同" in page
    counsellor = world.client(Role.COUNSELLOR)
    assert (
        "提出转为劳动合同"
        not in counsellor.get(f"/console/agreements/{agreement.pk}/").content.decode()
    )
    start = f"/console/agreements/{agreement.pk}/conclude/"
    assert first.post(start, typed(first_page="")).status_code == 422
    for _ in range(2):
        answer = first.post(start, typed())
        assert answer.status_code == 302
    made = Conclusion.objects.get()
    address, queue = f"/console/conclusions/{made.pk}/", "/console/conclusions/queue/"
    own = first.get(address).content.decode()
    assert "由您提出" in own
    assert f"{address}act/confirm/" not in own
    assert f"{address}act/withdraw/" in own
    assert address not in first.get(queue).content.decode()
    assert address in second.get(queue).content.decode()
    counts = second.get("/console/counts/").content.decode()
    assert 'id="count-consoleconclusion-queue" hx-swap-oob="true">1<' in counts
    assert first.post(f"{address}act/confirm/", {"has_read": "on"}).status_code == 409
    assert counsellor.post(f"{address}act/confirm/", {"has_read": "on"}).status_code == 403
    assert second.get(f"/console/conclusions/{made.pk}/picture/first_page/").status_code == 200
    assert second.post(f"{address}act/confirm/", {}).status_code == 409
    assert second.post(f"{address}act/confirm/", {"has_read": "on"}).status_code == 302
    again = second.post(f"{address}act/confirm/", {"has_read": "on"})
    assert (again.status_code, "您的操作没有执行" in again.content.decode()) == (409, True)
    assert state(agreement) == AgreementState.ENDED
    assert address in second.get("/console/conclusions/").content.decode()


@pytest.mark.django_db
def test_guessed_ids_are_not_found(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    stranger = factories.make_world()
    clerk = stranger.client(Role.SCHOOL_ADMIN)
    phone = client_of(factories.activate(factories.make_graduate(world)))
    for end in ("", "picture/first_page/"):
        assert clerk.get(f"/console/conclusions/{made.pk}/{end}").status_code == 404
        assert phone.get(f"/conclusions/{made.pk}/{end}").status_code == 404
    assert (
        clerk.post(f"/console/conclusions/{made.pk}/act/confirm/", {"has_read": "on"}).status_code
        == 404
    )
    assert clerk.get(f"/console/agreements/{agreement.pk}/conclude/").status_code == 404
    for end in ("confirm/", "refuse/"):
        assert phone.post(f"/conclusions/{made.pk}/{end}", {"has_read": "on"}).status_code == 404
    assert world.client(Role.SCHOOL_ADMIN).get("/console/conclusions/99999999/").status_code == 404
    act = f"/console/conclusions/{made.pk}/act/propose/"
    assert world.client(Role.SCHOOL_ADMIN).post(act).status_code == 404
    assert state(agreement) == AgreementState.ACTIVE
