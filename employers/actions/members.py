"""The people of a unit: verified ones verify colleagues and end the access of those who leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from core import audit
from core.errors import NotPermitted, Refused
from employers.member_steps import MEMBERSHIP
from employers.models import Membership, Unit, UnitMember
from employers.queries import manager_of


@contextmanager
def _lock_members(member_id: int, by: UnitMember) -> Iterator[tuple[UnitMember, UnitMember]]:
    """A transaction that locks the unit and its people. Gives the person with `member_id` and the one
    who acts."""
    with transaction.atomic():
        Unit.objects.select_for_update().get(pk=by.unit_id)
        rows = UnitMember.objects.select_related("user", "unit").filter(unit=by.unit_id)
        locked = {m.pk: m for m in rows.select_for_update(of=("self",)).order_by("pk")}
        if member_id not in locked:
            raise Refused("not_here", "单位中没有此人。")
        yield locked[member_id], locked[by.pk]


def verify_member(*, member_id: int, by: UnitMember) -> UnitMember:
    """A verified person confirms a colleague, who may then see everything of the unit."""
    with _lock_members(member_id, by) as (colleague, actor):
        _check_verified(actor)
        if not MEMBERSHIP.allows("verify", colleague.state):
            raise Refused("state", f"{colleague.name}{colleague.get_state_display()}，没有改变。")
        colleague.state, colleague.verified_at = Membership.VERIFIED, timezone.now()
        colleague.save(update_fields=["state", "verified_at"])
        audit.record("employers.verify_member", by=actor.user, obj=colleague)
        _tell(colleague, f"您已成为{colleague.unit.name}的认证人员", f"由{actor.name}确认。")
    return colleague


def end_member(*, member_id: int, by: UnitMember) -> UnitMember:
    """Somebody leaves the unit, or a verified colleague ends their access. What they signed stays.

    The last verified person can't leave, since nobody else could verify others then.
    """
    with _lock_members(member_id, by) as (colleague, actor):
        if colleague.pk != actor.pk:
            _check_verified(actor)
        if not MEMBERSHIP.allows("end", colleague.state):
            raise Refused("state", f"{colleague.name}已离开，没有改变。")
        if colleague.pk != actor.pk and colleague == manager_of(colleague.unit):
            raise Refused(
                "manager",
                f"{colleague.name}是单位的帐号管理者，须由本人结束权限，或由单位提交“变更帐号管理者”公函。",
            )
        if colleague.state == Membership.VERIFIED and _others_verified(colleague) == 0:
            raise Refused(
                "last_verified",
                "单位至少要有一位已认证人员。请先认证一位同事，或由新的管理者提交变更公函。",
            )
        end_membership(colleague)
        audit.record("employers.end_member", by=actor.user, obj=colleague)
        if colleague.pk != actor.pk:
            _tell(colleague, f"您在{colleague.unit.name}的权限已结束", f"由{actor.name}办理。")
    return colleague


def end_membership(member: UnitMember) -> None:
    """End a membership. The caller has locked the row in its transaction."""
    member.state, member.ended_at = Membership.ENDED, timezone.now()
    member.save(update_fields=["state", "ended_at"])


def _check_verified(actor: UnitMember) -> None:
    if actor.state != Membership.VERIFIED:
        raise NotPermitted("not_verified", "只有已认证的人员可以管理单位人员。")


def _others_verified(member: UnitMember) -> int:
    rows = UnitMember.objects.filter(unit=member.unit_id, state=Membership.VERIFIED)
    return rows.exclude(pk=member.pk).count()


def _tell(member: UnitMember, title: str, text: str) -> None:
    moment = timezone.now().isoformat()
    inbox.tell(
        f"user:{member.user_id}", title, text=text, link=reverse("employer-unit"),
        key=f"member:{member.pk}:{member.state}:{moment}",
    )  # fmt: skip
