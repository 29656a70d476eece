"""Pages of no app in particular."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    context = {
        "message": "页面已过期或来源不明, 没有执行任何操作。请返回后刷新页面再试。",
        "code": "csrf",
    }
    return render(request, "core/refused.html", context, status=403)
