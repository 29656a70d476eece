"""Prints of evidence pictures (材料指纹): worked out by a leased job in processes with limits, never by a
page. Copies of a picture are found by them (`screening/pictures.py`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from django.db import connection

from core import files, jobs
from core.files.prints import PrintRefused, perceptual_hash
from core.jobs import JobKind
from core.models import StoredFile
from quality.models import EvidencePrint
from quality.states import PrintState

PRINTS = JobKind(
    name="evidence_prints",
    label="材料指纹",
    model=EvidencePrint,
    phases={PrintState.WAITING: PrintState.MAKING},
    finished={PrintState.MAKING: PrintState.DONE},
    parked=PrintState.PARKED,
    owner="运维人员",
    task="quality.tasks.sweep_prints",
    interrupted="计算指纹时进程多次中断。",
)
# At once leased by a worker; each takes a few hundredths of a second.
_AT_ONCE = 20
# The newest pieces of evidence that the frequent sweep looks at.
NEWEST = 5000

_REGISTER = """
    INSERT INTO quality_evidenceprint (sha256, state, attempts, token, progress, problem)
    SELECT DISTINCT f.sha256, 'waiting', 0, 0, 0, ''
    FROM ({evidence}) e JOIN core_storedfile f ON f.id = e.file_id
    WHERE NOT EXISTS (SELECT 1 FROM quality_evidenceprint p WHERE p.sha256 = f.sha256)
    ON CONFLICT (sha256) DO NOTHING"""


def register_newest() -> int:
    """Note the newest pictures that have no print yet; returns how many."""
    return _register(
        "SELECT file_id FROM destinations_evidence ORDER BY id DESC LIMIT %(newest)s",
        {"newest": NEWEST},
    )


def register_of(cohorts: Collection[int]) -> int:
    """Note every picture of these cohorts that has no print yet; returns how many."""
    return _register(
        """SELECT e.file_id FROM destinations_evidence e
           JOIN graduates_graduate g ON g.id = e.graduate_id
           WHERE g.cohort_id = ANY(%(cohorts)s) AND e.removed_at IS NULL""",
        {"cohorts": list(cohorts)},
    )


def _register(evidence: str, values: dict[str, int | list[int]]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_REGISTER.format(evidence=evidence), values)
        return cursor.rowcount


def make_waiting(*, most: int, tell: Callable[[int], None] = lambda done: None) -> int:
    """Work out up to `most` prints that wait; returns how many were looked at. `tell` is called with that
    number now and then."""
    done = 0
    while done < most:
        claimed = jobs.claim(PRINTS, limit=min(_AT_ONCE, most - done))
        if not claimed:
            break
        for job in claimed:
            make(job)
        done += len(claimed)
        tell(done)
    return done


def make(job: EvidencePrint) -> None:
    """Work out one claimed print."""
    try:
        jobs.finish(job, PrintState.DONE, dhash=_print_of(job.sha256), progress=100, problem="")
    except jobs.LeaseLost:
        return  # another worker does it
    except PrintRefused as refusal:
        jobs.park(PRINTS, job, refusal.message)
    except OSError as problem:  # the storage is away
        jobs.retry(PRINTS, job, f"材料文件暂时读不到：{problem}", after=timedelta(minutes=10))


def _print_of(sha256: str) -> int | None:
    """The print as a signed number, as the database has it."""
    file = StoredFile.objects.filter(sha256=sha256).order_by("pk").first()
    if file is None:
        return None  # the picture was deleted meanwhile
    with files.open_file(file) as f:
        found = perceptual_hash(f.read())
    return found - (1 << 64) if found is not None and found >= 1 << 63 else found


def missing_in(cohorts: Collection[int]) -> int:
    """How many pictures of these cohorts still wait for their prints."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(DISTINCT p.sha256) FROM destinations_evidence e
               JOIN graduates_graduate g ON g.id = e.graduate_id
               JOIN core_storedfile f ON f.id = e.file_id
               JOIN quality_evidenceprint p ON p.sha256 = f.sha256
               WHERE g.cohort_id = ANY(%s) AND e.removed_at IS NULL AND p.state IN ('waiting', 'making')""",
            [list(cohorts)],
        )
        return int(cursor.fetchone()[0])


def delete_stray() -> int:
    """Delete prints of pictures that are not stored any more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM quality_evidenceprint p WHERE p.state <> 'making'
               AND NOT EXISTS (SELECT 1 FROM core_storedfile f WHERE f.sha256 = p.sha256)"""
        )
        return cursor.rowcount


def sweep() -> None:
    """Work off what waits, and note the newest pictures."""
    register_newest()
    make_waiting(most=2000)
