"""Forms of findings, runs and rules. What is missing or wrong is said by the actions."""

from __future__ import annotations

from typing import Any

from core.forms import PlatformForm, fields
from quality import rule_book
from quality.actions.findings import LONGEST
from quality.actions.rules import LEAST_DAYS, MOST_DAYS
from quality.models import Rule
from quality.states import FindingOwner, RunKind
from schools.models import School


class SettleForm(PlatformForm):
    """What somebody found out about a finding. The button says which step is taken."""

    note = fields.LongText(
        "说明", required=False, max_length=LONGEST,
        help_text="属实、误报、重新核实和转交须写明，最多300字；毕业生和单位看不到",
    )  # fmt: skip
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs["rows"] = "3"


class BulkNoteForm(PlatformForm):
    note = fields.Text("误报的说明", required=False, max_length=LONGEST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs["placeholder"] = "误报的说明（必填）"


class RunForm(PlatformForm):
    """What is checked, of whom, and with which file."""

    kind = fields.Choice("核查项目", RunKind.choices, star=True)
    school = fields.Choice("学校", (), required=False, empty="全部学校")
    year = fields.Choice("届别", (), star=True)
    file = fields.File(
        "文件（.xlsx或.xls）", accept=".xlsx,.xls", required=False,
        help_text="学籍比对须有学籍文件，生源地核查可附入学户籍文件；就业单位核查由省级附登记名录，学校不用附；其他项目不用文件",
    )  # fmt: skip
    same_file = fields.Check("使用同一范围上次上传的文件")

    def __init__(
        self, *args: Any, schools: list[School] | None, years: list[int], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.offer("year", [(str(year), f"{year}届") for year in years])
        if schools is None:
            del self.fields["school"]
        else:
            rows = [(str(school.pk), school.name) for school in schools]
            self.offer("school", rows, empty="全部学校")


class RuleForm(PlatformForm):
    """What the province sets of one rule; its thresholds follow from the rule."""

    enabled = fields.Check("启用（停用后不再查，已有的问题不动）")
    holds_uploads = fields.Check(
        "核实前暂缓上报（默认不影响上报；勾选后相关记录在核实、更正以前不上报全国系统）"
    )
    owner = fields.Choice("由谁核实", FindingOwner.choices, star=True)
    due_days = fields.Number(
        "核实期限（工作日）", required=False, star=True, help_text=f"{LEAST_DAYS}至{MOST_DAYS}"
    )
    version = fields.Mark()

    def __init__(self, *args: Any, rule: Rule, **kwargs: Any) -> None:
        declared = rule_book.BY_KEY[rule.key]
        stored = {
            "enabled": rule.enabled, "holds_uploads": rule.holds_uploads, "owner": rule.owner,
            "due_days": rule.due_days, **rule_book.settings_of(rule),
        }  # fmt: skip
        super().__init__(*args, initial=stored, **kwargs)
        for one in declared.thresholds:
            hint = "，".join(w for w in (f"{one.least}至{one.most}", one.help_text) if w)
            field = fields.Number(one.label, required=False, star=True, help_text=hint)
            field.error_messages["invalid"] = f"请填写{one.least}至{one.most}的整数。"
            self.fields[one.key] = field
        for words in declared.words:
            self.fields[words.key] = fields.Text(
                words.label, required=False, max_length=300, help_text=words.help_text
            )
