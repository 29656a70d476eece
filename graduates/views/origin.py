"""The console's page of one origin record with its history, and what can be done there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from codes.fields import FieldDeclaration
from codes.forms import DeclaredForm
from core import audit
from core.errors import Conflict, DomainError, Invalid
from core.forms import posted, pressed
from core.models import Event
from graduates import forms, hooks
from graduates.actions import account, hand_entries, initial_codes, origin
from graduates.actions import standing as actions_standing
from graduates.archive import BY_KEY as OF_ARCHIVE
from graduates.fields import BY_KEY
from graduates.initial_codes import initial_code, last_day
from graduates.models import Graduate
from graduates.permissions import editable_keys
from graduates.records import RELATED, record_of
from graduates.rules import required_gaps
from schools.access import StaffRequest, staff_view
from schools.models import Cohort, Phase
from schools.scope import visible_to


def graduate_or_404(request: StaffRequest, pk: int) -> Graduate:
    return get_object_or_404(
        visible_to(Graduate.objects.select_related(*RELATED), request.user), pk=pk
    )


@staff_view("graduates.view")
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """The record in a form. A refused change comes back beside what was typed."""
    graduate = graduate_or_404(request, pk)
    form = forms.origin_form(graduate, request.user, posted(request))
    if form.is_valid():
        try:
            origin.edit(
                graduate_id=pk,
                typed=form.values | form.posted_for_grey,
                by=request.user,
                version=form.cleaned_data["version"],
            )
            messages.success(request, "已保存。")
            return redirect("console:origin", pk=pk)
        except (Invalid, Conflict) as refusal:
            form.add_refusal(refusal)
    return _detail(request, graduate, form)


def _detail(
    request: StaffRequest,
    graduate: Graduate,
    form: DeclaredForm,
    standing_form: forms.StandingForm | None = None,
) -> HttpResponse:
    pk = graduate.pk
    is_open = graduate.cohort.phase() != Phase.SEALED
    context = {
        "graduate": graduate,
        "form": form,
        "may_edit": bool(editable_keys(graduate, request.user)),
        "history": _history(graduate),
        "gaps": [form[f.key] for f in required_gaps(record_of(graduate))],
        "may_lock": is_open and origin.why_not_lock(graduate, request.user) is None,
        "may_unlock": is_open and request.user.has_perm("graduates.unlock"),
        "may_move": is_open and request.user.has_perm("graduates.standing"),
        "entries": list(hand_entries.unconfirmed_entries(pk)),
        "may_confirm_entries": request.user.has_perm(hand_entries.PERMISSION),
        "waits": [w for waits in hooks.signing_waits.run(graduate=graduate) for w in waits],
        "standing_form": standing_form or forms.StandingForm(graduate=graduate),
        "notices": [
            n for found in hooks.notices.run(graduate=graduate, user=request.user) for n in found
        ],
        "links": [
            link
            for links in hooks.detail_links.run(graduate=graduate, user=request.user)
            for link in links
        ],
    }
    status = standing_form.status if standing_form else form.status
    return render(request, "graduates/console/origin.html", context, status=status)


def _history(graduate: Graduate) -> list[dict[str, Any]]:
    events = Event.objects.filter(
        object_type="graduate", object_id=graduate.pk, action__in=list(ACTION_LABELS)
    ).order_by("-id")
    return [describe(e) for e in events[:30]]


ACTION_LABELS = {
    "graduates.import_create": "导入", "graduates.import_update": "导入修改",
    "graduates.edit": "修改", "graduates.confirm": "本人确认", "graduates.lock": "锁定",
    "graduates.unlock": "解锁", "graduates.add": "新增",
    "graduates.confirm_entry": "确认手工录入", "graduates.refuse_entry": "不确认手工录入", "graduates.activate": "激活帐号",
    "graduates.reset_account": "重置帐号", "graduates.reveal": "查看号码",
    "graduates.initial_code": "查看初始码", "graduates.renew_codes": "初始码过期，换成新码",
    "graduates.standing": "学籍变动",
    "graduates.reopen": "重新开放",
    "graduates.end_reopening": "结束重新开放",
    "graduates.archive": "档案转寄", "graduates.archive_sent": "登记档案寄出",
}  # fmt: skip


def describe(event: Event) -> dict[str, Any]:
    """An event for a page: "what" happened, and (label, old, new) of each changed field."""
    changes = []
    of_archive = event.action.startswith("graduates.archive")
    fields: Mapping[str, FieldDeclaration] = OF_ARCHIVE if of_archive else BY_KEY
    stored = event.data.get("changes", {})
    # In the order of the page, because JSON in the database keeps no order of keys.
    order = {key: position for position, key in enumerate(fields)}
    for key in sorted(stored, key=lambda k: order.get(k, len(order))):
        old, new = stored[key]
        field = fields.get(key)
        if key in forms.MASKS:
            old, new = f"…{str(old)[-4:]}", f"…{str(new)[-4:]}"
        elif field is not None:
            old, new = _words_for(field, old), _words_for(field, new)
        changes.append((field.label if field is not None else key, old, new))
    return {
        "event": event,
        "what": ACTION_LABELS.get(event.action, event.action),
        "changes": changes,
    }


def _words_for(field: FieldDeclaration, value: Any) -> str:
    if isinstance(value, str) and field.kind == "decimal":
        return value
    return field.show(value)


@staff_view("graduates.lock")
@require_POST
def lock(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    origin.lock(graduate_id=graduate.pk, by=request.user)
    messages.success(request, "已锁定。")
    return redirect("console:origin", pk=pk)


@staff_view("graduates.unlock")
@require_POST
def unlock(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    origin.unlock(graduate_id=graduate.pk, by=request.user)
    messages.success(request, "已解锁。")
    return redirect("console:origin", pk=pk)


@staff_view("graduates.reveal")
@require_POST
def reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """The whole of a masked number, as JSON. It is logged who looked at whose."""
    graduate = graduate_or_404(request, pk)
    key = pressed(request, "field")
    if key not in forms.REVEALABLE:
        return JsonResponse({"error": "未知字段"}, status=400)
    audit.record("graduates.reveal", by=request.user, obj=graduate, data={"field": key})
    return JsonResponse({"value": record_of(graduate)[key]})


@staff_view("graduates.initial_codes")
@require_POST
def show_initial_code(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    if graduate.person.activated_at is not None:
        return JsonResponse({"value": "帐号已激活，初始码已失效"})
    initial_codes.renew_expired(graduate_ids=[graduate.pk], shown_for=graduate, by=request.user)
    person = graduate.person
    person.refresh_from_db()
    audit.record("graduates.initial_code", by=request.user, obj=graduate)
    code = initial_code(person.pk, person.code_number)
    until = f"（有效期至{last_day(person.code_made_at)}）"
    return JsonResponse({"value": f"{code[:4]} {code[4:]}", "note": until})


@staff_view("graduates.reset_account")
@require_POST
def reset_account(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    account.reset_account(graduate_id=graduate.pk, by=request.user)
    messages.success(request, "帐号已重置，请把新的初始码告诉毕业生。")
    return redirect("console:origin", pk=pk)


@staff_view("graduates.standing")
@require_POST
def standing(request: StaffRequest, pk: int) -> HttpResponse:
    """Change the standing. A refusal is shown on the record's page, beside what was typed."""
    graduate = graduate_or_404(request, pk)
    form = forms.StandingForm(request.POST, graduate=graduate)
    if form.is_valid() and _change_standing(request, graduate, form):
        messages.success(request, "学籍变动已办理。")
        return redirect("console:origin", pk=pk)
    return _detail(request, graduate, forms.origin_form(graduate, request.user), form)


def _change_standing(request: StaffRequest, graduate: Graduate, form: forms.StandingForm) -> bool:
    """Do what the form says; False if the action refused it."""
    pk, wanted, reason = graduate.pk, form.cleaned_data["standing"], form.cleaned_data["reason"]
    try:
        if wanted.startswith("defer-"):  # the form has checked that it is an offered cohort
            to = Cohort.objects.get(pk=int(wanted.removeprefix("defer-")))
            actions_standing.defer(graduate_id=pk, to=to, reason=reason, by=request.user)
        elif wanted == "enrolled":
            actions_standing.restore_enrolment(graduate_id=pk, reason=reason, by=request.user)
        else:
            actions_standing.end_enrolment(
                graduate_id=pk, standing=wanted, reason=reason, by=request.user
            )
    except DomainError as refusal:
        form.add_refusal(refusal)
        return False
    return True


@staff_view("graduates.add")
def add(request: StaffRequest) -> HttpResponse:
    school = request.staff.school
    if school is None:
        raise PermissionDenied
    form = forms.new_graduate_form(school, request.user, posted(request))
    if form.may_try():
        try:
            graduate = origin.add(school=school, typed=form.typed, by=request.user)
            messages.success(request, f"已新增{graduate.name}，须由另一位老师确认后才能签约。")
            return redirect("console:origin", pk=graduate.pk)
        except Invalid as invalid:
            form.add_refusal(invalid)
    page = "graduates/console/add.html"
    return render(request, page, {"form": form}, status=form.status)
