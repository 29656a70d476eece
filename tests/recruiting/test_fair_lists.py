"""A workbook of units that come to a fair."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import spreadsheets
from core.errors import DomainError, Invalid
from core.models import Event
from employers.models import Membership, UnitMember
from recruiting.actions import booth_lists, booths
from recruiting.actions.booth_lists import COLUMNS, ListRow
from recruiting.models import Booth, Fair
from recruiting.states import BoothState, FairKind
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import fair_scene, scene

pytestmark = pytest.mark.django_db
S = BoothState


@pytest.fixture
def fair(world: World) -> Fair:
    return fair_scene.open_fair(world, booths_offered=5)


def workbook(*rows: list[Any], header: tuple[str, ...] = COLUMNS) -> bytes:
    return spreadsheets.write(header, rows)


def take(world: World, fair: Fair, *rows: list[Any]) -> list[ListRow]:
    return booth_lists.take(fair_id=fair.pk, content=workbook(*rows), by=world.school_admin)


def of_unit(member: UnitMember, number: Any = "", people: Any = "") -> list[Any]:
    return [member.unit.code, member.unit.name, number, people]


def test_good_rows_get_their_booths_and_bad_ones_say_why(world: World, fair: Fair) -> None:
    numbered, plain, silent = (fair_scene.make_exhibitor(world) for _ in range(3))
    silent.unit.postings.update(state="draft")
    barred = scene.make_recruiter(valid_until=None, verified_at=None)
    unknown = factories.make_unit_code(body="MA9N0ABC")
    answers = take(
        world, fair,
        of_unit(plain),
        of_unit(numbered, 1, 4),
        of_unit(silent),
        of_unit(barred),
        [unknown, "虚构无此单位", "", ""],
        [plain.unit.code, "虚构的别名有限公司", "", ""],
        of_unit(fair_scene.make_exhibitor(world), 9),
        of_unit(fair_scene.make_exhibitor(world), "", 99),
        ["123", "", "三", ""],
    )  # fmt: skip
    assert [row.done for row in answers[:2]] == ["已安排展位002", "已安排展位001"]
    said = [row.message for row in answers[2:]]
    assert said[:6] == [
        "单位没有正在发布的职位，请单位先发布职位。",
        "单位还没有通过招聘资格核验，请先提交核验。",
        "平台没有此单位，请单位先注册并认证。",
        "与第2行是同一单位。",
        "展位号为1至5。",
        "参会人数为1至20。",
    ]
    assert "统一社会信用代码" in said[6]
    assert "单位名称" in said[6]
    assert "展位号" in said[6]
    assert set(Booth.objects.values_list("unit", "number", "people", "state")) == {
        (numbered.unit_id, "001", 4, S.APPROVED), (plain.unit_id, "002", 2, S.APPROVED),
    }  # fmt: skip
    assert Booth.objects.get(unit=plain.unit).postings.count() == 1
    assert Event.objects.get(action="recruiting.import_booths").data == {"rows": 9, "taken": 2}


def test_a_name_that_is_not_the_units_is_refused(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    (row,) = take(world, fair, [member.unit.code, "虚构的别名有限公司", "", ""])
    assert row.message == (f"单位名称与统一社会信用代码不符，平台登记为“{member.unit.name}”。")
    assert not Booth.objects.exists()


def test_registered_units_are_approved_and_the_same_list_changes_nothing(
    world: World, fair: Fair
) -> None:
    waiting = fair_scene.make_booth(world, fair)
    rows = [of_unit(waiting.member, 3, 5)]
    assert take(world, fair, *rows)[0].done == "已安排展位003"
    assert take(world, fair, *rows)[0].done == "已在名单中，没有变化"
    assert take(world, fair, of_unit(waiting.member, 4, 6))[0].done == "展位改为004，参会人数改为6"
    waiting.refresh_from_db()
    assert (waiting.state, waiting.number, waiting.people) == (S.APPROVED, "004", 6)
    assert Booth.objects.count() == 1


def test_numbers_that_are_taken_and_full_fairs_are_said(world: World) -> None:
    fair = fair_scene.open_fair(world, booths_offered=2)
    given = fair_scene.make_booth(world, fair, S.APPROVED)
    first, second = fair_scene.make_exhibitor(world), fair_scene.make_exhibitor(world)
    answers = take(world, fair, of_unit(first, 1), of_unit(second, 2))
    assert answers[0].message == f"展位001已给“{given.unit.name}”，请另选。"
    assert answers[1].done == "已安排展位002"
    assert take(world, fair, of_unit(first))[0].message == ("2个展位已全部安排，请列入候补或谢绝。")
    assert Booth.objects.filter(unit=first.unit).count() == 0, "nothing of a refused row is kept"


def test_a_unit_that_missed_two_fairs_or_has_nobody_verified_is_not_taken(
    world: World, fair: Fair
) -> None:
    barred, left = fair_scene.make_exhibitor(world), fair_scene.make_exhibitor(world)
    for _ in range(2):
        past = fair_scene.end_now(fair_scene.make_fair(world))
        Booth.objects.create(fair=past, unit=barred.unit, member=barred, state=S.ABSENT)
    UnitMember.objects.filter(pk=left.pk).update(state=Membership.CLAIMED)
    said = [row.message for row in take(world, fair, of_unit(barred), of_unit(left))]
    assert said == [
        "单位多次报名后未到场，目前不能报名。",
        "单位没有已认证的人员，请单位先在平台认证。",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "请选择工作簿。"),
        (b"no workbook", "这不是Excel工作簿，请用表格软件打开，另存为.xlsx后重新上传。"),
        (b"PK\x03\x04broken", "这不是Excel工作簿，请用表格软件打开，另存为.xlsx后重新上传。"),
        (workbook(["x"], header=("姓名",)), "没有找到表头，请使用模板中的表头行。"),
        (workbook(["x"] * 3, header=COLUMNS[1:]), "工作簿缺少这些列：统一社会信用代码。"),
        (workbook(["x"] * 5, header=(*COLUMNS, "单位名称")),
         "工作簿中这些列出现了两次：单位名称。"),
        (b"x" * (booth_lists.MOST_BYTES + 1), "文件超过5MB。"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_beside_its_field(
    world: World, fair: Fair, content: bytes, sentence: str
) -> None:
    with pytest.raises(DomainError) as refused:
        booth_lists.take(fair_id=fair.pk, content=content, by=world.school_admin)
    assert (refused.value.field, refused.value.message) == ("workbook", sentence)


def test_only_the_host_takes_a_list_and_only_while_the_fair_goes_on(
    world: World, fair: Fair
) -> None:
    draft = fair_scene.make_fair(world)
    other = factories.make_world().school_admin
    for pk, user, code in (
        (draft.pk, world.school_admin, "not_open"),
        (fair.pk, other, "other_host"),
    ):
        with pytest.raises(DomainError) as refused:
            booth_lists.take(fair_id=pk, content=workbook(), by=user)
        assert refused.value.code == code


def test_the_page_lists_refused_rows_with_their_sentences(world: World, fair: Fair) -> None:
    member = fair_scene.make_exhibitor(world)
    client = client_of(world.school_admin)
    address = reverse("console:fair-booths-import", args=[fair.pk])
    assert client.get(address).status_code == 200
    content = workbook(of_unit(member, 2), ["", "=虚构<b>", "", ""])
    html = client.post(
        address, {"workbook": SimpleUploadedFile("a.xlsx", content)}
    ).content.decode()
    assert "已安排展位002" in html
    assert "请填写统一社会信用代码" in html or "统一社会信用代码" in html
    assert "<b>" not in html.split("没有导入的行")[1].split("</table>")[0].replace("<b>1</b>", "")
    wrong = client.post(address, {"workbook": SimpleUploadedFile("a.xlsx", b"no")})
    assert wrong.status_code == 409
    assert "这不是Excel工作簿" in wrong.content.decode()
    assert client.post(address).status_code == 409
    talk = fair_scene.open_talk(world)
    assert client.get(reverse("console:fair-booths-import", args=[talk.pk])).status_code == 404
    template = client.get(reverse("console:fair-booths-template"))
    sheet = openpyxl.load_workbook(io.BytesIO(template.content)).active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)


def test_an_exported_list_comes_back_without_changes(world: World, fair: Fair) -> None:
    fair_scene.make_booth(world, fair, S.APPROVED)
    client = client_of(world.school_admin)
    file = client.get(reverse("console:fair-booths", args=[fair.pk]), {"export": "1"})
    rows = booth_lists.take(fair_id=fair.pk, content=file.content, by=world.school_admin)
    assert [row.done for row in rows] == ["已在名单中，没有变化"]


def test_an_approved_unit_gets_another_number(world: World, fair: Fair) -> None:
    booth = fair_scene.make_booth(world, fair, S.APPROVED)
    other = fair_scene.make_booth(world, fair, S.APPROVED)
    client = client_of(world.school_admin)
    address = reverse("console:fair-booth-step", args=[booth.pk, "renumber"])
    taken = client.post(address, {"number": "2"})
    assert taken.status_code == 422
    assert f"展位002已给“{other.unit.name}”" in taken.content.decode()
    with pytest.raises(Invalid):
        booths.renumber(booth_id=booth.pk, number=None, by=world.school_admin)
    assert client.post(address, {"number": "5"}).status_code == 302
    booth.refresh_from_db()
    assert booth.number == "005"


def test_an_online_fair_takes_a_list_too(world: World) -> None:
    fair = fair_scene.open_fair(
        world, kind=FairKind.ONLINE_FAIR, link="https://live.example/1", booths_offered=3
    )
    member = fair_scene.make_exhibitor(world)
    assert take(world, fair, of_unit(member, 3))[0].done == "已安排展位003"
