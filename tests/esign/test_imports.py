"""Invitations by workbook: good rows are sent, bad ones explained, and nothing is sent twice."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core import jobs, spreadsheets
from core.errors import DomainError
from employers.models import Membership, UnitMember
from esign import tasks, terms
from esign.actions import imports, invite
from esign.actions.registered import KEYS, NOT_FOUND
from esign.fields import BY_KEY
from esign.models import Invitation, InvitationImport
from esign.states import Way
from tests import factories
from tests.esign import signing
from tests.esign.workbooks import (
    check_workbook,
    confirm_workbook,
    make_row,
    make_workbook,
    send_workbook,
    upload_workbook,
)
from tests.factories import World, client_of
from workbooks.actions import imports as workbook_imports
from workbooks.states import ImportState

LIST = "/employer/invitations/workbook/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def member() -> UnitMember:
    return factories.make_member(factories.make_unit(), state=Membership.VERIFIED)


def address_of(made: InvitationImport) -> str:
    return f"{LIST}{made.pk}/"


def test_good_rows_are_sent_and_bad_ones_explained(world: World, member: UnitMember) -> None:
    one, two, three = (factories.make_graduate(world) for _ in range(3))
    rows = send_workbook(
        member,
        [make_row(one), make_row(two, wage="很多", job_title=""), make_row(three, name="试别人")],
    )
    assert [r.outcome for r in rows] == ["sent", "bad", "bad"]
    sent = Invitation.objects.get()
    assert (sent.graduate_id, sent.way, sent.member_id) == (one.pk, Way.REGISTERED, member.pk)
    assert sent.signature_id == member.signature_id
    said = terms.read(sent.terms)["values"]
    assert (said["unit_code"], said["contact_mobile"]) == (
        member.unit.code, member.user.login,
    )  # fmt: skip
    columns = {imports.HEADER[c - 1] for c, _ in rows[1].problems}
    assert columns == {BY_KEY["wage"].label, BY_KEY["job_title"].label}
    assert rows[2].problems == [[3, NOT_FOUND]]


def test_the_same_workbook_again_sends_nothing_twice(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    (first,) = send_workbook(member, [make_row(graduate)])
    (again,) = send_workbook(member, [make_row(graduate)])
    assert (first.outcome, again.outcome) == ("sent", "again")
    assert first.invitation == again.invitation
    assert Invitation.objects.count() == 1
    assert send_workbook(member, [make_row(graduate, wage="9000")])[0].outcome == "sent"
    for invitation in Invitation.objects.all():
        invite.withdraw(invitation=invitation, by=member.user)
    assert send_workbook(member, [make_row(graduate)])[0].outcome == "sent"


def test_a_second_row_of_the_same_graduate_is_refused(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    first, second = send_workbook(member, [make_row(graduate), make_row(graduate, wage="9000")])
    assert (first.outcome, second.outcome) == ("sent", "bad")
    assert "第2行" in second.words


def test_empty_cells_take_known_values_or_stay_empty(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    send_workbook(member, [make_row(graduate)])
    other = factories.make_graduate(world)
    emptied = make_row(other, valid_days="", contact_phone="", archive_unit="", archive_address="")
    (answer,) = send_workbook(member, [emptied])
    assert answer.outcome == "sent", answer.words
    values = terms.read(Invitation.objects.get(graduate=other).terms)["values"]
    assert (values["valid_days"], values["archive_unit"]) == (3, "")
    assert values["contact_phone"] == signing.typed_terms()["contact_phone"]


def test_numeric_and_date_cells_are_read(world: World, member: UnitMember) -> None:
    """Cells that hold real numbers and dates, not text."""
    graduate = factories.make_graduate(world, student_no="20270012345")
    values = make_row(graduate)
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(list(imports.HEADER))
    numbers = {"wage", "probation_wage", "penalty", "term_years", "probation_months", "valid_days"}
    keys = (*KEYS, *imports.FIELD_KEYS)
    day = factories.today().replace(year=factories.today().year + 1, day=1)
    for i, key in enumerate(keys):
        if key in numbers or key == "student_no":
            values[i] = int(values[i])
        if key == "report_by":
            values[i] = day
    sheet.append(values)
    buffer = io.BytesIO()
    made.save(buffer)
    made = confirm_workbook(member, buffer.getvalue())
    imports.apply(made.pk)
    assert made.rows.get().outcome == "sent", made.rows.get().words
    said = terms.read(Invitation.objects.get().terms)["values"]
    assert (said["wage"], said["report_by"]) == (6000, day.isoformat())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no workbook", "这不是Excel工作簿"),
        (b"", "这不是Excel工作簿"),
        (spreadsheets.write(["院校", "姓名", "学号"], [["a", "b", "c"]]), "工作簿缺少这些列"),
        (spreadsheets.write(["别的", "表头"], []), "没有找到表头"),
    ],
)
def test_a_file_that_is_no_such_workbook_fails_with_a_sentence(
    member: UnitMember, content: bytes, words: str
) -> None:
    made = check_workbook(member, content)
    assert (made.state, made.rows.count()) == (ImportState.FAILED, 0)
    assert words in made.problem
    page = client_of(member.user).get(address_of(made)).content.decode()
    assert words in page and "重新上传" in page


def test_more_than_two_hundred_rows_are_refused(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    made = check_workbook(member, make_workbook([make_row(graduate)] * (imports.MOST_ROWS + 1)))
    assert made.state == ImportState.FAILED and "200行" in made.problem
    assert not Invitation.objects.exists()


def test_nothing_is_uploaded_before_pictures_and_signature_are_saved(world: World) -> None:
    bare = factories.make_member(factories.make_unit(), signature=None, id_back=None)
    with pytest.raises(DomainError) as refusal:
        upload_workbook(bare, make_workbook([make_row(factories.make_graduate(world))]))
    assert refusal.value.code == "papers"
    page = client_of(bare.user).get(LIST).content.decode()
    assert "手写签名" in page and "disabled" in page


def test_nothing_is_sent_for_a_person_who_left_meanwhile(world: World, member: UnitMember) -> None:
    made = confirm_workbook(member, make_workbook([make_row(factories.make_graduate(world))]))
    UnitMember.objects.filter(pk=member.pk).update(
        state=Membership.ENDED, ended_at=timezone.now(), verified_at=None
    )
    imports.apply(made.pk)
    assert "权限已结束" in made.rows.get().words
    assert not Invitation.objects.exists()
    member.refresh_from_db()
    assert member.state == Membership.ENDED


def test_guessing_graduates_by_workbook_is_limited(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    wrong = [make_row(graduate, student_no=f"S{n:05d}") for n in range(70)]
    rows = send_workbook(member, [*wrong, make_row(graduate)])
    assert "一小时后" in rows[-1].words
    assert not Invitation.objects.exists()


def post(client: Client, content: bytes) -> Any:
    file = SimpleUploadedFile("a.xlsx", content, content_type=spreadsheets.CONTENT_TYPE)
    return client.post(LIST, {"file": file})


def test_a_workbook_is_uploaded_checked_and_sent_on_the_pages(
    world: World, member: UnitMember
) -> None:
    good, bad = factories.make_graduate(world), factories.make_graduate(world)
    client = client_of(member.user)
    address = post(client, make_workbook([make_row(good), make_row(bad, wage="很多")]))["Location"]
    tasks.check_import(InvitationImport.objects.get().pk)
    page = client.get(address).content.decode()
    assert good.name in page and "应为整数" in page and "发送 1 份邀约" in page
    assert not Invitation.objects.exists(), "nothing is sent before the person said yes"
    for _ in range(2):
        assert client.post(f"{address}confirm/")["Location"] == address
        tasks.apply_import(InvitationImport.objects.get().pk)
    page = client.get(address).content.decode()
    assert "发送完成" in page and "查看邀约" in page
    assert Invitation.objects.get().graduate_id == good.pk
    marked = b"".join(client.get(f"{address}annotated/"))  # type: ignore[arg-type]
    sheet = openpyxl.load_workbook(io.BytesIO(marked)).active
    column = imports.HEADER.index(BY_KEY["wage"].label) + 1
    assert "应为整数" in sheet.cell(3, column).comment.text
    assert sheet.cell(2, column).comment is None
    assert sheet.cell(2, len(imports.HEADER) + 1).value == "已发送"
    assert "已发送 1" in " ".join(client.get(LIST).content.decode().split())


def test_only_the_person_who_uploaded_a_workbook_may_see_and_send_it(
    world: World, member: UnitMember
) -> None:
    """Not even a verified colleague may, since the workbook is sent with that person's signature."""
    made = check_workbook(member, make_workbook([make_row(factories.make_graduate(world))]))
    other = factories.make_member(member.unit, state=Membership.VERIFIED)
    client = client_of(other.user)
    assert client.get(address_of(made)).status_code == 404
    assert client.post(f"{address_of(made)}confirm/").status_code == 404


def test_a_cancelled_workbook_is_not_sent(world: World, member: UnitMember) -> None:
    made = check_workbook(member, make_workbook([make_row(factories.make_graduate(world))]))
    client = client_of(member.user)
    assert client.post(f"{address_of(made)}cancel/")["Location"] == LIST
    assert client.post(f"{address_of(made)}confirm/").status_code == 409
    imports.apply(made.pk)
    assert not Invitation.objects.exists()


def test_the_page_shows_the_progress(member: UnitMember) -> None:
    made = upload_workbook(member, b"anything")
    client = client_of(member.user)
    page = client.get(address_of(made)).content.decode()
    assert "hx-trigger" in page and "<progress" in page and "http-equiv" in page
    part = client.get(address_of(made), headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="import"')


def test_a_refused_upload_is_explained_beside_the_field(member: UnitMember) -> None:
    client = client_of(member.user)
    answer = client.post(LIST)
    assert (answer.status_code, "请选择" in answer.content.decode()) == (422, True)
    answer = post(client, b"x" * (imports.MOST_BYTES + 1))
    assert (answer.status_code, "超过5MB" in answer.content.decode()) == (422, True)


def test_the_template_has_every_column(member: UnitMember) -> None:
    content = client_of(member.user).get(f"{LIST}template/").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert tuple(c.value for c in sheet[1]) == imports.HEADER


def test_the_sweep_continues_imports_whose_message_was_lost(
    world: World, member: UnitMember
) -> None:
    made = upload_workbook(member, make_workbook([make_row(factories.make_graduate(world))]))
    assert not jobs.overdue(imports.INVITATION_IMPORTS), "the message may be on its way"
    InvitationImport.objects.update(due_at=timezone.now() - timedelta(minutes=2))
    tasks.sweep_imports()
    made.refresh_from_db()
    assert made.state == ImportState.PREVIEWED
    workbook_imports.confirm(made, by=member.user)
    InvitationImport.objects.update(due_at=timezone.now() - timedelta(minutes=2))
    tasks.sweep_imports()
    made.refresh_from_db()
    assert (made.state, made.counts["sent"]) == (ImportState.DONE, 1)


def test_old_workbooks_are_deleted_and_their_invitations_stay(
    world: World, member: UnitMember
) -> None:
    send_workbook(member, [make_row(factories.make_graduate(world))])
    assert not imports.delete_old()
    InvitationImport.objects.update(created_at=timezone.now() - imports.KEPT_FOR)
    tasks.sweep_imports()
    assert not InvitationImport.objects.exists()
    assert Invitation.objects.count() == 1
