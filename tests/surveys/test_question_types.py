"""Each type of question: what it takes, what it refuses, how it is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from surveys import flow, questions
from surveys.page_form import page_form
from surveys.question_types import TYPES, type_of
from surveys.questions import SATISFACTION, Kind, Question

pytestmark = pytest.mark.django_db
AB = ("甲", "乙", "丙")
SINGLE = Question("q", Kind.SINGLE, "题", options=AB, other=True)
SEVERAL = Question("q", Kind.SEVERAL, "题", options=AB, least=2, most=2)
SCALE = Question("q", Kind.SCALE, "题", options=SATISFACTION)
MATRIX = Question("q", Kind.MATRIX, "题", options=SATISFACTION, rows=("食堂", "住宿"))
NPS = Question("q", Kind.NPS, "题")
TEXT = Question("q", Kind.TEXT, "题")
NUMBER = Question("q", Kind.NUMBER, "题", unit="元", low=10, high=20)
DATE = Question("q", Kind.DATE, "题")
RANKING = Question("q", Kind.RANKING, "题", options=AB)
PLACE = Question("q", Kind.PLACE, "题")
CODE = Question("q", Kind.CODE, "题", table="unit_property")

# (question, what was sent, what is stored, in words)
READ: list[tuple[Question, dict[str, Any], Any, str]] = [
    (SINGLE, {"q": "1"}, 1, "乙"),
    (SEVERAL, {"q": ["2", "0"]}, [0, 2], "甲、丙"),
    (SCALE, {"q": "4"}, 4, "不满意"),
    (MATRIX, {"q_0": "0", "q_1": "3"}, [0, 3], "食堂：非常满意；住宿：不太满意"),
    (NPS, {"q": "0"}, 0, "0"),
    (TEXT, {"q": "  很好\r\n谢谢 "}, "很好\n谢谢", "很好\n谢谢"),
    (NUMBER, {"q": "１２元"}, 12, "12元"),
    (DATE, {"q": "2026-07-01"}, "2026-07-01", "2026-07-01"),
    (RANKING, {"q_0": "2", "q_1": "0", "q_2": "1"}, [2, 0, 1], "丙、甲、乙"),
    (PLACE, {"q": "合肥市蜀山区"}, "340104", "安徽省合肥市蜀山区"),
    (CODE, {"q": "10"}, "10", "机关"),
]  # fmt: skip
REFUSED: list[tuple[Question, dict[str, Any], str]] = [
    (SINGLE, {"q": "7"}, "q"),
    (SINGLE, {"q": "3"}, "q_other"),
    (SEVERAL, {"q": ["0"]}, "q"),
    (SEVERAL, {"q": ["0", "1", "2"]}, "q"),
    (SCALE, {"q": "5"}, "q"),
    (MATRIX, {"q_0": "0"}, "q_1"),
    (NPS, {"q": "11"}, "q"),
    (TEXT, {"q": "字" * 501}, "q"),
    (NUMBER, {"q": "9"}, "q"),
    (NUMBER, {"q": "许多"}, "q"),
    (DATE, {"q": "2026-02-30"}, "q"),
    (RANKING, {"q_0": "2", "q_1": "2", "q_2": "1"}, "q_1"),
    (RANKING, {"q_0": "2"}, "q_1"),
    (PLACE, {"q": "没有的县"}, "q"),
    (CODE, {"q": "没有的码"}, "q"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "sent", "stored", "words"), READ)
def test_reading(question: Question, sent: dict[str, Any], stored: Any, words: str) -> None:
    form = page_form([question], _query(sent))
    found = form.answers(demanded=True)
    assert (dict(form.errors), found) == ({}, {"q": stored})
    assert type_of(question).words(question, found) == words
    # What was stored is shown again, and reads as the same.
    again = page_form([question], None, found)
    posted = {name: again[name].value() for name in again.fields if again[name].value() is not None}
    assert page_form([question], _query(posted)).answers(demanded=True) == found


@pytest.mark.parametrize(("question", "sent", "field"), REFUSED)
def test_refusing(question: Question, sent: dict[str, Any], field: str) -> None:
    form = page_form([question], _query(sent))
    assert form.answers(demanded=True) == {}
    assert field in form.errors
    assert form.status == 422


@pytest.mark.parametrize("question", [row[0] for row in READ])
def test_an_empty_answer_is_asked_for_only_if_it_is_required(question: Question) -> None:
    demanded = page_form([question], _query({}))
    assert demanded.answers(demanded=True) == {}
    assert demanded.errors
    back = page_form([question], _query({}))
    assert back.answers(demanded=False) == {}
    assert not back.errors


def _query(sent: dict[str, Any]) -> Any:
    query = QueryDict(mutable=True)
    for name, value in sent.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return query


def test_every_type_is_tried() -> None:
    assert {row[0].kind for row in READ} | {Kind.NOTE} == set(TYPES) == set(Kind.values)


@pytest.mark.parametrize(
    "question",
    [
        Question("q", Kind.SINGLE, "题", options=("甲",)),
        Question("q", Kind.SINGLE, "题", options=("甲", "甲")),
        Question("q", Kind.SINGLE, "题", options=("甲", "其他"), other=True),
        Question("q", Kind.SEVERAL, "题", options=AB, least=3, most=2),
        Question("q", Kind.SCALE, "题", options=AB),
        Question("q", Kind.MATRIX, "题", options=SATISFACTION, rows=("一",)),
        Question("q", Kind.NUMBER, "题", low=5, high=1),
        Question("q", Kind.CODE, "题", table="accounts_user"),
        Question("q", Kind.RANKING, "题", options=tuple(map(str, range(9)))),
        Question("q", Kind.TEXT, ""),
        Question("q", Kind.TEXT, "题", when=("later", (0,))),
    ],
)
def test_a_wrong_question_is_found(question: Question) -> None:
    assert flow.problems_of(question, ())


def test_questions_come_back_from_the_database_as_they_were() -> None:
    every = [
        *(row[0] for row in READ),
        Question("n", Kind.NOTE, "说明", hint="两句话"),
        Question("w", Kind.TEXT, "为什么", required=False, when=("q", (0, 2)), is_core=True),
    ]
    assert questions.load(questions.dump(every)) == every


def test_pages_begin_at_notes_at_seven_questions_and_where_a_branch_is_decided() -> None:
    note = Question("n", Kind.NOTE, "说明")
    many = [Question(f"t{n}", Kind.TEXT, "题") for n in range(7)]
    branch = Question("b", Kind.TEXT, "题", when=("s", (0,)))
    decides = Question("s", Kind.SINGLE, "题", options=AB)
    pages = flow.pages_of([*many, note, decides, branch])
    assert [[q.key for q in page] for page in pages] == [
        ["t0", "t1", "t2", "t3", "t4", "t5"], ["t6"], ["n", "s"], ["b"],
    ]  # fmt: skip
