"""The reader of each kind of value, given what people type and what spreadsheets write."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from codes.readers import CELL, CELL_1904, FAILED_LOOKUP, FORM, KINDS, Source, empty_of, read
from codes.text import RADICALS
from core.spreadsheets.cells import CellError

pytestmark = pytest.mark.django_db

DAY = datetime.date(2023, 9, 1)


def value_of(kind: str, raw: Any, source: Source = CELL, **declared: Any) -> Any:
    reading = read(kind, raw, label="字段", source=source, **declared)
    assert reading.ok, reading.findings
    return reading.value


def refusal_of(kind: str, raw: Any, source: Source = CELL, **declared: Any) -> str:
    reading = read(kind, raw, label="字段", source=source, **declared)
    assert reading.value is None
    assert not reading.ok
    return reading.findings[0].code


@pytest.mark.parametrize(
    "written", ["2027-12", "202711", "2027.11", "2027/11", "2027年12月", 202711.0]
)
def test_a_month_without_a_day_is_refused_as_a_date(written: Any) -> None:
    assert refusal_of("date", written) == "date"
    reading = read("date_or_month", written, label="字段", source=CELL)
    assert reading.value.day == 1
    assert reading.value.month in (11, 12)
    assert [f.code for f in reading.findings] == ["date_month"]
    assert value_of("month", written) == reading.value


@pytest.mark.parametrize("kind", ["date", "date_or_month", "month"])
def test_seven_digits_are_refused_as_a_date(kind: str) -> None:
    assert refusal_of(kind, "2027111") == "date"
    assert refusal_of(kind, 2027111.0) == "date"


def test_a_serial_number_counts_from_the_epoch_of_its_workbook() -> None:
    assert value_of("date", 45170.0) == value_of("date", "45170") == DAY
    assert value_of("date", 43708.0, CELL_1904) == DAY


def test_the_last_minute_before_midnight_means_the_next_day() -> None:
    assert value_of("date", datetime.datetime(2023, 8, 31, 23, 59, 17)) == DAY
    assert value_of("date", "2023-08-31 23:59:59.991") == DAY
    assert value_of("date", 45169.9995) == DAY
    assert value_of("date", datetime.datetime(2023, 9, 1, 23, 58)) == DAY
    assert value_of("date", "2023-9-1 0:00:00") == DAY


@pytest.mark.parametrize("raw", [CellError("#N/A"), "#REF!", "#N/A", "Err:502", "错误:508"])
def test_a_failed_formula_is_refused_by_its_error(raw: Any) -> None:
    for kind in KINDS:
        reading = read(kind, raw, label="字段", table="ethnicity", source=CELL)
        assert reading.value is None
        assert reading.findings[0].code == "cell_error"
        assert str(raw) in reading.findings[0].message


@pytest.mark.parametrize(
    "kind",
    ["text", "long", "name", "place", "email", "phone", "mobile", "postcode", "qq", "url", "date",
     "date_or_month", "exam_no", "unit_code"],
)  # fmt: skip
@pytest.mark.parametrize("raw", [0.0, "0", "０", "00:00:00"])
def test_the_zero_of_a_failed_lookup_is_refused_or_reads_as_empty(kind: str, raw: Any) -> None:
    assert refusal_of(kind, raw, required=True) == "zero"
    value, findings = read(kind, raw, label="字段", source=CELL)
    assert value == empty_of(kind)
    assert [(f.code, f.is_error) for f in findings] == [(FAILED_LOOKUP, False)]


def test_a_zero_in_a_column_of_codes_is_a_failed_lookup_unless_it_is_a_code() -> None:
    assert refusal_of("code", 0.0, table="ethnicity", required=True) == "zero"
    value, findings = read("code", 0.0, label="民族", table="ethnicity", source=CELL)
    assert (value, [f.code for f in findings]) == ("", [FAILED_LOOKUP])
    assert value_of("code", 0.0, table="difficulty") == "0"


@pytest.mark.parametrize("kind", ["number", "money", "bool"])
def test_a_zero_is_a_number_or_a_no_where_these_are_read(kind: str) -> None:
    value, findings = read(kind, 0.0, label="字段", source=CELL)
    assert (value, findings) == (0, [])


def test_a_number_that_was_rounded_and_kept_as_text_is_refused_as_text() -> None:
    assert refusal_of("text", "1.23457E+12") == "scientific"
    assert value_of("text", "1.23457E+12", FORM) == "1.23457E+12"
    assert value_of("text", "3E2") == "3E2"


@pytest.mark.parametrize(
    ("label", "raw", "number"),
    [("合同期限（年）", "3年", 3), ("试用期（月）", "6个月", 6), ("有效期（天）", "3天", 3),
     ("薪资（元/月）", "8,000元/月", 8000), ("违约金（元）", "¥5000元", 5000)],
)  # fmt: skip
def test_a_number_may_carry_the_unit_that_its_label_names(
    label: str, raw: str, number: int
) -> None:
    assert read("number", raw, label=label).value == number


def test_a_number_with_another_unit_is_refused() -> None:
    assert read("number", "1年", label="试用期（月）").value is None


def test_a_zero_that_is_typed_into_a_form_is_no_failed_lookup() -> None:
    assert value_of("text", "0", FORM) == "0"


def test_radicals_become_the_characters_they_are_written_like() -> None:
    assert value_of("name", "⻢⻓⻛") == "马长风"
    assert value_of("text", "⻢克思主义学院") == "马克思主义学院"
    assert value_of("long", "⻢克思", FORM) == "马克思"
    assert value_of("search", "⻢", FORM) == "马"
    # 2E80, 2E9A and those after 2EF3 are reserved or have no unified character.
    assert {chr(n) for n in range(0x2E80, 0x2F00) if n not in RADICALS} == {
        chr(n) for n in (0x2E80, 0x2E9A, *range(0x2EF4, 0x2F00))
    }


@pytest.mark.parametrize("kind", ["text", "long", "name"])
def test_a_private_character_is_refused_by_name(kind: str) -> None:
    reading = read(kind, "甲\ue863乙", label="单位名称")
    assert reading.value is None
    assert "U+E863" in reading.findings[0].message


def test_full_width_digits_are_read_in_every_kind_of_number() -> None:
    assert value_of("one_time_code", "１２３ ４５６", FORM) == "123456"
    assert value_of("student_no", "Ｓ２０２３", FORM) == "S2023"
    assert value_of("search", "ｓ２０２３", FORM) == "s2023"
    assert value_of("postcode", "２３００００") == "230000"
    assert value_of("phone", "０５５１－６２９０１２３４") == "0551-62901234"
    assert value_of("email", "ａ＠example．com") == "a@example.com"
    assert value_of("money", "５，０００元") == 5000


def test_phone_numbers_with_extensions_and_dashes_are_read() -> None:
    assert value_of("phone", "0551–62901234 分机 12") == "0551-62901234 分机 12"
    assert value_of("phone", "0551-62901234转8001") == "0551-62901234转8001"


def test_long_text_keeps_the_lines_that_were_typed() -> None:
    assert value_of("long", " 一、\r\n\n二、 \n", FORM) == "一、\n\n二、"
    assert value_of("long", "软件\n工程") == "软件工程"
    assert value_of("long", "无", FORM) == "无"


@pytest.mark.parametrize("source", [FORM, CELL])
def test_clauses_of_a_contract_are_kept_as_typed(source: Source) -> None:
    typed = "  “甲方”  提供\r\n\r\n\t⻢克思１楼\x0b'=无\n"
    kept = "  “甲方”  提供\n\n\t⻢克思１楼\n'=无"
    assert read("clauses", typed, label="约定", source=source) == (kept, [])
    assert value_of("clauses", kept, FORM) == kept
    assert value_of("clauses", "\u200b甲\x00方 \n \n", FORM) == "甲方"
    assert value_of("clauses", "无", FORM) == "无"


def test_quotes_around_a_text_are_kept_in_a_form_and_removed_from_a_cell() -> None:
    assert value_of("text", "“青苗”", FORM) == "“青苗”"
    assert value_of("text", "'“青苗”") == "青苗"


def test_the_apostrophe_of_our_own_workbooks_is_removed() -> None:
    assert value_of("phone", "'+86 551 62901234") == "+86 551 62901234"
    assert value_of("long", "'=A1") == "=A1"


@pytest.mark.parametrize(
    "written",
    ["SITI NURHALIZA BINTI ABDULLAH RAHMAN ISKANDAR", "约翰·F·试验", "J·试验", "Nguyễn Thị Bình"],
)
def test_foreign_names_are_accepted(written: str) -> None:
    assert value_of("name", written, max_length=100) == written


def test_a_number_is_read_as_the_code_that_it_shows() -> None:
    assert value_of("code", 1.0, table="ethnicity") == "01"
    assert value_of("text", 11.0) == "11"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_empty_value_is_stored_as_empty_or_refused(kind: str) -> None:
    for raw in (None, "", " \u3000"):
        assert value_of(kind, raw, table="ethnicity") == empty_of(kind)
        assert refusal_of(kind, raw, table="ethnicity", required=True) == "empty"


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "raw", ["\x00", "²", "①", "9" * 5000, -1, 1e308, float("nan"), "http://[", "０"]
)
def test_no_value_raises_an_exception(kind: str, raw: Any) -> None:
    for source in Source:
        read(kind, raw, label="字段", table="ethnicity", source=source)
