"""What recruiting plugs into the hooks of the apps below."""

from __future__ import annotations

from pathlib import Path

from codes import hooks as codes_hooks
from core.errors import Refused
from employers.models import Unit
from esign import hooks as esign_hooks
from esign.models import Draft, Invitation
from esign.states import Way
from graduates import hooks as graduate_hooks
from graduates.models import Graduate
from recruiting import employer_home, home, shipped_rules  # noqa: F401 - importing both homes plugs them in
from recruiting.actions import offers
from recruiting.models import Application, OfferDraft, Recommendation, ResumeStore, UnitReport
from recruiting.states import OPEN_REPORT, SanctionKind
from recruiting.unit_standing import sanctions_in_force


@codes_hooks.data_folder.plug()
def rules_folder() -> Path:
    return shipped_rules.DATA


@codes_hooks.codes_loaded.plug()
def load_rules() -> None:
    shipped_rules.load_wording_rules()


@graduate_hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    for model in (ResumeStore, Application, UnitReport):
        model._default_manager.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)
    # A sealed form keeps its cohort, of whose serial numbers it has one.
    unsealed = Recommendation.objects.filter(graduate=graduate, valid_at=None)
    unsealed.update(cohort_id=graduate.cohort_id)


@esign_hooks.invitation_guards.plug()
def refuse_blacklisted(*, unit_id: int) -> None:
    sanction = sanctions_in_force(SanctionKind.BLACKLIST).filter(unit=unit_id).first()
    if sanction is not None:
        raise Refused(
            "blacklisted",
            f"单位已被列入黑名单至{sanction.until:%Y年%m月%d日}，不能发出邀约：{sanction.reason}",
        )


@esign_hooks.sent.plug()
def offer_was_sent(*, draft: Draft, invitation: Invitation) -> None:
    offers.note_sent(draft=draft, invitation=invitation)


@esign_hooks.decided.plug()
def offer_was_decided(*, invitation: Invitation) -> None:
    # Read for invitations that came of an application alone, since it costs a query.
    if invitation.way == Way.APPLIED:
        offers.note_decided(invitation=invitation)


@esign_hooks.origin_of.plug()
def posting_of(*, invitation: Invitation) -> str:
    offer = OfferDraft.objects.select_related("posting", "application").filter(
        draft__invitation=invitation
    ).first()  # fmt: skip
    if offer is None:
        return ""
    if offer.application is None:
        return f"来自职位“{offer.posting.title}”"
    applied = f"{offer.application.created_at:%Y年%m月%d日}"
    return f"来自您{applied}对职位“{offer.posting.title}”的投递"


@esign_hooks.unit_warnings.plug()
def open_reports_and_blacklisting(*, unit: Unit) -> list[str]:
    warnings = []
    if sanctions_in_force(SanctionKind.BLACKLIST).filter(unit=unit).exists():
        warnings.append("此单位已被省级列入黑名单，请谨慎决定。")
    if UnitReport.objects.filter(unit=unit, state__in=OPEN_REPORT).exists():
        warnings.append("此单位有举报正在核查，请谨慎决定。")
    return warnings
