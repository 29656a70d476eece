"""What e-signing plugs into the hooks of the apps below."""

from __future__ import annotations

from django.urls import reverse

from accounts.hooks import addresses
from accounts.models import Realm, User
from core.db.lookups import Rows
from destinations import hooks
from destinations.models import Destination
from destinations.states import APPROVED
from esign import employer_home, home, review_material, settling  # noqa: F401 - importing plugs them in
from esign.actions import documents, terminate
from esign.models import Agreement
from esign.states import AgreementState
from graduates import hooks as graduate_hooks
from graduates.models import Graduate, Person
from schools.roles import Level
from schools.scope import staff_of

_PEOPLE = Rows(lambda user: Person.objects.filter(user=user).values_list("pk"))


@addresses.plug()
def people_and_schools(*, user: User) -> list[str]:
    """The message centre's addresses of a user: a graduate reads messages to the person, a school
    admin those to the school, and the province's staff those to the province."""
    if user.realm == Realm.GRADUATE:
        return [f"person:{pk}" for (pk,) in _PEOPLE.of(user.pk)]
    staff = staff_of(user)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        return []
    return ["province" if staff.role_level == Level.PROVINCE else f"school:{staff.school_id}"]


@hooks.detail_links.plug()
def link_to_agreement(*, destination: Destination, user: User) -> list[tuple[str, str]]:
    """The link from an e-signed destination to its agreement, for staff."""
    if destination.locked_at is None or not user.has_perm("esign.view"):
        return []
    active = Agreement.objects.filter(graduate_id=destination.pk, state=AgreementState.ACTIVE)
    return [("就业协议", reverse("console:agreement", args=[pk]))
            for pk in active.values_list("pk", flat=True)]  # fmt: skip


@hooks.stepped.plug()
def approved_makes_document(*, destination: Destination, action: str) -> None:
    """After an approval the agreement can be printed, so its signed PDF is asked for."""
    if destination.locked_at is None or destination.state not in APPROVED:
        return
    agreement = Agreement.objects.filter(
        graduate_id=destination.pk, state=AgreementState.ACTIVE
    ).first()
    if agreement is not None:
        documents.request(agreement=agreement, destination=destination)


@hooks.review_undone.plug()
def withdraw_document(*, destination: Destination) -> None:
    """The document with the approval that is undone goes, unless somebody has printed it."""
    if destination.locked_at is None or destination.state not in APPROVED:
        return
    rows = Agreement.objects.select_for_update(no_key=True)
    agreement = rows.filter(graduate_id=destination.pk, state=AgreementState.ACTIVE).first()
    if agreement is not None:
        documents.withdraw(agreement=agreement, destination=destination)


@hooks.dispute_upheld.plug()
def end_the_agreement(*, destination: Destination, reason: str, by: User) -> bool:
    """End the agreement of an e-signed destination whose dispute was upheld. Returns whether there
    was one."""
    agreement = Agreement.objects.filter(
        graduate_id=destination.pk, state=AgreementState.ACTIVE
    ).first()
    if agreement is None:
        return False
    terminate.end_after_dispute(agreement=agreement, reason=reason, by=by)
    return True


@graduate_hooks.signing_waits.plug()
def what_signing_waits_for(*, graduate: Graduate) -> list[str]:
    return [refusal.message for refusal in settling.settling_of(graduate).refusals()]
