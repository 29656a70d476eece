"""What a school sets for signing."""

from __future__ import annotations

import datetime

from django.db import models

from schools.models import Cohort


class SigningRules(models.Model):
    """What a school sets for one cohort; without a row the defaults of DOMAIN §4, §5 hold."""

    cohort = models.OneToOneField(Cohort, models.CASCADE, primary_key=True, related_name="signing")
    signing_from = models.DateField("签约开始日期")
    termination_from = models.DateField("解约开始日期")
    most_terminations = models.PositiveSmallIntegerField("最大解约次数", default=3)
    silence_days = models.PositiveSmallIntegerField("对方未答复期限(天)", default=7)
    department_decides = models.BooleanField("解约由院系审核即可", default=False)
    copies = models.PositiveSmallIntegerField("打印份数", default=3)

    class Meta:
        verbose_name = "签约设置"

    def __str__(self) -> str:
        return f"签约设置 {self.cohort_id}"

    @classmethod
    def of(cls, cohort: Cohort) -> SigningRules:
        """The cohort's rules; by default from 1 September of the graduating school year."""
        found: SigningRules | None = getattr(cohort, "signing", None)
        if found is not None:
            return found
        start = datetime.date(cohort.year - 1, 9, 1)
        return cls(cohort=cohort, signing_from=start, termination_from=start)
