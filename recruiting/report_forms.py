"""Forms of reports of units, sanctions and appeals. What is missing is said by the actions."""

from __future__ import annotations

from typing import Any, cast

from django.http import QueryDict

from core.forms import PlatformForm, fields, widgets
from recruiting.actions.reports import LONGEST_TEXT
from recruiting.actions.sanctions import LONGEST, LONGEST_APPEAL
from recruiting.models.reports import MOST_IMAGES
from recruiting.states import ReportReason, SanctionKind


class ReportForm(PlatformForm):
    """A graduate reports a unit. `kept` is a signed list of pictures that an earlier, refused sending
    of the form brought; `drop` leaves them out."""

    reason = fields.Choice("举报事项", ReportReason.choices, star=True)
    text = fields.LongText(
        "情况说明",
        star=True,
        max_length=LONGEST_TEXT,
        help_text="写明时间、经过和涉及的人员，最多250字",
    )
    images = fields.Uploads(
        f"证据图片（最多{MOST_IMAGES}张）", required=False,
        help_text="聊天记录、收据、现场照片等，大图会自动压缩",
    )  # fmt: skip
    kept = fields.Mark()
    drop = fields.Check("不用这些图片")

    def show_kept(self, token: str, count: int) -> None:
        """Show the form again with `count` pictures that are kept and named by `token`."""
        if not self.is_bound:
            return
        data = cast(QueryDict, self.data).copy()
        data["kept"] = token
        data.pop("drop", None)
        self.data = data
        widget = self.fields["images"].widget
        if count and isinstance(widget, widgets.ImagesInput):
            widget.shown = f"{count}张"


class UpholdForm(PlatformForm):
    """A report is true: how the unit is sanctioned, and what both sides read."""

    kind = fields.Choice("处理方式", SanctionKind.choices, star=True)
    days = fields.Number(
        "期限（天）", required=False,
        help_text=f"暂停招聘1至{LONGEST[SanctionKind.SUSPEND]}天，"
        f"黑名单1至{LONGEST[SanctionKind.BLACKLIST]}天；其他不填",
    )  # fmt: skip
    reason = fields.LongText(
        "处理理由", star=True, max_length=300,
        help_text="单位会看到；下架职位的，投递过的毕业生也会看到。不要写举报人的姓名或可认出本人的经过",
    )  # fmt: skip
    answer = fields.LongText("答复举报人", star=True, max_length=300, help_text="只有举报人看到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("reason", "answer"):
            self.fields[name].widget.attrs["rows"] = "3"


class DismissForm(PlatformForm):
    """A report is not true: what the reporter reads."""

    answer = fields.LongText("答复举报人", star=True, max_length=300, help_text="只有举报人看到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="dismiss_%s", **kwargs)
        self.fields["answer"].widget.attrs["rows"] = "3"


class AppealForm(PlatformForm):
    appeal = fields.LongText(
        "申诉理由", star=True, max_length=LONGEST_APPEAL, help_text="每项处理只能申诉一次"
    )


class AppealAnswerForm(PlatformForm):
    answer = fields.LongText("答复", star=True, max_length=300, help_text="单位会看到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].widget.attrs["rows"] = "3"
