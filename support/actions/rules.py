"""What the province sets: ways of helping, and the quota of a year."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from codes import text as texts
from core import audit
from core.errors import Conflict, Invalid, NotPermitted
from recruiting.acting import role_of
from schools.models import Cohort
from schools.roles import Level
from support.actions.recommending import WAY
from support.models import Quota, Way
from support.queries import PARTS
from support.states import CountsAs

MOST_HELPS = 20
_STALE = "已在别处修改，这次没有保存，请核对后再改。"
_NAME = re.compile(r"[\w/（）、]{2,20}")


def _check_province(by: User) -> None:
    if role_of(by) != Level.PROVINCE:
        raise NotPermitted("role", "只有省级可以修改帮扶方式和标准。")


def version_of(way: Way | None) -> str:
    """What a page showed of a way; "" for a new one."""
    if way is None:
        return ""
    return f"{way.name}:{way.counts_as}:{way.is_active}:{way.is_subsidy}"


def save_way(*, way_id: int | None, typed: Mapping[str, Any], version: str, by: User) -> Way:
    """Add a way, or change one. What it counts as holds for the records that there are, too. Raises
    `Invalid`, and `Conflict` if it was changed since the page was shown."""
    _check_province(by)
    errors: dict[str, list[str]] = {}
    name = texts.clean(typed["name"])
    if not _NAME.fullmatch(name):
        errors["name"] = ["名称应为2至20个字，不含标点。"]
    if typed["counts_as"] not in CountsAs.values:
        errors["counts_as"] = ["请选择计入哪一项。"]
    if errors:
        raise Invalid(errors)
    try:
        with transaction.atomic():
            way = None
            if way_id is not None:
                way = Way.objects.select_for_update().get(pk=way_id)
                if version_of(way) != version:
                    raise Conflict("stale", _STALE)
            else:
                last = Way.objects.order_by("-position").values_list("position", flat=True).first()
                way = Way(code=f"own-{secrets.token_hex(6)}", position=(last or 0) + 1)
            if way.code == WAY and typed["counts_as"] != CountsAs.RECOMMEND:
                raise Invalid({"counts_as": ["岗位推荐由平台发送职位时使用，只能计入岗位推荐。"]})
            before = version_of(way) if way_id is not None else ""
            way.name, way.counts_as = name, typed["counts_as"]
            way.is_active = bool(typed["is_active"]) or way.code == WAY
            way.edited_at = timezone.now()
            way.save()
            audit.record(
                "support.save_way", by=by, obj=way,
                data={"changes": {"帮扶方式": [before, version_of(way)]}},
            )  # fmt: skip
    except IntegrityError as twice:
        raise Invalid({"name": ["已有同名的帮扶方式。"]}) from twice
    return way


def save_quota(*, year: int, typed: Mapping[str, int | None], by: User) -> Quota:
    """Set the quota of a year; 0 is every year without one of its own. Raises `Invalid`."""
    _check_province(by)
    errors: dict[str, list[str]] = {}
    if year and not Cohort.objects.filter(year=year).exists():
        errors["year"] = ["请选择届别。"]
    for key, counts_as in PARTS:
        number = typed.get(key)
        if number is None or not 0 <= number <= MOST_HELPS:
            errors[key] = [f"{counts_as.label}应为0至{MOST_HELPS}次。"]
    if errors:
        raise Invalid(errors)
    values = {key: typed[key] for key, _ in PARTS}
    with transaction.atomic():
        quota, _ = Quota.objects.get_or_create(year=year)
        quota = Quota.objects.select_for_update().get(pk=quota.pk)
        before = {key: getattr(quota, key) for key, _ in PARTS}
        for key, value in values.items():
            setattr(quota, key, value)
        quota.save()
        audit.record(
            "support.save_quota", by=by, obj=quota,
            data={"changes": {key: [before[key], values[key]] for key in values}},
        )  # fmt: skip
    return quota
