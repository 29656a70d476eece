"""The form of the figures of recruiting: a cohort and a period."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from core.forms import PlatformForm, fields
from schools.current_cohort import EVERY_YEAR, Year

LONGEST = datetime.timedelta(days=3 * 366)
_FIRST_YEAR, _LAST_YEAR = 2020, 2100
_YEAR = datetime.timedelta(days=365)


class FiguresForm(PlatformForm):
    """What the figures are narrowed to; the page's address holds it. Without a year they are about the
    one that the person works with. An empty day is today, or a year before the last day."""

    cohort = fields.Choice("届别", (), required=False)
    first = fields.Date("起始日期", required=False)
    last = fields.Date("截止日期", required=False)

    def __init__(
        self,
        data: Any = None,
        *args: Any,
        years: Sequence[Year],
        kept: Year | None,
        **kwargs: Any,
    ) -> None:
        today = timezone.localdate()
        year = str(kept.year) if kept is not None else EVERY_YEAR
        kwargs["initial"] = {"first": today - _YEAR, "last": today, "cohort": year}
        super().__init__(data, *args, auto_id="%s", **kwargs)
        self.offer("cohort", [*((str(y.year), str(y)) for y in years), (EVERY_YEAR, "全部届别")])

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
        year = typed.get("cohort") or self.initial["cohort"]
        return {
            "first": typed["first"],
            "last": typed["last"],
            "year": None if year == EVERY_YEAR else int(year),
        }
