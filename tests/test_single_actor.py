"""Nobody alone ends, releases or takes over what belongs to others.

`WHO_AGREES` names every action of the platform that ends, releases, voids or takes over anything, with
who has to agree. A new module of actions, or a new action whose name says that it ends something,
fails the first tests until it is entered here. Those that end an agreement or take an account or a
unit over are tried by one person at the end.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from core.errors import DomainError
from core.models import OutboxMessage
from destinations.actions import dispute
from employers.actions import letters, members
from employers.models import LetterKind, Membership
from esign.actions import conclude, consent, terminate
from esign.models import Agreement, SigningRules
from esign.states import AgreementState, Ground
from graduates.actions import account
from graduates.models import Graduate, Person
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World
from tests.quality import who_agrees as quality_who_agrees
from tests.recruiting import who_agrees as recruiting_who_agrees
from tests.support import who_agrees as support_who_agrees
from tests.surveys import who_agrees as surveys_who_agrees

pytestmark = pytest.mark.django_db
_ROOT = Path(settings.BASE_DIR)

# Why one person is enough, where that is so.
OWN = "only what the person began or owns"
ANSWER = "one side answers what the other one asked"
NOTHING_ENDS = "nothing of anybody ends"
CLOCK = "no person: a date or the database's clock"
UNDONE = "can be undone by a colleague or the province, and agreements stay"
ADMIN = "the admin's own structure; refused while anybody depends on it"
TOLD = "the owner is told at once, and does not sign or end anything for 72 hours"

# Action → who has to agree.
WHO_AGREES: dict[str, str] = (
    {
        # agreements
        "destinations.agreement.conclude": "called by the conclusion alone",
        "esign.conclude.confirm": "proposer and another person, by id; not who reset the account",
        "esign.conclude.refuse": ANSWER,
        "esign.conclude.withdraw": OWN,
        "esign.conclude.close_proposals": "called by what ends the agreement",
        "esign.documents.withdraw": "called by a reviewer's undoing of an own approval within 5 seconds",
        "esign.consent.consent": "other side's request, reading, one-time code",
        "esign.consent.take_back": OWN,
        "esign.terminate.refuse": ANSWER,
        "esign.terminate.withdraw": OWN,
        "esign.terminate.upload_release": "other side silent, its stamped paper, a call, two reviews",
        "esign.terminate.pass_on": "a party and staff; not who reset the account",
        "esign.terminate.turn_down": NOTHING_ENDS,
        "esign.terminate.agree": "a party and staff; not who reset the account",
        "esign.terminate.end_after_dispute": "called by an upheld dispute",
        "esign.amend.confirm": "unit and graduate, one-time code",
        "esign.amend.refuse": ANSWER,
        "esign.amend.withdraw": OWN,
        "esign.amend.close_proposals": "called by what ends the agreement",
        "esign.accept.accept": "unit and graduate, one-time code, 72 hours",
        "esign.accept.decline": ANSWER,
        "esign.invite.withdraw": OWN,
        "esign.invite.expire_due": CLOCK,
        "esign.cards.revoke_cards": OWN,
        "esign.imports.delete_old": CLOCK,
        "esign.reading.drop_old_drawings": CLOCK,
        "esign.scan_print.claim_ticket": OWN,
        "esign.scan_print.confirm_ticket": OWN,
        "esign.scan_print.redeem_ticket": OWN,
        "esign.scan_print.delete_old_tickets": CLOCK,
        # destinations
        "destinations.base.clear": "called by release",
        "destinations.dispute.settle": "the graduate, and staff who neither entered, reviewed nor reset",
        "destinations.dispute.escalate_overdue": CLOCK,
        "destinations.release.propose_release": "begins a release with stamped material",
        "destinations.release.refuse_release": ANSWER,
        "destinations.release.withdraw_release": OWN,
        "destinations.release.grant_release": "proposer and another person, by id; not who reset the account",
        "destinations.release.release": "called by what ends the agreement",
        "destinations.register.take_back": OWN,
        "destinations.review.approve": NOTHING_ENDS,
        "destinations.review.reject": "the graduate may register again; an agreement stays",
        "destinations.review.approve_one": NOTHING_ENDS,
        "destinations.review.reject_one": "the graduate may register again; an agreement stays",
        "destinations.review.reject_national": "the graduate may register again; an agreement stays",
        "destinations.evidence.remove_evidence": "refused after approval",
        "destinations.evidence.hide_evidence": "called by what releases the destination",
        "destinations.wages.delete": NOTHING_ENDS,
        # graduates
        "graduates.account.reset_account": TOLD,
        "graduates.corrections.accept": "the graduate and staff",
        "graduates.corrections.pass_on": NOTHING_ENDS,
        "graduates.corrections.refuse": ANSWER,
        "graduates.corrections.withdraw": OWN,
        "graduates.duplicates.decide": UNDONE,
        "graduates.hand_entries.confirm": "who entered it and another one, by id",
        "graduates.hand_entries.refuse": UNDONE,
        "graduates.origin.confirm": OWN,
        "graduates.reopen.end_reopening": UNDONE,
        "graduates.roster.confirm": NOTHING_ENDS,
        "graduates.roster.cancel": OWN,
        "graduates.standing.end_enrolment": UNDONE,
        "graduates.standing.end_enrolment_locked": UNDONE,
        "destinations.final.confirm": OWN,
        # employers
        "employers.letters.approve": "unit's paper and two reviewers for a takeover; told 72 hours before",
        "employers.letters.refuse": NOTHING_ENDS,
        "employers.members.verify_member": "the person and a verified colleague",
        "employers.members.end_member": "a verified colleague; the manager only by letter",
        "employers.members.end_membership": "called by end_member and by letters",
        # schools
        "schools.cohorts.seal": UNDONE,
        "schools.cohorts.unseal": UNDONE,
        "schools.departments.delete": ADMIN,
        "schools.departments.delete_class": ADMIN,
        "schools.departments.set_active": ADMIN,
        "schools.majors.set_active": ADMIN,
        "schools.school.close": UNDONE,
        "schools.staff.set_active": UNDONE,
        "schools.staff.set_role": "never the own one, never the last admin's",
        "schools.staff.reset_password": "an admin; the account is no other person for 72 hours",
        "schools.staff.remove_second_factor": "an admin; the person is told, and is no other for 72 hours",
        "schools.staff.reset_province_account": "the operator at the server",
        # the national side and workbooks
        "national_sync.apply.apply_results": NOTHING_ENDS,
        "national_sync.by_file.give_up": UNDONE,
        "national_sync.claim.claim": CLOCK,
        "national_sync.claim.release_held": "called when what held an upload back is settled",
        "national_sync.copies.confirm": OWN,
        "national_sync.handling.reassign": NOTHING_ENDS,
        "national_sync.handling.reassign_one": NOTHING_ENDS,
        "national_sync.send.claim_unsent": CLOCK,
        "national_sync.send.release": CLOCK,
        "schools.saved_views.remove": NOTHING_ENDS,
        "workbooks.imports.confirm": NOTHING_ENDS,
        "workbooks.imports.cancel": OWN,
        # notices
        "notices.notices.expire_due": CLOCK,
        "notices.notices.withdraw": "the publisher's own notice; what was read and confirmed stays on record",
        "notices.receipts.confirm": OWN,
    }
    | recruiting_who_agrees.WHO_AGREES
    | support_who_agrees.WHO_AGREES
)
WHO_AGREES |= quality_who_agrees.WHO_AGREES | surveys_who_agrees.WHO_AGREES
_ENDS = re.compile(
    r"^(accept|agree|apply_results|approve|cancel|claim|clear|close|conclude|confirm|consent|decide"
    r"|decline|delete|dismiss|drop|end|escalate|expire|give_up|grant|hide|pass_on|propose_release|reassign"
    r"|redeem|refuse|reject|release|remove|reset|revoke|seal|set_active|set_role|settle|take_back|terminate"
    r"|turn|unseal|uphold|upload_release|verify|void|withdraw)(_(?!refusal)|$)"
)
# Questions, not actions.
_QUESTIONS = {"schools.staff.refuse_role_change"}
MODULES = {
    "accounts": {"actions"},
    "destinations": {
        "agreement", "base", "catalogue", "dispute", "enter", "evidence", "final", "imports", "register",
        "registration_drafts",
        "release", "review", "wages",
    },
    "employers": {"code_sign_in", "letters", "members", "papers", "units"},
    "esign": {
        "accept", "amend", "base", "cards", "conclude", "consent", "documents", "drafts",
        "import_cells", "imports", "invite", "notices", "printing", "reading", "registered",
        "reminders", "rules", "scan_print", "terminate", "termination_base",
    },
    "graduates": {
        "account", "archive", "archive_imports", "corrections", "duplicates", "field_permissions",
        "hand_entries", "initial_codes", "origin", "reopen", "roster", "standing",
    },
    "national_sync": {
        "apply", "by_file", "claim", "compare", "copies", "handling", "mapping", "remind", "send",
        "start", "upload",
    },
    "schools": {
        "base", "bulk", "cohorts", "departments", "jobs", "majors", "saved_views", "school", "staff",
        "years",
    },
    "notices": {"notices", "receipts", "reminder_results", "reminders"},
    "recruiting": recruiting_who_agrees.MODULES,
    "support": support_who_agrees.MODULES,
    "quality": quality_who_agrees.MODULES,
    "surveys": surveys_who_agrees.MODULES,
    "workbooks": {"imports", "rows"},
}  # fmt: skip


def action_files() -> dict[str, Path]:
    found = {f"{p.parts[-3]}.{p.stem}": p for p in _ROOT.glob("*/actions/*.py")}
    return {name: path for name, path in found.items() if path.stem != "__init__"}


def test_every_module_of_actions_has_been_looked_at() -> None:
    known = {f"{app}.{m}" for app, ms in MODULES.items() for m in ms if app != "accounts"}
    assert set(action_files()) == known


def test_every_action_that_ends_something_says_who_agrees() -> None:
    found = set()
    for module, path in action_files().items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and _ENDS.match(node.name):
                found.add(f"{module}.{node.name}")
    assert found - _QUESTIONS == set(WHO_AGREES)


# --- one person tries -------------------------------------------------------------------------


def refused(code: str, call: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


@pytest.fixture
def taken_over(world: World) -> tuple[Agreement, User, User]:
    """An approved agreement; a school admin resets the account, activates it with the new code, and
    waits for 73 hours. Returns agreement, the account, and the admin."""
    graduate = factories.make_graduate(world)
    agreement = signing.sign_agreement(graduate)
    from destinations.actions import review

    review.approve(graduate_id=graduate.pk, by=world.department_admin)
    review.approve(graduate_id=graduate.pk, by=factories.make_staff(Role.SCHOOL_ADMIN, world))
    account.reset_account(graduate_id=graduate.pk, by=world.school_admin)
    fresh = Graduate.objects.select_related("person", "school").get(pk=graduate.pk)
    user = factories.activate(fresh)
    Person.objects.filter(pk=graduate.person_id).update(activated_at=factories.month_ago())
    return agreement, user, world.school_admin


def test_the_graduate_is_told_of_a_reset_at_once(taken_over: Any) -> None:
    agreement, _, _ = taken_over
    text = OutboxMessage.objects.filter(address=agreement.graduate.mobile).latest("pk").text
    assert "帐号已由学校重置" in text


def test_who_reset_the_account_cannot_dispute_in_it_and_settle(taken_over: Any) -> None:
    agreement, user, admin = taken_over
    raised = dispute.raise_dispute(graduate_id=agreement.graduate_id, reason="不是我", by=user)
    refused("reset_by_you", dispute.settle, dispute=raised, upheld=True, answer="成立", by=admin)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ACTIVE


def test_who_reset_the_account_cannot_ask_for_a_termination_in_it_and_agree(
    taken_over: Any, world: World
) -> None:
    agreement, user, admin = taken_over
    terminate.start(
        agreement=agreement, by=user, ground=Ground.LAW, reason="法律规定",
        notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    terminate.pass_on(agreement=agreement, by=world.department_admin)
    refused("reset_by_you", terminate.agree, agreement=agreement, by=admin)


def test_where_the_department_decides_the_same_holds(world: World) -> None:
    graduate = factories.make_graduate(world)
    agreement = signing.sign_agreement(graduate)
    SigningRules.objects.create(
        cohort=world.cohort, signing_from=factories.today(), termination_from=factories.today(),
        department_decides=True,
    )  # fmt: skip
    account.reset_account(graduate_id=graduate.pk, by=world.department_admin)
    user = factories.activate(
        Graduate.objects.select_related("person", "school").get(pk=graduate.pk)
    )
    terminate.start(
        agreement=agreement, by=user, ground=Ground.LAW, reason="法律规定",
        notified_on=factories.today(), materials=[factories.make_photo()],
    )  # fmt: skip
    refused("reset_by_you", terminate.agree, agreement=agreement, by=world.department_admin)


def test_who_reset_the_account_cannot_propose_a_conclusion_and_confirm_it_in_it(
    taken_over: Any,
) -> None:
    agreement, user, admin = taken_over
    made = signing.propose_conclusion(agreement, admin)
    for code, by in (("reset_by_proposer", user), ("same_person", admin)):
        refused(code, conclude.confirm, agreement=agreement, by=by, seen=made.pk, has_read=True)


def test_one_side_alone_ends_no_agreement(graduate: Graduate) -> None:
    agreement = signing.sign_agreement(graduate)
    user = signing.account_of(graduate)
    started = terminate.start(agreement=agreement, by=user, ground=Ground.MUTUAL, reason="另有安排")
    refused(
        "own_request", consent.send_code, agreement=agreement, by=user, seen=started.pk,
        address=signing.ADDRESS,
    )  # fmt: skip


def test_a_verified_colleague_cannot_remove_the_manager() -> None:
    unit = factories.make_unit()
    manager = factories.make_member(unit, state=Membership.VERIFIED)
    newer = factories.make_member(unit, state=Membership.VERIFIED)
    refused("manager", members.end_member, member_id=manager.pk, by=newer)
    members.end_member(member_id=manager.pk, by=manager)


def test_one_reviewer_cannot_open_a_unit_that_has_a_manager_to_a_stranger() -> None:
    unit = factories.make_unit()
    factories.make_member(unit, state=Membership.VERIFIED)
    stranger = factories.make_member(unit)
    refused(
        "has_manager", letters.submit, member=stranger, kind=LetterKind.CERTIFY,
        scan=factories.make_photo(),
    )  # fmt: skip
