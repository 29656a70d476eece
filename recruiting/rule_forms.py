"""Forms of the province's rules of recruiting. The actions say what is wrong with the values."""

from __future__ import annotations

from typing import Any

from core.forms import PlatformForm, fields
from recruiting.actions.rules import LIMITS
from recruiting.models import RecruitingRules, WordingRule
from schools.models import School

LONGEST_TRIED = 2000
# Each limit with its unit, and what it does.
_LIMITS = {
    "min_completeness": ("投递要求的简历完整度（%）", "低于这个完整度的简历不能投递"),
    "most_deliveries": ("每人每天投递上限（次）", ""),
    "most_postings": ("单位每天新增职位上限（个）", "逐个填写和按工作簿导入的合计"),
    "unread_days": ("未查看满几天逾期（天）", "修改以后投递的按新的天数"),
    "silent_days": ("查看后满几天无进展逾期（天）", "修改以后查看、面试、录用的按新的天数"),
    "confirm_days": ("发布满几天须确认仍在招聘（天）", "到期没有确认的职位自动暂停，单位确认后恢复"),
    "absences": ("未到场几次停止报名（次）", "招聘会的参会单位"),
}  # fmt: skip


class WordingForm(PlatformForm):
    """One check of wording. `tried` is a text to try it on before it is saved."""

    label = fields.Text("名称", star=True, max_length=40)
    patterns = fields.LongText(
        "查找的字词", star=True, max_length=20_000,
        help_text="每行一个。“*”代表同一句中最多8个字（如“限*大学毕业”），“#”代表一个数字（如“##岁以下”）；"
        "空格、全角半角和大小写不影响",
    )  # fmt: skip
    harmless = fields.LongText(
        "无害用语", required=False, max_length=20_000,
        help_text="每行一个，写法相同。查到的字词在这些用语里的不算，如查“押金”时的“不收押金”",
    )  # fmt: skip
    basis = fields.Text("依据", star=True, max_length=200, help_text="法律、文件的名称和条款")
    message = fields.Text("提示", star=True, max_length=200, help_text="单位看到的说明")
    is_error = fields.Check("不得发布（不勾选的只提示，可以提交审核）")
    may_justify = fields.Check("可说明法定要求（单位写明依据后改为提示）")
    in_messages = fields.Check("也检查单位发给毕业生的文字（面试说明、答复等）")
    is_active = fields.Check("启用", initial=True)
    tried = fields.LongText(
        "试一段文字", required=False, max_length=LONGEST_TRIED,
        help_text="先看这条规则会查到什么，不会保存",
    )  # fmt: skip
    version = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("patterns", "10"), ("harmless", "4"), ("tried", "4")):
            self.fields[name].widget.attrs["rows"] = rows


def stored_rule(rule: WordingRule) -> dict[str, Any]:
    """The values of a rule as its form shows them."""
    values = {name: getattr(rule, name) for name in WordingForm.base_fields if hasattr(rule, name)}
    return values | {"patterns": "\n".join(rule.patterns), "harmless": "\n".join(rule.harmless)}


class TryForm(PlatformForm):
    """A text to try all rules in force on."""

    tried = fields.LongText("试一段文字", star=True, max_length=LONGEST_TRIED)
    as_message = fields.Check("按发给毕业生的文字检查")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tried"].widget.attrs["rows"] = "4"


class LimitsForm(PlatformForm):
    """All limits. Each hint says the smallest and the largest value."""

    post_review = fields.Check(
        "可信单位先发布后审核",
        help_text="已有3个职位通过审核、没有举报属实的单位，提交后立即发布，随后审核",
    )
    hotline = fields.Text(
        "举报电话", required=False, max_length=60, help_text="毕业生举报单位时看到，不填的不显示"
    )
    version = fields.Mark()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, (label, what) in _LIMITS.items():
            least, most = LIMITS[key]
            hint = "，".join(words for words in (f"{least}至{most}", what) if words)
            field = fields.Number(label, required=False, star=True, help_text=hint)
            field.error_messages["invalid"] = f"请填写{least}至{most}的整数。"
            field.initial = self.initial.get(key)
            self.fields[key] = field
        self.order_fields(["post_review", *_LIMITS, "hotline"])


def stored_limits(rules: RecruitingRules) -> dict[str, Any]:
    return {key: getattr(rules, key) for key in ("post_review", *_LIMITS, "hotline")}


class ReviewingSchoolForm(PlatformForm):
    """The school to which the review is delegated."""

    school = fields.Choice("学校", (), required=False, star=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("school", _open_schools(), empty="请选择")

    @property
    def school_id(self) -> int | None:
        typed = self.cleaned_data.get("school", "")
        return int(typed) if typed else None


def _open_schools() -> list[tuple[str, str]]:
    rows = School.objects.filter(is_open=True).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]
