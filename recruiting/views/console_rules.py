"""The province's pages of the rules of recruiting: checks of wording, limits, schools that review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import PlatformForm, posted, pressed
from core.models import Event
from recruiting.actions import rules as actions
from recruiting.models import Posting, RecruitingRules, ReviewingSchool, WordingRule
from recruiting.rule_forms import (
    LimitsForm,
    ReviewingSchoolForm,
    TryForm,
    WordingForm,
    stored_limits,
    stored_rule,
)
from recruiting.rules import wording
from recruiting.states import PostingState
from schools.access import StaffRequest, staff_view
from schools.views.own import perform_and_redirect

_view = staff_view("recruiting.rules")
_TABS = (
    ("wording", "用语规则", "console:recruiting-rules"),
    ("limits", "数量与期限", "console:recruiting-limits"),
    ("schools", "受托审核学校", "console:reviewing-schools"),
)
_MOST_CHANGES = 20


def _context(tab: str, form: PlatformForm | None = None, **more: Any) -> dict[str, Any]:
    return {"tabs": _TABS, "tab": tab, "form": form, **more}


# --- checks of wording ------------------------------------------------------------------------


@_view
def wording_rules(request: StaffRequest) -> HttpResponse:
    """All rules, and a text to try those in force on."""
    form = TryForm(posted(request))
    found = None
    if form.is_valid():
        if not form.cleaned_data["tried"]:
            form.add_error("tried", "请填写要试的文字。")
        else:
            found = wording.check_wording(
                {"": form.cleaned_data["tried"]}, in_messages=form.cleaned_data["as_message"]
            )
    rows = WordingRule.objects.order_by("-is_active", "-is_error", "id")
    context = _context("wording", form, rows=rows, found=found)
    return render(request, "recruiting/console/wording_rules.html", context, status=form.status)


@_view
def wording_rule_new(request: StaffRequest) -> HttpResponse:
    return _rule_page(request, None)


@_view
def wording_rule(request: StaffRequest, pk: int) -> HttpResponse:
    return _rule_page(request, get_object_or_404(WordingRule, pk=pk))


def _rule_page(request: StaffRequest, rule: WordingRule | None) -> HttpResponse:
    """The form of a rule. One button tries it on a text, another one saves it."""
    initial = stored_rule(rule) if rule is not None else {"is_error": True}
    form, tried = WordingForm(posted(request), initial=initial), None
    if form.is_valid():
        try:
            if pressed(request, "do") == "try":
                tried = _try(form, rule.key if rule is not None else "")
            else:
                return _save_rule(request, rule, form)
        except DomainError as refusal:
            form.add_refusal(refusal)
            if rule is not None:
                rule.refresh_from_db()
    context = _context(
        "wording", form, rule=rule, tried=tried, version=actions.version_of(rule),
        flags=("is_error", "may_justify", "in_messages", "is_active"),
        changes=_changes("wordingrule", rule.pk) if rule is not None else [],
    )  # fmt: skip
    return render(request, "recruiting/console/wording_rule.html", context, status=form.status)


def _try(form: WordingForm, key: str) -> dict[str, Any] | None:
    """What the rule as typed finds in the text, and what the other rules in force find. `key` is that
    of the stored rule."""
    typed = form.cleaned_data
    rule = actions.read_wording_rule(typed)
    if not typed["tried"]:
        form.add_error("tried", "请填写要试的文字。")
        return None
    found = wording.check_wording({"": typed["tried"]})
    own = wording.try_rule(rule, typed["tried"])
    return {"own": own, "others": [w for w in found if w.rule != key]}


def _save_rule(request: StaffRequest, rule: WordingRule | None, form: WordingForm) -> HttpResponse:
    saved = actions.save_wording_rule(
        rule_id=rule.pk if rule is not None else None,
        typed=form.cleaned_data, version=form.cleaned_data["version"], by=request.user,
    )  # fmt: skip
    messages.success(request, f"已保存“{saved.label}”，职位和消息的检查随即生效。")
    return redirect("console:recruiting-rules")


@_view
@require_POST
def wording_rule_turn(request: StaffRequest, pk: int) -> HttpResponse:
    rule, active = get_object_or_404(WordingRule, pk=pk), pressed(request, "active") == "1"
    return perform_and_redirect(
        request,
        lambda: actions.set_active(rule_id=pk, active=active, by=request.user),
        f"“{rule.label}”已{'启用' if active else '停用'}，随即生效。",
        "console:recruiting-rules",
    )


# --- limits -----------------------------------------------------------------------------------


@_view
def limits(request: StaffRequest) -> HttpResponse:
    rules = RecruitingRules.current()
    form = LimitsForm(posted(request), initial=stored_limits(rules))
    if form.is_valid():
        typed = form.cleaned_data
        try:
            actions.set_limits(values=typed, version=typed["version"], by=request.user)
            messages.success(request, "已保存，随即生效。")
            return redirect("console:recruiting-limits")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = _context(
        "limits", form, changes=_changes("recruitingrules", 1),
        version=actions.version_of(RecruitingRules.current()),
    )  # fmt: skip
    return render(request, "recruiting/console/recruiting_limits.html", context, status=form.status)


# --- schools that review for the province -----------------------------------------------------


@_view
def reviewing_schools(request: StaffRequest) -> HttpResponse:
    form = ReviewingSchoolForm(posted(request))
    if form.is_valid():
        try:
            row = actions.add_reviewing_school(school_id=form.school_id, by=request.user)
            messages.success(request, f"已委托{row.school.name}，已告知该校。")
            return redirect("console:reviewing-schools")
        except DomainError as refusal:
            form.add_refusal(refusal)
    waiting = Posting.objects.filter(state=PostingState.WAITING, school_ids=[])
    context = _context(
        "schools", form,
        rows=ReviewingSchool.objects.select_related("school").order_by("school__name"),
        waiting=waiting[:1000].count(),
    )  # fmt: skip
    return render(request, "recruiting/console/reviewing_schools.html", context, status=form.status)


@_view
@require_POST
def reviewing_school_remove(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ReviewingSchool.objects.select_related("school"), pk=pk)
    return perform_and_redirect(
        request,
        lambda: actions.remove_reviewing_school(school_id=pk, by=request.user),
        f"已取消对{row.school.name}的委托，已告知该校。",
        "console:reviewing-schools",
    )


# --- who changed what -------------------------------------------------------------------------


def _changes(object_type: str, object_id: int) -> list[tuple[Event, list[tuple[str, str]]]]:
    """The last changes of a row, each with what changed as (label, words)."""
    events = Event.objects.filter(object_type=object_type, object_id=object_id).order_by("-id")
    labels = _LABELS[object_type]
    return [
        (
            event,
            [
                (labels.get(key, key), _change_words(*values))
                for key, values in _pairs(event.data.get("changes"))
            ],
        )
        for event in events[:_MOST_CHANGES]
    ]


def _pairs(changes: Mapping[str, Any] | None) -> Sequence[tuple[str, Any]]:
    return [(key, values) for key, values in (changes or {}).items() if values[0] is not None]


def _change_words(old: Any, new: Any) -> str:
    if isinstance(new, list):
        parts = [
            f"{verb}{'、'.join(f'“{word}”' for word in words[:10])}{'等' if len(words) > 10 else ''}"
            for verb, words in (
                ("增加", [w for w in new if w not in old]),
                ("去掉", [w for w in old if w not in new]),
            )
            if words
        ]
        return "；".join(parts) or "调整顺序"
    return f"{_plain(old)} → {_plain(new)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value) or "空"


def _labels(model: Any) -> dict[str, str]:
    return {field.name: str(field.verbose_name) for field in model._meta.fields}


_LABELS = {"wordingrule": _labels(WordingRule), "recruitingrules": _labels(RecruitingRules)}
