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


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state; development only."""
    return render(request, "core/gallery.html", GALLERY)


GALLERY = {
    "states": [
        ("unsubmitted", "未提交"),
        ("pending", "待审核"),
        ("esigned", "网络签约"),
        ("department_approved", "初审通过"),
        ("school_approved", "审核通过"),
        ("rejected", "审核不通过"),
        ("confirmed", "学生已确认"),
        ("locked", "已锁定"),
        ("failed", "失败"),
    ],
    "icons": ("house", "people", "upload", "lock", "check2-square", "bar-chart", "clock-history"),
}
