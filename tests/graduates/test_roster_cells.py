"""Reading one cell: what spreadsheets write, and what is refused with a reason."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from graduates.fields import BY_KEY
from graduates.rules import read_cell

pytestmark = pytest.mark.django_db


READS: list[tuple[str, Any, Any, set[str]]] = [
    ("student_no", "２０２３００１", "2023001", set()),
    ("student_no", "'2023001", "2023001", set()),
    ("student_no", 2023001, "2023001", set()),
    ("student_no", 2023001.0, "2023001", set()),
    ("student_no", " s2023-01\u200b", "S2023-01", set()),
    ("exam_no", 27340101000001.0, "27340101000001", set()),
    ("exam_no", "27340101 000001", "27340101000001", set()),
    ("mobile", 13800000001.0, "13800000001", set()),
    ("mobile", "+86 138-0000-0001", "13800000001", set()),
    ("mobile", "１３８０００００００１", "13800000001", set()),
    ("mobile", "008613800000001", "13800000001", set()),
    ("major_code", 50101.0, "050101", {"padded"}),
    ("major_code", 80901, "080901", {"padded"}),
    ("major_code", "080901k", "080901K", set()),
    ("ethnicity", "汉族", "01", set()),
    ("ethnicity", "汉", "01", set()),
    ("ethnicity", 1, "01", {"padded"}),
    ("ethnicity", "01", "01", set()),
    ("politics", "预备党员", "02", set()),
    ("politics", "党员", "01", set()),
    ("politics", "团员", "03", set()),
    ("name", "阿卜杜拉•买提", "阿卜杜拉·买提", set()),
    ("name", "阿卜杜拉．买提", "阿卜杜拉·买提", set()),
    ("name", "阿卜杜拉・买提", "阿卜杜拉·买提", set()),
    ("name", "\ufeff试安柏\u200b\u3000", "试安柏", set()),
    ("name", "𠮷野", "𠮷野", set()),
    ("name", "试", "试", {"short"}),
    ("enrolled_on", "2023/9/1", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023-09-01", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023.9.1", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023年9月1日", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023年9月", datetime.date(2023, 9, 1), {"date_month"}),
    ("enrolled_on", "202309", datetime.date(2023, 9, 1), {"date_month"}),
    ("enrolled_on", "2023-09-01 00:00:00", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", 20230901.0, datetime.date(2023, 9, 1), set()),
    ("enrolled_on", 45170.0, datetime.date(2023, 9, 1), set()),
    ("enrolled_on", datetime.datetime(2023, 9, 1), datetime.date(2023, 9, 1), set()),
    ("year", "2027届", 2027, set()),
    ("year", 2027.0, 2027, set()),
    ("duration", "四年", 4, set()),
    ("duration", 2.5, 2.5, set()),
    ("outstanding", True, True, set()),
    ("outstanding", "", False, set()),
    ("archive_moved", "", None, set()),
    ("directed_unit", "无", "", set()),
    ("directed_unit", "/", "", set()),
    ("origin", "安徽省合肥市包河区", "340111", set()),
    ("origin", 340111.0, "340111", set()),
    ("id_number", " 34010320040229001x ", "34010320040229001X", set()),
    ("email", "ａ@example.com", "a@example.com", set()),
    ("id_type", "", "01", set()),
]


@pytest.mark.parametrize(("key", "raw", "value", "found"), READS)
def test_what_spreadsheets_write_is_read(key: str, raw: Any, value: Any, found: set[str]) -> None:
    read, issues = read_cell(key, raw)
    assert read == value
    assert {i.code for i in issues} == found
    assert not any(i.is_error for i in issues)


REFUSALS: list[tuple[str, Any, str]] = [
    ("name", "", "empty"),
    ("name", "   ", "empty"),
    ("name", None, "empty"),
    ("name", "试 安", "inner_blank"),
    ("name", "试?", "private_character"),
    ("name", "试\ue000", "private_character"),
    ("name", "试\ufffd", "garbled"),
    ("name", "试1", "name_characters"),
    ("name", "试" * 41, "too_long"),
    ("id_number", 3.40103200402290e17, "scientific"),
    ("id_number", "3.40103E+17", "scientific"),
    ("id_number", "34010320040229001!", "id_shape"),
    ("student_no", 1e16, "scientific"),
    ("student_no", "学号", "student_no"),
    ("exam_no", "123", "exam_no"),
    ("mobile", "1380000000", "mobile"),
    ("mobile", 13800000001.5, "mobile"),
    ("enrolled_on", "2023-02-30", "date"),
    ("enrolled_on", "去年", "date"),
    ("enrolled_on", "19000101", "date"),
    ("enrolled_on", datetime.time(9), "type"),
    ("year", "27", "year"),
    ("duration", "0", "duration"),
    ("duration", "3.3", "duration"),
    ("duration", "nan", "duration"),
    ("ethnicity", "火星族", "code_unknown"),
    ("outstanding", "也许", "bool"),
    ("origin", "341402", "place_abolished"),
    ("origin", "合肥市", "place_not_county"),
    ("major_code", "电脑", "major_code"),
]


@pytest.mark.parametrize(("key", "raw", "code"), REFUSALS)
def test_refusals_say_why(key: str, raw: Any, code: str) -> None:
    value, issues = read_cell(key, raw)
    assert value is None
    assert [i.code for i in issues] == [code]
    assert issues[0].is_error
    assert issues[0].message


@pytest.mark.parametrize("raw", ["\x00", "=1+1", "²", "①", "9" * 5000, -1, 1e308, "NaN", "∞"])
def test_no_value_raises(raw: Any) -> None:
    for key in BY_KEY:
        read_cell(key, raw)
