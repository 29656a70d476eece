"""Steps on the employer's home page that the unit itself has not taken yet: signature, certification."""

from __future__ import annotations

from django.urls import reverse

from employers import hooks
from employers.actions.letters import letters_to_object
from employers.hooks import Todo
from employers.models import Letter, Membership, UnitMember
from employers.queries import OPEN_LETTER


@hooks.home_todos.plug(order=90)
def unit_todos(*, member: UnitMember) -> list[Todo]:
    todos = [
        Todo(
            f"有人申请{letter.get_kind_display()}",
            "如非本单位办理，请立即提出异议",
            reverse("employer-letter"),
            "exclamation-diamond",
        )
        for letter in letters_to_object(member)
        if letter.objected_at is None
    ]
    if member.signature_id is None:
        todos.append(
            Todo(
                "保存手写签名", "批量邀约和修改签约信息时使用", reverse("employer-signature"), "pen"
            )
        )
    if member.state == Membership.VERIFIED:
        return todos
    if Letter.objects.filter(member=member, state__in=OPEN_LETTER).exists():
        note = "认证公函已提交，等待省级审核"
    else:
        note = "上传盖章公函认证后，毕业生会看到“单位已认证”，您可查看全单位的签约"
    todos.append(Todo("单位认证", note, reverse("employer-letter"), "patch-check"))
    return todos
