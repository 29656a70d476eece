"""The unit's postings: the list, one posting with its steps, and the form."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from codes.forms import DeclaredForm
from core.errors import DomainError, Invalid
from core.forms import posted, pressed
from employers.access import EmployerRequest, employer_view, find_in_units
from employers.pages import newest_page
from recruiting import queries
from recruiting.actions import postings
from recruiting.actions.posting_base import open_revision
from recruiting.forms import PostingSearchForm, RenewForm, posting_form
from recruiting.models import Posting
from recruiting.posting_steps import POSTING as STEPS
from recruiting.posting_steps import cause_words
from recruiting.states import ON_SHOW, PostingState
from recruiting.unit_standing import recruiting_refusals
from recruiting.words import change_words, content_words, school_names

_TAB = "postings"
# The steps of the page that need nothing but a click: the action, and what the page says afterwards.
_CLICKS = {
    "submit": (postings.submit, "已提交审核，一般在2个工作日内完成。"),
    "withdraw": (postings.withdraw, "已撤回，可以修改后再提交。"),
    "pause": (postings.pause, "已暂停，毕业生暂时看不到。"),
    "resume": (postings.resume, "已恢复。"),
    "confirm": (postings.confirm_open, "已确认仍在招聘。"),
    "close": (postings.close, "职位已结束，已收到的投递照常办理。"),
    "withdraw-change": (postings.withdraw_revision, "修改已撤回，职位内容不变。"),
}


@employer_view
def listing(request: EmployerRequest) -> HttpResponse:
    rows = queries.postings_of(request.member)
    search = PostingSearchForm(request.GET)
    search.full_clean()  # what can't be read narrows nothing
    state, title = search.cleaned_data["state"], search.cleaned_data.get("q", "")
    if state in PostingState.values:
        rows = rows.filter(state=state)
    if title:
        rows = rows.filter(title__contains=title)
    page, following = newest_page(rows, request)
    context = {
        "rows": page,
        "following": following,
        "states": [("", "全部"), *PostingState.choices],
        "state": state,
        "search": search,
        "narrowed": bool(state or title),
        "refusals": recruiting_refusals(request.member.unit),
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/postings.html", context)


def own_posting(request: EmployerRequest, pk: int) -> Posting:
    """The posting of one of the person's units with this id; otherwise a 404."""
    return find_in_units(
        request, pk, lambda member: queries.postings_of(member).select_related("unit")
    )


@employer_view
def posting(request: EmployerRequest, pk: int) -> HttpResponse:
    return _page(request, own_posting(request, pk), RenewForm())


def _page(request: EmployerRequest, posting: Posting, renew: RenewForm) -> HttpResponse:
    revision = open_revision(posting)
    context = {
        "posting": posting,
        "groups": content_words(posting),
        "schools": school_names(posting.school_ids),
        "may": {step.action for step in STEPS.available(posting, request.user)},
        "causes": cause_words(posting),
        "change": change_words(posting, revision.values) if revision is not None else [],
        "refusals": recruiting_refusals(posting.unit),
        "on_show": posting.state in ON_SHOW,
        "form": renew,
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/posting.html", context, status=renew.status)


@employer_view
def new(request: EmployerRequest) -> HttpResponse:
    """Write a new posting: saved as a draft, or handed in at once if nothing is wrong."""
    copied = request.GET.get("copy", "")
    values, schools = {}, []
    if copied.isdigit() and len(copied) < 10:
        source = own_posting(request, int(copied))
        values, schools = postings.content_of(source), school_names(source.school_ids)
        values.pop("valid_until")
    form = posting_form(values, schools, 0, posted(request))
    return _form(request, form, None)


@employer_view
def edit(request: EmployerRequest, pk: int) -> HttpResponse:
    """Change a draft or a returned posting, or propose the change of a published one."""
    posting = own_posting(request, pk)
    form = posting_form(
        postings.content_of(posting), school_names(posting.school_ids), posting.version,
        posted(request),
    )  # fmt: skip
    return _form(request, form, posting)


def _form(request: EmployerRequest, form: DeclaredForm, posting: Posting | None) -> HttpResponse:
    if form.may_try():
        try:
            return _save(request, form, posting)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "posting": posting,
        "form": form,
        "revises": posting is not None and posting.state in ON_SHOW,
        "tab": _TAB,
    }
    return render(request, "recruiting/employer/posting_form.html", context, status=form.status)


def _save(request: EmployerRequest, form: DeclaredForm, posting: Posting | None) -> HttpResponse:
    member, typed = request.member, form.typed
    schools, version = form.cleaned_data["schools"], form.cleaned_data["version"]
    if posting is not None and posting.state in ON_SHOW:
        changed = postings.revise(posting_id=posting.pk, by=member, typed=typed, version=version)
        waits = open_revision(changed) is not None
        messages.success(request, "修改已提交审核，通过之前原内容不变。" if waits else "已保存。")
        return redirect("employer-posting", pk=posting.pk)
    try:
        saved = postings.save_draft(
            member=member, typed=typed, school_ids=schools,
            posting_id=posting.pk if posting is not None else None,
            version=version if posting is not None else None,
        )  # fmt: skip
    except Invalid:
        if pressed(request, "do") == "submit":  # say everything that keeps it from being handed in
            raise Invalid(postings.check(typed, member.unit).errors()) from None
        raise
    if pressed(request, "do") != "submit":
        messages.success(request, "草稿已保存。")
        return redirect("employer-posting", pk=saved.pk)
    try:
        postings.submit(posting_id=saved.pk, by=member)
    except DomainError as refusal:
        # The draft is kept, so that the page to correct is the draft's own.
        data = (posted(request) or QueryDict()).copy()
        data["version"] = str(saved.version)
        form = posting_form({}, [], saved.version, data)
        form.full_clean()
        form.add_refusal(refusal)
        context = {"posting": saved, "form": form, "revises": False, "kept": True, "tab": _TAB}
        return render(request, "recruiting/employer/posting_form.html", context, status=form.status)
    messages.success(request, _CLICKS["submit"][1])
    return redirect("employer-posting", pk=saved.pk)


@employer_view
@require_POST
def step(request: EmployerRequest, pk: int, action: str) -> HttpResponse:
    """One of the steps that need nothing but a click."""
    own_posting(request, pk)
    if action not in _CLICKS:
        raise Http404
    take, done = _CLICKS[action]
    try:
        take(posting_id=pk, by=request.member)
        messages.success(request, done)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        if action == "submit" and hasattr(refusal, "errors"):
            return redirect("employer-posting-edit", pk=pk)
    return redirect("employer-posting", pk=pk)


@employer_view
@require_POST
def delete(request: EmployerRequest, pk: int) -> HttpResponse:
    own_posting(request, pk)
    try:
        postings.delete_draft(posting_id=pk, by=request.member)
        messages.success(request, "草稿已删除。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("employer-posting", pk=pk)
    return redirect("employer-postings")


@employer_view
@require_POST
def renew(request: EmployerRequest, pk: int) -> HttpResponse:
    """Show an ended posting again until another day."""
    posting, form = own_posting(request, pk), RenewForm(request.POST)
    if form.is_valid():
        try:
            postings.renew(posting_id=pk, until=form.cleaned_data["valid_until"], by=request.member)
            messages.success(request, "已续期，毕业生可以看到。")
            return redirect("employer-posting", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, posting, form)
