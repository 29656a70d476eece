"""Terminations on the pages: the graduate asks and answers, the school reviews."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts import inbox
from core.errors import DomainError
from core.models import Event
from esign.actions import terminate
from esign.models import Agreement, SigningRules, Termination
from esign.states import AgreementState, Ground, TerminationState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db
_ASKED = {"ground": Ground.MUTUAL.value, "reason": "双方协商一致"}


@pytest.fixture
def agreement(world: World) -> Agreement:
    return signing.sign_agreement(factories.make_graduate(world))


def graduate_client(agreement: Agreement) -> Client:
    return client_of(signing.account_of(agreement.graduate))


def photo(name: str = "材料.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.make_photo(), "image/jpeg")


def start_as_unit(agreement: Agreement) -> Termination:
    return terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.MUTUAL, reason="岗位取消"
    )


def make_termination_to_review(agreement: Agreement) -> Termination:
    """A termination that both sides want and the department has to review."""
    start_as_unit(agreement)
    return signing.agree_to_terminate(agreement, signing.account_of(agreement.graduate))


def post_step(client: Client, t: Termination, action: str, **values: Any) -> Any:
    return client.post(f"/console/terminations/{t.pk}/act/{action}/", values)


# --- the graduate ------------------------------------------------------------------------------


def test_asking_twice_makes_one_termination(agreement: Agreement) -> None:
    client, address = graduate_client(agreement), f"/agreements/{agreement.pk}/terminate/"
    assert "申请解约" in client.get(address).content.decode()
    for _ in range(2):
        answer = client.post(address, _ASKED)
        assert (answer.status_code, answer["Location"]) == (302, f"/agreements/{agreement.pk}/")
    assert Termination.objects.count() == 1
    page = client.get(f"/agreements/{agreement.pk}/").content.decode()
    assert "等待用人单位答复" in page
    assert "撤回解约申请" in page


def test_a_refused_request_keeps_typed_words_and_pictures(agreement: Agreement) -> None:
    client, address = graduate_client(agreement), f"/agreements/{agreement.pk}/terminate/"
    typed = {"ground": Ground.BREACH.value, "reason": "单位未按约定提供岗位"}
    wrong = client.post(
        address, typed | {"notified_on": "不是日期", "materials": [photo(), photo()]}
    )
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "日期不正确" in page
    assert "单位未按约定提供岗位" in page
    assert "已收到 2 张" in page
    kept = wrong.context["form"]["kept"].value()
    wrong = client.post(address, typed | {"kept": kept, "materials": [photo()] * 3})
    assert "最多上传4张材料" in wrong.content.decode()
    today = factories.today().isoformat()
    assert client.post(address, typed | {"kept": kept, "notified_on": today}).status_code == 302
    made = Termination.objects.get()
    assert (made.state, made.materials.count()) == (TerminationState.WAITING_DEPARTMENT, 2)


def test_another_graduates_pictures_cannot_be_used(world: World, agreement: Agreement) -> None:
    other = signing.sign_agreement(factories.make_graduate(world), mobile="13900000002")
    wrong = graduate_client(other).post(
        f"/agreements/{other.pk}/terminate/",
        {"ground": Ground.LAW.value, "reason": "法律规定", "materials": [photo()]},
    )
    kept = wrong.context["form"]["kept"].value()
    answer = graduate_client(agreement).post(
        f"/agreements/{agreement.pk}/terminate/",
        {"ground": Ground.LAW.value, "reason": "法律规定", "kept": kept,
         "notified_on": factories.today().isoformat()},
    )  # fmt: skip
    assert (answer.status_code, "单方解约须上传证明材料" in answer.content.decode()) == (422, True)


def test_a_file_that_is_no_picture_is_refused_beside_its_field(agreement: Agreement) -> None:
    fake = SimpleUploadedFile("合同.jpg", b"%PDF-1.7 no picture", "image/jpeg")
    answer = graduate_client(agreement).post(
        f"/agreements/{agreement.pk}/terminate/", _ASKED | {"materials": [fake]}
    )
    assert answer.status_code == 422
    assert "合同.jpg" in answer.content.decode()
    assert not Termination.objects.exists()


def test_before_the_schools_date_the_page_says_when(world: World, agreement: Agreement) -> None:
    later = factories.today() + datetime.timedelta(days=3)
    SigningRules.objects.create(
        cohort=world.cohort, signing_from=factories.today(), termination_from=later
    )
    answer = graduate_client(agreement).get(f"/agreements/{agreement.pk}/terminate/")
    assert (answer.status_code, f"自{later:%Y年%m月%d日}起" in answer.content.decode()) == (
        409,
        True,
    )
    assert (
        "申请解约"
        not in graduate_client(agreement).get(f"/agreements/{agreement.pk}/").content.decode()
    )


def test_the_units_request_is_shown_on_the_home_page(agreement: Agreement) -> None:
    client = graduate_client(agreement)
    assert "用人单位申请解约" not in client.get("/").content.decode()
    t = start_as_unit(agreement)
    home = client.get("/").content.decode()
    assert "用人单位申请解约，请答复" in home
    assert f"/agreements/{agreement.pk}/" in home
    act = f"/agreements/{agreement.pk}/termination/"
    empty = client.post(f"{act}refuse/", {"seen": t.pk, "reason": ""})
    assert (empty.status_code, "请填写理由" in empty.content.decode()) == (409, True)
    client.post(f"{act}refuse/", {"seen": t.pk, "reason": "不同意"})
    t.refresh_from_db()
    assert (t.state, t.answer) == (TerminationState.REFUSED, "不同意")
    assert "用人单位申请解约" not in client.get("/").content.decode()


def test_the_graduate_uploads_a_stamped_release_after_the_deadline(agreement: Agreement) -> None:
    client = graduate_client(agreement)
    client.post(f"/agreements/{agreement.pk}/terminate/", _ASKED)
    t = Termination.objects.get()
    act, page = (
        f"/agreements/{agreement.pk}/termination/upload_release/",
        f"/agreements/{agreement.pk}/",
    )
    assert "提交盖章材料" not in client.get(page).content.decode()
    assert client.post(act, {"seen": t.pk, "materials": [photo()]}).status_code == 409
    Termination.objects.update(answer_by=timezone.now() - datetime.timedelta(seconds=1))
    assert "单位逾期未答复解约" in client.get("/").content.decode()
    assert "提交盖章材料" in client.get(page).content.decode()
    assert client.post(act, {"seen": t.pk}).status_code == 422
    assert client.post(act, {"seen": t.pk, "materials": [photo()]}).status_code == 302
    t.refresh_from_db()
    assert t.state == TerminationState.WAITING_DEPARTMENT
    image = t.materials.get()
    assert client.get(f"/termination-materials/{image.pk}/").status_code == 200
    stranger = client_of(factories.activate(factories.make_graduate(factories.make_world())))
    assert stranger.get(f"/termination-materials/{image.pk}/").status_code == 404
    assert stranger.get(page).status_code == 404
    assert stranger.post(act, {"seen": t.pk}).status_code == 404


# --- the school --------------------------------------------------------------------------------


def test_department_and_school_review_on_the_pages(world: World, agreement: Agreement) -> None:
    t = make_termination_to_review(agreement)
    department, school = world.client(Role.COUNSELLOR), world.client(Role.SCHOOL_ADMIN)
    address = f"/console/terminations/{t.pk}/"
    assert address in department.get("/console/terminations/queue/").content.decode()
    assert address not in school.get("/console/terminations/queue/").content.decode()
    assert (
        'id="count-consoletermination-queue" hx-swap-oob="true">1<'
        in department.get("/console/counts/").content.decode()
    )
    page = department.get(address).content.decode()
    assert "初审同意" in page
    assert "终审同意" not in page
    assert post_step(department, t, "pass_on").status_code == 302
    assert "解约申请等待终审" in school.get("/console/messages/").content.decode()
    assert "终审同意" in school.get(address).content.decode()
    assert post_step(school, t, "agree").status_code == 302
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.TERMINATED
    assert f"{address}act/" not in school.get(address).content.decode()


@pytest.mark.parametrize("second", ["pass_on", "turn_down", "agree"])
def test_the_second_reviewer_is_told_what_happened(
    world: World, agreement: Agreement, second: str
) -> None:
    t = make_termination_to_review(agreement)
    terminate.pass_on(agreement=agreement, by=world.counsellor, seen=t.pk)
    answer = post_step(world.client(Role.DEPARTMENT_ADMIN), t, second, reason="材料不清晰")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"{world.counsellor.label}已于" in page
    assert "您的操作没有执行" in page
    assert second == "pass_on" or "材料不清晰" in page
    t.refresh_from_db()
    assert (t.state, t.refusal) == (TerminationState.WAITING_SCHOOL, "")
    assert Event.objects.filter(action="esign.terminate_pass").count() == 1


def test_an_old_page_cannot_decide_a_new_termination(world: World, agreement: Agreement) -> None:
    old = make_termination_to_review(agreement)
    terminate.turn_down(agreement=agreement, by=world.counsellor, reason="材料不全")
    new = make_termination_to_review(agreement)
    client = world.client(Role.COUNSELLOR)
    assert post_step(client, old, "pass_on").status_code == 409
    assert post_step(client, old, "turn_down", reason="材料不全").status_code == 409
    new.refresh_from_db()
    assert new.state == TerminationState.WAITING_DEPARTMENT
    assert "初审同意" not in client.get(f"/console/terminations/{old.pk}/").content.decode()


def test_turning_down_needs_a_reason(world: World, agreement: Agreement) -> None:
    t = make_termination_to_review(agreement)
    client = world.client(Role.COUNSELLOR)
    empty = post_step(client, t, "turn_down", reason=" ")
    assert (empty.status_code, "请填写理由" in empty.content.decode()) == (409, True)
    assert post_step(client, t, "turn_down", reason="材料不全").status_code == 302
    t.refresh_from_db()
    assert (t.state, t.refusal) == (TerminationState.REFUSED, "材料不全")


def test_a_stamped_release_needs_a_call_before_the_decision(
    world: World, agreement: Agreement
) -> None:
    owner = signing.account_of(agreement.graduate)
    t = terminate.start(agreement=agreement, by=owner, **_ASKED)
    Termination.objects.update(answer_by=timezone.now() - datetime.timedelta(seconds=1))
    terminate.upload_release(agreement=agreement, by=owner, materials=[factories.make_photo()])
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    client, address = world.client(Role.SCHOOL_ADMIN), f"/console/terminations/{t.pk}/"
    page = client.get(address).content.decode()
    assert "登记回访" in page
    assert "终审同意" not in page
    assert post_step(client, t, "agree").status_code == 409
    assert post_step(client, t, "note_call", reason="已与单位人事核实").status_code == 302
    assert "终审同意" in client.get(address).content.decode()
    image = t.materials.get()
    assert client.get(f"/console/terminations/material/{image.pk}/").status_code == 200


def test_staff_outside_the_scope_cannot_review(world: World, agreement: Agreement) -> None:
    t = make_termination_to_review(agreement)
    stranger = factories.make_world()
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN):
        client = stranger.client(role)
        assert client.get(f"/console/terminations/{t.pk}/").status_code == 404
        assert post_step(client, t, "turn_down", reason="试").status_code == 404
    assert world.client(Role.COUNSELLOR).get("/console/terminations/99999999/").status_code == 404
    assert post_step(world.client(Role.COUNSELLOR), t, "terminate").status_code == 404
    outside = factories.make_staff(
        Role.COUNSELLOR, world, cohorts=[world.cohort], departments=world.departments[1:]
    )
    for by in (stranger.counsellor, outside):
        with pytest.raises(DomainError) as refusal:
            terminate.pass_on(agreement=agreement, by=by)
        assert refusal.value.code == "scope"
    t.refresh_from_db()
    assert t.state == TerminationState.WAITING_DEPARTMENT


def test_the_note_of_a_call_is_not_shown_to_the_graduate(
    world: World, agreement: Agreement
) -> None:
    owner = signing.account_of(agreement.graduate)
    terminate.start(agreement=agreement, by=owner, **_ASKED)
    Termination.objects.update(answer_by=timezone.now() - datetime.timedelta(seconds=1))
    terminate.upload_release(agreement=agreement, by=owner, materials=[factories.make_photo()])
    terminate.note_call(agreement=agreement, by=world.counsellor, note="单位说法不一")
    page = client_of(owner).get(f"/agreements/{agreement.pk}/").content.decode()
    assert "单位说法不一" not in page
    assert "登记回访" in page
    assert inbox.unread(owner) > 0
