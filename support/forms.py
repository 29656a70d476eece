"""Forms of 困难群体帮扶. What is missing or too long is said by the actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.http import QueryDict

from codes import lookup
from core.forms import PlatformForm, fields, widgets
from support.models import Way
from support.models.helping import LEAST_SUBSIDY, LEAST_TEXT, MOST_SUBSIDY
from support.models.listing import MOST_IMAGES
from support.states import CountsAs, ImportMode, Result, SubsidyState, Wish
from workbooks.forms import WorkbookForm


def _words(label: str, most: int, rows: int, *, star: bool = True, hint: str = "") -> Any:
    attrs = {"maxlength": str(most), "rows": str(rows)}
    hint = hint or f"最多{most}字"
    return fields.LongText(
        label, star=star, required=False, widget=widgets.Textarea(attrs), help_text=hint
    )


class WithPictures(PlatformForm):
    """A form with pictures. `kept` is a signed list of those that an earlier, refused sending of the form
    brought; `drop` leaves them out."""

    images = fields.Uploads(
        f"证明材料（最多{MOST_IMAGES}张）", required=False, help_text="照片或扫描图，大图会自动压缩"
    )
    kept = fields.Mark()
    drop = fields.Check("不用这些图片")

    def show_kept(self, token: str) -> None:
        """Show the form again with the pictures that are kept and named by `token`."""
        if self.is_bound:
            data = cast(QueryDict, self.data).copy()
            data["kept"] = token
            data.pop("drop", None)
            self.data = data


class AssignForm(PlatformForm):
    responsible = fields.Choice("责任人", (), star=True)

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="assign_%s", **kwargs)
        self.offer("responsible", people, empty="请选择")


class AssignManyForm(AssignForm):
    """One 责任人 for several listings."""

    pick = fields.Ids()


class ProfileForm(PlatformForm):
    wish = fields.Choice("意愿", Wish.choices, star=True)
    family = _words("家庭说明", 300, 3, star=False)
    difficulty = _words("困难", 300, 3, star=False, hint="求职中的实际困难，最多300字")
    version = fields.Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="profile_%s", **kwargs)


class PlanForm(PlatformForm):
    aims = _words("帮扶目标和措施", 500, 5)
    review_on = fields.Date("复核日期", star=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="plan_%s", **kwargs)


class RecordForm(WithPictures):
    """One help. A correction has the fields of the record that it corrects."""

    on = fields.Date("日期", star=True, help_text="不晚于今天")
    way = fields.Choice("方式", (), star=True)
    helper = fields.Text("帮扶人", star=True, max_length=40)
    result = fields.Choice("结果", Result.choices, required=False, empty="未填写")
    text = _words("内容", 500, 4, hint=f"{LEAST_TEXT}至500字")
    about = fields.Choice("关联的职位、投递或活动", (), required=False, empty="无", wide=True)
    next_on = fields.Date("下次日期", required=False)
    subsidy = fields.Choice(
        "补贴状态", SubsidyState.choices, required=False, empty="无", help_text="只在求职补贴时填写"
    )
    subsidy_amount = fields.Number(
        "补贴金额（元）",
        required=False,
        help_text=f"{LEAST_SUBSIDY:,}至{MOST_SUBSIDY:,}元，不填银行卡号",
    )
    form_key = fields.Mark()

    field_order = (
        "on", "way", "helper", "result", "text", "about", "next_on", "subsidy", "subsidy_amount",
        "images", "kept", "drop", "form_key",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        about: Sequence[tuple[str, str]],
        kept_way: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        ways = [w for w in Way.objects.all() if w.is_active or w.code == kept_way]
        self.offer("way", [(w.code, w.name) for w in ways], empty="请选择")
        self.offer("about", about, empty="无")


class RecommendForm(PlatformForm):
    note = _words("推荐理由", 200, 2, star=False, hint="毕业生会在消息中看到，最多200字")
    posting = fields.Seen()


class ProposeForm(WithPictures):
    groups = fields.Checklist("类型", (), star=True)
    reason = _words("理由", 300, 4, hint="写明家庭或本人的情况和依据，10至300字")

    field_order = ("groups", "reason", "images", "kept", "drop")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("groups", lookup.table("support_group").choices())


class FindForm(PlatformForm):
    """Whom a proposal is about."""

    student_no = fields.Text("学号", star=True, max_length=20)


class AnswerForm(PlatformForm):
    """What the province answers to a proposal."""

    answer = _words("答复", 300, 3, star=False, hint="申请人会看到；不同意的必须填写原因")


class GroupImportForm(WorkbookForm):
    year = fields.Choice("届别", (), star=True)
    mode = fields.Choice(
        "方式", ImportMode.choices, star=True, empty="请选择",
        help_text="增补只增加人和类型；全量以此工作簿为准，名单中没有的人将移出",
    )  # fmt: skip

    field_order = ("year", "mode", "file")

    def __init__(self, *args: Any, years: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("year", years, empty="请选择")


class ConfirmImportForm(PlatformForm):
    reason = _words("移出原因", 200, 2)


class WayForm(PlatformForm):
    name = fields.Text("名称", star=True, max_length=20)
    counts_as = fields.Choice("计入", CountsAs.choices, star=True)
    is_active = fields.Check("启用")
    version = fields.Mark()


class QuotaForm(PlatformForm):
    """The quota of a year; 0 is every year without one of its own."""

    year = fields.Choice("届别", ())
    guidance = fields.Number("职业指导（次）", star=True)
    recommend = fields.Number("岗位推荐（个）", star=True)
    training = fields.Number("技能培训或就业见习（次）", star=True)
    policy = fields.Number("政策宣传（次）", star=True)

    def __init__(self, *args: Any, years: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, auto_id="quota_%s", **kwargs)
        self.fields["year"].choices = [("0", "未单独设定的各届"), *years]  # type: ignore[attr-defined]


class ExportForm(PlatformForm):
    """Why somebody needs the whole names and numbers."""

    reason = _words("用途", 200, 2, hint="会连同姓名和时间记入日志，5至200字")
