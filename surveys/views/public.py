"""Answering a survey by its link. Nobody has to sign in, and nobody is told whether a link that takes no
answer was used, is over, or never was one."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from codes import lookup
from core import rate
from core.forms import posted, pressed, read_number
from surveys import flow, questions
from surveys.actions import answers
from surveys.models import Draft, Invitation
from surveys.page_form import PageForm, TurnForm, page_form
from surveys.questions import Question
from surveys.words import publisher_words

# Links that take no answer, of one address in an hour; then it has to wait.
_MOST_MISSES = 60
# Pages of one link in an hour.
_MOST_PAGES = 400


@dataclass
class Walk:
    """The pages of the survey by what was answered so far; `number` counts from 1, 0 is the first page
    with the introduction."""

    token: str
    invitation: Invitation
    draft: Draft

    @property
    def every(self) -> list[Question]:
        return questions.load(self.invitation.survey.questions)

    @property
    def pages(self) -> list[list[Question]]:
        """The pages with the questions that are asked. A page none of whose questions is asked is left
        out."""
        asked = {one.key for one in questions.asked(self.every, self.draft.data)}
        pages = [[q for q in page if q.key in asked] for page in flow.pages_of(self.every)]
        return [page for page in pages if page]

    def place_of(self, keys: list[str]) -> int:
        """The number of the page that asks these keys; 0 if none does any more."""
        wanted = set(keys)
        return next(
            (n for n, page in enumerate(self.pages, 1) if wanted & {q.key for q in page}), 0
        )


def _hold(request: HttpRequest, token: str) -> Invitation:
    """The invitation of the link. Raises `Closed`, after a number of them `RateLimited`."""
    misses = f"survey-miss:{client_address(request)}"
    rate.check(misses, most=_MOST_MISSES)
    lookup.refresh()
    try:
        invitation = answers.find(token)
    except answers.Closed:
        rate.limit(misses, most=_MOST_MISSES, seconds=3600)
        raise
    rate.limit(f"survey:{invitation.pk}", most=_MOST_PAGES, seconds=3600)
    return invitation


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "surveys/public/closed.html", status=answers.Closed().status)


def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the survey that the address names, or the one on which the person stopped."""
    try:
        invitation = _hold(request, token)
        draft = answers.draft_of(token, invitation)
        walk = Walk(token, invitation, draft)
        if request.method == "POST":
            return _take(request, walk)
    except answers.Closed:
        return _closed(request)
    wanted = read_number(request.GET.get("page", ""))
    number = draft.page if wanted is None else wanted
    return _show(request, walk, min(number, len(walk.pages)))


def _take(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Keep the posted page and go on; send everything after the last one."""
    pages, token = walk.pages, walk.token
    turn = TurnForm(posted(request))
    number = turn.cleaned_data["page"] if turn.is_valid() else 1
    number = max(1, min(number, len(pages)))
    form = page_form(pages[number - 1], posted(request), walk.draft.data)
    back = pressed(request, "go") == "back"
    given = form.answers(demanded=not back)
    if form.errors:
        return _show(request, walk, number, form)
    address = f"{request.path}?page="
    if back:
        answers.save_page(token=token, page=number - 1, asked=form.asked, given=given)
        return redirect(f"{address}{number - 1}")
    walk.draft.data = {k: v for k, v in walk.draft.data.items() if k not in form.asked} | given
    if number < len(walk.pages):
        answers.save_page(token=token, page=number + 1, asked=form.asked, given=given)
        return redirect(f"{address}{number + 1}")
    try:
        answers.send(token=token, asked=form.asked, given=given)
    except answers.Unanswered as refusal:
        missed = {one.key for one in refusal.questions}
        walk.draft = answers.draft_of(token, walk.invitation)
        number = walk.place_of([refusal.questions[0].key])
        shown = page_form(walk.pages[number - 1], None, walk.draft.data)
        form = page_form(walk.pages[number - 1], _as_posted(shown), walk.draft.data)
        form.is_valid()
        for item in form.items:
            if item.question.key in missed:
                form.demand(item.question)
        return _show(request, walk, number, form)
    return redirect("survey-thanks")


def _as_posted(form: PageForm) -> dict[str, object]:
    """What the form shows, as if it had been sent."""
    return {name: form[name].value() for name in form.fields}


def _show(
    request: HttpRequest, walk: Walk, number: int, form: PageForm | None = None
) -> HttpResponse:
    invitation, pages = walk.invitation, walk.pages
    survey = invitation.survey
    context = {
        "survey": survey, "token": walk.token, "publisher": publisher_words(survey), "number": number,
        "total": len(pages), "named": invitation.graduate_id is None, "unit": invitation.unit,
        "has_begun": bool(walk.draft.data), "is_last": number == len(pages),
    }  # fmt: skip
    if number == 0:
        return render(request, "surveys/public/first.html", context)
    shown = form or page_form(pages[number - 1], None, walk.draft.data)
    context["form"] = shown
    return render(request, "surveys/public/page.html", context, status=shown.status)


@require_POST
def decline(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever was invited takes no part."""
    try:
        _hold(request, token)
        answers.decline(token=token)
    except answers.Closed:
        return _closed(request)
    return redirect("survey-declined")


def thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "surveys/public/thanks.html", {"declined": False})


def declined(request: HttpRequest) -> HttpResponse:
    return render(request, "surveys/public/thanks.html", {"declined": True})
