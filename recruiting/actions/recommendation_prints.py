"""The job that draws one PDF of several valid 就业推荐表, for printing a class's."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from core import audit, files, jobs, pdf
from core.errors import Invalid, Refused
from core.jobs import JobKind
from core.wake import wake
from recruiting import recommendation_pdf
from recruiting.actions.recommendations import MOST_AT_ONCE
from recruiting.models import Recommendation, RecommendationPrint
from recruiting.queries import recommendations_for
from recruiting.recommendation_text import RELATED
from recruiting.states import PrintState
from schools.scope import staff_of

_MAKE = "recruiting.tasks.make_recommendation_prints"
PRINTS = JobKind(
    name="recommendation_prints",
    label="就业推荐表打印",
    model=RecommendationPrint,
    phases={PrintState.WAITING: PrintState.MAKING},
    finished={PrintState.MAKING: PrintState.READY},
    parked=PrintState.PARKED,
    owner="运维人员",
    task=_MAKE,
    interrupted="生成时进程多次中断，请重新选择后打印。",
)
_KEPT_FOR = datetime.timedelta(days=1)
_MOST_WAITING = 3  # of one person, so that a script does not fill the queue


def request(*, form_ids: Collection[int], by: User) -> RecommendationPrint:
    """Ask for one PDF of the valid ones of these forms in the person's scope."""
    staff = staff_of(by)
    if staff is None or staff.school_id is None:
        raise Refused("role", "只有学校工作人员可以打印推荐表。")
    if len(form_ids) > MOST_AT_ONCE:
        raise Invalid({"": [f"一次最多打印{MOST_AT_ONCE}份推荐表。"]})
    seen = recommendations_for(by).filter(pk__in=form_ids)
    picked = seen.order_by("graduate__school_class_id", "graduate__student_no", "pk")
    ids = list(picked.values_list("pk", flat=True))
    if not ids:
        raise Refused("none", "没有选择推荐表。")
    waiting = RecommendationPrint.objects.filter(user=by, state__in=list(PRINTS.phases))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if waiting.count() >= _MOST_WAITING:
            raise Refused("waiting", "您还有打印没有生成完，请稍后再试。")
        job = RecommendationPrint.objects.create(school_id=staff.school_id, user=by, forms=ids)
        audit.record("recruiting.print_recommendations", by=by, obj=job, data={"forms": ids})
        wake(_MAKE)
    return job


def make_waiting(*, most: int = 50) -> int:
    """Draw up to `most` PDFs that wait; returns how many were made."""
    count = 0
    for _ in range(most):
        claimed = jobs.claim(PRINTS, related=("user",))
        if not claimed:
            break
        count += make(claimed[0])
    return count


def make(job: RecommendationPrint) -> bool:
    """Draw and store one claimed PDF; returns whether it is ready. Forms that became void meanwhile or
    left the person's scope are left out, and the job says so."""
    try:
        forms, left_out = _printable(job)
        if not forms:
            jobs.park(PRINTS, job, "所选的推荐表都不能打印：" + "；".join(left_out)[:250])
            return False
        content = recommendation_pdf.render(forms)
        with jobs.writing(job):
            file = files.store(
                content, name=f"就业推荐表{len(forms)}份.pdf", content_type="application/pdf",
                purpose="recommendation-print", school_id=job.school_id, by_id=job.user_id,
            )  # fmt: skip
            jobs.finish(
                job, PrintState.READY, file=file, printed=len(forms), left_out=left_out,
                progress=100, problem="",
            )  # fmt: skip
        return True
    except jobs.LeaseLost:
        return False
    except pdf.MissingGlyphs as missing:
        shown = "".join(missing.characters)
        jobs.park(PRINTS, job, f"字体缺字“{shown}”，请联系运维人员安装字体。")
    except Exception as problem:
        if jobs.retry(PRINTS, job, f"{type(problem).__name__}：{problem}"):
            raise
    return False


def _printable(job: RecommendationPrint) -> tuple[list[Recommendation], list[str]]:
    """The forms to draw in the order of the request, and a sentence for each that is left out."""
    rows = recommendations_for(job.user) if job.user.is_active else Recommendation.objects.none()
    found = rows.select_related(*RELATED).in_bulk(job.forms)
    forms, left_out = [], []
    for pk in job.forms:
        form = found.get(pk)
        if form is None:
            continue
        if reason := recommendation_pdf.refusal_of(form):
            left_out.append(f"{form.graduate}：{reason}")
        else:
            forms.append(form)
    return forms, left_out


def sweep() -> bool:
    """Delete the PDFs of yesterday; returns whether prints wait to be made."""
    old = RecommendationPrint.objects.filter(created_at__lt=Now() - _KEPT_FOR)
    for job in old.exclude(state__in=PRINTS.running).select_related("file")[:500]:
        with transaction.atomic():
            file = job.file
            job.delete()
            if file is not None:
                files.discard(file)
    return bool(jobs.overdue(PRINTS, delivery=datetime.timedelta(0)))


def prints_of(user: User) -> list[RecommendationPrint]:
    """The person's own prints of the last day, newest first."""
    since = timezone.now() - _KEPT_FOR
    rows = RecommendationPrint.objects.filter(user=user, created_at__gte=since)
    return list(rows.order_by("-id")[:10])
