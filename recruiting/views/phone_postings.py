"""The postings that a graduate sees: the search, those that match, one posting, and favourites."""

from __future__ import annotations

import datetime
import re

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core.forms import pressed, read_number
from graduates.access import GraduateRequest, graduate_view
from graduates.models import Graduate
from recruiting import hooks, matching, queries, visiting
from recruiting.actions.applications import delivery_refusals
from recruiting.forms import job_search_form
from recruiting.models import Application, Favourite, Intention, Posting, Recruiter, UnitFigures
from recruiting.words import card_words, content_words

_TAB = "services"
_SIZE = 20
# Where a page of the list ends: microseconds since 1970 and the id of its last posting.
_PLACE_IN_LIST = re.compile(r"([0-9]{1,17})-([0-9]{1,15})", re.ASCII)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    search = job_search_form(request.GET)
    typed = search.cleaned_data
    rows = queries.search_open(
        request.graduate, places=typed.get("places") or [],
        category=typed.get("job_category") or "", work_kind=typed.get("work_kind") or None,
        kept=bool(typed.get("kept")),
    )  # fmt: skip
    page, following = _page(request.graduate, rows, search.words, request.GET.get("before", ""))
    context = {
        "cards": [(posting, card_words(posting)) for posting in page],
        "following": following,
        "form": search,
        "narrowed": any(typed.values()) or bool(search.errors),
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/jobs.html", context)


@graduate_view
def matching_list(request: GraduateRequest) -> HttpResponse:
    """The postings that match what the graduate looks for, each with the reason."""
    graduate = request.graduate
    intention = Intention.objects.filter(graduate=graduate).first()
    found: list[matching.Match] = []
    if intention is not None:
        after = _place_of_match(request.GET.get("before", ""))
        found = matching.page(graduate, intention, size=_SIZE + 1, after=after)
    page = found[:_SIZE]
    context = {
        "cards": [(match.posting, card_words(match.posting), match.reasons) for match in page],
        "following": _match_as_text(page[-1].place) if len(found) > _SIZE else "",
        "intention": intention,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/jobs_matching.html", context)


def _place_of_match(before: str) -> matching.Place | None:
    hits, _, rest = before.partition("-")
    place = _PLACE_IN_LIST.fullmatch(rest)
    if place is None or not re.fullmatch("[0-9]", hits, re.ASCII):
        return None
    return matching.Place(int(hits), _time_of(place), int(place[2]))


def _match_as_text(place: matching.Place) -> str:
    return f"{place.hits}-{_as_text(place.published_at, place.pk)}"


def _time_of(place: re.Match[str]) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=int(place[1]))


def _as_text(published_at: datetime.datetime, pk: int) -> str:
    return f"{(published_at - _EPOCH) // datetime.timedelta(microseconds=1)}-{pk}"


def _page(
    graduate: Graduate, rows: QuerySet[Posting], words: list[str], before: str
) -> tuple[list[Posting], str]:
    """One page of the postings that have the words, the newest first, and the `before` of the following
    one; "" on the last."""
    place = _PLACE_IN_LIST.fullmatch(before)
    if place is not None:
        at = _time_of(place)
        rows = rows.filter(Q(published_at__lt=at) | Q(published_at=at, pk__lt=int(place[2])))
    page = queries.newest_with(queries.as_cards(rows, graduate), words, _SIZE + 1)
    if len(page) <= _SIZE:
        return page, ""
    last = page[_SIZE - 1]
    assert last.published_at is not None
    return page[:_SIZE], _as_text(last.published_at, last.pk)


def shown_posting(graduate: Graduate, pk: int) -> Posting:
    """A posting that is open to the graduate, or that the graduate has applied for; otherwise a 404."""
    posting = queries.open_to(graduate).select_related("unit").filter(pk=pk).first()
    if posting is None:
        applied = Application.objects.filter(graduate=graduate, posting=pk)
        posting = Posting.objects.select_related("unit").filter(pk=pk).first()
        if posting is None or not applied.exists():
            raise Http404
    return posting


@graduate_view
def job(request: GraduateRequest, pk: int) -> HttpResponse:
    graduate, posting = request.graduate, shown_posting(request.graduate, pk)
    hooks.posting_opened.run(graduate=graduate, posting=posting)
    refusals = delivery_refusals(graduate, posting)
    mine = Application.objects.filter(graduate=graduate, posting=posting).order_by("-id")
    context = {
        "posting": posting,
        "groups": [
            (group, [(label, words) for label, words in rows if words])
            for group, rows in content_words(posting)
        ],
        "recruiter": Recruiter.objects.filter(unit=posting.unit_id).first(),
        "figures": UnitFigures.objects.filter(unit=posting.unit_id).first(),
        "refusals": refusals,
        "incomplete": any(refusal.code == "incomplete" for refusal in refusals),
        "application": mine.defer("snapshot").first(),
        "fair": visiting.fair_of_delivery(
            graduate, posting, read_number(request.GET.get("fair", ""))
        ),
        "kept": Favourite.objects.filter(graduate=graduate, posting=posting).exists(),
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/job.html", context)


@graduate_view
@require_POST
def favourite(request: GraduateRequest, pk: int) -> HttpResponse:
    """Keep a posting in view, or no longer. The button says which, so that a double click does not
    undo itself."""
    posting = shown_posting(request.graduate, pk)
    if pressed(request, "keep") == "1":
        Favourite.objects.get_or_create(graduate=request.graduate, posting=posting)
        messages.success(request, "已收藏。")
    else:
        Favourite.objects.filter(graduate=request.graduate, posting=posting).delete()
        messages.success(request, "已取消收藏。")
    return redirect("job", pk=pk)
