"""The form of the figures of recruiting: a cohort and a period."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from core.forms import PlatformForm, fields
from schools.options import Choices

LONGEST = datetime.timedelta(days=3 * 366)
_FIRST_YEAR, _LAST_YEAR = 2020, 2100
_YEAR = datetime.timedelta(days=365)


class FiguresForm(PlatformForm):
    """What the figures are narrowed to; the page's address holds it. An empty day is today, or a year
    before the last day."""

    cohort = fields.Choice("届别", (), required=False)
    first = fields.Date("起始日期", required=False)
    last = fields.Date("截止日期", required=False)

    def __init__(self, data: Any = None, *args: Any, cohorts: Choices, **kwargs: Any) -> None:
        today = timezone.localdate()
        kwargs["initial"] = {"first": today - _YEAR, "last": today}
        super().__init__(data, *args, auto_id="%s", **kwargs)
        self.offer("cohort", [(str(year), label) for year, label in cohorts], empty="全部")

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        if self.errors:
            return typed
        last = typed.get("last") or self.initial["last"]
        if not _FIRST_YEAR <= last.year <= _LAST_YEAR:
            raise ValidationError({"last": "日期超出范围，请核对。"})
        first = typed.get("first") or last - _YEAR
        if first > last:
            raise ValidationError({"last": "截止日期不能早于起始日期。"})
        if last - first > LONGEST:
            raise ValidationError({"first": "统计时间最长3年，请缩短。"})
        return typed | {"first": first, "last": last}

    @property
    def wanted(self) -> dict[str, Any]:
        """The arguments of `figures`."""
        typed = self.cleaned_data if self.is_bound else self.initial
        year = typed.get("cohort")
        return {
            "first": typed["first"],
            "last": typed["last"],
            "year": int(year) if year else None,
        }
