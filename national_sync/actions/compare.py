"""Comparing a school with the national system (比对): asked for in the console, done by a worker.

A comparison is a leased job (`core.jobs`). A sweep runs the comparisons whose message was lost or
whose worker died, and a worker that lost its lease can write nothing any more.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, jobs
from core.audit import Actor
from core.errors import NotPermitted, Refused
from core.jobs import JobKind
from core.masking import mask_id, mask_phone
from national_sync.actions import copies
from national_sync.connection import is_configured, mapping, open_transport
from national_sync.models import Comparison
from national_sync.reconciliation import DIFFERS, Compared, Difference, compare
from national_sync.states import COMPARING, ComparisonState
from national_sync.transport.base import TransportError, TransportRefused
from schools.models import School
from schools.scope import schools_visible_to

# Differences, and unreadable records, that are kept for the page; the totals count them all.
MOST_KEPT = 200
# Finished comparisons that are kept of a school.
KEPT = 10
# Copies of national records that are written in one transaction.
_CHUNK = 500
_MASKED = {"证件号码": mask_id, "手机号码": mask_phone, "家庭电话": mask_phone}
_NO_LINK = "尚未配置全国系统的地址和密钥，不能比对。"
_log = logging.getLogger(__name__)


def _end_given_up(comparison: Comparison) -> None:
    """End a comparison whose worker died too often. It does not stay parked, because nobody has
    to release it: whoever needs the answer asks for a new comparison."""
    comparison.parked_at = None
    comparison.progress, comparison.finished_at = 100, timezone.now()
    comparison.save(update_fields=["parked_at", "progress", "finished_at"])
    _after_end(comparison)


COMPARISONS = JobKind(
    name="comparisons",
    label="比对",
    model=Comparison,
    phases={ComparisonState.WAITING: ComparisonState.RUNNING},
    finished={ComparisonState.RUNNING: ComparisonState.DONE},
    parked=ComparisonState.FAILED,
    owner="运维人员",
    task="national_sync.tasks.sweep_comparisons",
    on_parked=_end_given_up,
    releasable=False,
)


def ask(*, school: School, by: User) -> Comparison:
    """The comparison to wait for: the unfinished one of the school, or else a new one. The caller
    starts it after the commit; starting one that already runs does nothing."""
    if not by.has_perm("national.compare") or not _sees(by, school):
        raise NotPermitted("role", "只有学校系统管理员和省级可以比对。")
    if not is_configured():
        raise Refused("not_configured", _NO_LINK)
    with transaction.atomic():
        School.objects.select_for_update(no_key=True).get(pk=school.pk)
        comparison = Comparison.objects.filter(school=school, state__in=COMPARING).first()
        if comparison is None:
            comparison = Comparison.objects.create(school=school, asked_by_label=by.label)
            audit.record("national.compare_ask", by=by, obj=comparison)
    return comparison


def _sees(user: User, school: School) -> bool:
    return schools_visible_to(user).filter(pk=school.pk).exists()


def run(comparison_id: int) -> bool:
    """Compare and keep the answer. Returns False when there is nothing to do, when another worker
    has the comparison, or when another worker took it over meanwhile."""
    claimed = jobs.claim(COMPARISONS, pk=comparison_id, related=("school",))
    if not claimed:
        return False
    comparison = claimed[0]
    try:
        _compare_or_say_why_not(comparison)
    except jobs.LeaseLost:
        return False
    return True


def _compare_or_say_why_not(comparison: Comparison) -> None:
    try:
        _compare(comparison)
    except jobs.LeaseLost:
        raise
    except TransportError as error:
        _log.warning("comparison %s: %s", comparison.pk, error)
        _finish(comparison, problem=_sentence(error))
    except Exception:
        with suppress(jobs.LeaseLost):
            _finish(
                comparison,
                problem="比对时出现意外错误，已记入日志；请稍后再试，仍不成功请联系运维人员。",
            )
        raise


def _sentence(error: TransportError) -> str:
    if isinstance(error, TransportRefused):
        return "全国系统拒绝了请求，请由省级核对全国系统的地址和密钥后再比对；数据都还在。"
    if error.code in ("bad_answer", "too_long"):
        return "全国系统的答复无法读取（不是约定的格式），请稍后再比对；数据都还在。"
    return "全国系统暂时无法访问，请稍后再比对；数据都还在。"


def _compare(comparison: Comparison) -> None:
    if not is_configured():  # the settings changed, or the worker has others than the web process
        _finish(comparison, problem=_NO_LINK)
        return
    begun = timezone.now()
    jobs.renew(COMPARISONS, comparison, progress=0, started_at=begun)

    def tell(percent: int) -> None:
        jobs.renew(COMPARISONS, comparison, progress=percent)

    with open_transport() as transport:
        compared = compare(comparison.school, transport, mapping(), tell)
    tell(97)
    _keep_copies(comparison, compared, begun)
    _finish(comparison, result=as_result(compared))


def _finish(
    comparison: Comparison, *, result: dict[str, Any] | None = None, problem: str = ""
) -> None:
    """End the comparison with its result or its problem. Raises `jobs.LeaseLost`."""
    with jobs.writing(comparison):
        jobs.finish(
            comparison,
            COMPARISONS.parked if problem else COMPARISONS.finished[comparison.state],
            problem=problem,
            result=result,
            progress=100,
            finished_at=timezone.now(),
        )
        _after_end(comparison)


def _after_end(comparison: Comparison) -> None:
    """Record the end in the audit trail and delete the school's oldest comparisons."""
    lists = ("differences", "unreadable")
    totals = {k: v for k, v in (comparison.result or {}).items() if k not in lists}
    by = Actor(None, "system", comparison.asked_by_label)
    audit.record(
        "national.compare_end", by=by, obj=comparison, reason=comparison.problem, data=totals
    )
    rows = Comparison.objects.filter(school_id=comparison.school_id)
    newest_first = rows.exclude(state__in=COMPARING).order_by("-id").values_list("pk", flat=True)
    Comparison.objects.filter(pk__in=list(newest_first[KEPT:])).delete()


def overdue() -> list[int]:
    """Primary keys of comparisons whose message was lost or whose worker died."""
    return [pk for pk, _ in jobs.overdue(COMPARISONS)]


def is_stuck(comparison: Comparison) -> bool:
    """Whether the comparison makes no progress, so that the person may start it again."""
    now = timezone.now()
    if comparison.state == ComparisonState.WAITING:
        return now - comparison.due_at > jobs.DELIVERY
    return comparison.leased_until is not None and comparison.leased_until < now


def as_result(compared: Compared) -> dict[str, Any]:
    """What is kept: totals of everything, the first differences with personal numbers masked."""
    result = compared.as_json()
    shown = [_masked(d) for d in compared.differences[:MOST_KEPT]]
    return result | {
        "total": len(compared.differences),
        "differences": shown,
        "unreadable": result["unreadable"][:MOST_KEPT],
    }


def _masked(difference: Difference) -> dict[str, Any]:
    made = difference.as_json()
    for line in made["fields"]:
        mask = _MASKED.get(line["label"])
        if mask is None:
            continue
        line["ours"], line["theirs"] = mask(line["ours"]), mask(line["theirs"])
        if line["ours"] == line["theirs"]:
            line["theirs"] += "（隐藏的数字不同）"
    return made


def _keep_copies(comparison: Comparison, compared: Compared, fetched_at: datetime) -> None:
    """Keep each graduate's national data and their confirmation there, which were fetched with
    the rest. Every chunk is its own transaction, so that uploads do not wait long for its locks,
    and is written only while the lease is held. Raises `jobs.LeaseLost`."""
    differing: Counter[int] = Counter()
    for d in compared.differences:
        if d.graduate_id is not None:
            differing[d.graduate_id] += len(d.fields) if d.kind == DIFFERS else 1
    ids = sorted(compared.records)
    for start in range(0, len(ids), _CHUNK):
        chunk = {pk: compared.records[pk] for pk in ids[start : start + _CHUNK]}
        with jobs.writing(comparison):
            copies.keep(chunk, differing, fetched_at=fetched_at)
