"""Work that a background worker leases: one model, one way to claim, renew, finish and sweep.

A job is a row. A worker claims it, which gives the worker a lease and a fencing token. The worker
renews the lease while it works and writes its result only under its own token. When a worker dies,
its lease runs out and the next worker claims the job with a new token. A worker that was merely
stopped and wakes later finds another token in the row, so its writes are refused (`LeaseLost`).

Each app declares its kinds as `JobKind` and lists them in its `contributions.py`. Celery messages
are only hints: `overdue` finds the rows whose message was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import models, transaction
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Now
from structlog.contextvars import bind_contextvars

from core.clock import database_now

# A message may be on its way from the web process to the worker for this long.
DELIVERY = timedelta(seconds=60)


class LeaseLost(Exception):
    """Another worker has taken the job over; this one must not write anything any more."""


class LeasedJob(models.Model):
    """The columns of a job. The `state` column and its words belong to each kind."""

    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    # The job is not claimed before this time.
    due_at = models.DateTimeField(db_default=Now())
    # Set exactly while the job is running (check constraint `lease_constraint`).
    leased_until = models.DateTimeField(null=True, editable=False)
    # Counts the claims. Only the worker that holds the present number may write.
    token = models.PositiveBigIntegerField(default=0, editable=False)
    progress = models.PositiveSmallIntegerField("进度", default=0)  # percent
    # Why the last attempt failed or the job was parked, as a Chinese sentence.
    problem = models.CharField("原因", max_length=300, default="", blank=True)
    # Set when the job was given up and waits for the owner of its kind.
    parked_at = models.DateTimeField(null=True, editable=False)

    state: Any

    class Meta:
        abstract = True


J = TypeVar("J", bound=LeasedJob)


@dataclass(frozen=True, kw_only=True)
class JobKind(Generic[J]):
    """One kind of job.

    `phases` maps each waiting state to the running state that a claim leads to, `finished` each
    running state to the one of a job that succeeded. `parked` is the state of a job that was given
    up. `owner` says in Chinese who looks after parked jobs. `task` is the Celery task that works
    off what waits. `most_attempts` is None for jobs that are tried until they succeed or are parked
    by name. With `repeatable=False` a job whose worker vanished is parked instead of run again,
    because nobody knows how far it came. `on_parked` is called inside the transaction that parks a
    job, `on_released` inside the one that lets it wait again. With `releasable=False`, `on_parked`
    ends the job: nobody has to release it.
    """

    name: str
    label: str
    model: type[J]
    phases: dict[str, str]
    finished: dict[str, str]
    parked: str
    owner: str
    lease: timedelta = timedelta(minutes=5)
    most_attempts: int | None = 3
    task: str = ""
    repeatable: bool = True
    interrupted: str = "多次尝试未能完成，请联系运维人员。"
    on_parked: Callable[[J], None] | None = None
    on_released: Callable[[J], None] | None = None
    releasable: bool = True

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self.phases.values())

    def rows(self) -> QuerySet[J]:
        return self.model._default_manager.all()


def lease_constraint(name: str, running: Sequence[str]) -> models.CheckConstraint:
    """A job has a lease exactly while it is running: an unfinished row always has an end."""
    return models.CheckConstraint(
        condition=Q(state__in=running, leased_until__isnull=False)
        | (~Q(state__in=running) & Q(leased_until__isnull=True)),
        name=name,
    )


# --- claiming ------------------------------------------------------------------------------------


def claim(
    kind: JobKind[J],
    *,
    limit: int = 1,
    pk: int | None = None,
    waiting: str | None = None,
    related: Sequence[str] = (),
    only: Q | None = None,
) -> list[J]:
    """Lease up to `limit` jobs that are due, or whose last lease ran out, oldest first.

    `pk` asks for one job, `waiting` for one phase only, `only` for jobs with this condition, `related`
    are relations to read with it.
    Jobs that another worker is claiming at this moment are passed over. A job whose lease ran out
    too often is parked.
    """
    now = database_now()
    phases = kind.phases if waiting is None else {waiting: kind.phases[waiting]}
    with transaction.atomic():
        _park_exhausted(kind, now)
        due = Q(state__in=list(phases), due_at__lte=now)
        expired = Q(state__in=list(phases.values()), leased_until__lt=now)
        rows = kind.rows().filter(due | expired if kind.repeatable else due)
        if pk is not None:
            rows = rows.filter(pk=pk)
        if only is not None:
            rows = rows.filter(only)
        if related:
            rows = rows.select_related(*related)
        rows = rows.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk")
        jobs = list(rows[:limit])
        for job in jobs:
            job.state = phases.get(job.state, job.state)
            job.attempts += 1
            job.token += 1
            job.leased_until = now + kind.lease
            job.parked_at = None
        _save_claims(kind, jobs)
    if jobs:
        # The lines of the log say which jobs they are about.
        bind_contextvars(jobs=[f"{kind.name}:{job.pk}" for job in jobs[:10]])
    return jobs


def _save_claims(kind: JobKind[J], jobs: list[J]) -> None:
    """One statement for each running state, however many jobs were claimed."""
    for running in {job.state for job in jobs}:
        claimed = [job for job in jobs if job.state == running]
        kind.rows().filter(pk__in=[job.pk for job in claimed]).update(
            state=running,
            attempts=F("attempts") + 1,
            token=F("token") + 1,
            leased_until=claimed[0].leased_until,
            parked_at=None,
        )


def _park_exhausted(kind: JobKind[J], now: datetime) -> None:
    """Give up jobs whose worker vanished for the last time, or whose work must not be repeated."""
    rows = kind.rows().filter(state__in=kind.running, leased_until__lt=now)
    if kind.repeatable:
        if kind.most_attempts is None:
            return
        rows = rows.filter(attempts__gte=kind.most_attempts)
    for job in rows.select_for_update(skip_locked=True, of=("self",)):
        _park(kind, job, kind.interrupted)


# --- while a worker has a job --------------------------------------------------------------------


def _held(job: J) -> QuerySet[J]:
    """The row of `job`, if the worker that claimed `job` still holds it."""
    rows: QuerySet[J] = type(job)._default_manager.all()
    return rows.filter(pk=job.pk, token=job.token, leased_until__isnull=False)


def renew(kind: JobKind[J], job: J, *, progress: int | None = None, **values: Any) -> None:
    """Say that the worker is alive and how far it is, in percent. Raises `LeaseLost`."""
    values["leased_until"] = database_now() + kind.lease
    if progress is not None:
        values["progress"] = progress
    _write(job, values)


@contextmanager
def writing(job: LeasedJob) -> Iterator[None]:
    """A transaction for the results of `job`. Its row stays locked, so that no other worker can
    claim the job before these results are committed. Raises `LeaseLost`."""
    with transaction.atomic():
        if not list(_held(job).select_for_update(no_key=True).values_list("pk")):
            raise LeaseLost
        yield


def finish(job: LeasedJob, state: str, **values: Any) -> None:
    """End the lease: the job goes to `state`, with `values` beside it. Raises `LeaseLost`."""
    _write(job, {"state": state, "leased_until": None, **values})


def retry(kind: JobKind[J], job: J, problem: str, *, after: timedelta = timedelta(0)) -> bool:
    """The attempt failed: wait for another one, or park the job after the last attempt. Returns
    whether it waits. Raises `LeaseLost`."""
    if kind.most_attempts is not None and job.attempts >= kind.most_attempts:
        park(kind, job, problem)
        return False
    before = {running: waiting for waiting, running in kind.phases.items()}
    finish(job, before[job.state], problem=problem[:300], due_at=database_now() + after)
    return True


def park(kind: JobKind[J], job: J, problem: str) -> None:
    """Give the job up at once: another attempt would fail the same way. Raises `LeaseLost`."""
    with writing(job):
        _park(kind, job, problem)


def _park(kind: JobKind[J], job: J, problem: str) -> None:
    job.state, job.problem = kind.parked, problem[:300]
    job.parked_at, job.leased_until = database_now(), None
    job.save(update_fields=["state", "problem", "parked_at", "leased_until"])
    if kind.on_parked is not None:
        kind.on_parked(job)


def _write(job: LeasedJob, values: dict[str, Any]) -> None:
    if not _held(job).update(**values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


# --- looking after them --------------------------------------------------------------------------


def overdue(kind: JobKind[J], *, delivery: timedelta = DELIVERY) -> list[tuple[int, str]]:
    """(primary key, waiting state) of jobs whose message was lost or whose worker died.

    `delivery` is how long a message may be on its way.
    """
    now = database_now()
    before = {running: waiting for waiting, running in kind.phases.items()}
    late = Q(state__in=list(kind.phases), due_at__lte=now - delivery)
    expired = Q(state__in=kind.running, leased_until__lt=now)
    rows = kind.rows().filter(late | expired).order_by("due_at", "pk")
    return [(pk, before.get(state, state)) for pk, state in rows.values_list("pk", "state")]


def release_parked(kind: JobKind[J], *, waiting: str | None = None) -> int:
    """Once the cause is gone: parked jobs wait again with all their attempts. Returns how many.

    `waiting` is the state they wait in; the first phase of the kind if it is not given.
    """
    with transaction.atomic():
        rows = kind.rows().filter(parked_at__isnull=False)
        released = list(rows.select_for_update(of=("self",)).order_by("pk"))
        kind.rows().filter(pk__in=[job.pk for job in released]).update(
            state=waiting or next(iter(kind.phases)),
            attempts=0,
            problem="",
            parked_at=None,
            due_at=database_now(),
        )
        for job in released:
            if kind.on_released is not None:
                kind.on_released(job)
    return len(released)


@dataclass(frozen=True)
class JobFigures:
    """How many jobs of one kind wait, run and are parked. `oldest` is in seconds, of those due."""

    name: str
    label: str
    owner: str
    waiting: int
    running: int
    parked: int
    oldest: int
    reasons: list[tuple[str, int]]


def figures(kind: JobKind[J]) -> JobFigures:
    """Two queries over the rows that are not finished."""
    now = database_now()
    waiting = Q(state__in=list(kind.phases))
    rows = kind.rows().order_by()
    totals = rows.filter(
        waiting | Q(state__in=kind.running) | Q(parked_at__isnull=False)
    ).aggregate(
        waiting=Count("pk", filter=waiting),
        running=Count("pk", filter=Q(state__in=kind.running)),
        parked=Count("pk", filter=Q(parked_at__isnull=False)),
        since=Min("due_at", filter=waiting & Q(due_at__lte=now)),
    )
    since = totals.pop("since")
    parked = rows.filter(parked_at__isnull=False).values_list("problem")
    reasons = list(parked.annotate(count=Count("pk")).order_by("-count", "problem")[:5])
    return JobFigures(
        name=kind.name,
        label=kind.label,
        owner=kind.owner,
        oldest=int((now - since).total_seconds()) if since else 0,
        reasons=reasons,
        **totals,
    )
