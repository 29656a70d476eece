"""Forms of fairs, talks and booths. What does not hold is said by the actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import DomainError, Invalid
from core.forms import PlatformForm, fields, widgets
from recruiting.actions.booth_lists import COLUMNS, MOST_BYTES, MOST_ROWS
from recruiting.actions.booths import MOST_PEOPLE
from recruiting.actions.fair_base import LONGEST_REASON
from recruiting.models import Fair
from recruiting.rules.fairs import LONGEST_TEXT, LONGEST_TITLE, TALKS
from recruiting.states import FairKind
from schools.forms import SchoolsField
from schools.models import School
from schools.roles import Level

_TALKS = [(kind.value, kind.label) for kind in TALKS]
_NUMBERS = ("capacity", "booths_offered", "slot_minutes", "slot_cap")


class _TermsForm(PlatformForm):
    """What every event has. A form may leave fields out, which are then empty in `typed`."""

    kind = fields.Choice("类型", FairKind.choices, star=True)
    title = fields.Text("名称", star=True, max_length=LONGEST_TITLE)
    starts_at = fields.Moment("开始时间", star=True)
    ends_at = fields.Moment("结束时间", star=True)
    place = fields.Text("地点", required=False, max_length=80, help_text="线下活动必填")
    link = fields.Text(
        "网络地址", required=False, max_length=300, widget=widgets.UrlInput(),
        help_text="网络活动必填，以 https:// 开头",
    )  # fmt: skip
    capacity = fields.Number("容纳人数", required=False, help_text="可预约的毕业生人数，不填为不限")
    text = fields.LongText(
        "说明", required=False, max_length=LONGEST_TEXT, wide=True,
        widget=widgets.Textarea({"rows": "4"}), help_text="单位和毕业生都能看到",
    )  # fmt: skip

    @property
    def typed(self) -> dict[str, Any]:
        """The valid form's values as the actions take them."""
        values = dict(self.cleaned_data)
        values["school_ids"] = values.pop("schools", [])
        for key in ("apply_until", *_NUMBERS):
            values.setdefault(key, None)
        values.pop("version", None)
        values.pop("school", None)
        return values

    def add_terms_refusal(self, refusal: DomainError) -> None:
        """Show what the action refused; the audience's field has another name here."""
        if isinstance(refusal, Invalid):
            names = {"school_ids": "schools"}
            refusal = Invalid({names.get(k, k): said for k, said in refusal.errors.items()})
        self.add_refusal(refusal)


class FairForm(_TermsForm):
    """An event as its host writes it, and the version that the page showed."""

    apply_until = fields.Moment("报名截止", star=True, help_text="不晚于开始时间")
    booths_offered = fields.Number("展位数", required=False, help_text="双选会必填")
    slot_minutes = fields.Number(
        "入场时段（分钟）", required=False, help_text="分时段预约入场的填写，如30"
    )
    slot_cap = fields.Number("每时段人数", required=False, help_text="与入场时段一起填写")
    schools = SchoolsField(
        "面向学校", required=False, wide=True, widget=widgets.Textarea({"rows": "2"}),
        help_text="哪些学校的毕业生可以参加，填写全称，用“、”分隔；不填为全省",
    )  # fmt: skip
    version = fields.Seen()
    field_order = (
        "kind", "title", "starts_at", "ends_at", "apply_until", "place", "link", "capacity",
        *_NUMBERS[1:], "schools", "text",
    )  # fmt: skip


class TalkDecisionForm(FairForm):
    """A unit's talk, with the time, the room and the audience that the school gives it."""

    booths_offered = slot_minutes = slot_cap = None  # type: ignore[assignment]
    kind = fields.Choice("类型", _TALKS, star=True)


def fair_form(fair: Fair | None, level: str, own: School | None, data: Any = None) -> FairForm:
    """The form of an event, of a new one if there is none. A unit's talk has neither booths nor slots."""
    if fair is None:
        audience = own.name if own is not None and level == Level.SCHOOL else ""
        return FairForm(data, initial={"kind": FairKind.FAIR, "schools": audience})
    names = School.objects.filter(pk__in=fair.school_ids).order_by("name")
    initial = {
        "schools": "、".join(names.values_list("name", flat=True)),
        "version": fair.version,
        "booths_offered": fair.booths_offered or None,
    }
    for key in ("kind", "title", "starts_at", "ends_at", "apply_until", "place", "link", "text",
                "capacity", "slot_minutes", "slot_cap"):  # fmt: skip
        initial[key] = getattr(fair, key)
    form_class = FairForm if fair.unit_id is None else TalkDecisionForm
    return form_class(data, initial=initial)


class TalkForm(_TermsForm):
    """A unit applies for a talk at a school, which decides on time and room."""

    school = fields.Choice("学校", [], star=True)
    kind = fields.Choice("类型", _TALKS, star=True)
    title = fields.Text("名称", star=True, max_length=LONGEST_TITLE, help_text="如“某某公司宣讲会”")
    place = fields.Text("希望的地点", required=False, max_length=80, help_text="可不填，由学校安排")
    link = fields.Text(
        "网络地址", required=False, max_length=300, widget=widgets.UrlInput(),
        help_text="网络宣讲必填，以 https:// 开头",
    )  # fmt: skip
    capacity = fields.Number("预计人数", required=False)
    field_order = (
        "school", "kind", "title", "starts_at", "ends_at", "place", "link", "capacity", "text",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schools = School.objects.filter(is_open=True).order_by("name")
        self.offer("school", schools.values_list("pk", "name"), empty="请选择")

    @property
    def school_id(self) -> int | None:
        chosen = self.cleaned_data.get("school", "")
        return int(chosen) if chosen else None


class RegisterForm(PlatformForm):
    """A unit registers for a fair with some of its postings."""

    postings = fields.Checklist("参会职位", [], star=True)
    people = fields.Number("参会人数", star=True, initial=2, help_text=f"1至{MOST_PEOPLE}人")

    def __init__(self, postings: Sequence[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("postings", postings)

    @property
    def posting_ids(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["postings"]]


class CancelForm(PlatformForm):
    """Why an event is called off, or a talk is not approved."""

    reason = fields.LongText(
        "原因", star=True, max_length=LONGEST_REASON, help_text="报名的单位和毕业生都会看到"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="cancel_%s", **kwargs)
        self.fields["reason"].widget.attrs["rows"] = "2"


class BoothForm(PlatformForm):
    """What a host decides about a registration: the booth's number, or the reason for declining."""

    number = fields.Number("展位号", required=False, help_text="不填为下一个空展位")
    reason = fields.LongText(
        "谢绝的原因", required=False, max_length=LONGEST_REASON, help_text="单位会看到"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}


class BoothListForm(PlatformForm):
    """A workbook of the units that come to a fair."""

    workbook = fields.File(
        "参会单位名单", accept=".xlsx,.xls", star=True, allow_empty_file=True,
        help_text=f"第一行为表头：{'、'.join(COLUMNS)}，每次最多{MOST_ROWS}家",
    )  # fmt: skip

    @property
    def content(self) -> bytes:
        """The file's bytes; of one that is too large, one more than the limit."""
        upload = self.cleaned_data["workbook"]
        return upload.read(MOST_BYTES + 1) if upload else b""
