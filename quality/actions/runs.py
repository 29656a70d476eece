"""Comparisons and screenings (比对与筛查): asked for in the console, done by a worker.

A run is a leased job (`core.jobs`). One whose worker died is begun again; what it had found by then is
recognised. Findings of the run's rules that it does not find any more are closed at its end.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts import inbox
from accounts.models import User
from core import audit, files, jobs, spreadsheets
from core.audit import Actor
from core.clock import database_now
from core.errors import DomainError, Invalid, NotPermitted, Refused
from core.jobs import JobKind
from core.models import StoredFile
from core.wake import wake
from quality import rule_book
from quality.actions import prints, sighting
from quality.models import Rule, Run
from quality.screening import QUERIES
from quality.states import UNFINISHED, RunKind, RunState
from schools.models import Cohort, School
from schools.scope import schools_visible_to

_TASK = "quality.tasks.sweep_runs"
MOST_BYTES = 40 * 1024 * 1024
PURPOSE = "quality-run"
_MOST_BAD_ROWS = 200
# Of a province that is screened for the first time the sweep works out the rest.
_MOST_PRINTS = 20_000
_BUSY = "这个范围的同一项核查还没有完成，请等它完成后再发起。"
_log = logging.getLogger(__name__)


def _end_given_up(run: Run) -> None:
    """End a run whose worker died too often. It does not stay parked: whoever needs the result asks for
    another run."""
    run.parked_at = None
    run.progress, run.finished_at = 100, database_now()
    run.save(update_fields=["parked_at", "progress", "finished_at"])
    _log_end(run)


RUNS = JobKind(
    name="quality_runs",
    label="比对与筛查",
    model=Run,
    phases={RunState.WAITING: RunState.RUNNING},
    finished={RunState.RUNNING: RunState.DONE},
    parked=RunState.FAILED,
    owner="运维人员",
    task=_TASK,
    # One rule over a whole province takes a minute or two, during which the lease is not renewed.
    lease=timedelta(minutes=15),
    on_parked=_end_given_up,
    releasable=False,
)


@dataclass(frozen=True)
class Workbook:
    """Whether a kind of run must have a workbook, and whether the province alone brings it, because what
    it says holds for every school."""

    required: bool
    province_alone: bool = False


WORKBOOKS: dict[str, Workbook] = {
    RunKind.ROLL: Workbook(required=True),
    RunKind.PLACES: Workbook(required=False),
    RunKind.UNITS: Workbook(required=False, province_alone=True),
}


def cohort_ids(school: School | None, year: int) -> list[int]:
    rows = Cohort.objects.filter(year=year)
    if school is not None:
        rows = rows.filter(school=school)
    return sorted(rows.values_list("pk", flat=True))


def ask(
    *,
    kind: str,
    school: School | None,
    year: int,
    content: bytes = b"",
    name: str = "",
    same_file: bool = False,
    by: User,
) -> Run:
    """Begin a run over a year of one school, or of all (`school` is None). `content` is a workbook, or
    with `same_file` the one of the scope's last run of the kind is read again."""
    if not _may_run(by, school):
        raise NotPermitted("role", "只能核查本校；全部学校的由省级发起。")
    if kind not in RunKind.values:
        raise Invalid({"kind": ["请选择核查项目。"]})
    if not cohort_ids(school, year):
        raise Invalid({"year": ["没有这一届。"]})
    file = _file_of(kind, school, year, content=content, name=name, same_file=same_file, by=by)
    try:
        with transaction.atomic():
            run = Run.objects.create(
                kind=kind, school=school, year=year, file=file, asked_by=by, asked_by_label=by.label
            )
            audit.record("quality.run_ask", by=by, obj=run, label=str(run), data={"year": year})
            wake("quality.tasks.do_run", run.pk)
    except IntegrityError as error:
        if "quality_run_one_unfinished" not in str(error):
            raise
        raise Refused("running", _BUSY) from None
    return run


def _may_run(by: User, school: School | None) -> bool:
    if not by.has_perm("quality.run"):
        return False
    mine = schools_visible_to(by)
    return (
        mine.filter(pk=school.pk).exists() if school is not None else by.has_perm("quality.rules")
    )


def _file_of(
    kind: str,
    school: School | None,
    year: int,
    *,
    content: bytes,
    name: str,
    same_file: bool,
    by: User,
) -> StoredFile | None:
    """The workbook that the run reads; None for a run that reads none."""
    wanted = WORKBOOKS.get(kind)
    if wanted is None:
        return None
    if content and wanted.province_alone and not by.has_perm("quality.rules"):
        raise Invalid(
            {"file": ["登记名录由省级导入，学校核查时用省级导入的名录，请不要选择文件。"]}
        )
    if content:
        if len(content) > MOST_BYTES:
            raise Invalid({"file": [f"文件超过{MOST_BYTES // 1024**2}MB，请分成几个文件核查。"]})
        return files.store(
            content, name=name or "核查文件.xlsx", content_type=spreadsheets.CONTENT_TYPE,
            purpose=PURPOSE, school_id=school.pk if school is not None else None, by_id=by.pk,
        )  # fmt: skip
    stored = last_file(kind, school, year) if same_file else None
    if same_file and stored is None:
        raise Invalid({"file": ["还没有上传过文件，请选择文件。"]})
    if wanted.required and stored is None:
        raise Invalid({"file": ["请选择要比对的文件。"]})
    return stored


def last_file(kind: str, school: School | None, year: int) -> StoredFile | None:
    """The workbook of the scope's last run of the kind that had one."""
    rows = Run.objects.filter(kind=kind, school=school, year=year, file__isnull=False)
    run = rows.select_related("file").order_by("-pk").first()
    return run.file if run is not None else None


# --- in the worker ------------------------------------------------------------------------------


class Progress:
    """What a run tells while it works: how far it is, and that its worker is alive."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def tell(self, percent: int, stage: str) -> None:
        """Raises `jobs.LeaseLost`."""
        jobs.renew(RUNS, self._run, progress=percent, stage=stage)


@dataclass
class Work:
    """What the function of a kind of run works with. It adds to `counts` and `bad_rows`."""

    run: Run
    cohorts: list[int]
    rules: dict[str, Rule]
    progress: Progress
    counts: Counter[str]
    by_rule: Counter[str]
    bad_rows: list[dict[str, object]]

    def note_bad_row(self, number: int, message: str) -> None:
        self.counts["bad_rows"] += 1
        if len(self.bad_rows) < _MOST_BAD_ROWS:
            self.bad_rows.append({"row": number, "message": message})

    def write(self, key: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Write what was found one by one for a rule, unless the rule is off. Raises
        `jobs.LeaseLost`."""
        rule = self.rules.get(key)
        if rule is not None and rows:
            with jobs.writing(self.run):
                self.add(rule, sighting.write_rows(self.run, rule, rows))

    def add(self, rule: Rule, written: Counter[str]) -> None:
        self.counts += written
        self.by_rule[rule.key] += written["found"]


# Kind of run → what it does; `run_kinds` fills it in.
KINDS: dict[str, Callable[[Work], None]] = {}


def do(run_id: int) -> bool:
    """Do the run. Returns False when there is nothing to do, another worker has it, or took it over."""
    claimed = jobs.claim(RUNS, pk=run_id, related=("school", "file"))
    if not claimed:
        return False
    run = claimed[0]
    try:
        _do(run)
    except jobs.LeaseLost:
        return False
    except DomainError as refusal:
        _finish(run, RunState.FAILED, problem=refusal.message)
    except Exception:
        with suppress(jobs.LeaseLost):
            jobs.retry(RUNS, run, "核查时出现意外错误，已记入日志；仍不成功请联系运维人员。")
        raise
    return True


def _do(run: Run) -> None:
    jobs.renew(RUNS, run, progress=0, stage="准备", started_at=database_now())
    rules = {r.key: r for r in Rule.objects.filter(key__in=_keys_of(run.kind), enabled=True)}
    work = Work(
        run, cohort_ids(run.school, run.year), rules, Progress(run), Counter(), Counter(), []
    )
    KINDS[run.kind](work)
    work.progress.tell(96, "收尾")
    with jobs.writing(run):
        work.counts["gone"] = sighting.close_vanished(run, list(rules), work.cohorts)
    counts = {"found": 0, "new": 0, "again": 0, **work.counts, "by_rule": dict(work.by_rule)}
    _finish(run, RunState.DONE, counts=counts, bad_rows=work.bad_rows)


def _keys_of(kind: str) -> list[str]:
    return [declared.key for declared in rule_book.ALL if declared.kind == kind]


def _finish(run: Run, state: str, *, problem: str = "", **values: object) -> None:
    """End the run. Raises `jobs.LeaseLost`."""
    with jobs.writing(run):
        jobs.finish(
            run, state, problem=problem[:300], progress=100, stage="", finished_at=database_now(),
            **values,
        )  # fmt: skip
        _log_end(run)
        _tell(run)


def _tell(run: Run) -> None:
    """Tell whoever asked for the run, once."""
    if run.asked_by_id is None:
        return
    found = run.counts.get("found", 0)
    words = run.problem or f"查到{found}个问题，其中新问题{run.counts.get('new', 0)}个。"
    inbox.tell(
        f"user:{run.asked_by_id}", f"{run.get_kind_display()}{run.get_state_display()}：{run.scope_words}",
        text=words, link=reverse("console:quality-run", args=[run.pk]), key=f"quality-run:{run.pk}",
    )  # fmt: skip


def _log_end(run: Run) -> None:
    by = Actor(None, "system", run.asked_by_label)
    audit.record("quality.run_end", by=by, obj=run, reason=run.problem, data=run.counts)


def screen(work: Work) -> None:
    """All suspicion rules, one after another; each is written in a transaction of its own. Prints of
    pictures that nobody has worked out yet are, as far as that takes no hours."""
    if "file_same" in work.rules:
        prints.register_of(work.cohorts)
        prints.make_waiting(
            most=_MOST_PRINTS,
            tell=lambda done: work.progress.tell(3, f"计算材料指纹（已算{done}张）"),
        )
        work.counts["prints_missing"] = prints.missing_in(work.cohorts)
    for number, (key, rule) in enumerate(work.rules.items()):
        label = rule_book.BY_KEY[key].label
        work.progress.tell(5 + 90 * number // max(len(work.rules), 1), label)
        values = rule_book.settings_of(rule)
        sql, more = QUERIES[key](values)
        params = {**values, **more, "cohorts": work.cohorts, "year": work.run.year}
        with jobs.writing(work.run):
            with connection.cursor() as cursor:
                # For the sorting and joining of a whole province; the end of the transaction undoes it.
                cursor.execute("SET LOCAL work_mem = '128MB'")
                cursor.execute("SET LOCAL jit = off")
            work.add(rule, sighting.write(work.run, rule, sql, params))
    work.counts["checked"] = _graduates_in(work.cohorts)


def _graduates_in(cohorts: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM graduates_graduate WHERE cohort_id = ANY(%s) AND standing = 'enrolled'",
            [cohorts],
        )
        return int(cursor.fetchone()[0])


def overdue() -> list[int]:
    """Primary keys of runs whose message was lost or whose worker died."""
    return [pk for pk, _ in jobs.overdue(RUNS)]


def running(school: School | None, kind: str, year: int) -> Run | None:
    return Run.objects.filter(school=school, kind=kind, year=year, state__in=UNFINISHED).first()
