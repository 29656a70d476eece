"""Results: small cells, weights, who sees what, and the workbook."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from schools.roles import Role
from surveys import export, quality, results
from surveys.models import Answer, Survey
from surveys.questions import SATISFACTION, Kind, Question
from surveys.rates import answers_of, rates_of
from tests import factories
from tests.factories import World, make_world
from tests.surveys import scene

pytestmark = pytest.mark.django_db
ASKED = (
    scene.CONTENT,
    scene.ADVICE,
    Question("q4", Kind.NPS, "推荐母校吗", required=False),
    Question("q5", Kind.NUMBER, "月薪", unit="元", required=False),
    Question("q6", Kind.SEVERAL, "看重什么", options=("薪酬", "发展"), other=True, required=False),
    Question("q7", Kind.RANKING, "排序", options=("甲", "乙"), required=False),
    Question(
        "q8", Kind.MATRIX, "各方面", options=SATISFACTION, rows=("教学", "食堂"), required=False
    ),
    Question("q9", Kind.PLACE, "在哪里", required=False),
)


@pytest.fixture
def world() -> World:
    return make_world()


def keep(survey: Survey, world: World, steps: list[int], department: int = 0, **data: Any) -> None:
    Answer.objects.bulk_create(
        Answer(
            survey=survey, number=1, data={"q1": step, **data}, is_complete=True, is_valid=True,
            school_fact=world.school.pk, department_fact=world.departments[department].pk,
            level_fact="本科", group_fact="升学",
        )
        for step in steps
    )  # fmt: skip


def table_of(survey: Survey, title: str) -> results.Table:
    made = results.tables_of(survey, ASKED, answers_of(survey), with_texts=True)
    return next(t for t in made if t.title == title)


def test_small_cells_are_hidden_and_cannot_be_worked_out() -> None:
    assert results.hide([50, 30, 20], exhaustive=True) == [False] * 3
    # One hidden cell would follow from the others, so the next smallest goes with it.
    assert results.hide([50, 30, 3], exhaustive=True) == [False, True, True]
    # Two hidden cells with less than ten together would each be known to be tiny.
    assert results.hide([50, 30, 20, 3, 2], exhaustive=True) == [False, False, True, True, True]
    assert results.hide([50, 9, 8], exhaustive=True) == [False, True, True]
    assert results.hide([50, 3], exhaustive=False) == [False, True]
    # Empty cells tell nothing about anybody.
    assert results.hide([50, 30, 0], exhaustive=True) == [False, False, True]


def test_a_scale_has_percentages_satisfaction_mean_and_the_rule(world: World) -> None:
    survey = scene.run(world, ASKED)
    keep(survey, world, [0] * 20 + [1] * 20 + [4] * 10)
    table = table_of(survey, "您对母校满意吗")
    assert [(c.label, c.count, c.percent) for c in table.cells] == [
        ("非常满意", 20, 40.0), ("满意", 20, 40.0), ("比较满意", None, None),
        ("不太满意", None, None), ("不满意", 10, 20.0),
    ]  # fmt: skip
    assert table.figures == [("满意度", "80.0%"), ("均值", "3.80")]
    assert results.SATISFACTION_RULE in table.rules
    assert not table.is_small


def test_few_answers_are_marked_and_fewer_than_ten_are_not_shown(world: World) -> None:
    survey = scene.run(world, ASKED)
    keep(survey, world, [0] * 9)
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/survey-results/{survey.pk}/")
    assert "作答不足10份，不显示" in page.content.decode()
    assert table_of(survey, "您对母校满意吗").cells == []
    keep(survey, world, [0] * 10)
    table = table_of(survey, "您对母校满意吗")
    assert (table.is_hidden, table.is_small) == (False, True)
    page = world.client(Role.SCHOOL_ADMIN).get(f"/console/survey-results/{survey.pk}/")
    assert "样本较少" in page.content.decode()


def test_every_other_type_has_its_table(world: World) -> None:
    survey = scene.run(world, ASKED)
    keep(survey, world, [0] * 20, q4=10, q5=4000, q6=[0, 1], q7=[1, 0], q8=[0, 4], q9="340104")
    keep(survey, world, [0] * 20, q4=3, q5=6000, q6=[2], q7=[0, 1], q8=[1, 4], q9="340111")
    figures = {
        t.title: dict(t.figures) for t in results.tables_of(survey, ASKED, answers_of(survey))
    }
    assert figures["推荐母校吗"] == {"净推荐值": "0.0"}
    assert figures["月薪"]["平均数"] == "5,000元"
    assert figures["排序（排第一位的）"] == {"甲平均位次": "1.50", "乙平均位次": "1.50"}
    assert figures["各方面：教学"]["满意度"] == "100.0%"
    assert figures["各方面：食堂"]["均值"] == "1.00"
    assert [(c.label, c.count) for c in table_of(survey, "看重什么").cells] == [
        ("薪酬", 20), ("发展", 20), ("其他", 20),
    ]  # fmt: skip
    # A county would be too fine.
    assert [(c.label, c.count) for c in table_of(survey, "在哪里").cells] == [("安徽省合肥市", 40)]


def test_weights_are_shares_with_limits() -> None:
    assert results.weigh({"a": 50, "b": 50}, {"a": 75, "b": 25}) == {
        "a": pytest.approx(0.6667, abs=1e-4), "b": 2.0,
    }  # fmt: skip
    capped = results.weigh({"a": 990, "b": 10}, {"a": 1, "b": 99})
    assert capped == {"a": 5.0, "b": 0.2}
    assert results.weigh({}, {"a": 1}) == {}


def test_weighted_percentages_follow_the_population(world: World) -> None:
    survey = scene.run(world, ASKED)
    a, b = (d.pk for d in world.departments)
    survey.strata = {f"{a}:本科": 50, f"{b}:本科": 50}
    keep(survey, world, [0] * 60)
    keep(survey, world, [4] * 20, department=1)
    rows = answers_of(survey)
    weights = results.weights_of(survey, rows)
    table = results.tables_of(survey, ASKED, rows, weights=weights)[0]
    assert [c.percent for c in table.cells if c.count] == [75.0, 25.0]
    assert [c.weighted for c in table.cells if c.count] == [
        pytest.approx(50.0),
        pytest.approx(50.0),
    ]
    assert results.WEIGHT_RULE in table.rules


def test_a_department_sees_its_own_part_only_and_no_texts(world: World) -> None:
    survey = scene.run(world, ASKED)
    keep(survey, world, [0] * 12, q3="甲学院的建议")
    keep(survey, world, [4] * 15, department=1, q3="乙学院的建议")
    address = f"/console/survey-results/{survey.pk}/"
    department = world.client(Role.DEPARTMENT_ADMIN)
    page = department.get(address).content.decode()
    assert "作答12份" in page
    assert "作答27份" not in page
    assert "建议</li>" not in page.replace("\n", "")
    assert "甲学院的建议" not in page
    other = world.departments[1].pk
    assert department.get(f"{address}?part={other}").status_code == 404
    assert department.get(f"/console/survey-results/{survey.pk}/workbook/").status_code == 403
    school = world.client(Role.SCHOOL_ADMIN)
    page = school.get(address).content.decode()
    assert "作答27份" in page
    assert "甲学院的建议" in page
    assert "作答15份" in school.get(f"{address}?part={other}").content.decode()
    assert world.client(Role.PROVINCE).get(address).status_code == 404


def test_a_school_sees_its_own_part_of_a_survey_of_the_province(world: World) -> None:
    other = make_world()
    for one in (world, other):
        factories.make_graduate(one)
    survey = scene.publish(world.user(Role.PROVINCE), ASKED)
    keep(survey, world, [0] * 12)
    keep(survey, other, [0] * 14)
    address = f"/console/survey-results/{survey.pk}/"
    assert "作答12份" in world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert "作答14份" in other.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert "作答26份" in world.client(Role.PROVINCE).get(address).content.decode()
    assert rates_of(survey, world.school.pk).invited == 1
    assert rates_of(survey).invited >= 2


def _sheets(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_the_workbook_has_tables_codebook_and_rows_without_formulas_or_texts(world: World) -> None:
    formula = Question("q1", Kind.SCALE, "=1+1", options=("=HYPERLINK(1)", "b", "c", "d", "e"))
    survey = scene.run(world, (formula, scene.ADVICE))
    keep(survey, world, [0] * 20, q3="=SUM(A1)")
    keep(survey, world, [1] * 9, department=1, q3="认得出的话")
    response = world.client(Role.SCHOOL_ADMIN).get(f"/console/survey-results/{survey.pk}/workbook/")
    assert response.headers["Cache-Control"] == "private, no-store"
    sheets = _sheets(response.content)
    assert list(sheets) == ["结果", "编码簿", "匿名答卷"]
    assert ("q1", "五级量表", "'=1+1", 1, "'=HYPERLINK(1)") in sheets["编码簿"]
    rows = sheets["匿名答卷"][1:]
    assert len(rows) == 29
    assert "认得出的话" not in str(rows)
    # Nine answers of the second department have nothing in common with others but the school.
    departments = [row[1] for row in rows]
    assert departments.count(world.departments[0].name) == 20
    assert world.departments[1].name not in departments


def test_no_rows_of_few_answers_are_exported(world: World) -> None:
    survey = scene.run(world, ASKED)
    keep(survey, world, [0] * 24)
    rows = answers_of(survey)
    made = export.workbook(survey, ASKED, results.tables_of(survey, ASKED, rows), rows, {})
    assert _sheets(made)["匿名答卷"] == [("说明",), ("有效答卷不足25份，不提供逐份数据。",)]


def test_facts_are_given_as_far_as_ten_answers_have_them() -> None:
    counted = {(1, 2, "本科", "升学"): 4, (1, 2, "本科", "待就业"): 7, (1, 3, "硕士", "升学"): 2}
    assert export.coarse((1, 2, "本科", "升学"), counted) == (1, 2, "本科", "")
    assert export.coarse((1, 3, "硕士", "升学"), counted) == (1, None, "", "")


def test_hasty_and_uniform_answers_are_invalid() -> None:
    scales = [Question(f"s{n}", Kind.SCALE, "题", options=SATISFACTION) for n in range(8)]
    same, mixed = {q.key: 1 for q in scales}, {q.key: n % 2 for n, q in enumerate(scales)}
    assert quality.is_valid(scales, mixed, 60)
    # Two of the eight come after the first page, which is saved when the time begins.
    assert quality.is_valid(scales, mixed, 3)
    assert not quality.is_valid(scales, mixed, 2.9)
    assert not quality.is_valid(scales, same, 60)
    assert quality.is_valid(scales[:7], {q.key: 1 for q in scales[:7]}, 60)
