"""Invitations by workbook: the template, what the preview says of each row, and cells that failed."""

from __future__ import annotations

import io

import openpyxl
import pytest

from employers.models import Membership, UnitMember
from esign import terms
from esign.actions import imports
from esign.actions.registered import KEYS, NOT_FOUND
from esign.fields import BY_KEY
from esign.models import Agreement, Invitation, InvitationImport
from esign.resources import example_row
from esign.rules import check_terms
from tests import factories
from tests.esign import signing
from tests.esign.workbooks import (
    check_workbook,
    confirm_workbook,
    make_row,
    make_workbook,
    send_workbook,
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


def test_the_template_offers_schools_and_codes_to_choose_from(
    world: World, member: UnitMember
) -> None:
    content = client_of(member.user).get(f"{LIST}template/").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    lists = {
        str(v.sqref).split(":")[0]: v.formula1 for v in book.active.data_validations.dataValidation
    }
    columns = {cell.value: cell.column_letter for cell in book.active[1]}
    coded = [BY_KEY[k].label for k in imports.FIELD_KEYS if BY_KEY[k].kind == "code"]
    assert set(lists) == {f"{columns[label]}2" for label in ("院校", *coded)}
    words = {row[0].value for row in book["选项"]} | {row[1].value for row in book["选项"]}
    assert world.school.name in words and "工程技术人员" in words


def test_the_example_row_of_the_template_is_not_sent(world: World, member: UnitMember) -> None:
    content = client_of(member.user).get(f"{LIST}template/").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    example = [cell.value or "" for cell in sheet[2]]
    checked = check_terms(
        signing.typed_terms() | dict(zip((*KEYS, *imports.FIELD_KEYS), example, strict=True))
    )
    assert checked.issues == []
    made = check_workbook(member, content)
    assert (made.state, made.counts["rows"]) == (ImportState.PREVIEWED, 0)
    graduate = factories.make_graduate(world)
    (row,) = send_workbook(member, [example, make_row(graduate)])
    assert (row.outcome, row.number) == ("sent", 3)


def test_two_hundred_rows_may_stand_below_the_example(
    world: World, member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 2)
    rows = [make_row(factories.make_graduate(world)) for _ in range(3)]
    content = check_workbook(member, make_workbook([example_row(), *rows[:2]]))
    assert (content.state, content.counts["able"]) == (ImportState.PREVIEWED, 2)
    content = check_workbook(member, make_workbook(rows))
    assert content.state == ImportState.FAILED and "2行" in content.problem


def test_rows_show_the_warnings_that_the_form_shows(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    doubtful = {"probation_months": "12", "probation_wage": "1000", "wage": "6000"}
    made = check_workbook(member, make_workbook([make_row(graduate, **doubtful)]))
    row = made.rows.get()
    expected = check_terms(signing.typed_terms() | doubtful).warnings()
    assert row.outcome == "able" and len(expected) == 2
    assert [sentence for _, sentence in row.problems] == [i.message for i in expected]
    page = client_of(member.user).get(address_of(made)).content.decode()
    assert all(i.message in page for i in expected) and "发送 1 份邀约" in page
    workbook_imports.confirm(made, by=member.user)
    imports.apply(made.pk)
    assert made.rows.get().outcome == "sent"


def test_a_graduate_who_signed_with_the_unit_is_marked_and_invited_no_more(
    world: World, member: UnitMember
) -> None:
    graduate, other = factories.make_graduate(world), factories.make_graduate(world)
    factories.sign_agreement(graduate)
    agreement = Agreement.objects.get(graduate=graduate)
    assert agreement.unit == member.unit
    rows = send_workbook(member, [make_row(graduate, wage="9000"), make_row(other)])
    assert [r.outcome for r in rows] == ["again", "sent"]
    assert "已与本单位签约" in rows[0].words
    assert rows[0].invitation_id == agreement.invitation_id


def test_another_unit_is_not_told_that_a_graduate_has_signed(world: World) -> None:
    graduate = factories.make_graduate(world)
    factories.sign_agreement(graduate)
    unit = factories.make_unit(factories.make_unit_code(body="MA2N0ABD"))
    stranger = factories.make_member(unit, state=Membership.VERIFIED)
    row = check_workbook(stranger, make_workbook([make_row(graduate)])).rows.get()
    assert (row.outcome, row.problems) == ("able", [])


def test_an_open_invitation_with_other_terms_is_marked(world: World, member: UnitMember) -> None:
    graduate = factories.make_graduate(world)
    send_workbook(member, [make_row(graduate)])
    made = check_workbook(member, make_workbook([make_row(graduate, wage="9000")]))
    row = made.rows.get()
    assert row.outcome == "able" and "另一份邀约仍在等待答复" in row.words


def test_the_result_may_be_uploaded_again_and_sends_nothing_twice(
    world: World, member: UnitMember
) -> None:
    graduate = factories.make_graduate(world)
    row = make_row(graduate, signing_notes="=提供宿舍\n+餐补", contact_phone="+86-551-60000000")
    made = confirm_workbook(member, make_workbook([row]))
    imports.apply(made.pk)
    result = b"".join(client_of(member.user).get(f"{address_of(made)}annotated/"))  # type: ignore[arg-type]
    again = confirm_workbook(member, result)
    imports.apply(again.pk)
    assert [r.outcome for r in again.rows.all()] == ["again"]
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize("key", KEYS)
def test_a_failed_formula_in_a_column_of_the_graduate_is_named(
    world: World, member: UnitMember, key: str
) -> None:
    graduate = factories.make_graduate(world)
    row = make_row(graduate)
    row[list(KEYS).index(key)] = "#N/A"
    (answer,) = check_workbook(member, make_workbook([row])).rows.all()
    assert answer.outcome == "bad" and f"{KEYS[key]}的单元格是错误值#N/A" in answer.words
    assert NOT_FOUND not in answer.words


def test_the_zero_of_a_failed_lookup_does_not_get_into_the_contract(
    world: World, member: UnitMember
) -> None:
    graduate = factories.make_graduate(world)
    zeros = {"signing_notes": 0, "archive_contact": 0, "archive_phone": 0, "contact_email": 0}
    made = confirm_workbook(member, make_workbook([make_row(graduate, **zeros)]))
    assert made.rows.get().words.count("查找公式没有找到内容") == len(zeros)
    imports.apply(made.pk)
    values = terms.read(Invitation.objects.get().terms)["values"]
    assert [values[key] for key in zeros] == ["", "", "", ""]
