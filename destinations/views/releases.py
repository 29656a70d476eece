"""Pages about releases of destinations that are not e-signed: staff or the graduate propose, the
department and the school decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted, pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from destinations import forms, shown
from destinations.actions import release
from destinations.catalogue import catalogue
from destinations.fields import ALL, form_label
from destinations.models import Destination, ReleaseImage, ReleaseProposal
from destinations.queries import releases_for, waiting_release_states
from destinations.states import OPEN_RELEASE, ReleaseState, State
from destinations.steps import MACHINE
from destinations.views.review import destination_or_404
from graduates.access import GraduateRequest, graduate_view
from graduates.filters import GraduateFilter
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.scope import staff_of, visible_to

_EVERY = "every"
_STATES = dict(ReleaseState.choices)
_COLOURS = {ReleaseState.RELEASED: "ok", ReleaseState.REFUSED: "rejected"} | dict.fromkeys(
    OPEN_RELEASE, "pending"
)
_READY_REASONS = (
    "解约材料没有加盖单位公章或人力资源部门公章",
    "解约材料不清晰，请重新拍照上传",
    "解约材料上的单位与登记的单位不一致",
    "经电话核实，单位没有同意解约",
)
_SAID = {
    "endorse": "已同意，等待学校处理",
    "refuse": "没有同意解约，已告知毕业生",
    "release": "已解约，毕业生可以重新登记",
    "withdraw": "已撤回解约",
}


def colour_of(state: str) -> str:
    return _COLOURS.get(ReleaseState(state), "off")


class ReleaseFilter(GraduateFilter):
    path = "graduate__"
    unit_name = "unit_name"

    state = django_filters.ChoiceFilter(
        label="状态", method="by_state", empty_label="待我处理",
        choices=[*ReleaseState.choices, (_EVERY, "全部")],
    )  # fmt: skip

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value == _EVERY else queryset.filter(state=value)


def _name(row: Row) -> str:
    return row_link("console:release", row["pk"], row["graduate__name"])


def _badge(row: Row) -> str:
    return f'<span class="state state-{colour_of(row["state"])}">{_STATES[row["state"]]}</span>'


def _category(row: Row) -> str:
    return catalogue().label_of(row["category"])


def _proposed(row: Row) -> str:
    return localtime(row["created_at"]).strftime("%Y-%m-%d %H:%M")


class ReleaseList(ConsoleList):
    """The proposals that wait for this person's level, unless another state is chosen."""

    leads_to = "console:release"
    title = "非网签解约"
    permission = "destinations.view"
    graduate_path = "graduate"
    filterset_class = ReleaseFilter
    export_name = "releases"
    export_permission = "destinations.export"
    empty_title = "没有待处理的解约"
    empty_text = "毕业生或院系提出解约后会出现在这里。网签协议的解约在“网络签约”中办理。"
    columns = (
        Column("name", "姓名", ("graduate__name", "pk"), _name, lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("school_class", "班级", ("graduate__school_class__name",), css="wide"),
        Column("category", "毕业去向", ("category",), _category, _category),
        Column("unit_name", "单位名称", ("unit_name",), css="wide"),
        Column("proposed_by", "提出人", ("proposed_by",)),
        Column("created_at", "提出时间", ("created_at",), _proposed, _proposed, css="num"),
        Column("state", "状态", ("state",), _badge, lambda r: _STATES[r["state"]]),
        Column("decided_by", "处理人", ("decided_by",)),
    )
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近提出", ("pk",), descending=True, column="created_at"),
        Order("oldest", "最早提出", ("pk",)),
    )

    def all_rows(self) -> QuerySet[ReleaseProposal]:
        rows = ReleaseProposal.objects.all()
        if self.request.GET.get("state"):
            return rows
        staff = staff_of(self.user)
        return rows.filter(state__in=waiting_release_states(staff.role_level if staff else ""))


def _visible_proposal(request: StaffRequest, pk: int) -> ReleaseProposal:
    rows = ReleaseProposal.objects.select_related("graduate__department", "graduate__school_class")
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("destinations.view")
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _visible_proposal(request, pk))


def _page(
    request: StaffRequest, row: ReleaseProposal, form: forms.ReleaseAnswerForm | None = None
) -> HttpResponse:
    """The proposal, its paper, the destination as it was, and the steps that this person may take."""
    form = form or forms.ReleaseAnswerForm()
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=row.graduate_id)
    is_open = row.state in OPEN_RELEASE
    may = {step.action for step in MACHINE.available(d, request.user)} if is_open else set()
    following = releases_for(request.user).exclude(pk=row.pk).order_by("pk").first()
    context = {
        "row": row,
        "graduate": row.graduate,
        "badge": colour_of(row.state),
        "category": catalogue().label_of(row.category),
        "shown": shown_snapshot(row),
        "images": list(row.images.all()),
        "open": is_open,
        "can": may,
        "why_not": _why_not(request, d, row, may) if is_open else "",
        "reasons": _READY_REASONS,
        "following": following,
        "form": form,
    }
    return render(request, "destinations/console/release.html", context, status=form.status)


def _why_not(request: StaffRequest, d: Destination, row: ReleaseProposal, may: set[str]) -> str:
    """Why this person cannot take the step that the proposal waits for; "" if they can."""
    if may & {"endorse_release", "release"}:
        return ""
    level = request.staff.role_level
    if row.state not in waiting_release_states(level):
        whom = "院系" if row.state == ReleaseState.WAITING_DEPARTMENT else "学校系统管理员"
        return f"等待{whom}处理。"
    action = "endorse_release" if row.state == ReleaseState.WAITING_DEPARTMENT else "release"
    found = [MACHINE.why_not(a, d, request.user) for a in (action, "release")]
    return next((sentence for sentence in found if "角色" not in sentence), found[0])


def shown_snapshot(row: ReleaseProposal) -> list[tuple[str, str]]:
    """The destination as it was when the release was proposed, as (label, words)."""
    kept, state = row.snapshot, row.snapshot.get("state", "")
    shown = [
        ("毕业去向", catalogue().label_of(row.category)),
        ("形式", form_label(kept.get("form", ""), kept.get("agreement_no", ""))),
        ("审核情况", State(state).label if state in State.values else ""),
        *((f.label, f.show(kept.get(f.key))) for f in ALL),
    ]
    return [(label, words) for label, words in shown if words]


@staff_view("destinations.enter")
def propose(request: StaffRequest, pk: int) -> HttpResponse:
    """Staff propose a release for a graduate who brought the stamped paper."""
    d = destination_or_404(request, pk)
    if refusal := MACHINE.why_not("propose_release", d, request.user):
        messages.error(request, refusal)
        return redirect("console:destination", pk=pk)
    form = forms.ReleaseForm(posted(request), request.FILES)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            row = release.propose_release(
                graduate_id=pk, by=request.user, reason=typed["reason"],
                pictures=typed["images"], version=typed["version"],
            )  # fmt: skip
            messages.success(request, f"{d.graduate.name}：已提出解约，等待学校处理。")
            return redirect("console:release", pk=row.pk)
        except DomainError as failure:
            form.add_refusal(failure)
    if not form.is_bound:
        form.initial["version"] = d.version
    context = {
        "d": d,
        "graduate": d.graduate,
        "category": shown.category_label(d),
        "values": shown.shown_values(d),
        "form": form,
    }
    return render(request, "destinations/console/release_new.html", context, status=form.status)


@staff_view("destinations.enter")
@require_POST
def decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the step of the pressed button: endorse, refuse, release or withdraw."""
    row, wanted = _visible_proposal(request, pk), pressed(request, "do")
    form = forms.ReleaseAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    answer = form.cleaned_data["reason"]
    try:
        match wanted:
            case "endorse":
                release.endorse_release(proposal=row, by=request.user, answer=answer)
            case "refuse":
                release.refuse_release(proposal=row, by=request.user, answer=answer)
            case "release":
                release.grant_release(proposal=row, by=request.user, answer=answer)
            case "withdraw":
                release.withdraw_release(proposal=row, by=request.user)
            case _:
                return redirect("console:release", pk=pk)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, _visible_proposal(request, pk), form)
    messages.success(request, f"{row.graduate.name}：{_SAID[wanted]}。")
    following = releases_for(request.user).exclude(pk=pk).order_by("pk").first()
    if following is None:
        return redirect("console:releases")
    return redirect("console:release", pk=following.pk)


@staff_view("destinations.view")
def image(request: StaffRequest, pk: int) -> HttpResponseBase:
    """A picture of the paper, for staff who may see the graduate."""
    visible = visible_to(ReleaseProposal.objects.all(), request.user, graduate="graduate")
    rows = ReleaseImage.objects.select_related("file").filter(proposal__in=visible)
    return files.respond(get_object_or_404(rows, pk=pk).file)


# --- the graduate ---------------------------------------------------------------------------------


@graduate_view
def own(request: GraduateRequest) -> HttpResponse:
    """The graduate's newest proposal, or the form for a new one."""
    rows = Destination.objects.select_related("graduate", "cohort", "school")
    d = rows.get(pk=request.graduate.pk)
    form = forms.ReleaseForm(posted(request), request.FILES)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            release.propose_release(
                graduate_id=d.pk, by=request.user, reason=typed["reason"],
                pictures=typed["images"], version=typed["version"],
            )  # fmt: skip
            messages.success(request, "解约已提交，办结之前原去向不变。")
            return redirect("destination-release")
        except DomainError as refusal:
            form.add_refusal(refusal)
    if not form.is_bound:
        form.initial["version"] = d.version
    row = release.newest_proposal(d.pk)
    context = {
        "d": d,
        "category": shown.category_label(d),
        "row": row,
        "badge": colour_of(row.state) if row else "",
        "images": row.images.all() if row else [],
        "may_withdraw": MACHINE.can("withdraw_release", d, request.user),
        "may_propose": MACHINE.can("propose_release", d, request.user),
        "why_not": MACHINE.why_not("propose_release", d, request.user),
        "form": form,
        "tab": "register",
    }
    return render(request, "destinations/phone/release.html", context, status=form.status)


@graduate_view
@require_POST
def own_withdraw(request: GraduateRequest) -> HttpResponse:
    row = release.newest_proposal(request.graduate.pk)
    if row is not None:
        release.withdraw_release(proposal=row, by=request.user)
        messages.success(request, "已撤回解约，原去向不变。")
    return redirect("destination-release")


@graduate_view
def own_image(request: GraduateRequest, pk: int) -> HttpResponseBase:
    rows = ReleaseImage.objects.select_related("file")
    own_rows = rows.filter(proposal__graduate_id=request.graduate.pk)
    return files.respond(get_object_or_404(own_rows, pk=pk).file)
