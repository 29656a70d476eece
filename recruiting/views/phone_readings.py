"""谁看过我的简历: every opening of the graduate's résumé, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render

from employers.pages import newest_page
from graduates.access import GraduateRequest, graduate_view
from recruiting.models import Application, ApplicationFile, ResumeReading

_TAB = "services"


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    rows = ResumeReading.objects.filter(graduate_id=request.graduate.pk)
    page, following = newest_page(rows, request)
    context = {"rows": _described(page), "following": following, "tab": _TAB}
    return render(request, "recruiting/phone/readings.html", context)


def _described(
    page: Sequence[ResumeReading],
) -> list[tuple[ResumeReading, Application | None, str]]:
    """(opening, its application, what was opened). Names of erased attachments are gone."""
    applications = Application.objects.select_related("posting").defer("snapshot").in_bulk(
        {r.application_id for r in page if r.application_id is not None}
    )  # fmt: skip
    enclosed = ApplicationFile.objects.in_bulk(
        {r.attachment_id for r in page if r.attachment_id is not None}
    )
    described = []
    for reading in page:
        what = "简历"
        if reading.attachment_id is not None:
            file = enclosed.get(reading.attachment_id)
            what = f"附件“{file.name}”" if file is not None else "附件"
        application = applications.get(reading.application_id or 0)
        described.append((reading, application, what))
    return described
