"""Archive transfers by workbook: courier numbers come in, and an untouched export changes nothing."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import files, spreadsheets
from core.models import Event
from graduates import tasks
from graduates.actions import archive, archive_imports
from graduates.archive import ALL
from graduates.models import ArchiveImport, ArchiveTransfer, Graduate
from schools.models import Cohort
from schools.roles import Role
from tests import factories
from tests.factories import World, today
from workbooks.actions import imports as workbook_imports
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db
LIST = "/console/archives/"
UPLOAD = "/console/archives/import/"
COURIER = ["学号", "姓名", "快递单号", "寄出日期"]
NUMBER = "EV123456789CN"


def receive(graduate: Graduate, world: World, **changes: Any) -> None:
    """Say where the graduate's archive goes."""
    receiver = {
        "transfer_type": "agency",
        "unit_name": "虚构人才服务中心",
        "contact": "虚构老师",
        "phone": "0551-60000000",
        "address": "虚构路8号",
    }
    archive.save(graduate_id=graduate.pk, typed=receiver | changes, by=world.school_admin)


def courier_list(*rows: list[Any], header: list[str] | None = None) -> bytes:
    return spreadsheets.write(header or COURIER, rows)


def check(world: World, content: bytes, role: str = Role.SCHOOL_ADMIN) -> ArchiveImport:
    by = world.user(role)
    made = archive_imports.upload(school=world.school, content=content, name="单号.xlsx", by=by)
    archive_imports.check(made.pk)
    made.refresh_from_db()
    return made


def run(world: World, content: bytes, role: str = Role.SCHOOL_ADMIN) -> ArchiveImport:
    made = check(world, content, role)
    assert made.state == ImportState.PREVIEWED, made.problem
    workbook_imports.confirm(made, by=world.user(role))
    archive_imports.apply(made.pk)
    made.refresh_from_db()
    assert made.state == ImportState.DONE
    return made


def test_courier_numbers_come_in_and_bad_rows_come_back_marked(world: World) -> None:
    good, bad = factories.make_graduate(world), factories.make_graduate(world)
    for graduate in (good, bad):
        receive(graduate, world)
    day = today() - datetime.timedelta(days=3)
    made = run(
        world,
        courier_list(
            [good.student_no, good.name, NUMBER, day],
            [bad.student_no, bad.name, "EV2", "2098-01-01"],
        ),
    )
    assert made.counts == {"rows": 2, "able": 1, "unchanged": 0, "rejected": 1}
    sent = ArchiveTransfer.objects.get(pk=good.pk)
    assert (sent.tracking_no, sent.sent_on, sent.unit_name) == (NUMBER, day, "虚构人才服务中心")
    assert ArchiveTransfer.objects.get(pk=bad.pk).tracking_no == ""
    assert made.errors == [{"row": 3, "column": "寄出日期", "message": "寄出日期不能晚于今天"}]
    assert Event.objects.filter(action="graduates.archive_sent", object_id=good.pk).count() == 1
    assert made.annotated is not None
    with files.open_file(made.annotated) as f:
        sheet = openpyxl.load_workbook(io.BytesIO(f.read())).worksheets[0]
    comments = [c.comment.text for row in sheet.iter_rows() for c in row if c.comment]
    assert comments == ["寄出日期不能晚于今天"]


def test_where_an_archive_goes_and_its_number_may_come_in_one_row(world: World) -> None:
    graduate = factories.make_graduate(world)
    header = ["学号", "姓名", "档案转递类型", "机要/EMS单号", "寄出日期"]
    row = [graduate.student_no, graduate.name, "保留原校", NUMBER, f"{today()}"]
    assert run(world, courier_list(row, header=header)).counts["able"] == 1
    stored = ArchiveTransfer.objects.get(pk=graduate.pk)
    assert (stored.transfer_type, stored.tracking_no, stored.sent_on) == ("keep", NUMBER, today())


def test_an_untouched_export_changes_nothing(world: World) -> None:
    nothing, ready, sent, by_agreement, odd = (factories.make_graduate(world) for _ in range(5))
    for graduate in (ready, sent):
        receive(
            graduate, world, household_type="", postcode="230000", unit_code="12340000485001234X"
        )
    receive(
        odd,
        world,
        unit_name="“虚构”中心",
        contact="'虚构",
        address="=1+1",
        phone="+86-551-60000000",
    )
    archive.record_sending(
        graduate_id=sent.pk,
        typed={"tracking_no": NUMBER, "sent_on": f"{today()}"},
        by=world.school_admin,
    )
    factories.sign_agreement(by_agreement)
    content = world.client(Role.SCHOOL_ADMIN).get(f"{LIST}export/").content
    before, events = _stored(), Event.objects.exclude(action__contains="import").count()

    made = run(world, content)

    assert made.counts == {"rows": 5, "able": 0, "unchanged": 5, "rejected": 0}
    assert made.issues == []
    assert _stored() == before
    assert Event.objects.exclude(action__contains="import").count() == events
    assert not ArchiveTransfer.objects.filter(pk=nothing.pk).exists()


def _stored() -> list[dict[str, Any]]:
    return list(ArchiveTransfer.objects.order_by("pk").values())


def test_columns_that_a_workbook_lacks_are_left_alone(world: World) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world, postcode="230000")
    run(world, courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"]))
    run(
        world,
        courier_list(
            [graduate.student_no, graduate.name, "新联系人"],
            header=["学号", "姓名", "档案接收联系人"],
        ),
    )
    stored = ArchiveTransfer.objects.get(pk=graduate.pk)
    assert (stored.contact, stored.postcode, stored.tracking_no) == ("新联系人", "230000", NUMBER)


@pytest.mark.parametrize(
    ("changes", "column", "part"),
    [
        ({"快递单号": "#N/A"}, "快递单号", "#N/A"),
        ({"快递单号": ""}, "快递单号", "须一并填写"),
        ({"姓名": "别人"}, "姓名", "与学号不符"),
        ({"学号": "0000000"}, "学号", "不存在或不在"),
        ({"学号": "#REF!"}, "学号", "#REF!"),
        ({"寄出日期": "2027-12"}, "寄出日期", "没有写到日"),
        ({"寄出日期": "2098-01-01"}, "寄出日期", "不能晚于今天"),
        ({"快递单号": "E" * 31}, "快递单号", "超过30个字"),
    ],
)
def test_a_wrong_cell_is_refused_with_a_reason(
    world: World, changes: dict[str, str], column: str, part: str
) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world)
    cells = {
        "学号": graduate.student_no,
        "姓名": graduate.name,
        "快递单号": NUMBER,
        "寄出日期": f"{today()}",
    }
    made = run(world, courier_list([(cells | changes)[h] for h in COURIER]))
    assert made.counts["rejected"] == 1
    assert column in {issue["column"] for issue in made.errors}
    assert any(part in issue["message"] for issue in made.errors)
    assert ArchiveTransfer.objects.get(pk=graduate.pk).tracking_no == ""


def test_the_zero_of_a_failed_lookup_erases_no_number(world: World) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world)
    run(world, courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"]))
    header = ["学号", "姓名", "档案接收联系人", "快递单号", "寄出日期"]
    row = [graduate.student_no, graduate.name, "新联系人", 0, 0]
    made = run(world, courier_list(row, header=header))
    assert (made.counts["able"], len(made.warnings)) == (1, 2)
    stored = ArchiveTransfer.objects.get(pk=graduate.pk)
    assert (stored.tracking_no, stored.sent_on, stored.contact) == (NUMBER, today(), "新联系人")


def test_a_number_of_an_archive_without_receiver_is_refused(world: World) -> None:
    graduate = factories.make_graduate(world)
    made = run(world, courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"]))
    assert [i["column"] for i in made.errors] == ["档案转递类型"]
    assert not ArchiveTransfer.objects.filter(pk=graduate.pk).exists()


def test_a_row_of_a_sealed_cohort_is_refused(world: World) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world)
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at="2027-09-01T00:00:00+08:00")
    made = run(world, courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"]))
    assert "已封存" in made.errors[0]["message"]


def test_a_row_outside_of_the_scope_is_refused(world: World) -> None:
    mine, other = factories.make_graduate(world), factories.make_graduate(world, department=1)
    for graduate in (mine, other):
        receive(graduate, world)
    rows = [[g.student_no, g.name, NUMBER, f"{today()}"] for g in (mine, other)]
    made = run(world, courier_list(*rows), Role.COUNSELLOR)
    assert made.counts["able"] == 1
    assert "不在您的管理范围" in made.errors[0]["message"]
    assert ArchiveTransfer.objects.get(pk=other.pk).sent_on is None


def test_the_list_shows_who_is_sent_and_finds_who_is_not(world: World) -> None:
    empty, ready, sent = (factories.make_graduate(world) for _ in range(3))
    for graduate in (ready, sent):
        receive(graduate, world)
    run(world, courier_list([sent.student_no, sent.name, NUMBER, f"{today()}"]))
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(LIST).content.decode()
    assert NUMBER in page and "未填写去处" in page
    for state, graduate in (("empty", empty), ("ready", ready), ("sent", sent)):
        found = client.get(LIST, {"archive": state}).content.decode()
        assert [g.name in found for g in (empty, ready, sent)] == [
            g is graduate for g in (empty, ready, sent)
        ]


def test_a_workbook_is_uploaded_checked_and_imported_on_the_pages(world: World) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world)
    client = world.client(Role.SCHOOL_ADMIN)
    content = courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"])
    answer = client.post(UPLOAD, {"file": SimpleUploadedFile("单号.xlsx", content)})
    made = ArchiveImport.objects.get()
    tasks.check_archive_import(made.pk)
    page = client.get(answer["Location"]).content.decode()
    assert "将修改" in page and "确认导入" in page
    client.post(reverse("console:archive-import-confirm", args=[made.pk]))
    tasks.apply_archive_import(made.pk)
    assert "导入完成" in client.get(answer["Location"]).content.decode()
    assert ArchiveTransfer.objects.get(pk=graduate.pk).tracking_no == NUMBER
    assert "单号.xlsx" in client.get(UPLOAD).content.decode()


def test_the_template_offers_the_codes_to_choose_from(world: World) -> None:
    content = world.client(Role.SCHOOL_ADMIN).get(f"{UPLOAD}template/").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [c.value for c in sheet[1]] == ["学号", "姓名", *(f.label for f in ALL)]
    assert len(sheet.data_validations.dataValidation) == 2


def test_the_sweep_continues_an_import_whose_message_was_lost(world: World) -> None:
    graduate = factories.make_graduate(world)
    receive(graduate, world)
    content = courier_list([graduate.student_no, graduate.name, NUMBER, f"{today()}"])
    made = archive_imports.upload(
        school=world.school, content=content, name="a.xlsx", by=world.school_admin
    )
    ArchiveImport.objects.update(due_at="2020-01-01T00:00:00+08:00")
    tasks.sweep_archive_imports()
    made.refresh_from_db()
    assert made.state == ImportState.PREVIEWED
