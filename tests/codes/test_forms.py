"""Forms built from field declarations: values, refusals, warnings, grey fields."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from codes.fields import FieldDeclaration
from codes.forms import DeclaredForm, declared_form
from core.errors import Invalid
from core.forms import fields

pytestmark = pytest.mark.django_db
DECLARED = (
    FieldDeclaration("name", "单位名称", "text", "单位", max_length=10),
    FieldDeclaration("property", "单位性质", "code", "单位", "unit_property"),
    FieldDeclaration("place", "单位所在地", "place", "单位", hint="具体到区县"),
    FieldDeclaration("from", "聘用起始日期", "date", "聘用"),
    FieldDeclaration("wage", "月薪", "number", "聘用"),
    FieldDeclaration("years", "修业年限", "decimal", "聘用"),
    FieldDeclaration("moved", "档案是否转入", "bool", "聘用"),
    FieldDeclaration("mobile", "手机号码", "mobile", "联系"),
)
TYPED = {
    "name": " 虚构公司 ", "property": "国有企业", "place": "安徽省合肥市瑶海区",
    "from": "2027年7月1日", "wage": "6000元", "years": "2.5", "moved": "是",
    "mobile": "+86 138 0013 8000",
}  # fmt: skip


class Base(DeclaredForm):
    version = fields.Seen()


def form_of(data: dict[str, str] | None = None, **more: object) -> DeclaredForm:
    return declared_form(DECLARED, base=Base, **more)(data)  # type: ignore[arg-type]


def test_values_are_those_that_the_reader_gives() -> None:
    form = form_of(TYPED | {"version": "3"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["version"] == 3
    assert form.values == {d.key: form.values[d.key] for d in DECLARED}
    assert form.values["from"] == datetime.date(2027, 7, 1)
    assert (form.values["wage"], form.values["moved"]) == (6000, True)
    assert form.values["mobile"] == "13800138000"
    assert form.cleaned_data["years"] == Decimal("2.5")


def test_an_action_can_read_the_values_again() -> None:
    form = form_of(TYPED)
    assert form.is_valid()
    for declared in DECLARED:
        again = declared.read(form.values[declared.key])
        assert again.value == form.cleaned_data[declared.key], declared.key


def test_a_refusal_has_the_findings_code_and_the_form_keeps_what_was_typed() -> None:
    form = form_of(TYPED | {"property": "没有这种", "wage": "六千"})
    assert not form.is_valid()
    assert form.errors.as_data()["property"][0].code == "code_unknown"
    assert set(form.errors) == {"property", "wage"}
    assert 'value="六千"' in str(form["wage"])
    assert "property" not in form.values


def test_only_demanded_fields_are_refused_when_empty() -> None:
    empty = dict.fromkeys(TYPED, "")
    assert form_of(empty, required=["name"]).is_valid()
    form = form_of(empty, required=["name"], demanded=["name"])
    assert form.errors == {"name": ["单位名称不能为空"]}
    assert form["name"].is_required
    assert not form["wage"].is_required


def test_a_field_that_was_not_posted_is_not_changed() -> None:
    form = form_of({"name": "虚构公司"}, demanded=["name", "wage"])
    assert form.is_valid()
    assert form.values == {"name": "虚构公司"}
    assert form.typed == {"name": "虚构公司"}


def test_grey_fields_show_words_and_ignore_posted_values() -> None:
    form_class = declared_form(DECLARED, base=Base, greyed={"property": "来自学籍"})
    form = form_class(TYPED, initial={"property": "10"})
    assert form.is_valid()
    assert "property" not in form.values
    assert "property" not in form.typed
    assert form.posted_for_grey == {"property": "国有企业"}
    html = form["property"].as_field_group()
    assert "来自学籍" in html
    assert "机关" in html
    assert "<select" not in html


def test_stored_values_are_shown_as_people_write_them() -> None:
    stored = {"place": "340102", "from": datetime.date(2027, 7, 1), "moved": False,
              "years": Decimal("2.50"), "property": "31"}  # fmt: skip
    form = declared_form(DECLARED)(initial=stored)
    assert "瑶海区" in str(form["place"])
    assert 'value="2027-07-01"' in str(form["from"])
    assert '<option value="否" selected>' in str(form["moved"])
    assert 'value="2.5"' in str(form["years"])
    assert '<option value="31" selected>' in str(form["property"])


def test_a_field_that_accepts_months_in_workbooks_has_a_date_picker_on_pages() -> None:
    declared = FieldDeclaration("enrolled_on", "入学日期", "date_or_month", "学籍")
    form = declared_form([declared])(initial={"enrolled_on": datetime.date(2023, 9, 1)})
    assert 'type="date"' in str(form["enrolled_on"])
    assert 'value="2023-09-01"' in str(form["enrolled_on"])


def test_groups_and_hints_come_from_the_declarations() -> None:
    form = form_of(hints={"name": "逐字一致"})
    assert next(iter(form.groups()))[0] == "单位"
    assert [len(group) for _, group in form.groups()] == [3, 4, 1]
    assert "具体到区县" in form["place"].as_field_group()
    assert "逐字一致" in form["name"].as_field_group()


def test_a_form_shows_what_an_action_refuses() -> None:
    form = form_of(TYPED | {"wage": "六千"})
    assert form.may_try()
    said = str(form.errors["wage"][0])
    form.add_refusal(Invalid({"wage": [said], "name": ["与证明材料不一致。"]}))
    assert form.errors["wage"] == [said], "nothing is said twice"
    assert form.errors["name"] == ["与证明材料不一致。"]
    assert not form_of().may_try()
