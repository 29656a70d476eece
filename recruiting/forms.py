"""Forms of recruiting."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from codes import text
from codes.forms import DeclaredForm, declared_form
from core.errors import DomainError, Invalid
from core.forms import PlatformForm, fields, widgets
from graduates.models import Graduate
from recruiting.actions.resumes import MAY_BE_EMPTY, SHOWN_IF_TICKED, typed_texts
from recruiting.fields import ENTRY, POSTING, POSTING_BY_KEY, PROFILE, STORE
from recruiting.models import Resume, ResumeEntry, ResumeStore
from recruiting.rules import identity
from recruiting.states import InterviewResult, InterviewWay, RejectReason
from schools.forms import SchoolsField


class PostingForm(DeclaredForm):
    """A posting, the schools whose graduates see it, and the version that the page showed."""

    schools = SchoolsField(
        "可见范围", required=False, widget=widgets.Textarea({"rows": "2"}),
        help_text="不填为全省毕业生可见；只给部分学校看的，填写学校全称，用“、”分隔",
    )  # fmt: skip
    version = fields.Seen()


def posting_form(
    values: Mapping[str, Any], schools: Sequence[str], version: int, data: Any = None
) -> DeclaredForm:
    """The form of a posting. `values` are the stored ones by field, `schools` names."""
    required = [declared.key for declared in POSTING if declared.required]
    # The action says what is missing, since a draft may have gaps.
    form_class = declared_form(POSTING, required=required, base=PostingForm)
    initial = {**values, "schools": "、".join(schools), "version": version}
    return form_class(data, initial=initial)


class PostingSearchForm(PlatformForm):
    """What the unit's list of postings is narrowed to; the page's address holds it."""

    state = fields.Mark()
    q = fields.Text(
        "岗位名称", required=False, max_length=50,
        widget=widgets.TextInput({"type": "search", "placeholder": "岗位名称"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)


class RenewForm(PlatformForm):
    """Until when an ended posting is shown again."""

    valid_until = fields.Date("有效期至")


class ApplicationSearchForm(PlatformForm):
    """What the unit's list of applications is narrowed to: a state and the id of a posting."""

    state = fields.Mark()
    posting = fields.Seen()


class RejectForm(PlatformForm):
    """Why an application is refused. The action says what is missing."""

    reason = fields.Choice("原因", RejectReason.choices, star=True)
    reason_text = fields.Text(
        "说明", required=False, max_length=100, help_text="毕业生会看到，选择“其他”的必填"
    )

    @property
    def chosen(self) -> int | None:
        """The number of the chosen reason; None without one."""
        typed = self.cleaned_data.get("reason", "")
        return int(typed) if typed else None


class BulkForm(RejectForm):
    """The applications that were ticked in the list, and the reason if they are refused."""

    pick = fields.Ids()


class NoteForm(PlatformForm):
    text = fields.LongText("备注", star=True, max_length=300, help_text="只有本单位人员看得到")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["rows"] = "2"


class InterviewForm(PlatformForm):
    """The terms of an interview, as `interviews.check_terms` reads them in `typed`."""

    way = fields.Choice("面试方式", InterviewWay.choices, star=True)
    day = fields.Date("面试日期", star=True)
    time = fields.Text("开始时间", star=True, max_length=5, widget=widgets.TimeInput())
    minutes = fields.Number("时长（分钟）", star=True, initial=30)
    place = fields.Text("面试地点", required=False, max_length=120, help_text="现场面试必填")
    link = fields.Text(
        "视频链接", required=False, max_length=300, help_text="视频面试必填，以 https:// 开头"
    )
    contact_name = fields.Text("联系人", star=True, max_length=40)
    contact_phone = fields.Phone("联系电话", star=True, max_length=30)
    answer_day = fields.Date(
        "答复截止日期", required=False, help_text="不填为7天内，不晚于面试开始；最长14天"
    )
    note = fields.LongText("说明", required=False, max_length=300, help_text="毕业生会看到")

    def clean_time(self) -> datetime.time | None:
        typed = self.cleaned_data["time"]
        if not typed:
            return None
        try:
            return datetime.datetime.strptime(typed, "%H:%M").time()
        except ValueError:
            raise ValidationError("开始时间应为 14:30 这样的格式。", code="time") from None

    @property
    def typed(self) -> dict[str, Any]:
        """The valid form's values, with times in the province's time zone."""
        values = dict(self.cleaned_data)
        day, time, answer_day = values.pop("day"), values.pop("time"), values.pop("answer_day")
        start = timezone.make_aware(datetime.datetime.combine(day, time)) if day and time else None
        deadline = None
        if answer_day:
            # The whole day counts, but not the time after the interview has begun.
            end = timezone.make_aware(datetime.datetime.combine(answer_day, datetime.time(23, 59)))
            deadline = min(end, start) if start and start.date() == answer_day else end
        return values | {"starts_at": start, "answer_by": deadline}

    def add_terms_refusal(self, refusal: DomainError) -> None:
        """Show what the action refused beside the fields of this form, whose times are in two parts."""
        if isinstance(refusal, Invalid):
            names = {"starts_at": "day", "answer_by": "answer_day"}
            refusal = Invalid({names.get(k, k): said for k, said in refusal.errors.items()})
        self.add_refusal(refusal)


class ResultForm(PlatformForm):
    result = fields.Choice("面试结果", InterviewResult.choices, star=True)


class ReasonForm(PlatformForm):
    """Some words that the other side reads. The action says whether they may be missing."""

    reason = fields.LongText("原因", required=False, max_length=200)

    def __init__(self, *args: Any, label: str = "原因", star: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = fields.LongText(label, required=False, star=star, max_length=200)
        words.widget.attrs["rows"] = "2"
        self.fields["reason"] = words


SHOWN_CHOICES = [
    (field.name, field.verbose_name.removeprefix("显示"))
    for field in ResumeStore._meta.fields
    if field.name in SHOWN_IF_TICKED
]


class StoreForm(DeclaredForm):
    """The fields of the résumé that are not entries, what is shown, and what there is nothing of."""

    shown = fields.Checklist(
        "在简历中显示", SHOWN_CHOICES,
        required=False, help_text="不勾选的，单位看不到",
    )  # fmt: skip
    nothing_in = fields.Checklist(
        "没有可填的栏目", [(kind, f"{kind.label}：无") for kind in MAY_BE_EMPTY], required=False,
        help_text="勾选后按已填写计算完整度",
    )  # fmt: skip


def store_form(store: ResumeStore | None, graduate: Graduate, data: Any = None) -> DeclaredForm:
    """The form of the store. What is saved and holds a number of a document has a warning beside it."""
    initial: dict[str, Any] = {}
    if store is not None:
        initial = {field.key: getattr(store, field.key) for field in STORE}
        initial["shown"] = [key for key in SHOWN_IF_TICKED if getattr(store, key)]
        initial["nothing_in"] = store.nothing_in
    form = declared_form(STORE, base=StoreForm)(data, initial=initial)
    if store is not None and data is None:
        form.warnings = identity.doubts(typed_texts(store), graduate)
    return form


def entry_form(
    kind: str, entry: ResumeEntry | None, graduate: Graduate, data: Any = None
) -> DeclaredForm:
    """The form of an entry of the section `kind`; `entry` is the one that is changed. What is saved and
    holds a number of a document has a warning beside it."""
    declared = ENTRY[kind]
    required = [field.key for field in declared if field.required]
    initial = {f.key: getattr(entry, f.key) for f in declared} if entry is not None else {}
    for key in ("begun", "ended"):
        if initial.get(key) is not None:
            initial[key] = f"{initial[key]:%Y-%m}"
    hints = {f.key: f.hint or "如 2026-09" for f in declared if f.kind == "month"}
    form = declared_form(declared, required=required, hints=hints)(data, initial=initial)
    if entry is not None and data is None:
        form.warnings = identity.doubts(typed_texts(entry), graduate)
    return form


class JobSearchForm(DeclaredForm):
    """What the graduate's list of postings is narrowed to; the page's address holds it."""

    q = fields.Text("关键词", required=False, max_length=50, help_text="岗位或单位名称，至少2个字")
    kept = fields.Check("只看收藏")

    @property
    def words(self) -> list[str]:
        """The words to look for, as `Posting.search_text` has them."""
        typed = text.clean(text.narrow(self.cleaned_data.get("q") or "")).casefold()
        return typed.split()[:_MOST_WORDS]

    def clean_q(self) -> str:
        typed = text.clean(self.cleaned_data["q"])
        if len(typed) == 1:
            raise ValidationError("关键词至少2个字。", code="too_short")
        return typed


_MOST_WORDS = 5
_JOB_FILTERS = tuple(
    replace(POSTING_BY_KEY[key], required=False, hint=hint)
    for key, hint in (("places", "省、市或区县，如合肥市"), ("job_category", ""), ("work_kind", ""))
)


def job_search_form(data: Any) -> JobSearchForm:
    form_class = declared_form(_JOB_FILTERS, base=JobSearchForm)
    form = form_class(data)
    assert isinstance(form, JobSearchForm)
    form.full_clean()  # what can't be read narrows nothing
    return form


class ApplyForm(PlatformForm):
    """The graduate's consent to give the résumé to the unit, with the version of the text shown."""

    shows_phone = fields.Check(
        "投递后即向单位显示手机号码", help_text="不勾选的，接受面试邀请后才显示"
    )
    consent = fields.Check("我已阅读并同意以上说明")
    version = fields.Seen()
    _only = 0

    def offer_resumes(self, resumes: Sequence[Resume]) -> None:
        """Let the graduate choose one of several résumés; the default one, which comes first, is
        preselected. A single one is no choice."""
        self._only = resumes[0].pk if len(resumes) == 1 else 0
        if len(resumes) > 1:
            named = [(r.pk, f"{r.title}（默认）" if r.is_default else r.title) for r in resumes]
            self.fields["resume"] = fields.Choice(
                "投递哪份简历", named, required=False, star=True, widget=widgets.RadioSelect(),
                initial=resumes[0].pk,
                error_messages={"invalid_choice": "所选简历已被删除，请重新选择。"},
            )  # fmt: skip

    @property
    def resume_id(self) -> int:
        """The id of the chosen résumé; 0 without one."""
        return self._only or int(self.cleaned_data.get("resume") or 0)

    @property
    def agreed_version(self) -> int:
        """The version that was agreed to; 0 without the tick."""
        return self.cleaned_data["version"] if self.cleaned_data["consent"] else 0


class PickedPostingsForm(PlatformForm):
    """The rows that were ticked in the list, each as posting:version."""

    pick = fields.Words()


class ReviewForm(PlatformForm):
    """Why a reviewer refuses something; the action says if it is missing."""

    reason = fields.LongText("不通过的原因", required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs |= {"id": "reason", "rows": "2"}


class PostingReviewForm(ReviewForm):
    """The review of a posting. `version` is that of the posting as the reviewer's page showed it."""

    reason = fields.LongText("退回或下架的原因", required=False, max_length=300)
    version = fields.Seen()


class ProfileForm(DeclaredForm):
    """The unit's profile as a recruiter, with the licence of an agency."""

    licence = fields.Picture(
        "人力资源服务许可证", required=False, help_text="经营性人力资源机构上传，其他单位不用"
    )


def profile_form(values: Mapping[str, Any], data: Any, files: Any) -> DeclaredForm:
    required = [declared.key for declared in PROFILE if declared.required]
    form_class = declared_form(PROFILE, required=required, base=ProfileForm)
    return form_class(data, files, initial=dict(values))
