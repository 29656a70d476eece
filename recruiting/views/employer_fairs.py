"""The unit's pages of fairs and talks: what it may join, its own registrations, and talks it applies for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted
from employers.access import EmployerRequest, employer_view, find_in_units
from recruiting import fair_queries
from recruiting.actions import booths, talks
from recruiting.actions.fair_base import when
from recruiting.fair_forms import RegisterForm, TalkForm
from recruiting.fair_steps import BOOTH, FAIR
from recruiting.models import Booth, Fair, Posting
from recruiting.models.fairs import LIVE_BOOTH
from recruiting.rules.fairs import TALKS, WITH_BOOTHS
from recruiting.states import BoothState, FairKind, FairState
from recruiting.unit_standing import recruiting_refusals
from recruiting.views.fair_paging import page_by_start
from recruiting.words import place_words

_TAB = "fairs"
_OPEN, _MINE, _TALKS = "open", "mine", "talks"
_LISTS = ((_OPEN, "可报名"), (_MINE, "我的报名"), (_TALKS, "宣讲会"))
_MOST_UNITS = 50
_EMPTY = {
    _OPEN: ("现在没有可以报名的招聘会", "学校和省级开放报名后会出现在这里。"),
    _MINE: ("还没有报名", "在“可报名”中选择招聘会，用已发布的职位报名。"),
    _TALKS: ("还没有宣讲会", f"可以至少提前{talks.WORKING_DAYS}个工作日向学校申请。"),
}


@employer_view
def listing(request: EmployerRequest) -> HttpResponse:
    show = request.GET.get("show", _OPEN)
    if show not in dict(_LISTS):
        show = _OPEN
    page, following = page_by_start(_rows(request, show), request, rising=show == _OPEN)
    mine = _own_booths(request, page)
    context = {
        "rows": [(fair, when(fair), mine.get(fair.pk)) for fair in page],
        "following": following,
        "lists": _LISTS,
        "show": show,
        "empty": _EMPTY[show],
        "refusals": recruiting_refusals(request.member.unit),
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/fairs.html", context)


def _rows(request: EmployerRequest, show: str) -> QuerySet[Fair]:
    member = request.member
    seen = fair_queries.seen_by_unit(member).select_related("school")
    if show == _TALKS:
        return seen.filter(unit=member.unit_id)
    if show == _MINE:
        return seen.filter(pk__in=fair_queries.booths_of(member).values("fair"))
    open_now = fair_queries.open_for_units().values("pk")
    return seen.filter(pk__in=open_now)


def _own_booths(request: EmployerRequest, page: list[Fair]) -> dict[int, Booth]:
    """The unit's newest registration for each event."""
    rows = fair_queries.booths_of(request.member).filter(fair__in=[fair.pk for fair in page])
    return {booth.fair_id: booth for booth in rows.order_by("pk")}


def _fair(request: EmployerRequest, pk: int) -> Fair:
    """An event that the person may open; otherwise a 404."""
    return find_in_units(
        request, pk,
        lambda member: fair_queries.seen_by_unit(member).select_related("school", "unit"),
    )  # fmt: skip


def _booth(request: EmployerRequest, fair: Fair) -> Booth | None:
    """The unit's registration for the fair: the live one, otherwise the newest."""
    rows = fair_queries.booths_of(request.member).filter(fair=fair).select_related("unit")
    found = rows.filter(state__in=LIVE_BOOTH).first() or rows.order_by("-pk").first()
    if found is not None:
        found.fair = fair
    return found


@employer_view
def fair(request: EmployerRequest, pk: int) -> HttpResponse:
    shown = _fair(request, pk)
    return _page(request, shown, _register_form(request))


def _register_form(request: EmployerRequest, data: Any = None) -> RegisterForm:
    rows = fair_queries.published_by(request.member.unit_id).order_by("-published_at", "-pk")
    named = [(p.pk, f"{p.title}（{place_words(p)}，招{p.headcount}人）") for p in rows[:100]]
    return RegisterForm(named, data)


def _page(request: EmployerRequest, shown: Fair, form: RegisterForm) -> HttpResponse:
    unit, booth = request.member.unit, _booth(request, shown)
    is_own = shown.unit_id == unit.pk
    live = booth is not None and booth.state in LIVE_BOOTH
    refusals = [] if is_own or live else booths.registration_refusals(shown, unit)
    may_register = shown.kind in WITH_BOOTHS and not live and not refusals
    listed = fair_queries.exhibitors(shown)
    context = {
        "fair": shown,
        "when": when(shown),
        "is_own": is_own,
        "booth": booth,
        "brought": booth.postings.order_by("pk") if booth is not None else [],
        "has_number": booth is not None and booth.number and booth.state != BoothState.CANCELLED,
        "may": {step.action for step in BOOTH.available(booth, request.user)} if booth else set(),
        "may_withdraw": is_own and FAIR.can("withdraw", shown, request.user),
        "may_register": may_register,
        "refusals": refusals if shown.state == FairState.OPEN else [],
        "units": _with_postings(shown, list(listed.order_by("number", "pk")[:_MOST_UNITS])),
        "unit_count": listed.count(),
        "form": form,
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/fair.html", context, status=form.status)


def _with_postings(fair: Fair, listed: list[Booth]) -> list[tuple[Booth, list[Posting]]]:
    """The units that come, each with what it brings and is published now."""
    rows = fair_queries.postings_at(fair).filter(booths__in=[booth.pk for booth in listed])
    by_unit: dict[int, list[Posting]] = {}
    for posting in rows.order_by("pk").distinct():
        by_unit.setdefault(posting.unit_id, []).append(posting)
    return [(booth, by_unit.get(booth.unit_id, [])) for booth in listed]


@employer_view
@require_POST
def register(request: EmployerRequest, pk: int) -> HttpResponse:
    shown, form = _fair(request, pk), _register_form(request, request.POST)
    if form.is_valid():
        try:
            booths.register(
                fair_id=pk, member=request.member, posting_ids=form.posting_ids,
                people=form.cleaned_data["people"],
            )  # fmt: skip
            messages.success(request, "已报名，主办方审核后会通知您。")
            return redirect("employer-fair", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, shown, form)


@employer_view
@require_POST
def booth_step(request: EmployerRequest, pk: int, action: str) -> HttpResponse:
    """Confirm the booth that became free, or give the registration up."""
    booth = _booth(request, _fair(request, pk))
    if booth is None or action not in ("confirm", "cancel"):
        raise Http404
    try:
        if action == "confirm":
            done = booths.confirm(booth_id=booth.pk, by=request.member)
            messages.success(request, f"已确认参会，展位{done.number}。")
        else:
            booths.cancel(booth_id=booth.pk, by=request.member)
            messages.success(request, "已取消报名。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-fair", pk=pk)


# --- talks -------------------------------------------------------------------------------------


@employer_view
def new_talk(request: EmployerRequest) -> HttpResponse:
    """Apply for a talk at a school."""
    start = {"kind": FairKind.TALK, "title": f"{request.member.unit.name}宣讲会"[:60]}
    form = TalkForm(posted(request), initial=start)
    if form.is_valid():
        try:
            made = talks.apply(school_id=form.school_id, member=request.member, typed=form.typed)
            messages.success(request, "已提交，学校审批后会通知您。")
            return redirect("employer-fair", pk=made.pk)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    context = {
        "form": form,
        "refusals": recruiting_refusals(request.member.unit),
        "earliest": talks.earliest_day(),
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/fair_talk.html", context, status=form.status)


@employer_view
@require_POST
def withdraw_talk(request: EmployerRequest, pk: int) -> HttpResponse:
    shown = _fair(request, pk)
    if shown.kind not in TALKS or shown.unit_id != request.member.unit_id:
        raise Http404
    try:
        talks.withdraw(fair_id=pk, by=request.member)
        messages.success(request, "已撤回申请。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-fair", pk=pk)
