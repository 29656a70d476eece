"""Reading single cells as spreadsheets write them, and refusing wrong ones with a reason."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from codes.readers import CELL
from graduates.fields import BY_KEY

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
    # numbers that a program wrote as text
    ("student_no", "20235900000.0", "20235900000", set()),
    ("exam_no", "23340121150000.0", "23340121150000", set()),
    ("mobile", "13800000001.0", "13800000001", set()),
    ("origin", "340104.0", "340104", set()),
    ("year", "2027.0", 2027, set()),
    ("ethnicity", "1.0", "01", {"padded"}),
    ("major_code", "80901.0", "080901", {"padded"}),
    ("enrolled_on", "20230901.0", datetime.date(2023, 9, 1), set()),
    # numbers that lost a leading zero
    ("major_code", "80901", "080901", {"padded"}),
    ("major_code", "80910T", "080910T", {"padded"}),
    ("major_code", 809, "0809", {"padded"}),
    ("major_code", "99J2", "99J2", set()),
    ("home_postcode", 10010, "010010", {"padded"}),
    ("difficulty", "00", "0", set()),
    # full-width characters, dashes, quotes, invisible characters
    ("ethnicity", "０１", "01", set()),
    ("ethnicity", "１", "01", {"padded"}),
    ("education_type", "Ｐ", "P", set()),
    ("school_class", "计算机２３１班", "计算机231班", set()),
    ("student_no", "2023—001", "2023-001", set()),
    ("id_number", "\u202d34010320040229001X\u202c", "34010320040229001X", set()),
    ("id_number", '="34010320040229001X"', "34010320040229001X", set()),
    ("id_number", "34010320040229001×", "34010320040229001X", set()),
    ("id_number", "34010320040229001Х", "34010320040229001X", set()),  # the Cyrillic letter
    ("mobile", "138–0000–0001", "13800000001", set()),
    ("mobile", "138.0000.0001", "13800000001", set()),
    ("mobile", "013800000001", "13800000001", set()),
    ("mobile", "’13800000001", "13800000001", set()),
    ("home_phone", "０５５１－６２９０１２３４", "0551-62901234", set()),
    ("email", "'a@example.com", "a@example.com", set()),
    # code and name together, parts in any order, names in everyday use
    ("ethnicity", "01 汉族", "01", set()),
    ("ethnicity", "汉族（01）", "01", set()),
    ("ethnicity", "维族", "05", set()),
    ("politics", "民革会员", "04", set()),
    ("politics", "中共党员（预备）", "02", set()),
    ("gender", "M", "1", set()),
    ("difficulty", "家庭困难、就业困难", "3", set()),
    ("difficulty", "残疾，就业困难，家庭困难", "7", set()),
    # names
    ("name", "阿卜杜拉。买买提", "阿卜杜拉·买买提", set()),
    ("name", "阿卜杜拉 · 买买提", "阿卜杜拉·买买提", set()),
    ("name", "阿卜杜拉··买买提", "阿卜杜拉·买买提", set()),
    ("name", "J. R. Smith", "J. R. Smith", set()),
    ("name", "Ｊｏｈｎ Ｓｍｉｔｈ", "John Smith", set()),
    ("name", "Nguyễn Văn", "Nguyễn Văn", set()),
    ("name", "O’Brien", "O'Brien", set()),
    ("name", "'试安柏", "试安柏", set()),
    ("name", "'\t试安柏\n", "试安柏", set()),  # as our own workbooks write it
    ("name", "“试安柏”", "试安柏", set()),
    ("department", "'计算机学院", "计算机学院", set()),
    ("department", '"计算机学院"', "计算机学院", set()),
    ("name", "试\n安", "试安", set()),
    ("name", "试\U000323b0", "试\U000323b0", set()),
    ("name", "\u2f49野", "月野", set()),  # a radical copied from a PDF
    ("name", "葛\U000e0100城", "葛城", set()),
    # days
    ("enrolled_on", "2023/9/1 0:00:00", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023/9/1 10:00:00", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023-09-01T08:30:00.000", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", 45170.5, datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023—9—1", datetime.date(2023, 9, 1), set()),
    ("enrolled_on", "2023年9月1日 星期五", datetime.date(2023, 9, 1), set()),
    ("graduates_on", "6/30/2027", datetime.date(2027, 6, 30), set()),
    ("graduates_on", "30/6/2027", datetime.date(2027, 6, 30), set()),
    ("duration", "两年半", 2.5, set()),
    ("duration", datetime.datetime(1900, 1, 4), 4, set()),  # 4 in a cell that shows dates
    ("year", datetime.datetime(1905, 7, 19), 2027, set()),
    # words for an empty cell
    ("directed_unit", 0, "", {"failed_lookup"}),
    ("directed_unit", "（无）", "", set()),
    ("email", "无", "", set()),
    ("qq", "/", "", set()),
    ("outstanding", "/", False, set()),
    ("outstanding", "无", False, set()),
    ("difficulty", "无", "0", set()),
]


@pytest.mark.parametrize(("key", "raw", "value", "found"), READS)
def test_values_are_read_as_spreadsheets_write_them(
    key: str, raw: Any, value: Any, found: set[str]
) -> None:
    read, issues = BY_KEY[key].read(raw, source=CELL)
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
    ("name", "试" * 101, "too_long"),
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
    ("duration", "inf", "duration"),
    ("duration", "nan", "empty"),
    ("name", "NULL", "empty"),
    ("name", True, "type"),
    ("name", "试·", "name_characters"),
    ("department", "/", "empty"),
    ("department", True, "type"),
    ("school_class", datetime.datetime(2026, 3, 1), "type"),  # 3-1 as a spreadsheet took it
    ("student_no", datetime.datetime(2023, 9, 1), "type"),
    ("id_number", "340103200402290000.0", "scientific"),
    ("id_number", "３．４０１０３Ｅ＋１７", "scientific"),
    ("major_code", "8.09E+04", "scientific"),
    ("enrolled_on", "2.02309E+07", "scientific"),
    ("enrolled_on", 2023.1, "date"),  # 2023.1 or 2023.10
    ("enrolled_on", "6/7/2023", "date"),
    ("mobile", "1380000000.5", "mobile"),
    ("ethnicity", "01回族", "code_disagrees"),
    ("ethnicity", "01火星族", "code_unknown"),
    ("level", "专科生肄业", "code_not_offered"),
    ("major_code", "0809012", "major_code"),
    ("email", ".a@example.com", "email"),
    ("ethnicity", "火星族", "code_unknown"),
    ("outstanding", "也许", "bool"),
    ("origin", "341402", "place_abolished"),
    ("origin", "合肥市", "place_not_county"),
    ("origin", "安徽合肥", "place_not_county"),
    ("origin", "340104 庐阳区", "place_disagrees"),
    ("origin", "340823 枞阳县", "place_abolished"),
    ("major_code", "电脑", "major_code"),
]


@pytest.mark.parametrize(("key", "raw", "code"), REFUSALS)
def test_a_refusal_says_why(key: str, raw: Any, code: str) -> None:
    value, issues = BY_KEY[key].read(raw, source=CELL)
    assert value is None
    assert [i.code for i in issues] == [code]
    assert issues[0].is_error
    assert issues[0].message


@pytest.mark.parametrize("raw", ["\x00", "=1+1", "²", "①", "9" * 5000, -1, 1e308, "NaN", "∞"])
def test_no_value_raises_an_exception(raw: Any) -> None:
    for key in BY_KEY:
        BY_KEY[key].read(raw, source=CELL)
