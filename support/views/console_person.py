"""One graduate in difficulty: profile, plan, records and recommended postings, each with its actions.

Every opening is logged. The province sees who was listed when and why, and how much help there was, but
none of what stands in the profile, the plan and the records.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import readers, text
from core import audit, files
from core.errors import DomainError
from core.forms import PlatformForm, posted, pressed, read_number
from recruiting import queries as recruiting_queries
from recruiting.words import card_words
from schools.access import StaffRequest, staff_view
from support import queries
from support.actions import helping, recommending, records
from support.actions.base import RELATED, days_of
from support.forms import AssignForm, PlanForm, ProfileForm, RecommendForm, RecordForm
from support.models import JobRecommendation, Listing, Profile, Record, RecordImage
from support.states import RecordState
from support.steps import LISTING, RECORD
from support.views import pictures
from support.views.console_list import group_words

_help = staff_view("support.help")
_POSTINGS_SHOWN = 20
_RECORDS_SHOWN = 200


def listing_of(request: StaffRequest, pk: int) -> Listing:
    """The listing of the graduate with this primary key, if the person may see it; otherwise a 404."""
    rows = queries.listings_for(request.user).select_related(*RELATED)
    return get_object_or_404(rows, graduate=pk)


@staff_view("support.view")
def person(request: StaffRequest, pk: int) -> HttpResponse:
    listing = listing_of(request, pk)
    audit.record("support.open", by=request.user, obj=listing)
    return _page(request, listing)


def _page(request: StaffRequest, listing: Listing, **refused: PlatformForm) -> HttpResponse:
    """The page; `refused` are forms that an action refused, by their names in the template."""
    may = {step.action for step in LISTING.available(listing, request.user)}
    reads = queries.is_of_school(request.user)
    context: dict[str, Any] = {
        "listing": listing,
        "graduate": listing.graduate,
        "groups": group_words(listing.groups),
        "history": [(h, group_words(h.groups)) for h in listing.history.all()[:50]],
        "progress": _progress(listing),
        "reads": reads,
        "may": may,
        "form": next(iter(refused.values()), None),
    }
    if reads:
        context |= _for_school(request, listing, may) | refused
    form = context["form"]
    status = form.status if form is not None else 200
    return render(request, "support/console/person.html", context, status=status)


def _progress(listing: Listing) -> list[tuple[str, int, int]]:
    """(part of the quota, how many helps there are, how many there should be)."""
    quota = queries.quotas().of(listing.cohort.year)
    counted = queries.helps_of(listing)
    return [
        (label, counted[key], getattr(quota, key))
        for key, label in queries.PART_LABELS.items()
        if getattr(quota, key) or counted[key]
    ]


def _for_school(request: StaffRequest, listing: Listing, may: set[str]) -> dict[str, Any]:
    profile = profile_of(listing)
    rows = listing.records.select_related("way", "posting__unit", "fair", "corrects")
    shown = list(rows.prefetch_related("images").order_by("-on", "-id")[:_RECORDS_SHOWN])
    plans = list(listing.plans.order_by("-id")[:20])
    sent = queries.with_funnel(listing.recommendations.select_related("posting__unit"))
    return {
        "profile": profile,
        "plans": plans,
        "records": [_record_row(record, request) for record in shown],
        "sent": sent.order_by("-id"),
        "assign": AssignForm(
            people=helping.candidates(listing.school_id),
            initial={"responsible": listing.responsible_id or ""},
        ),
        "profile_form": ProfileForm(initial=_stored(profile)),
        "plan_form": PlanForm(initial={"aims": plans[0].aims if plans else ""}),
        "why_not": "" if "record" in may else LISTING.why_not("record", listing, request.user),
    }


def profile_of(listing: Listing) -> Profile | None:
    return getattr(listing, "profile", None)


def _stored(profile: Profile | None) -> dict[str, Any]:
    if profile is None:
        return {"version": 0}
    return {key: getattr(profile, key) for key in ("wish", "family", "difficulty", "version")}


def _record_row(record: Record, request: StaffRequest) -> dict[str, Any]:
    valid = record.state == RecordState.VALID
    return {
        "record": record,
        "may_correct": valid and RECORD.can("correct", record, request.user),
        "may_delete": valid and record.created_by_id == request.user.pk
        and RECORD.can("delete", record, request.user),
    }  # fmt: skip


# --- 责任人, profile, plan ----------------------------------------------------------------------


@staff_view("support.assign")
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    listing = listing_of(request, pk)
    form = AssignForm(posted(request), people=helping.candidates(listing.school_id))

    def save() -> None:
        helping.assign(
            listing_id=listing.pk, user_id=int(form.cleaned_data["responsible"] or 0),
            by=request.user,
        )  # fmt: skip

    return _save(request, listing, form, save, name="assign", done="已指定责任人。")


@_help
@require_POST
def profile(request: StaffRequest, pk: int) -> HttpResponse:
    listing, form = listing_of(request, pk), ProfileForm(posted(request))

    def save() -> None:
        typed = form.cleaned_data
        helping.save_profile(
            listing_id=listing.pk, typed=typed, version=typed["version"], by=request.user
        )

    return _save(request, listing, form, save, name="profile_form", done="已保存帮扶档案。")


@_help
@require_POST
def plan(request: StaffRequest, pk: int) -> HttpResponse:
    listing, form = listing_of(request, pk), PlanForm(posted(request))

    def save() -> None:
        helping.save_plan(listing_id=listing.pk, by=request.user, **form.cleaned_data)

    return _save(request, listing, form, save, name="plan_form", done="已保存帮扶方案。")


def _save(
    request: StaffRequest,
    listing: Listing,
    form: PlatformForm,
    save: Callable[[], object],
    *,
    name: str,
    done: str,
) -> HttpResponse:
    """Do what a form of the page asks for, or show the page again with what was refused."""
    if form.is_valid():
        try:
            save()
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
        else:
            messages.success(request, done)
            return redirect("console:support-person", pk=listing.graduate_id)
    return _page(request, listing, **{name: form})


# --- records ------------------------------------------------------------------------------------


@_help
def record_new(request: StaffRequest, pk: int) -> HttpResponse:
    return _record_page(request, listing_of(request, pk), None)


@_help
def record_correct(request: StaffRequest, pk: int, record: int) -> HttpResponse:
    """Write a record that corrects an earlier one."""
    listing = listing_of(request, pk)
    old = get_object_or_404(listing.records.select_related("way", "listing"), pk=record)
    return _record_page(request, listing, old)


def _record_page(request: StaffRequest, listing: Listing, old: Record | None) -> HttpResponse:
    step, row = (RECORD, old) if old is not None else (LISTING, listing)
    why_not = step.why_not("correct" if old is not None else "record", row, request.user)
    about = records.about_choices(listing)
    if old is not None and (mine := _about(old)) and mine not in dict(about):
        about.append((mine, "原记录关联的内容"))
    form = RecordForm(
        posted(request), request.FILES, about=about,
        kept_way=old.way.code if old is not None else "",
        initial=_of_old(old) if old is not None else _new_record(request),
    )  # fmt: skip
    kept = pictures.kept_before(request, form)
    if form.is_bound:
        form.full_clean()
        try:
            pictures.keep(request, form, kept, school_id=listing.school_id)
            if form.is_valid():
                records.add(
                    listing_id=listing.pk, typed=form.cleaned_data, evidence=kept,
                    form_key=form.cleaned_data["form_key"], by=request.user,
                    corrects=old.pk if old is not None else None,
                )  # fmt: skip
                messages.success(request, "已更正。" if old is not None else "已记录。")
                return redirect("console:support-person", pk=listing.graduate_id)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
        pictures.show_kept(request, form, kept)
    first, last = days_of(listing.cohort)
    context = {
        "listing": listing, "graduate": listing.graduate, "old": old, "form": form,
        "kept": len(kept), "why_not": why_not, "first": first, "last": last,
    }  # fmt: skip
    return render(request, "support/console/record.html", context, status=form.status)


def _new_record(request: StaffRequest) -> dict[str, Any]:
    return {
        "on": timezone.localdate(), "helper": request.user.label, "form_key": secrets.token_hex(16),
    }  # fmt: skip


def _about(record: Record) -> str:
    for kind in ("application", "posting", "fair"):
        pk = getattr(record, f"{kind}_id")
        if pk is not None:
            return f"{kind}:{pk}"
    return ""


def _of_old(old: Record) -> dict[str, Any]:
    keys = ("on", "helper", "result", "text", "next_on", "subsidy", "subsidy_amount")
    return {key: getattr(old, key) for key in keys} | {
        "way": old.way.code, "about": _about(old), "form_key": secrets.token_hex(16),
    }  # fmt: skip


@_help
@require_POST
def record_delete(request: StaffRequest, pk: int, record: int) -> HttpResponse:
    listing = listing_of(request, pk)
    get_object_or_404(listing.records, pk=record)
    try:
        records.delete(record_id=record, by=request.user)
        messages.success(request, "已删除。")
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
    return redirect("console:support-person", pk=listing.graduate_id)


@_help
def picture(request: StaffRequest, pk: int, image: int) -> HttpResponseBase:
    """A picture of a record's evidence."""
    listing = listing_of(request, pk)
    rows = RecordImage.objects.filter(record__listing=listing).select_related("file")
    return files.respond(get_object_or_404(rows, pk=image).file)


# --- recommending -------------------------------------------------------------------------------


@_help
def recommend(request: StaffRequest, pk: int) -> HttpResponse:
    """Search the postings that the graduate can open, and send one."""
    listing = listing_of(request, pk)
    form = RecommendForm(posted(request))
    if form.is_valid():
        typed = form.cleaned_data
        try:
            recommending.send(
                listing_id=listing.pk, posting_id=typed["posting"], note=typed["note"],
                by=request.user,
            )  # fmt: skip
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
        else:
            messages.success(request, "已发送给毕业生，并记为一次岗位推荐。")
            return redirect("console:support-person", pk=listing.graduate_id)
    words = readers.search_words(request.GET.get("q", ""))
    graduate = listing.graduate
    rows = recruiting_queries.as_cards(recruiting_queries.open_to(graduate), graduate)
    found = recruiting_queries.newest_with(
        rows, text.narrow(words).casefold().split(), _POSTINGS_SHOWN
    )
    sent = set(
        JobRecommendation.objects.filter(listing=listing).values_list("posting_id", flat=True)
    )
    context = {
        "listing": listing,
        "graduate": graduate,
        "form": form,
        "cards": [(posting, card_words(posting), posting.pk in sent) for posting in found],
        "chosen": read_number(pressed(request, "posting")) or 0,
        "words": words,
        "why_not": LISTING.why_not("recommend", listing, request.user),
    }
    return render(request, "support/console/recommend.html", context, status=form.status)
