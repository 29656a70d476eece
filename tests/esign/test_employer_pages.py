"""The unit's pages of invitations, agreements, amendments and terminations."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core.errors import DomainError
from core.rate import RateLimited
from destinations.actions import review
from employers.actions import members
from employers.models import Membership, UnitMember
from esign.actions import invite, registered, terminate
from esign.actions.registered import NOT_FOUND
from esign.models import Agreement, Amendment, Draft, Invitation, Print, Termination
from esign.states import AmendmentState, Ground, InvitationState, TerminationState, Way
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> UnitMember:
    return factories.make_member(factories.make_unit(), state=Membership.VERIFIED)


@pytest.fixture
def client(member: UnitMember) -> Client:
    return client_of(member.user)


@pytest.fixture
def agreement(member: UnitMember, graduate: Graduate) -> Agreement:
    return signing.sign_agreement_with(member, graduate)


def naming_form(graduate: Graduate, **changes: str) -> dict[str, str]:
    return {
        "school": graduate.school.name, "name": graduate.name, "student_no": graduate.student_no,
    } | changes  # fmt: skip


def photo(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", content or factories.make_photo(), "image/jpeg")


# --- naming a graduate ------------------------------------------------------------------------


def test_naming_a_graduate_opens_the_form_with_known_values(
    client: Client, member: UnitMember, graduate: Graduate
) -> None:
    answer = client.post("/employer/invitations/new/", naming_form(graduate))
    draft = Draft.objects.get()
    assert answer["Location"] == f"/invite/{draft.key}/1/"
    assert (draft.way, draft.by_id) == (Way.REGISTERED, member.user_id)
    assert draft.values["unit_code"] == member.unit.code
    assert draft.certificate_id == member.unit.certificate_id
    signing.fill_draft(draft, member.user.login, unit_code=member.unit.code)
    assert client.post(f"/invite/{draft.key}/preview/").status_code == 302
    sent = Invitation.objects.get()
    assert (sent.way, sent.member_id, sent.unit_id) == (Way.REGISTERED, member.pk, member.unit_id)


@pytest.mark.parametrize("wrong", ["school", "name", "student_no"])
def test_the_refusal_is_the_same_whichever_part_does_not_match(
    client: Client, graduate: Graduate, world: World, wrong: str
) -> None:
    other = factories.make_graduate(world)
    values = {
        "school": factories.make_school().name, "name": other.name, "student_no": other.student_no,
    }  # fmt: skip
    answer = client.post(
        "/employer/invitations/new/", naming_form(graduate, **{wrong: values[wrong]})
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert NOT_FOUND in page
    assert values[wrong] in page, "what was typed stays"
    assert not Draft.objects.exists()


def test_empty_fields_are_named(client: Client, graduate: Graduate) -> None:
    answer = client.post("/employer/invitations/new/", naming_form(graduate, name=" "))
    assert answer.status_code == 422
    assert "请填写姓名" in answer.content.decode()


def test_guessing_graduates_is_limited(member: UnitMember, graduate: Graduate) -> None:
    typed = naming_form(graduate, student_no="S00000")
    for _ in range(60):
        assert registered.find_graduate(member=member, **typed) is None
    with pytest.raises(RateLimited):
        registered.find_graduate(member=member, **naming_form(graduate))


# --- invitations ------------------------------------------------------------------------------


def test_the_unit_withdraws_an_invitation(
    client: Client, member: UnitMember, graduate: Graduate
) -> None:
    invitation = signing.send_invitation_as(member, graduate)
    address = f"/employer/invitations/{invitation.pk}/"
    assert graduate.name in client.get("/employer/invitations/").content.decode()
    assert "撤回邀约" in client.get(address).content.decode()
    client.post(f"{address}withdraw/")
    client.post(f"{address}withdraw/")  # a double click
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.WITHDRAWN
    assert "撤回邀约</button>" not in client.get(address).content.decode()


def test_an_expired_invitation_is_listed_as_expired(
    client: Client, member: UnitMember, graduate: Graduate
) -> None:
    invitation = signing.send_invitation_as(member, graduate)
    Invitation.objects.filter(pk=invitation.pk).update(
        valid_until=timezone.now() - datetime.timedelta(seconds=1)
    )
    assert graduate.name in client.get("/employer/invitations/?state=expired").content.decode()
    assert graduate.name not in client.get("/employer/invitations/?state=sent").content.decode()


def test_an_unverified_person_sees_only_their_own_invitations(
    world: World, member: UnitMember, graduate: Graduate
) -> None:
    newcomer = factories.make_member(member.unit)
    theirs = signing.send_invitation_as(member, graduate)
    own = signing.send_invitation_as(newcomer, factories.make_graduate(world))
    client = client_of(newcomer.user)
    page = client.get("/employer/invitations/").content.decode()
    assert f"/employer/invitations/{own.pk}/" in page
    assert f"/employer/invitations/{theirs.pk}/" not in page
    assert client.get(f"/employer/invitations/{theirs.pk}/").status_code == 404
    assert client.post(f"/employer/invitations/{theirs.pk}/withdraw/").status_code == 404
    members.verify_member(member_id=newcomer.pk, by=member)
    assert client.get(f"/employer/invitations/{theirs.pk}/").status_code == 200


def test_a_person_who_left_sees_nothing_and_a_colleague_withdraws(
    member: UnitMember, graduate: Graduate
) -> None:
    second = factories.make_member(member.unit, state=Membership.VERIFIED)
    invitation = signing.send_invitation_as(second, graduate)
    client = client_of(second.user)
    members.end_member(member_id=second.pk, by=member)
    answer = client.get(f"/employer/invitations/{invitation.pk}/")
    assert answer["Location"] == "/employer/home/"
    fresh = Invitation.objects.select_related("member").get(pk=invitation.pk)
    with pytest.raises(DomainError) as refusal:
        invite.withdraw(invitation=fresh, by=second.user)
    assert refusal.value.code == "not_yours"
    done = invite.withdraw(invitation=fresh, by=member.user)
    assert done.state == InvitationState.WITHDRAWN


def test_a_link_to_another_unit_of_the_person_chooses_that_unit(
    member: UnitMember, graduate: Graduate
) -> None:
    invitation = signing.send_invitation_as(member, graduate)
    other = factories.make_unit(factories.make_unit_code(body="MA2N0DEF"), name="乙虚构公司")
    factories.make_member(other, member.user)
    client = client_of(member.user)
    assert "乙虚构公司" in client.get("/employer/unit/").content.decode()
    assert client.get(f"/employer/invitations/{invitation.pk}/").status_code == 200
    assert "乙虚构公司" not in client.get("/employer/unit/").content.decode()


# --- agreements -------------------------------------------------------------------------------


def test_the_home_page_counts_agreements_and_terminations(
    client: Client, agreement: Agreement
) -> None:
    page = client.get("/employer/home/").content.decode()
    assert "<b>1</b><span>有效协议</span>" in page
    terminate.start(
        agreement=agreement, by=signing.account_of(agreement.graduate), ground=Ground.MUTUAL,
        reason="双方协商",
    )  # fmt: skip
    page = client.get("/employer/home/").content.decode()
    assert "<b>1</b><span>解约办理中</span>" in page
    assert "申请协商解约" in page


def test_the_pdf_is_handed_out_after_approval_and_recorded(
    world: World, client: Client, agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/employer/agreements/{agreement.pk}/pdf/"
    assert client.post(address).status_code == 409
    assert client.get(address).status_code == 405
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    document = agreement.documents.get()
    file = factories.keep_file("agreement")
    type(document).objects.filter(pk=document.pk).update(state="ready", file=file, sha256="a")
    assert client.post(address).status_code == 200
    answer = client.post(address, {"print": "1"})
    assert answer["Content-Disposition"].startswith("inline")
    assert Print.objects.filter(agreement=agreement, actor_realm="employer").count() == 2
    assert "2 次" in client.get(f"/employer/agreements/{agreement.pk}/").content.decode()


def test_the_unit_proposes_a_change_and_withdraws_it(client: Client, agreement: Agreement) -> None:
    address = f"/employer/agreements/{agreement.pk}/"
    form = client.get(f"{address}amend/").content.decode()
    assert 'value="6000"' in form
    assert 'name="unit_code"' not in form, "grey"
    typed = signing.typed_terms(contact_mobile=agreement.member.user.login, wage="7000")
    assert client.post(f"{address}amend/", typed | {"reason": "填写有误"}).status_code == 302
    page = client.get(address).content.decode()
    assert "6000" in page and "7000" in page and "填写有误" in page
    again = client.post(f"{address}amend/", typed | {"reason": "再改"})
    assert again.status_code == 409
    client.post(f"{address}amend/withdraw/")
    assert Amendment.objects.get().state == AmendmentState.WITHDRAWN
    assert client.post(f"{address}amend/withdraw/").status_code == 302


def test_a_refused_change_keeps_what_was_typed(client: Client, agreement: Agreement) -> None:
    typed = signing.typed_terms(wage="很多", work_place="别处", unit_name="完全不同的另一家单位")
    answer = client.post(f"/employer/agreements/{agreement.pk}/amend/", typed | {"reason": "改"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("应为整数", "别处", "很多", "只能更正错别字", ">\n改</textarea>"):
        assert words in page
    assert not Amendment.objects.exists()


def test_a_posted_unit_code_is_ignored(client: Client, agreement: Agreement) -> None:
    code = factories.make_unit_code(body="MA2N0DEF")
    typed = signing.typed_terms(
        unit_code=code, wage="7000", contact_mobile=agreement.member.user.login
    )
    client.post(f"/employer/agreements/{agreement.pk}/amend/", typed | {"reason": "改"})
    assert code not in Amendment.objects.get().terms


# --- the end ----------------------------------------------------------------------------------


def termination_form(**changes: Any) -> dict[str, Any]:
    return {"ground": Ground.MUTUAL.value, "reason": "双方协商"} | changes


def test_the_unit_asks_for_a_termination_and_withdraws_it(
    client: Client, agreement: Agreement
) -> None:
    address = f"/employer/agreements/{agreement.pk}/"
    assert client.post(f"{address}terminate/", termination_form()).status_code == 302
    assert client.post(f"{address}terminate/", termination_form()).status_code == 409, (
        "a double click"
    )
    assert "撤回解约申请" in client.get(address).content.decode()
    client.post(f"{address}terminate/withdraw/")
    assert Termination.objects.get().state == TerminationState.WITHDRAWN


def test_a_one_sided_termination_needs_proof_and_a_date(
    client: Client, agreement: Agreement
) -> None:
    address = f"/employer/agreements/{agreement.pk}/terminate/"
    typed = termination_form(ground=Ground.NOT_QUALIFIED.value, reason="没有毕业")
    answer = client.post(address, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("告知日期", "证明材料", "没有毕业"):
        assert words in page
    typed |= {"notified_on": factories.today().isoformat()}
    hostile = client.post(address, typed | {"materials": [photo(b"GIF89a nothing")]})
    assert hostile.status_code == 422
    assert "这不是图片" in hostile.content.decode()
    five = client.post(address, typed | {"materials": [photo() for _ in range(5)]})
    assert "最多上传4张" in five.content.decode()
    done = client.post(address, typed | {"materials": [photo(), photo()]})
    assert done.status_code == 302
    material = Termination.objects.get().materials.first()
    assert client.get(
        f"/employer/agreements/{agreement.pk}/materials/{material.pk}/"
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize("typed", ["2027-13-45", "昨天"])
def test_something_that_is_no_date_is_refused(
    client: Client, agreement: Agreement, typed: str
) -> None:
    answer = client.post(
        f"/employer/agreements/{agreement.pk}/terminate/",
        termination_form(ground=Ground.LAW.value, notified_on=typed),
    )
    assert answer.status_code == 422
    assert "日期不正确" in answer.content.decode()


def ask_as_graduate(agreement: Agreement) -> str:
    terminate.start(
        agreement=agreement, by=signing.account_of(agreement.graduate), ground=Ground.MUTUAL,
        reason="考取研究生",
    )  # fmt: skip
    return f"/employer/agreements/{agreement.pk}/"


def test_the_unit_refuses_a_termination_with_a_reason(client: Client, agreement: Agreement) -> None:
    address = ask_as_graduate(agreement)
    answer = client.post(f"{address}terminate/refuse/", {"reason": " "})
    assert answer.status_code == 409
    assert "请填写理由" in answer.content.decode()
    client.post(f"{address}terminate/refuse/", {"reason": "岗位已备案"})
    found = Termination.objects.get()
    assert (found.state, found.refusal) == (TerminationState.REFUSED, "岗位已备案")


def test_another_units_agreement_is_not_found(agreement: Agreement) -> None:
    stranger = factories.make_member(
        factories.make_unit(factories.make_unit_code(body="MA2N0DEF")), state=Membership.VERIFIED
    )
    client = client_of(stranger.user)
    for end in ("", "amend/", "terminate/", "terminate/consent/"):
        assert client.get(f"/employer/agreements/{agreement.pk}/{end}").status_code == 404
    for end in ("pdf/", "terminate/consent/code/", "terminate/take-back/", "amend/withdraw/"):
        assert client.post(f"/employer/agreements/{agreement.pk}/{end}").status_code == 404


def test_lists_are_shown_page_by_page(
    world: World, client: Client, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    from employers import pages

    monkeypatch.setattr(pages, "SIZE", 2)
    made = [signing.send_invitation_as(member, factories.make_graduate(world)).pk for _ in range(3)]
    first = client.get("/employer/invitations/").content.decode()
    assert f"/employer/invitations/{made[0]}/" not in first
    second = client.get(f"/employer/invitations/?before={made[1]}").content.decode()
    assert f"/employer/invitations/{made[0]}/" in second
    assert client.get("/employer/invitations/?before=x&state=none").status_code == 200
