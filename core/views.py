"""Pages that belong to no app."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import pdf
from core.forms import samples
from core.models import OutboxMessage


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    context = {
        "message": "页面已过期或来源不明，没有执行任何操作。请返回后刷新页面再试。",
        "code": "csrf",
    }
    return render(request, "core/refused.html", context, status=403)


def gallery(request: HttpRequest) -> HttpResponse:
    """Every component of the UI kit in every state, in the console's or the phone's style. For
    development only."""
    face = "phone" if request.GET.get("face") == "phone" else "console"
    refused = samples.refused()
    context = GALLERY | {
        "face": face,
        "qr": pdf.qr_svg(GALLERY["card"]["address"]),
        "refused_form": refused,
        "kit_states": [
            ("表单", samples.empty()),
            ("表单，有错误", refused),
            ("不能修改的字段", samples.grey()),
        ],
        "signature": samples.signature(),
    }
    return render(request, "core/gallery.html", context)


def development_inbox(request: HttpRequest) -> HttpResponse:
    """Text messages and e-mails that would have been sent. For development only."""
    rows = OutboxMessage.objects.order_by("-id")[:100]
    return render(request, "core/development_inbox.html", {"rows": rows})


GALLERY: dict[str, Any] = {
    "faces": [("console", "管理端"), ("phone", "手机端")],
    "filters": ["届别", "院系", "审核情况", "毕业去向"],
    "filters_behind": ["学历", "专业", "排序"],
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
        ("sent", "待应约"),
        ("declined", "已谢绝"),
        ("active", "有效"),
        ("waiting_other", "待单位答复"),
        ("terminated", "已解约"),
        ("ended", "已终止"),
    ],
    "icons": ("house", "people", "upload", "lock", "check2-square", "bar-chart", "clock-history"),
    "rows": [
        ("虚构信息技术有限公司", "工程师", "sent", "待应约"),
        (
            "名称很长的虚构数据服务与人工智能应用技术研究有限责任公司",
            "助理工程师",
            "expired",
            "已失效",
        ),
    ],
    "letter": [
        "尊敬的示例甲同学：",
        "您好！ 虚构信息技术有限公司决定录用您，职位为“工程师”。",
        "本邀约在有效期结束前有效，逾期未答复自动失效。",
    ],
    "verdicts": [
        ("ok", "patch-check", "文件由本平台出具，未被改动", "协议有效。"),
        ("wait", "patch-check", "文件由本平台出具，未被改动", "协议已解约，文件作废。"),
        ("bad", "x-octagon", "验证未通过", "文件在签名之后被改动。"),
    ],
    "card": {"name": "示例甲", "address": "https://example.edu.cn/card/" + "0" * 32 + "/"},
    "changes": [
        ("约定薪资（元/月）", "6000", "7000"),
        ("报到地点", "虚构路1号人力资源部", "虚构路2号"),
    ],
}
