"""The console's pages 网络签约管理, 协议书打印管理, 签约设置 and 协议书文件."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from core.models import Event
from destinations.actions import review
from destinations.states import State
from esign.actions import amend, rules
from esign.models import Agreement, Document, Print, SigningRules
from esign.states import DocumentState
from schools.roles import Role
from tests import factories
from tests.esign import printed, signing
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(world: World) -> Agreement:
    return signing.sign_agreement(factories.make_graduate(world))


def text(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def test_empty_lists_say_why(world: World) -> None:
    for role in (Role.SCHOOL_ADMIN, Role.COUNSELLOR):
        client = world.client(role)
        assert "还没有网签协议" in text(client, "/console/agreements/")
        assert "还没有可以打印的协议书" in text(client, "/console/prints/")
        assert "还没有解约申请" in text(client, "/console/terminations/")
        assert "没有等待审核的解约" in text(client, "/console/terminations/queue/")
    lost = factories.client_of(factories.make_staff(Role.COUNSELLOR, world, cohorts=[]))
    assert "还没有管理范围" in text(lost, "/console/agreements/")
    assert "没有未完成的文件" in text(world.client(Role.PROVINCE), "/console/province/documents/")


def test_the_list_keeps_to_the_scope_and_is_searched_by_name_number_and_unit(
    world: World, agreement: Agreement
) -> None:
    hidden = signing.sign_agreement(
        factories.make_graduate(world, department=1), mobile="13900000003"
    )
    foreign = signing.sign_agreement(
        factories.make_graduate(factories.make_world()), mobile="13900000004"
    )
    page = text(world.client(Role.COUNSELLOR), "/console/agreements/")
    assert agreement.number in page
    assert hidden.number not in page
    assert foreign.number not in page
    client = world.client(Role.SCHOOL_ADMIN)
    for q in (agreement.number, agreement.graduate.name, agreement.graduate.student_no):
        page = text(client, "/console/agreements/", q=q)
        assert agreement.number in page, q
        assert foreign.number not in page, q
    assert "没有符合条件的记录" in text(client, "/console/agreements/", q=foreign.number)
    assert hidden.number in text(client, "/console/agreements/", q="虚构信息技术")
    assert "没有符合条件的记录" in text(client, "/console/agreements/", q="没有这个单位")
    assert "没有符合条件的记录" in text(client, "/console/agreements/", state="terminated")
    assert agreement.number in text(client, "/console/agreements/", review=State.ESIGNED)
    assert f"/console/destinations/{agreement.graduate_id}/" in page


def test_an_export_of_the_list_is_logged(world: World, agreement: Agreement) -> None:
    answer = world.client(Role.SCHOOL_ADMIN).get("/console/agreements/", {"export": "1"})
    assert answer["Content-Type"].endswith("sheet")
    assert Event.objects.filter(action="core.export", object_type="agreements").count() == 1


def test_the_page_shows_a_proposed_change_and_the_review_links_to_it(
    world: World, agreement: Agreement
) -> None:
    amend.propose(
        agreement=agreement, member=agreement.member, typed={"wage": "7000"}, reason="填写有误"
    )
    address = f"/console/agreements/{agreement.pk}/"
    page = text(world.client(Role.COUNSELLOR), address)
    assert "待毕业生确认的修改" in page
    assert "<del>6000</del>" in page
    assert "<ins>7000</ins>" in page
    assert "单位未认证" in page
    workspace = text(
        world.client(Role.COUNSELLOR), f"/console/destinations/{agreement.graduate_id}/"
    )
    assert f'href="{address}">就业协议' in workspace


def test_each_view_of_an_identity_card_is_logged(world: World, agreement: Agreement) -> None:
    client, address = world.client(Role.COUNSELLOR), f"/console/agreements/{agreement.pk}/"
    looks = Event.objects.filter(action="esign.view_identity", object_id=agreement.pk)
    text(client, address)
    assert looks.count() == 0, "the page itself shows none"
    for n, side in enumerate(("id_front", "id_back", "id_front"), 1):
        answer = client.get(f"{address}image/{side}/")
        assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
        assert looks.count() == n
    assert looks.latest("pk").actor_id == world.staff[Role.COUNSELLOR].pk
    client.get(f"{address}image/certificate/")
    assert looks.count() == 3
    assert "查看招聘人员身份证" in text(client, address)
    stranger = factories.make_world().client(Role.SCHOOL_ADMIN)
    assert stranger.get(f"{address}image/id_front/").status_code == 404
    assert client.get(f"{address}image/password/").status_code == 404
    assert client.get(f"{address}signature/9/graduate/").status_code == 404
    assert client.get(f"{address}signature/1/nobody/").status_code == 404
    assert looks.count() == 3


def test_a_print_on_the_console_is_recorded_with_its_copies(world: World) -> None:
    agreement = printed.make_printable_agreement(world)
    client, address = world.client(Role.COUNSELLOR), f"/console/prints/{agreement.pk}/"
    assert agreement.number in text(client, "/console/prints/", printed="0")
    answer = client.post(address, {"copies": "3"})
    assert printed.read_body(answer) == printed.CONTENT
    made = Print.objects.get(agreement=agreement)
    assert (made.copies, made.way, made.actor_id) == (3, "own", world.staff[Role.COUNSELLOR].pk)
    assert agreement.number not in text(client, "/console/prints/", printed="0")
    assert made.actor_label in text(client, "/console/prints/", printed="1")
    for wrong in ("0", "21", "x", ""):
        refused = client.post(address, {"copies": wrong})
        assert (refused.status_code, "份数应为1至20" in refused.content.decode()) == (422, True)
    assert Print.objects.count() == 1


def test_nothing_can_be_printed_before_approval(world: World, agreement: Agreement) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert agreement.number not in text(client, "/console/prints/")
    answer = client.post(f"/console/prints/{agreement.pk}/", {"copies": "3"})
    assert (answer.status_code, "审核通过后才能打印" in answer.content.decode()) == (409, True)
    assert not Print.objects.exists()


RULES = {
    "signing_from": f"{factories.school_year() - 1}-09-15",
    "termination_from": f"{factories.school_year() - 1}-10-01",
    "most_terminations": "2", "silence_days": "5", "copies": "4", "department_decides": "on",
}  # fmt: skip


def test_the_school_sets_its_rules(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    typed = dict(RULES)
    wrong = client.post("/console/setup/signing/", typed | {"copies": "99", "silence_days": "0"})
    page = wrong.content.decode()
    assert (wrong.status_code, SigningRules.objects.count()) == (422, 0)
    assert "请填写1至10的整数" in page
    assert "请填写1至60的整数" in page
    assert 'value="99"' in page
    late = client.post("/console/setup/signing/", typed | {"signing_from": RULES["termination_from"],
                                                           "termination_from": RULES["signing_from"]})  # fmt: skip
    assert "解约开始日期不能早于签约开始日期" in late.content.decode()
    assert client.post("/console/setup/signing/", typed).status_code == 302
    found = SigningRules.objects.get(cohort=world.cohort)
    assert (found.most_terminations, found.silence_days, found.copies) == (2, 5, 4)
    assert found.department_decides
    changes = Event.objects.get(action="esign.set_rules").data["changes"]
    assert changes["copies"] == [3, 4]
    client.post("/console/setup/signing/", typed)
    assert Event.objects.filter(action="esign.set_rules").count() == 1, "nothing changed"


def test_another_schools_rules_cannot_be_set(world: World) -> None:
    other = factories.make_world()
    answer = world.client(Role.SCHOOL_ADMIN).post(
        f"/console/setup/signing/?cohort={other.cohort.year - 30}", RULES
    )
    assert answer.status_code == 404
    with pytest.raises(Exception, match="role"):
        rules.set_rules(cohort_id=other.cohort.pk, values={}, by=world.school_admin)


def test_parked_documents_are_shown_and_tried_again(
    world: World, agreement: Agreement, capsys: pytest.CaptureFixture[str]
) -> None:
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    parked = Document.objects.filter(agreement=agreement)
    parked.update(
        state=DocumentState.PARKED,
        problem="签名密钥：没有签名密钥",
        attempts=1,
        parked_at=timezone.now(),
    )
    province = world.client(Role.PROVINCE)
    page = text(province, "/console/province/documents/")
    assert agreement.number in page
    assert "签名密钥：没有签名密钥" in page
    assert "签名密钥：没有签名密钥" in text(province, f"/console/agreements/{agreement.pk}/")
    with pytest.raises(SystemExit):
        call_command("sign_status", "--json")
    said = json.loads(capsys.readouterr().out)
    assert said["documents"] == {"waiting": 0, "making": 0, "parked": 1}
    assert said["alarm"]
    assert (
        world.client(Role.SCHOOL_ADMIN).post("/console/province/documents/retry/").status_code
        == 403
    )
    assert province.post("/console/province/documents/retry/").status_code == 302
    assert parked.get().state == DocumentState.WAITING
    assert Event.objects.filter(action="esign.unpark").count() == 1
    province.post("/console/province/documents/retry/")
    assert Event.objects.filter(action="esign.unpark").count() == 1
