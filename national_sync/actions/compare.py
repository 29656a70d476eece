"""比对 as a row that moves: asked for → run by the worker → kept with its answer.

The row is the truth: a message may be lost and a worker killed, the sweep finds what they left.
Whoever runs it holds a lease, the number of the attempt; who lost it writes nothing any more.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from core import audit
from core.audit import Actor
from core.errors import NotPermitted, Refused
from core.masking import mask_id, mask_phone
from national_sync.actions import copies
from national_sync.connection import is_configured, mapping, open_transport
from national_sync.models import Comparison
from national_sync.reconciliation import DIFFERS, Compared, Difference, compare
from national_sync.states import COMPARING, ComparisonState
from national_sync.transport.base import TransportError, TransportRefused
from schools.models import School
from schools.scope import schools_visible_to

MOST_ATTEMPTS = 3
# Differences that are kept for the page; the totals count them all.
MOST_KEPT = 200
# Finished ones that are kept of a school.
KEPT = 10
# A run that gives no sign of life for so long is dead; a message may be on its way for so long.
SILENCE, DELIVERY = timedelta(minutes=5), timedelta(seconds=60)
_MASKED = {"证件号码": mask_id, "手机号码": mask_phone, "家庭电话": mask_phone}
_NO_LINK = "尚未配置全国系统的地址和密钥, 不能比对。"
_log = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another run took this one for dead and goes on with the row."""


def ask(*, school: School, by: User) -> Comparison:
    """The comparison to wait for: a new one, or the one of the school that is not finished.
    The caller starts it after the commit; starting one that runs does nothing."""
    if not by.has_perm("national.compare") or not _sees(by, school):
        raise NotPermitted("role", "只有学校系统管理员和省级可以比对。")
    if not is_configured():
        raise Refused("not_configured", _NO_LINK)
    with transaction.atomic():
        School.objects.select_for_update(no_key=True).get(pk=school.pk)
        found = Comparison.objects.filter(school=school, state__in=COMPARING).first()
        if found is None:
            found = Comparison.objects.create(school=school, asked_by_label=by.label)
            audit.record("national.compare_ask", by=by, obj=found)
    return found


def _sees(user: User, school: School) -> bool:
    return schools_visible_to(user).filter(pk=school.pk).exists()


def run(comparison_id: int) -> bool:
    """Compare and keep the answer; False when another run holds it or there is nothing to do."""
    found = _start(comparison_id)
    if found is None:
        return False
    try:
        _compare(found)
    except LeaseLostError:
        return False
    except TransportError as error:
        _log.warning("comparison %s: %s", found.pk, error)
        _finish(found, problem=_sentence(error))
    except Exception:
        _finish(
            found, problem="比对时出现意外错误, 已记入日志; 请稍后再试, 仍不成功请联系运维人员。"
        )
        raise
    return True


def _sentence(error: TransportError) -> str:
    if isinstance(error, TransportRefused):
        return "全国系统拒绝了请求, 请由省级核对全国系统的地址和密钥后再比对; 数据都还在。"
    return "全国系统暂时无法访问, 请稍后再比对; 数据都还在。"


def _compare(found: Comparison) -> None:
    if not is_configured():  # no longer, or not where the worker runs
        _finish(found, problem=_NO_LINK)
        return
    begun = timezone.now()
    with open_transport() as transport:
        compared = compare(found.school, transport, mapping(), lambda p: _alive(found, p))
    _alive(found, 97)
    _keep_copies(compared, begun)
    _finish(found, result=as_result(compared))


def _start(comparison_id: int) -> Comparison | None:
    """Take the row for this run."""
    now = timezone.now()
    with transaction.atomic():
        found = (
            Comparison.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("school")
            .filter(_startable(now), pk=comparison_id)
            .first()
        )
        if found is None:
            return None
        found.attempts += 1
        if found.attempts > MOST_ATTEMPTS:
            _end(found, problem="多次尝试未能完成, 请联系运维人员。")
            return None
        found.state, found.progress = ComparisonState.RUNNING, 0
        found.started_at = found.heartbeat_at = now
        found.save()
    return found


def _startable(now: datetime) -> Q:
    """Waiting, or left behind by a run that shows no sign of life."""
    dead = Q(state=ComparisonState.RUNNING, heartbeat_at__lt=now - SILENCE)
    return Q(state=ComparisonState.WAITING) | dead


def _mine(found: Comparison) -> Any:
    return Comparison.objects.filter(
        pk=found.pk, state=ComparisonState.RUNNING, attempts=found.attempts
    )


def _alive(found: Comparison, percent: int) -> None:
    """How far it is; also the sign of life."""
    if not _mine(found).update(progress=percent, heartbeat_at=timezone.now()):
        raise LeaseLostError


def _finish(found: Comparison, *, result: dict[str, Any] | None = None, problem: str = "") -> None:
    with transaction.atomic():
        locked = _mine(found).select_for_update().first()
        if locked is not None:
            _end(locked, result=result, problem=problem)


def _end(found: Comparison, *, result: dict[str, Any] | None = None, problem: str = "") -> None:
    found.state = ComparisonState.FAILED if problem else ComparisonState.DONE
    found.problem, found.result = problem, result
    found.progress, found.finished_at = 100, timezone.now()
    found.save()
    totals = {k: v for k, v in (result or {}).items() if k != "differences"}
    by = Actor(None, "system", found.asked_by_label)
    audit.record("national.compare_end", by=by, obj=found, reason=problem, data=totals)
    old = Comparison.objects.filter(school_id=found.school_id).exclude(state__in=COMPARING)
    Comparison.objects.filter(
        pk__in=list(old.order_by("-id").values_list("pk", flat=True)[KEPT:])
    ).delete()


def waiting() -> list[int]:
    """What a lost message or a dead worker left behind."""
    now = timezone.now()
    late = Q(state=ComparisonState.WAITING, asked_at__lt=now - DELIVERY)
    rows = Comparison.objects.filter(_startable(now), late | Q(state=ComparisonState.RUNNING))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def is_stuck(found: Comparison) -> bool:
    """It should be getting on and does not: the person may start it again."""
    now = timezone.now()
    if found.state == ComparisonState.WAITING:
        return now - found.asked_at > DELIVERY
    silent = found.heartbeat_at is not None and now - found.heartbeat_at > SILENCE
    return found.state == ComparisonState.RUNNING and silent


def as_result(compared: Compared) -> dict[str, Any]:
    """What is kept: totals of everything, the first differences with personal numbers masked."""
    result = compared.as_json()
    shown = [_masked(d) for d in compared.differences[:MOST_KEPT]]
    return result | {"total": len(compared.differences), "differences": shown}


def _masked(difference: Difference) -> dict[str, Any]:
    made = difference.as_json()
    for line in made["fields"]:
        mask = _MASKED.get(line["label"])
        if mask is None:
            continue
        line["ours"], line["theirs"] = mask(line["ours"]), mask(line["theirs"])
        if line["ours"] == line["theirs"]:
            line["theirs"] += "(隐藏的数字不同)"
    return made


def _keep_copies(compared: Compared, fetched_at: datetime) -> None:
    """What was fetched anyway: each graduate's national data, and whether they confirmed there."""
    differing: Counter[int] = Counter()
    for d in compared.differences:
        if d.graduate_id is not None:
            differing[d.graduate_id] += len(d.fields) if d.kind == DIFFERS else 1
    copies.keep(compared.records, differing, fetched_at=fetched_at)
