"""Views of lists that are kept under a name: a person's own ones, and those of a school or the province.

Whoever sets up the school, or the province's schools, keeps the shared ones; everybody there sees them.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from core.models import SavedView
from schools.models import School
from schools.scope import staff_of

MOST = 20  # of one person, or of one school, for one list
_SETTINGS = ("schools.set_up", "province.schools")


def may_share(user: User) -> bool:
    return any(user.has_perm(permission) for permission in _SETTINGS)


def shared_with(user: User) -> QuerySet[SavedView]:
    """The views of the user's school, or of the province."""
    staff = staff_of(user)
    if staff is None:
        return SavedView.objects.none()
    return SavedView.objects.filter(owner_id=None, school_id=staff.school_id)


def views_of(user: User, list_key: str) -> list[SavedView]:
    """The views of a list that the user may open, by name, the own ones first."""
    rows = SavedView.objects.filter(owner_id=user.pk) | shared_with(user)
    found = rows.filter(list_key=list_key).order_by("name")[: 2 * MOST]
    return sorted(found, key=lambda view: view.owner_id is None)


@transaction.atomic
def save(*, list_key: str, name: str, query: str, shared: bool, by: User) -> SavedView:
    """Keep what a list shows. Raises `Refused` if there is one of this name, or too many."""
    owner = _owned(by, shared=shared)
    _lock(by)
    rows = SavedView.objects.filter(list_key=list_key, **owner)
    if rows.filter(name=name).exists():
        raise _taken(name)
    if rows.count() >= MOST:
        raise Refused("too_many", f"每个列表最多保存{MOST}个视图，请先删除不用的。", field="name")
    view = SavedView.objects.create(list_key=list_key, name=name, query=query, **owner)
    _log("schools.view_saved", view, by)
    return view


@transaction.atomic
def replace(*, view_id: int, list_key: str, query: str, by: User) -> SavedView:
    """Let the view keep what the list shows now."""
    view = _changeable(view_id, list_key, by)
    view.query = query
    view.save(update_fields=["query"])
    _log("schools.view_replaced", view, by)
    return view


@transaction.atomic
def rename(*, view_id: int, list_key: str, name: str, by: User) -> SavedView:
    """Raises `Refused` if another view has the name."""
    view = _changeable(view_id, list_key, by)
    others = SavedView.objects.filter(
        list_key=list_key, owner_id=view.owner_id, school_id=view.school_id, name=name
    )
    if others.exclude(pk=view.pk).exists():
        raise _taken(name)
    view.name = name
    view.save(update_fields=["name"])
    _log("schools.view_renamed", view, by)
    return view


@transaction.atomic
def remove(*, view_id: int, list_key: str, by: User) -> str:
    """Remove a view; returns its name."""
    view = _changeable(view_id, list_key, by)
    _log("schools.view_removed", view, by)
    view.delete()
    return view.name


def _owned(by: User, *, shared: bool) -> dict[str, int | None]:
    """Whose a new view is. Raises `NotPermitted` if it may not be shared."""
    if not shared:
        return {"owner_id": by.pk, "school_id": None}
    staff = staff_of(by)
    if staff is None or not may_share(by):
        raise NotPermitted("shared_view", "只有学校系统管理员和省级管理员可以保存共用的视图。")
    return {"owner_id": None, "school_id": staff.school_id}


def _lock(by: User) -> None:
    """Let two savings of one person, or of one school's shared views, wait for each other."""
    staff = staff_of(by)
    if staff is not None and staff.school_id is not None:
        School.objects.select_for_update(no_key=True).get(pk=staff.school_id)
    else:
        User.objects.select_for_update(no_key=True).get(pk=by.pk)


def _changeable(view_id: int, list_key: str, by: User) -> SavedView:
    """The view, locked. Raises `NotPermitted` for a shared one that others keep."""
    _lock(by)
    seen = Q(owner_id=by.pk) | Q(pk__in=shared_with(by).values("pk"))
    view = SavedView.objects.filter(seen, list_key=list_key, pk=view_id).first()
    if view is None:
        raise Refused("gone", "这个视图已被删除。")
    if view.owner_id is None and not may_share(by):
        raise NotPermitted("shared_view", "共用的视图由学校系统管理员或省级管理员维护。")
    return view


def _taken(name: str) -> Refused:
    return Refused("taken", f"已有名为“{name}”的视图，请换一个名称。", field="name")


def _log(action: str, view: SavedView, by: User) -> None:
    """Shared views are seen by others, so what becomes of them is logged; own ones are not."""
    if view.owner_id is None:
        audit.record(
            action, by=by, obj=view, school_id=view.school_id, data={"list": view.list_key}
        )
