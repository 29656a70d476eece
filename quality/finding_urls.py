"""Addresses of findings, runs and rules."""

from django.urls import URLPattern, path

from quality.views import findings, rules, runs

console: list[URLPattern] = [
    path("quality/findings/", findings.FindingList.as_view(), name="quality-findings"),
    path("quality/findings/dismiss/", findings.dismiss_many, name="quality-findings-dismiss"),
    path("quality/findings/<int:pk>/", findings.finding, name="quality-finding"),
    path("quality/findings/<int:pk>/<slug:action>/", findings.act, name="quality-finding-act"),
    path("quality/runs/", runs.runs, name="quality-runs"),
    path("quality/runs/<int:pk>/", runs.run, name="quality-run"),
    path("quality/rules/", rules.rules, name="quality-rules"),
    path("quality/rules/<slug:key>/", rules.rule, name="quality-rule"),
]
