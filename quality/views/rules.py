"""核查规则: what the province sets of each rule."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from core.errors import DomainError
from core.forms import posted
from core.models import Event
from quality import rule_book
from quality.actions import rules as actions
from quality.forms import RuleForm
from quality.models import Rule
from quality.states import FindingOwner, RunKind
from schools.access import StaffRequest, staff_view

_view = staff_view("quality.rules")
_LABELS = {
    "enabled": "启用", "holds_uploads": "核实前暂缓上报", "owner": "由谁核实", "due_days": "核实期限（工作日）",
}  # fmt: skip


@_view
def rules(request: StaffRequest) -> HttpResponse:
    """All rules by the kind of run that looks for them, last the one of call-backs."""
    stored = Rule.objects.in_bulk()
    groups = [
        (label, [
            (d, stored[d.key], _in_words(stored[d.key])) for d in rule_book.ALL
            if d.kind == kind and d.key in stored
        ])
        for kind, label in (*RunKind.choices, (rule_book.CALLBACK, "抽样回访"))
    ]  # fmt: skip
    return render(request, "quality/rules.html", {"groups": groups})


def _in_words(rule: Rule) -> str:
    values, declared = rule_book.settings_of(rule), rule_book.BY_KEY[rule.key]
    said = [f"{one.label}：{values[one.key]}" for one in declared.thresholds]
    said += [f"{one.label}：{values[one.key]}" for one in declared.words if values[one.key]]
    return "；".join(said)


@_view
def rule(request: StaffRequest, key: str) -> HttpResponse:
    found = get_object_or_404(Rule, pk=key if key in rule_book.BY_KEY else "")
    form = RuleForm(posted(request), rule=found)
    if form.is_valid():
        try:
            actions.set_rule(
                key=key, typed=form.cleaned_data, version=form.cleaned_data["version"],
                by=request.user,
            )  # fmt: skip
            messages.success(request, f"已保存“{found.label}”，下次筛查时生效。")
            return redirect("console:quality-rules")
        except DomainError as refusal:
            form.add_refusal(refusal)
            found.refresh_from_db()
    declared = rule_book.BY_KEY[key]
    context = {
        "rule": found,
        "declared": declared,
        "form": form,
        "flags": ("enabled", "holds_uploads"),
        "version": actions.version_of(found),
        "changes": _changes(declared),
    }
    return render(request, "quality/rule.html", context, status=form.status)


def _changes(declared: rule_book.Declared) -> list[tuple[Event, list[tuple[str, str]]]]:
    """The last changes of the rule, each with what changed as (label, words)."""
    number = list(rule_book.BY_KEY).index(declared.key) + 1
    events = Event.objects.filter(object_type="quality_rule", object_id=number).order_by("-id")[:20]
    labels = _LABELS | {one.key: one.label for one in declared.thresholds}
    labels |= {one.key: one.label for one in declared.words}
    return [
        (
            event,
            [
                (labels.get(key, key), f"{_plain(old)} → {_plain(new)}")
                for key, (old, new) in event.data.get("changes", {}).items()
            ],
        )
        for event in events
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return dict(FindingOwner.choices).get(value, str(value)) or "空"
