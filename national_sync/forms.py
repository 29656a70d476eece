"""The forms of the national pages."""

from __future__ import annotations

from core.forms import PlatformForm, fields


class NationalCodeForm(PlatformForm):
    """The national code of one of our codes. Left empty, it is taken back."""

    code = fields.Mark()
    national_code = fields.Text("国家代码", required=False, max_length=20)


class ReassignForm(PlatformForm):
    """What is said when feedback is passed on. With `answers`, the person answers to a level
    below."""

    note = fields.Text("说明", required=False, max_length=300)

    def __init__(self, *args: object, answers: bool = False, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        words = "答复（必填）" if answers else "说明（上报省级时必填）"
        self.fields["note"].widget.attrs["placeholder"] = words


class ResultsForm(PlatformForm):
    """The workbook of results that the national system gave."""

    file = fields.File(
        "全国系统给出的结果工作簿（.xlsx 或 .xls）",
        accept=".xlsx,.xls",
        star=True,
        help_text="须有“考生号”和“审核结果”或“错误原因”列。可分几次上传，"
        "同一个文件传两次不会重复计入。",
    )


class ConfirmForm(PlatformForm):
    """The hash of what the graduate was shown."""

    digest = fields.Mark()
