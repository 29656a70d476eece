"""Conclusions on the pages of unit, graduate and staff, and guessed ids."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core import files
from esign.models import Agreement, Conclusion
from esign.states import AgreementState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.concluding import (
    approved,
    graduate_user,
    state,
)
from tests.factories import World, client_of


@pytest.fixture
def agreement(world: World) -> Agreement:
    return approved(world)


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


def kept_token(page: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["unit", "school"])
def test_chosen_pictures_are_kept_when_something_else_is_wrong(
    side: str, world: World, agreement: Agreement
) -> None:
    client, address = world.client(Role.SCHOOL_ADMIN), f"/console/agreements/{agreement.pk}/"
    if side == "unit":
        client, address = client_of(agreement.member.user), f"/employer/agreements/{agreement.pk}/"
    address += "conclude/"
    answer = client.post(address, typed(contract_on="", signature_page=""))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("已收到，会随申请一起提交") == 1
    assert page.count("浏览器不保留选过的文件") == 1, "only the other picture is asked for"
    token = kept_token(page)
    # A file that is no picture is refused, and what was kept stays.
    wrong = SimpleUploadedFile("合同.jpg", b"%PDF-1.7", "image/jpeg")
    again = client.post(address, typed(first_page="", signature_page=wrong, kept=token))
    assert again.status_code == 422
    assert again.content.decode().count("已收到，会随申请一起提交") == 1
    token = kept_token(again.content.decode())
    done = client.post(address, typed(first_page="", kept=token))
    assert done.status_code == 302
    made = Conclusion.objects.get()
    assert made.first_page.name == "劳动合同首页.jpg"
    assert made.signature_page.name == "劳动合同签字盖章页.jpg"


@pytest.mark.django_db
def test_a_kept_picture_can_be_exchanged(world: World, agreement: Agreement) -> None:
    client, address = client_of(agreement.member.user), f"/employer/agreements/{agreement.pk}/"
    address += "conclude/"
    token = kept_token(client.post(address, typed(contract_on="")).content.decode())
    other = SimpleUploadedFile("新.jpg", factories.make_photo((300, 300)), "image/jpeg")
    assert client.post(address, typed(first_page=other, signature_page="", kept=token))
    made = Conclusion.objects.get()
    with files.open_file(made.first_page) as f:
        assert Image.open(f).size == (300, 300)


@pytest.mark.django_db
def test_pictures_that_somebody_else_sent_are_not_taken(world: World, agreement: Agreement) -> None:
    unit, staff = client_of(agreement.member.user), world.client(Role.SCHOOL_ADMIN)
    page = unit.post(f"/employer/agreements/{agreement.pk}/conclude/", typed(contract_on=""))
    token = kept_token(page.content.decode())
    answer = staff.post(
        f"/console/agreements/{agreement.pk}/conclude/",
        typed(first_page="", signature_page="", kept=token),
    )
    assert answer.status_code == 422
    assert not Conclusion.objects.exists()
