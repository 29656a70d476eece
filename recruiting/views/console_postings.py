"""The staff's pages of postings: the list with its bulk approval, and the review of one posting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import read_number
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from recruiting import queries
from recruiting.actions import posting_review
from recruiting.actions.posting_base import open_revision
from recruiting.fields import POSTING_BY_KEY
from recruiting.filters import PostingFilter
from recruiting.forms import PickedPostingsForm, PostingReviewForm
from recruiting.models import Posting
from recruiting.posting_steps import POSTING, cause_words
from recruiting.states import ON_SHOW, PostingState
from recruiting.unit_standing import recruiting_refusals
from recruiting.words import change_words, content_words, school_names
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage
from schools.roles import Level
from schools.views import bulk

_STATES = dict(PostingState.choices)
_REASONS = (
    "岗位职责与岗位名称不符", "薪酬与工作内容明显不符，请核实", "任职要求含有歧视性限制，请删除",
    "请写明实际用工单位", "内容不完整，请补充",
)  # fmt: skip
# What the page says after each step of the review.
_DONE = {
    "approve": "已通过，已告知单位。",
    "return": "已退回，已告知单位。",
    "take-down": "已下架，已告知单位。",
    "restore": "已恢复，已告知单位。",
    "hide": "已对本校毕业生隐藏。",
    "show": "本校毕业生可以看到。",
}


def _pay(row: Row) -> str:
    if row["pay_by_state"]:
        return "按国家规定"
    return f"{row['pay_from']}–{row['pay_to']}元/月"


def _scope(row: Row) -> str:
    return f"{len(row['school_ids'])}所学校" if row["school_ids"] else "全省"


def _submitted(row: Row) -> str:
    at = row["submitted_at"]
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _state(row: Row) -> str:
    flag = ' <span class="state state-waiting">先发后审</span>' if row["review_pending"] else ""
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>{flag}'


class PostingList(StaffListPage):
    """The postings that this person sees. A row is picked with its version, such as "12:3", so that
    a bulk approval leaves alone what changed meanwhile."""

    permission = "recruiting.review"
    leads_to = "console:posting"
    title = "职位审核"
    tells_waiting = True
    filterset_class = PostingFilter
    template_name = "recruiting/console/postings.html"
    selectable = True
    row_key = "seen"
    empty_title = "没有符合条件的职位"
    empty_text = "用人单位提交职位后会出现在这里。"
    orders = (
        Order("newest", "最新", ("id",), descending=True, indexed=True, column="submitted_at"),
        Order("oldest", "最早", ("id",), indexed=True),
    )
    columns: ClassVar = (
        Column("title", "岗位名称", ("title", "pk"),
               lambda r: row_link("console:posting", r["pk"], r["title"]), css="wide"),
        Column("unit", "单位", ("unit__name",), css="wide"),
        Column("scope", "可见范围", ("school_ids",), _scope),
        Column("pay", "薪酬", ("pay_from", "pay_to", "pay_by_state"), _pay, css="num"),
        Column("warnings", "提示数", ("warnings",), lambda r: str(len(r["warnings"])), css="num"),
        Column("submitted_at", "提交时间", ("submitted_at",), _submitted, css="num"),
        Column("state", "状态", ("state", "review_pending"), _state),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Posting]:
        seen = Concat("pk", Value(":"), "version", output_field=CharField())
        return queries.reviewed_by(self.user).annotate(seen=seen)


_reviewer_view = staff_view("recruiting.review")


@_reviewer_view
@require_POST
def approve_many(request: StaffRequest) -> HttpResponse:
    """Approve the picked postings. The page says for each one what happened."""
    if bulk.wants_all(request):
        return bulk.confirm(request, "approve-posting")
    form = PickedPostingsForm(request.POST)
    picked = _read_seen(sorted(form.cleaned_data["pick"])) if form.is_valid() else {}
    # What this person does not see is left out, so that a guessed id shows nobody's title.
    seen_ids = set(
        queries.reviewed_by(request.user).filter(pk__in=picked).values_list("pk", flat=True)
    )
    answers = posting_review.approve_many(
        seen=[(pk, version) for pk, version in picked.items() if pk in seen_ids], by=request.user
    )
    results = [{"label": a.posting.title, "ok": a.done, "message": a.message} for a in answers]
    context = {
        "results": results,
        "title": "批量通过",
        "noun": "职位",
        "done": sum(a.done for a in answers),
        "back": "console:postings",
    }
    return render(request, "core/bulk_result.html", context)


def _read_seen(typed: Sequence[str]) -> dict[int, int]:
    """Posting → version, from texts such as "12:3"; what can't be read is left out."""
    pairs = [[read_number(part) for part in text.split(":")] for text in typed[:500]]
    return {p[0]: p[1] for p in pairs if len(p) == 2 and p[0] is not None and p[1] is not None}


def _posting(request: StaffRequest, pk: int) -> Posting:
    """A posting that this person sees; otherwise a 404."""
    rows = queries.reviewed_by(request.user).select_related("unit__recruiter", "member")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@_reviewer_view
def posting(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _posting(request, pk), PostingReviewForm())


def _page(request: StaffRequest, posting: Posting, form: PostingReviewForm) -> HttpResponse:
    revision, staff = open_revision(posting), request.staff
    own_school = staff.school_id if staff.role_level == Level.SCHOOL else None
    waits = posting.state == PostingState.WAITING or posting.review_pending or revision is not None
    may = {step.action for step in POSTING.available(posting, request.user)}
    context = {
        "posting": posting,
        "groups": content_words(posting),
        "schools": school_names(posting.school_ids),
        "causes": cause_words(posting),
        "change": change_words(posting, revision.values) if revision is not None else [],
        "warnings": _warnings(revision.warnings if revision is not None else posting.warnings),
        "recruiter": getattr(posting.unit, "recruiter", None),
        "refusals": recruiting_refusals(posting.unit),
        # The table also lets a reviewer approve or return a posting of which nothing waits.
        "may": may if waits else may - {"approve", "return"},
        "why_not": POSTING.why_not("approve", posting, request.user) if waits else "",
        "may_hide": own_school is not None and posting.state in ON_SHOW,
        "hidden": own_school in posting.hidden_from,
        "reasons": _REASONS,
        "following": _following(request, posting.pk),
        "form": form,
    }
    return render(request, "recruiting/console/posting.html", context, status=form.status)


def _warnings(found: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    """What the checks found, as (label of the field, sentence with its article of the law)."""
    labels = {key: declared.label for key, declared in POSTING_BY_KEY.items()}
    return [(labels.get(w["field"], ""), w["message"]) for w in found]


def _following(request: StaffRequest, pk: int) -> Posting | None:
    """The next posting that waits for this person."""
    return queries.waiting_for(request.user).filter(pk__gt=pk).order_by("pk").first()


@_reviewer_view
@require_POST
def step(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """One step of the review, as the page's button names it."""
    posting, form = _posting(request, pk), PostingReviewForm(request.POST)
    if action not in _DONE:
        raise Http404
    if not form.is_valid():
        return _page(request, posting, form)
    try:
        _take(action, pk, request, form.cleaned_data)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, _posting(request, pk), form)
    messages.success(request, f"“{posting.title}”：{_DONE[action]}")
    if action not in ("approve", "return"):
        return redirect("console:posting", pk=pk)
    following = _following(request, pk)
    if following is None:
        return redirect("console:postings")
    return redirect("console:posting", pk=following.pk)


def _take(action: str, pk: int, request: StaffRequest, typed: dict[str, Any]) -> None:
    by, version, reason = request.user, typed["version"], typed["reason"]
    if action == "approve":
        posting_review.approve(posting_id=pk, version=version, by=by)
    elif action == "return":
        posting_review.give_back(posting_id=pk, version=version, reason=reason, by=by)
    elif action == "take-down":
        posting_review.take_down(posting_id=pk, reason=reason, by=by)
    elif action == "restore":
        posting_review.restore(posting_id=pk, by=by)
    else:
        posting_review.set_hidden(posting_id=pk, hidden=action == "hide", by=by)
