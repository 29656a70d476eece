"""The forms of the console: a survey, one question of the builder, other wording, the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from accounts.models import User
from codes import lookup
from codes import text as texts
from core.errors import Invalid
from core.forms import PlatformForm, fields, widgets
from schools.forms import SchoolsField
from schools.models import Cohort, Department, School
from schools.roles import Level
from schools.scope import staff_of
from surveys import audience
from surveys.actions.surveys import LONGEST_INTRODUCTION, LONGEST_REASON, LONGEST_TITLE
from surveys.models import Survey
from surveys.question_types import TYPES, type_of
from surveys.questions import (
    LONGEST_QUESTION,
    SATISFACTION,
    TABLES,
    Kind,
    Question,
)
from surveys.states import Audience

_FEW_LINES = {"rows": "2"}


class SurveyForm(PlatformForm):
    """A survey as its publisher describes it, its audience, and the edition that the page showed."""

    title = fields.Text("标题", star=True, max_length=LONGEST_TITLE)
    introduction = fields.LongText(
        "说明", required=False, max_length=LONGEST_INTRODUCTION, wide=True,
        help_text="显示在问卷第一页，说明调查目的和用途",
    )  # fmt: skip
    opens_at = fields.Moment("开始时间", star=True)
    closes_at = fields.Moment("截止时间", star=True)
    audience = fields.Choice("调查对象", Audience.choices, star=True)
    schools = SchoolsField(
        "学校", required=False, wide=True, widget=widgets.Textarea(_FEW_LINES),
        help_text="填写全称，用“、”分隔；不填为全省",
    )  # fmt: skip
    years = fields.Checklist("届别", [], required=False, help_text="不选为各届")
    departments = fields.Checklist(
        "院系", [], required=False, wide=True, help_text="调查毕业生时有效，不选为全校"
    )
    level_groups = fields.Checklist(
        "学历", [], required=False, help_text="调查毕业生时有效，不选为各学历"
    )
    groups = fields.Checklist(
        "去向", [], required=False, help_text="调查毕业生时有效，不选为各种去向"
    )
    edition = fields.Seen()

    @property
    def typed(self) -> dict[str, Any]:
        v = self.cleaned_data
        return {
            **{k: v[k] for k in ("title", "introduction", "opens_at", "closes_at", "audience", "groups")},
            "years": [int(year) for year in v["years"]],
            "levels": lookup.levels_of_group(v["level_groups"]),
            "school_ids": v.get("schools", []),
            "department_ids": [int(pk) for pk in v.get("departments", [])],
        }  # fmt: skip


def survey_form(survey: Survey | None, user: User, data: Any = None) -> SurveyForm:
    form = SurveyForm(data, initial=_initial(survey) if survey is not None else {})
    staff = staff_of(user)
    assert staff is not None
    if staff.role_level == Level.PROVINCE:
        del form.fields["departments"]
        cohorts = Cohort.objects.all()
    else:
        del form.fields["schools"]
        rows = Department.objects.filter(school=staff.school_id).order_by("name")
        form.offer("departments", rows.values_list("pk", "name"))
        cohorts = Cohort.objects.filter(school=staff.school_id)
    years = sorted(set(cohorts.values_list("year", flat=True)), reverse=True)
    form.offer("years", [(year, f"{year}届") for year in years])
    form.offer("level_groups", [(group, group) for group in lookup.level_groups()])
    form.offer("groups", [(group, group) for group in audience.all_groups()])
    return form


def _initial(survey: Survey) -> dict[str, Any]:
    names = School.objects.filter(pk__in=survey.school_ids).order_by("name")
    chosen = set(survey.levels)
    return {
        "title": survey.title, "introduction": survey.introduction, "audience": survey.audience,
        "opens_at": survey.opens_at, "closes_at": survey.closes_at, "years": survey.years,
        "departments": survey.department_ids, "groups": survey.groups, "edition": survey.edition,
        "schools": "、".join(names.values_list("name", flat=True)),
        "level_groups": [g for g in lookup.level_groups() if chosen & set(lookup.levels_of_group([g]))],
    }  # fmt: skip


class SeenForm(PlatformForm):
    """The edition of the survey that the page showed."""

    edition = fields.Seen()


class EndForm(PlatformForm):
    reason = fields.LongText(
        "提前结束的原因", star=True, max_length=LONGEST_REASON, widget=widgets.Textarea(_FEW_LINES)
    )


# --- the builder ---------------------------------------------------------------------------------


class QuestionForm(PlatformForm):
    """One question. Which fields there are depends on its type."""

    text = fields.Text("题目", star=True, max_length=LONGEST_QUESTION, wide=True)
    hint = fields.Text("提示", required=False, max_length=LONGEST_QUESTION, wide=True)
    options = fields.LongText(
        "选项", star=True, help_text="每行一个", widget=widgets.Textarea({"rows": "7"})
    )
    rows = fields.LongText(
        "评价项", star=True, help_text="每行一个", widget=widgets.Textarea({"rows": "7"})
    )
    other = fields.Check("最后加“其他”，并请填写说明")
    least = fields.Number("最少可选数", required=False, min_value=1, max_value=30)
    most = fields.Number(
        "最多可选数", required=False, min_value=1, max_value=30, help_text="不填为不限制"
    )
    unit = fields.Text("单位", required=False, max_length=10, help_text="如 元、个")
    low = fields.Number("最小值", required=False, min_value=0, max_value=9_999_999)
    high = fields.Number("最大值", required=False, min_value=0, max_value=9_999_999)
    table = fields.Choice("码表", list(TABLES.items()), star=True)
    required = fields.Check("必答")
    is_core = fields.Check("核心题")
    when = fields.Checklist(
        "只在前面选了以下选项时才问", [], required=False, wide=True, widget=widgets.FoldedChecks,
        help_text="不选为都问；只能选同一题的选项",
    )  # fmt: skip
    edition = fields.Seen()

    def question(self, kind: str, key: str) -> Question:
        """The question that the valid form describes. Raises `Invalid`."""
        v = self.cleaned_data
        q = Question(key, kind, texts.clean(v["text"]), hint=texts.clean(v.get("hint") or ""))
        chosen = [one.split(":") for one in v.get("when") or ()]
        if len({name for name, _ in chosen}) > 1:
            raise Invalid({"when": ["只能选同一题的选项。"]})
        return replace(
            q,
            options=lines_of(v.get("options") or ""), rows=lines_of(v.get("rows") or ""),
            other=bool(v.get("other")), least=v.get("least") or 0, most=v.get("most") or 0,
            unit=texts.clean(v.get("unit") or ""), low=v.get("low"), high=v.get("high"),
            table=v.get("table") or "", required=bool(v.get("required")), is_core=bool(v.get("is_core")),
            when=(chosen[0][0], tuple(int(at) for _, at in chosen)) if chosen else None,
        )  # fmt: skip


_OF_KIND: dict[str, tuple[str, ...]] = {
    Kind.SEVERAL: ("least", "most"), Kind.MATRIX: ("rows",), Kind.NUMBER: ("unit", "low", "high"),
    Kind.CODE: ("table",),
}  # fmt: skip
_SCALES = {Kind.SCALE, Kind.MATRIX}


def question_form(
    kind: str,
    question: Question | None,
    earlier: Sequence[Question],
    edition: int,
    data: Any = None,
) -> QuestionForm:
    """The form for a question of this type that comes after the `earlier` ones."""
    form = QuestionForm(data, initial=_question_initial(kind, question) | {"edition": edition})
    chosen = TYPES[kind]
    unused = {name for names in _OF_KIND.values() for name in names} - set(_OF_KIND.get(kind, ()))
    if not chosen.takes_options:
        unused.add("options")
    if not chosen.takes_other:
        unused.add("other")
    if not chosen.answers:
        unused |= {"required", "is_core"}
        form.fields["text"].label = "标题"
    for name in unused:
        del form.fields[name]
    if kind in _SCALES:
        form.fields["options"].help_text = "5级，从最好到最差，每行一个"
    offered = [(q.text, [(f"{q.key}:{at}", word) for at, word in q.choices])
               for q in earlier if type_of(q).branches]  # fmt: skip
    if offered:
        form.offer("when", offered)
    else:
        del form.fields["when"]
    return form


def _question_initial(kind: str, question: Question | None) -> dict[str, Any]:
    if question is None:
        steps = "\n".join(SATISFACTION) if kind in _SCALES else ""
        return {"required": True, "options": steps}
    when = question.when
    return {
        **{name: getattr(question, name) for name in
           ("text", "hint", "other", "unit", "low", "high", "table", "required", "is_core")},
        "least": question.least or None, "most": question.most or None,
        "options": "\n".join(question.options), "rows": "\n".join(question.rows),
        "when": [f"{when[0]}:{at}" for at in when[1]] if when else [],
    }  # fmt: skip


def lines_of(typed: str) -> tuple[str, ...]:
    return tuple(line for raw in typed.splitlines() if (line := texts.clean(raw)))


# --- other wording -------------------------------------------------------------------------------


class WordingForm(PlatformForm):
    """The words of a running survey's questions; fields are named key-text, key-hint, key-options and
    key-rows."""

    edition = fields.Seen()

    def words(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, value in self.cleaned_data.items():
            key, dash, part = name.partition("-")
            if dash:
                lined = part in ("options", "rows")
                found.setdefault(key, {})[part] = lines_of(value) if lined else texts.clean(value)
        return found


def wording_form(questions: Sequence[Question], edition: int, data: Any = None) -> WordingForm:
    made: dict[str, Any] = {}
    initial: dict[str, Any] = {"edition": edition}
    for number, one in enumerate(questions, 1):
        names = f"第{number}题"
        made[f"{one.key}-text"] = fields.Text(
            f"{names}题目", max_length=LONGEST_QUESTION, wide=True
        )
        made[f"{one.key}-hint"] = fields.Text(
            f"{names}提示", required=False, max_length=LONGEST_QUESTION, wide=True
        )
        initial |= {f"{one.key}-text": one.text, f"{one.key}-hint": one.hint}
        for part, label in (("options", "选项"), ("rows", "评价项")):
            if lines := getattr(one, part):
                made[f"{one.key}-{part}"] = fields.LongText(
                    f"{names}{label}", help_text=f"每行一个，共{len(lines)}个",
                    widget=widgets.Textarea({"rows": str(len(lines))}),
                )  # fmt: skip
                initial[f"{one.key}-{part}"] = "\n".join(lines)
    kind = type("SurveyWordingForm", (WordingForm,), made)
    form: WordingForm = kind(data, initial=initial)
    return form
