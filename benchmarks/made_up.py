"""Made-up schools and people: a whole province written with SQL, and a roster as a workbook.

None of these people exist. Surnames are as frequent as in China, so that a search for part of a
name finds as many people as in a real province.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import psycopg

if TYPE_CHECKING:
    from django.db.models import Model

    from accounts.models import User

YEAR = 2027
OTHER_SCHOOLS = 120
SCHOOL_SIZE, DEPARTMENTS = 4000, 10
_CLASSES = 10  # a department

_SURNAMES = (
    "王72李72张68刘54陈46杨31黄26赵26吴25周25徐18孙16朱15马15胡14林14郭13何13高11罗11郑10梁9"
    "谢8宋8唐7许7韩7冯6邓6曹6彭6曾5肖5田5董5袁5潘5于5蒋4蔡4余4杜4叶4程4苏4魏4吕4丁4任4沈4姚4"
    "卢4姜3崔3钟3谭3陆3汪3范3金3石3廖3贾3夏3韦3付3方3白3邹3孟3熊3秦3邱3江3尹3薛3闫3段3雷2"
    "侯2龙2史2陶2黎2贺2顾2毛2郝2龚2邵2万2钱2严2覃2武2戴2莫2孔2向2汤2"
)
_GIVEN = (
    "子宇浩文俊佳梓思雨欣怡嘉晨博涵轩婷雪静敏丽伟强磊洋勇军杰娟涛明超秀霞平刚桂英华玉萍红玲芳燕建国"
    "志海云峰亮鹏飞龙凯旭阳辉斌波林森楠琳琪瑶璐莹颖倩雅菲诗语梦洁淑慧兰梅珍凤春夏秋冬立新成功庆东南西北"
    "安康宁天乐永长江河山川岩石松柏竹青蓝紫可心若馨悦彤萱妍彩虹星月辰曦晓光昊泽润霖沛鸿翔宏远致正义仁礼智信"
)


def surnames() -> tuple[list[str], list[int]]:
    """The surnames of `_SURNAMES` and the number behind each, its weight."""
    names: list[str] = []
    weights: list[int] = []
    digits = ""
    for character in f"{_SURNAMES}。":
        if character.isdigit():
            digits += character
            continue
        if names:
            weights.append(int(digits))
        names.append(character)
        digits = ""
    return names[:-1], weights


def people_names(count: int, seed: int = 7) -> list[str]:
    """`count` random names, as frequent as real ones, so that some occur several times."""
    rng = random.Random(seed)
    families = rng.choices(*surnames(), k=count)
    given = [max(1, len(_GIVEN) - i) for i in range(len(_GIVEN))]
    first = rng.choices(_GIVEN, given, k=count)
    second = rng.choices(["", *_GIVEN], [len(_GIVEN) * 9, *given], k=count)
    return [f + a + b for f, a, b in zip(families, first, second, strict=True)]


# --- a province in the database ------------------------------------------------------------------


def fill(connection: psycopg.Connection, graduates: int) -> None:
    """Write schools, persons, graduates and destinations. The first school always has 4,000
    graduates, 400 in each department; the rest are spread over the other schools. `connection` is
    the owner's: triggers are off and secondary indexes dropped while rows are written."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'; SET work_mem = '64MB'")
        _schools(cursor)
        _names(cursor)
        _frame(cursor, graduates)
        tables = ("graduates_person", "graduates_graduate", "destinations_destination")
        restore = [line for table in tables for line in _drop_indexes(cursor, table)]
        _people(cursor)
        for statement in restore:
            cursor.execute(statement)
        cursor.execute("DROP TABLE made_up_name, made_up_frame")
        cursor.execute("RESET session_replication_role")
        for table in tables:  # one VACUUM of all three left one without pages marked all-visible
            cursor.execute(f"VACUUM (FREEZE) {table}")
        cursor.execute("ANALYZE")


def _schools(cursor: psycopg.Cursor) -> None:
    cursor.execute(
        f"""
        INSERT INTO schools_school (id, code, name, brand_name, phone, is_open, two_person_review,
                                    contact_department, contact_name, address, postcode)
          SELECT i, 10000 + i, '第' || i || '大学', '', '', true, false, '', '', '', ''
          FROM generate_series(1, {OTHER_SCHOOLS + 1}) i;
        INSERT INTO schools_cohort (id, school_id, year, opens_on, ends_on,
            count_incomplete)
          SELECT i, i, {YEAR}, date '2020-01-01', date '2090-12-31', true
          FROM generate_series(1, {OTHER_SCHOOLS + 1}) i;
        INSERT INTO schools_department (id, school_id, name, is_active)
          SELECT (i - 1) * {DEPARTMENTS} + d, i, '第' || d || '学院', true
          FROM generate_series(1, {OTHER_SCHOOLS + 1}) i, generate_series(1, {DEPARTMENTS}) d;
        INSERT INTO schools_schoolclass (id, school_id, cohort_id, department_id, name)
          SELECT (d.id - 1) * {_CLASSES} + c, d.school_id, d.school_id, d.id, '第' || c || '班'
          FROM schools_department d, generate_series(1, {_CLASSES}) c;
        INSERT INTO schools_major (school_id, code, name, is_active)
          SELECT i, '0809' || lpad(m::text, 2, '0'), '专业' || m, true
          FROM generate_series(1, {OTHER_SCHOOLS + 1}) i, generate_series(1, 20) m;
        """
    )
    for table in ("school", "cohort", "department", "schoolclass"):
        _sequence(cursor, f"schools_{table}")


def _names(cursor: psycopg.Cursor) -> None:
    from graduates.pinyin import name_sort

    cursor.execute("CREATE UNLOGGED TABLE made_up_name (n int PRIMARY KEY, name text, sort text)")
    with cursor.copy("COPY made_up_name FROM STDIN") as copy:
        for n, name in enumerate(people_names(100_000)):
            copy.write_row((n, name, name_sort(name)))


def _frame(cursor: psycopg.Cursor, graduates: int) -> None:
    """One row for each graduate: id, school, department, class and name."""
    others = -(-(graduates - SCHOOL_SIZE) // OTHER_SCHOOLS)
    cursor.execute(
        f"""
        CREATE UNLOGGED TABLE made_up_frame AS
          SELECT i AS id,
                 CASE WHEN i <= {SCHOOL_SIZE} THEN 1 ELSE 2 + (i - {SCHOOL_SIZE} - 1) / {others}
                   END AS school,
                 i % {DEPARTMENTS} + 1 AS department,
                 (i / {DEPARTMENTS}) % {_CLASSES} + 1 AS class, n.name, n.sort
          FROM generate_series(1, {graduates}) i
          JOIN made_up_name n ON n.n = (i::bigint * 7919 + i / 100000) % 100000
          ORDER BY i
        """
    )


def _people(cursor: psycopg.Cursor) -> None:
    from destinations.models import Destination
    from graduates.models import Graduate, Person

    department = f"(school - 1) * {DEPARTMENTS} + department"
    common = {"school_id": "school"}
    _insert(cursor, Person, common | {
        "id": "id", "id_number": "'3401' || lpad(id::text, 13, '0') || 'X'",
    })  # fmt: skip
    _insert(cursor, Graduate, common | {
        "id": "id", "cohort_id": "school", "person_id": "id", "department_id": department,
        "school_class_id": f"({department} - 1) * {_CLASSES} + class", "level": "'31'",
        "education_type": "'P'", "teacher_student": "'2'", "name": "name", "name_sort": "sort",
        "gender": "1 + id % 2", "student_no": "'2023' || lpad(id::text, 8, '0')",
        "exam_no": "'2334' || lpad(id::text, 10, '0')", "training_mode": "'1'",
        "major_code": "'0809' || lpad((department * 2 + id / 10 % 2 - 1)::text, 2, '0')",
        "major_name": "'专业' || (department * 2 + id / 10 % 2 - 1)", "duration": "4",
        "ethnicity": "'01'", "politics": "'03'", "origin": "'340103'",
        "enrolled_on": "date '2023-09-01'", "graduates_on": f"date '{YEAR}-07-01'",
        "conclusion": "'G'", "difficulty": "'0'",
        "mobile": "'13' || lpad(id::text, 9, '0')", "archive_moved": "NULL",
        "household_moved": "NULL", "confirmed_at": "now()", "confirmation": "'confirmed'",
        "confirmed_hash": "'-'",
    })  # fmt: skip
    waits = "id / 10 % 2 = 0"
    _insert(cursor, Destination, common | {
        "graduate_id": "id", "cohort_id": "school",
        "category": f"CASE WHEN {waits} THEN '11' ELSE '70-1' END",
        "state": f"CASE WHEN {waits} THEN 'pending' ELSE 'unsubmitted' END",
        "unit_name": f"CASE WHEN {waits} THEN '第' || id % 5000 || '有限公司' ELSE '' END",
        "submitted_at": "timestamptz '2027-03-01' + (id::bigint * 7919 % 100000) * interval '37 s'",
    })  # fmt: skip
    for table in ("graduates_person", "graduates_graduate"):
        _sequence(cursor, table)


def _insert(cursor: psycopg.Cursor, model: type[Model], values: dict[str, str]) -> None:
    """Insert a row of `model` for each row of the frame. `values` maps columns to SQL expressions;
    the others get the model's default."""
    from destinations.queries import _literal

    for field in model._meta.concrete_fields:
        if field.column not in values and not field.has_db_default() and not field.primary_key:
            values[field.column] = _literal(field.get_default())
    columns = ", ".join(f'"{c}"' for c in values)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({columns})"
        f" SELECT {', '.join(values.values())} FROM made_up_frame"
    )


def _drop_indexes(cursor: psycopg.Cursor, table: str) -> list[str]:
    """Drop the table's indexes except the primary key. Returns the statements that restore them."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'u'", [table],
    )  # fmt: skip
    restore = []
    for name, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        restore.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisprimary", [table],
    )  # fmt: skip
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        restore.append(definition)
    return restore


def _sequence(cursor: psycopg.Cursor, table: str) -> None:
    """Let the table's sequence continue after the highest id."""
    cursor.execute(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
    )


@dataclass
class Accounts:
    """The accounts that sign in during a benchmark."""

    admin: User
    province: User
    graduate: User


def accounts() -> Accounts:
    """Make accounts for the province, and for a school admin and a graduate of the first school."""
    from accounts.models import Realm, User
    from graduates.models import Person
    from schools.models import Role, StaffMember

    admin = User.objects.create_user(Realm.STAFF, "admin", label="校管")
    province = User.objects.create_user(Realm.STAFF, "province", label="省级")
    StaffMember.objects.create(user=admin, role=Role.SCHOOL_ADMIN, school_id=1)
    StaffMember.objects.create(user=province, role=Role.PROVINCE)
    graduate = User.objects.create_user(Realm.GRADUATE, "10001:202300000010", label="毕业生")
    # Graduate 10 has registered nothing yet, so the form is open to them.
    Person.objects.filter(pk=10).update(user=graduate)
    return Accounts(admin, province, graduate)


# --- a roster as a workbook ----------------------------------------------------------------------


def id_number(n: int) -> str:
    """A valid ID number, different for each n below 693,000."""
    from codes.validators import id_check_character

    born = f"200{3 + n % 3}{1 + n % 12:02}{1 + n % 28:02}"
    first17 = f"3401{n // 1000 % 99 + 1:02}{born}{n % 1000:03}"
    return first17 + id_check_character(first17)


def roster_rows(count: int) -> list[list[str | int]]:
    """`count` valid rows in the template's columns, with codes and words mixed, as schools write."""
    rows: list[list[str | int]] = []
    used: set[str] = set()
    n = 0
    for name in people_names(count, seed=11):
        number = id_number(n)
        while number in used:
            n += 7919
            number = id_number(n)
        used.add(number)
        i = len(rows)
        n += 1
        department, school_class = i % 20 + 1, i // 20 % 60 + 1
        rows.append([
            str(YEAR), "本科毕业" if i % 2 else "31", "普通本科", "非师范生", f"第{department}学院",
            f"专业{department}23{school_class}班", name, "男" if int(number[16]) % 2 else "女",
            number, f"2023{i:08}", f"2334{i:010}", "非定向", "", f"0809{department:02}",
            f"专业{department}", 4, ("汉族", "01", "回族")[i % 3],
            ("共青团员", "03", "群众")[i % 3], ("安徽省合肥市长丰县", "340103", "340104")[i % 3],
            "20230901", f"{YEAR}0701", "毕业", "非困难生", "是", "否", f"138{i:08}",
            f"s2023{i:08}@example.edu.cn",
        ])  # fmt: skip
    return rows


def workbook(rows: Sequence[Sequence[str | int]]) -> bytes:
    """The rows as an .xlsx of the roster template, with shared strings as Excel writes them."""
    from openpyxl.utils import get_column_letter

    from graduates.fields import BY_KEY, TEMPLATE_KEYS

    header = [BY_KEY[key].label for key in TEMPLATE_KEYS]
    shared: dict[str, int] = {}
    lines = []
    for number, row in enumerate([header, *rows], start=1):
        cells = []
        for column, value in enumerate(row):
            place = f'r="{get_column_letter(column + 1)}{number}"'
            if isinstance(value, str):
                if value:
                    index = shared.setdefault(value, len(shared))
                    cells.append(f'<c {place} t="s"><v>{index}</v></c>')
            else:
                cells.append(f"<c {place}><v>{value}</v></c>")
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    strings = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, content)
        archive.writestr("xl/sharedStrings.xml", f"{_XML}<sst {_MAIN}>{strings}</sst>")
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f"{_XML}<worksheet {_MAIN}><sheetData>{''.join(lines)}</sheetData></worksheet>",
        )
    return buffer.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SCHEMA = "http://schemas.openxmlformats.org"
_MAIN = f'xmlns="{_SCHEMA}/spreadsheetml/2006/main"'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATION = f"{_SCHEMA}/officeDocument/2006/relationships"
_PARTS = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_SCHEMA}/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/>'
    "</Types>",
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_SCHEMA}/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'{_XML}<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets>'
    '<sheet name="生源信息" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_SCHEMA}/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATION}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    ),
}
