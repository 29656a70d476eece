"""Forms of samples and call-backs. What is missing or wrong is said by the actions."""

from __future__ import annotations

from typing import Any

from core.forms import PlatformForm, fields
from quality import call_script
from quality.actions.calls import LONGEST_NOTE
from quality.actions.samples import DIVISIONS, LONGEST_NAME, LONGEST_REASON, LONGEST_REPLY
from quality.states import CallOutcome
from schools.options import Choices


class SampleForm(PlatformForm):
    """Of whom how many are drawn."""

    name = fields.Text("名称", star=True, max_length=LONGEST_NAME)
    year = fields.Choice("届别", (), star=True)
    percent = fields.Decimal(
        "比例（%）", required=False, help_text="按比例的至少抽30人，每层至少2人；比例和人数填一项"
    )
    number = fields.Number("人数", required=False)
    divided_by = fields.Checklist("分层", list(DIVISIONS.items()), required=False, wide=True)
    categories = fields.Checklist(
        "限于毕业去向", [], required=False, wide=True, help_text="不选为全部审核通过的去向"
    )
    department_ids = fields.Checklist(
        "限于院系", [], required=False, wide=True, help_text="不选为全校"
    )
    only_flagged = fields.Check("只抽有未办结核查问题的")
    blind = fields.Check("跨校盲访：由其他学校回访，不显示学校和班级")

    def __init__(
        self, *args: Any, years: Choices, categories: Choices, departments: Choices,
        by_province: bool, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.offer("year", years)
        self.offer("categories", categories)
        self.offer("department_ids", departments)
        if by_province:
            del self.fields["department_ids"]
        else:
            del self.fields["blind"]
            own = [(key, label) for key, label in DIVISIONS.items() if key != "school"]
            self.offer("divided_by", own)

    @property
    def typed(self) -> dict[str, Any]:
        """The valid form's values as `samples.create` takes them."""
        values: dict[str, Any] = {"department_ids": [], "blind": False} | self.cleaned_data
        values["year"] = int(values["year"] or 0)
        values["department_ids"] = [int(pk) for pk in values["department_ids"]]
        typed = (values["percent"] or "").strip().rstrip("%％")
        try:
            values["percent"] = float(typed) if typed else None
        except ValueError:
            values["percent"] = 0.0
        return values


class CallersForm(PlatformForm):
    callers = fields.Checklist("回访人", [], required=False, wide=True)
    version = fields.Seen()

    def __init__(self, *args: Any, callers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("callers", callers)


class VoidForm(PlatformForm):
    reason = fields.LongText("作废原因", star=True, max_length=LONGEST_REASON)


class ReplyForm(PlatformForm):
    text = fields.LongText(
        "本校说明",
        star=True,
        max_length=LONGEST_REPLY,
        help_text="只能提交一次，与结果一起保存、显示",
    )


class CallForm(PlatformForm):
    """What a graduate answered, and what the caller concludes."""

    outcome = fields.Choice("与登记相比", CallOutcome.choices, star=True)
    note = fields.LongText(
        "说明", required=False, max_length=LONGEST_NOTE, help_text="不完全一致的必须写明哪里不一致"
    )
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        questions = {
            key: fields.Choice(question, list(choices.items()), star=True)
            for key, (question, choices) in call_script.QUESTIONS.items()
        }
        self.fields = {**questions, **self.fields}

    @property
    def answers(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key in call_script.QUESTIONS}


class NumberForm(PlatformForm):
    number = fields.Phone("新号码", star=True, max_length=20)
    version = fields.Seen()
