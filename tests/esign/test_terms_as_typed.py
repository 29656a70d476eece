"""What was typed into the terms is what both sides read, sign and print, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from destinations.actions import review
from employers.models import Membership
from esign import terms
from esign.models import Agreement, Invitation
from tests import factories
from tests.esign import signing
from tests.esign.test_amendment import confirm, propose
from tests.esign.test_documents import make_content, read_text
from tests.esign.workbooks import make_row, send_workbook
from tests.factories import World

pytestmark = pytest.mark.django_db
LINES = ["一、“试用期”满后，单位提供宿舍；", "　　（1）租金  每月300元；", "二、'=见附件"]
AS_TYPED = "\n".join(LINES)


def sign_by_the_form(world: World) -> Agreement:
    """An agreement whose terms were posted by the recruiter's form, as a browser posts them."""
    graduate = factories.make_graduate(world)
    draft = signing.fill_draft(signing.begin_draft(graduate))
    typed = signing.typed_terms(signing_notes="\r\n".join(LINES), job_title="“青苗”工程师")
    client = signing.browser_of(draft)
    assert client.post(f"/invite/{draft.key}/2/", typed).status_code == 302
    assert "租金  每月300元；\r\n二、" in client.get(f"/invite/{draft.key}/2/").content.decode()
    assert LINES[0] + "<br>" in client.get(f"/invite/{draft.key}/preview/").content.decode()
    assert client.post(f"/invite/{draft.key}/preview/").status_code == 302
    invitation = Invitation.objects.get(graduate=graduate)
    user = signing.confirm_origin(graduate)
    signing.read_notice(invitation, user)
    return signing.accept_invitation(invitation, user, signing.request_code(invitation, user))


def signed_values(agreement: Agreement) -> dict[str, str]:
    return terms.read(agreement.versions.latest("number").terms)["values"]


def test_terms_are_signed_shown_and_printed_with_the_lines_that_were_typed(
    world: World, signing_key: Path
) -> None:
    agreement = sign_by_the_form(world)
    assert signed_values(agreement)["signing_notes"] == AS_TYPED
    assert signed_values(agreement)["job_title"] == "“青苗”工程师"
    graduate = factories.client_of(signing.account_of(agreement.graduate))
    unit = factories.client_of(agreement.member.user)
    for client, address in (
        (graduate, f"/invitations/{agreement.invitation_id}/"),
        (graduate, f"/agreements/{agreement.pk}/"),
        (unit, f"/employer/invitations/{agreement.invitation_id}/"),
        (unit, f"/employer/agreements/{agreement.pk}/"),
        (factories.client_of(world.school_admin), f"/console/agreements/{agreement.pk}/"),
    ):
        page = client.get(address).content.decode()
        assert f"宿舍；<br>{LINES[1]}<br>二、&#x27;=见附件" in page, address
    review.approve(graduate_id=agreement.graduate_id, by=world.counsellor)
    printed = read_text(make_content(agreement)).splitlines()
    start = next(n for n, line in enumerate(printed) if "达成以下约定：一、" in line)
    assert "单位提供宿舍；" in printed[start]
    assert printed[start + 1].strip().replace(" ", "") == "（1）租金每月300元；"
    assert printed[start + 2].strip() == "二、'=见附件"


def test_lines_of_an_amendment_are_kept_and_compared(world: World) -> None:
    agreement = sign_by_the_form(world)
    proposal = propose(agreement, signing_notes="\r\n".join([*LINES, "三、无"]))
    user = signing.account_of(agreement.graduate)
    page = factories.client_of(user).get(f"/amendments/{proposal.pk}/").content.decode()
    assert "见附件<br>三、无</ins>" in page
    confirm(proposal)
    assert signed_values(agreement)["signing_notes"] == f"{AS_TYPED}\n三、无"


def test_terms_from_a_workbook_keep_their_lines(world: World) -> None:
    member = factories.make_member(factories.make_unit(), state=Membership.VERIFIED)
    graduate = factories.make_graduate(world)
    (row,) = send_workbook(member, [make_row(graduate, signing_notes=AS_TYPED)])
    assert row.outcome == "sent", row.problems
    assert terms.read(Invitation.objects.get().terms)["values"]["signing_notes"] == AS_TYPED


def test_an_apostrophe_that_a_workbook_puts_before_a_term_is_not_signed(world: World) -> None:
    member = factories.make_member(factories.make_unit(), state=Membership.VERIFIED)
    graduate = factories.make_graduate(world)
    send_workbook(member, [make_row(graduate, signing_notes="=另行约定")])
    assert terms.read(Invitation.objects.get().terms)["values"]["signing_notes"] == "=另行约定"
