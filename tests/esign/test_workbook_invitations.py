"""Many invitations from one workbook: good rows sent, bad ones named, nothing sent twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import workbooks
from core.errors import DomainError
from employers.models import Membership, UnitMember
from esign import terms
from esign.actions import invite, workbook
from esign.actions.registered import KEYS, NOT_FOUND
from esign.fields import BY_KEY
from esign.models import Invitation
from esign.states import Way
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def member() -> UnitMember:
    return factories.make_member(factories.make_unit(), state=Membership.VERIFIED)


def row(graduate: Graduate, **changes: Any) -> list[Any]:
    who = {
        "school": graduate.school.name, "name": graduate.name, "student_no": graduate.student_no,
    }  # fmt: skip
    values = signing.typed_terms() | who | changes
    return [values[k] for k in (*KEYS, *workbook.FIELD_KEYS)]


def book(rows: Sequence[Sequence[Any]], header: Sequence[str] = workbook.HEADER) -> bytes:
    return workbooks.write(header, rows)


def send(member: UnitMember, rows: Sequence[Sequence[Any]]) -> workbook.Result:
    return workbook.send_all(member=member, content=book(rows), address=signing.HERE)


def test_good_rows_go_out_and_bad_ones_are_named(world: World, member: UnitMember) -> None:
    one, two, three = (factories.make_graduate(world) for _ in range(3))
    result = send(
        member,
        [row(one), row(two, wage="很多", job_title=""), row(three, name="试别人")],
    )
    assert [r.outcome for r in result.rows] == ["sent", "bad", "bad"]
    sent = Invitation.objects.get()
    assert (sent.graduate_id, sent.way, sent.member_id) == (one.pk, Way.REGISTERED, member.pk)
    assert sent.signature_id == member.signature_id
    said = terms.read(sent.terms)["values"]
    assert (said["unit_code"], said["contact_mobile"]) == (
        member.unit.code, member.user.login,
    )  # fmt: skip
    columns = {workbook.HEADER[c - 1] for c, _ in result.rows[1].problems}
    assert columns == {BY_KEY["wage"].label, BY_KEY["job_title"].label}
    assert result.rows[2].problems == [(3, NOT_FOUND)]


def test_the_same_workbook_again_sends_nothing_twice(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    first = send(member, [row(graduate)])
    again = send(member, [row(graduate)])
    assert (first.rows[0].outcome, again.rows[0].outcome) == ("sent", "again")
    assert first.rows[0].invitation == again.rows[0].invitation
    assert Invitation.objects.count() == 1
    assert send(member, [row(graduate, wage="9000")]).rows[0].outcome == "sent"
    for invitation in Invitation.objects.all():
        invite.withdraw(invitation=invitation, by=member.user)
    assert send(member, [row(graduate)]).rows[0].outcome == "sent"


def test_one_graduate_twice_in_a_workbook(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    result = send(member, [row(graduate), row(graduate, wage="9000")])
    assert [r.outcome for r in result.rows] == ["sent", "bad"]
    assert "第2行" in result.rows[1].words


def test_empty_cells_mean_what_is_known_or_nothing(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    send(member, [row(graduate)])
    other = factories.make_graduate(world)
    emptied = row(other, valid_days="", contact_phone="", archive_unit="", archive_address="")
    result = send(member, [emptied])
    assert result.rows[0].outcome == "sent", result.rows[0].words
    values = terms.read(Invitation.objects.get(graduate=other).terms)["values"]
    assert (values["valid_days"], values["archive_unit"]) == (3, "")
    assert values["contact_phone"] == signing.typed_terms()["contact_phone"]


def test_numbers_and_dates_as_spreadsheets_write_them(world: World, member: UnitMember) -> None:
    """Cells that hold real numbers and dates, not text."""
    graduate = factories.make_graduate(world, student_no="20270012345")
    values = row(graduate)
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(list(workbook.HEADER))
    numbers = {"wage", "probation_wage", "penalty", "term_years", "probation_months", "valid_days"}
    keys = (*KEYS, *workbook.FIELD_KEYS)
    day = factories.today().replace(year=factories.today().year + 1, day=1)
    for i, key in enumerate(keys):
        if key in numbers or key == "student_no":
            values[i] = int(values[i])
        if key == "report_by":
            values[i] = day
    sheet.append(values)
    buffer = io.BytesIO()
    made.save(buffer)
    result = workbook.send_all(member=member, content=buffer.getvalue(), address=signing.HERE)
    assert result.rows[0].outcome == "sent", result.rows[0].words
    said = terms.read(Invitation.objects.get().terms)["values"]
    assert (said["wage"], said["report_by"]) == (6000, day.isoformat())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no workbook", "not_workbook"),
        (b"", "not_workbook"),
        (workbooks.write(["院校", "姓名", "学号"], [["a", "b", "c"]]), "missing_columns"),
        (workbooks.write(["别的", "表头"], []), "no_header"),
        (b"x" * (workbook.MOST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_such_workbook(member: UnitMember, content: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        workbook.send_all(member=member, content=content, address=signing.HERE)
    assert refusal.value.code == code


def test_at_most_two_hundred_rows(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    with pytest.raises(DomainError) as refusal:
        send(member, [row(graduate)] * (workbook.MOST_ROWS + 1))
    assert refusal.value.code == "too_many_rows"
    assert not Invitation.objects.exists()


def test_without_kept_papers_nothing_is_sent(world: World) -> None:
    bare = factories.make_member(factories.make_unit(), signature=None, id_back=None)
    with pytest.raises(DomainError) as refusal:
        send(bare, [row(factories.make_graduate(world))])
    assert refusal.value.code == "papers"
    page = client_of(bare.user).get("/employer/invitations/workbook/").content.decode()
    assert "手写签名" in page and "disabled" in page


def test_guessing_by_workbook_ends(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    wrong = [row(graduate, student_no=f"S{n:05d}") for n in range(70)]
    result = send(member, [*wrong, row(graduate)])
    assert "一小时后" in result.rows[-1].words
    assert not Invitation.objects.exists()


def upload(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("a.xlsx", content, content_type=workbooks.CONTENT_TYPE)
    return client.post("/employer/invitations/workbook/", {"file": file})


def test_the_result_page_and_the_marked_workbook(world: World, member: UnitMember) -> None:
    good, bad = factories.make_graduate(world), factories.make_graduate(world)
    client = client_of(member.user)
    answer = upload(client, book([row(good), row(bad, wage="很多")]))
    address = answer["Location"]
    page = client.get(address).content.decode()
    assert good.name in page and "应为整数" in page
    marked = client.get(f"{address}marked/").content
    sheet = openpyxl.load_workbook(io.BytesIO(marked)).active
    column = workbook.HEADER.index(BY_KEY["wage"].label) + 1
    assert "应为整数" in sheet.cell(3, column).comment.text
    assert sheet.cell(2, column).comment is None
    assert sheet.cell(2, len(workbook.HEADER) + 1).value == "已发送"
    other = client_of(factories.make_member(member.unit).user)
    assert other.get(address).status_code == 404


def test_a_refused_file_is_named_beside_its_field(member: UnitMember) -> None:
    client = client_of(member.user)
    answer = upload(client, b"no workbook")
    assert answer.status_code == 422
    assert "这不是Excel工作簿" in answer.content.decode()
    assert client.post("/employer/invitations/workbook/").status_code == 422


def test_the_template_has_every_column(member: UnitMember) -> None:
    content = client_of(member.user).get("/employer/invitations/workbook/template/").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert tuple(c.value for c in sheet[1]) == workbook.HEADER
