"""The pages of a recruiter who scans a graduate's card: the graduate, the phone, four steps, a preview.

No account is needed. The address contains the draft's key, which is 192 random bits, but it opens the
draft only in the browser that proved the phone (`esign.draft_browser`). Sending the invitation closes
the draft. Registered units use the same four steps.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from codes import lookup
from codes.forms import DeclaredForm
from core import files
from core.errors import DomainError, Invalid
from core.forms import posted, pressed, sent_picture
from employers.models import Unit
from employers.queries import find_units
from esign import forms, terms
from esign.actions import cards, drafts, invite
from esign.deadlines import end_of_day_after
from esign.draft_browser import bind_browser, is_bound
from esign.fields import IMAGES, SIGNATURE, STEPS, of_step
from esign.models import Draft
from esign.rules import check_terms

_SLOTS = (*IMAGES, SIGNATURE)


def landing(request: HttpRequest, token: str) -> HttpResponse:
    """The graduate's school, name, level and major, and no number of any kind (DOMAIN §4)."""
    lookup.refresh()
    card = cards.find_card(token)
    if card is None:
        return render(request, "esign/public/card_gone.html", status=404)
    if request.method == "POST":
        draft = drafts.begin_from_card(card=card, address=client_address(request))
        return redirect("invite-phone", key=draft.key)
    graduate = card.graduate
    context = {
        "graduate": graduate,
        "level": lookup.name("education_level", graduate.level),
    }
    return render(request, "esign/public/card.html", context)


def _draft(key: str) -> Draft:
    lookup.refresh()
    draft = drafts.find_draft(key)
    if draft is None:
        raise Http404
    return draft


def _own_draft(request: HttpRequest, key: str) -> Draft | HttpResponse:
    """The draft, if this browser may see it; otherwise a redirect to the page that proves who it is."""
    draft = _draft(key)
    return draft if is_bound(request, draft) else redirect("invite-phone", key=key)


def _editable_draft(request: HttpRequest, key: str) -> Draft | HttpResponse:
    """A draft that this browser can still change, or a redirect to the page that comes first."""
    draft = _own_draft(request, key)
    if isinstance(draft, Draft) and draft.invitation_id is not None:
        return redirect("invite-sent", key=key)
    return draft


def phone(request: HttpRequest, key: str) -> HttpResponse:
    """Proves the phone. A draft that another browser began asks for the same phone again."""
    draft = _draft(key)
    if is_bound(request, draft):
        return redirect("invite-step", key=key, number=1)
    elsewhere = draft.mobile_proved_at is not None
    if draft.by_id is not None or draft.invitation_id is not None:
        # Who filled it in signs in; there everything is shown that they may see.
        context = {"draft": draft, "sign_in": True}
        return render(request, "esign/public/phone.html", context, status=403)
    known = "" if elsewhere else draft.mobile
    form, sent = forms.ProvePhoneForm(posted(request), initial={"mobile": known}), False
    form.protect(request, enter=("prove", "1") if draft.mobile else ("send", "1"))
    if form.is_valid():
        mobile = form.cleaned_data["mobile"]
        try:
            if pressed(request, "send"):
                drafts.send_code(draft=draft, mobile=mobile, address=client_address(request))
                sent = True
                form.count_try()
            else:
                drafts.prove_phone(draft=draft, mobile=mobile, code=form.cleaned_data["code"])
                draft = drafts.go_on(draft=draft)
                response = (
                    redirect("invite-step", key=draft.key, number=1)
                    if draft.invitation_id is None
                    else redirect("invite-sent", key=draft.key)
                )
                bind_browser(response, request, draft)
                return response
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "draft": draft,
        "sent": sent or bool(draft.mobile),
        "form": form,
        "elsewhere": elsewhere,
        "ending": draft.mobile[-4:],
    }
    return render(request, "esign/public/phone.html", context, status=form.status)


def step(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One of the four steps. What was typed is saved in any case; only this step is checked."""
    draft = _editable_draft(request, key)
    if isinstance(draft, HttpResponse):
        return draft
    if not 1 <= number <= len(STEPS):
        raise Http404
    name = STEPS[number - 1]
    form = forms.step_form(draft, name, posted(request), request.FILES)
    if form.is_bound:
        draft = drafts.save(draft=draft, typed=form.typed)
        errors = _attach_pictures(draft, form)
        draft = _draft(key)
        errors = invite.draft_errors(draft) | errors
        errors = {k: v for k, v in errors.items() if k in forms.keys_of_step(name)}
        if not errors:
            if number < len(STEPS):
                return redirect("invite-step", key=key, number=number + 1)
            return redirect("invite-preview", key=key)
        form = forms.step_form(draft, name, posted(request), request.FILES)
        form.add_refusal(Invalid(errors))
    for issue in check_terms(draft.values).warnings():
        form.warnings.setdefault(issue.field, []).append(issue.message)
    context = _step_context(draft, number) | {"form": form, "last": number == len(STEPS)}
    return render(request, "esign/public/step.html", context, status=form.status)


def _step_context(draft: Draft, number: int) -> dict[str, Any]:
    """The context that the steps and the preview share."""
    return {"draft": draft, "steps": STEPS, "number": number, "graduate": draft.graduate}


def _attach_pictures(draft: Draft, form: DeclaredForm) -> dict[str, list[str]]:
    """Store the pictures that came with the form; returns errors by slot. A refused picture does not
    keep the others from being stored."""
    form.full_clean()
    errors = {}
    for slot in _SLOTS:
        content = form.cleaned_data.get(slot)
        if not content:
            continue
        try:
            drafts.attach_picture(draft=draft, slot=slot, content=content)
        except DomainError as refusal:
            errors[slot] = [refusal.message]
    return errors


@require_POST
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Save what was typed, without checking it. The page's script calls this."""
    draft = _editable_draft(request, key)
    if isinstance(draft, HttpResponse):
        return HttpResponse(status=409)
    drafts.save(draft=draft, typed=forms.draft_form(draft, request.POST).typed)
    return HttpResponse(status=204)


@require_POST
def upload(request: HttpRequest, key: str, slot: str) -> HttpResponse:
    """Store one picture as soon as it is chosen or drawn."""
    draft = _editable_draft(request, key)
    if isinstance(draft, HttpResponse) or slot not in _SLOTS:
        return JsonResponse({"error": "页面已过期，请刷新。"}, status=409)
    try:
        stored = drafts.attach_picture(draft=draft, slot=slot, content=sent_picture(request))
    except DomainError as refusal:
        return JsonResponse({"error": refusal.message}, status=refusal.status)
    return JsonResponse({"size": stored.size, "id": stored.pk})


def image(request: HttpRequest, key: str, slot: str) -> HttpResponseBase:
    """A picture of a draft that is not sent yet, for the browser that proved the phone."""
    draft = _draft(key)
    if not is_bound(request, draft) or draft.invitation_id is not None:
        raise Http404
    file = getattr(draft, slot) if slot in _SLOTS else None
    if file is None:
        raise Http404
    return files.respond(file)


def units(request: HttpRequest, key: str) -> JsonResponse:
    """Known units by name or code, for filling in the form once the phone is proved. Nothing about
    their people is sent."""
    if not is_bound(request, _draft(key)):
        return JsonResponse({"items": []}, status=403)
    matches = find_units(request.GET.get("q", ""))
    return JsonResponse({"items": [_unit_values(unit) for unit in matches]})


def _unit_values(unit: Unit) -> dict[str, str]:
    return {
        "unit_name": unit.name,
        "unit_code": unit.code,
        "unit_property": unit.unit_property,
        "unit_industry": unit.industry,
        "unit_division": lookup.place_name(unit.division),
        "unit_address": unit.address,
    }


def preview(request: HttpRequest, key: str) -> HttpResponse:
    """The notice as the graduate will read it. The button sends the invitation, once."""
    draft = _own_draft(request, key)
    if isinstance(draft, HttpResponse):
        return draft
    errors = invite.draft_errors(draft) if draft.invitation_id is None else {}
    if errors:
        return redirect("invite-step", key=key, number=forms.first_step_with_errors(errors))
    if request.method == "POST":
        invite.send(draft=draft)
        return redirect("invite-sent", key=key)
    if draft.invitation_id is not None:
        return redirect("invite-sent", key=key)
    checked = check_terms(draft.values)
    until = end_of_day_after(draft.updated_at, checked.values["valid_days"])
    context = _step_context(draft, len(STEPS)) | {
        "letter": terms.letter(draft.graduate.name, checked.values, until),
        "rows": [(f.label, f.show(checked.values[f.key])) for s in STEPS for f in of_step(s)],
        "warnings": [i.message for i in checked.warnings()],
    }
    return render(request, "esign/public/preview.html", context)


def sent(request: HttpRequest, key: str) -> HttpResponse:
    """The state of the sent invitation."""
    draft = _own_draft(request, key)
    if isinstance(draft, HttpResponse):
        return draft
    if draft.invitation is None:
        return redirect("invite-step", key=key, number=1)
    context = {"draft": draft, "invitation": draft.invitation, "graduate": draft.graduate}
    return render(request, "esign/public/sent.html", context)
