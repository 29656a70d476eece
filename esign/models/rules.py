"""签约设置: what a school sets for signing and terminating agreements."""

from __future__ import annotations

import datetime

from django.db import models

from schools.models import Cohort


class SigningRules(models.Model):
    """The rules of one cohort. A cohort without a row has the defaults of DOMAIN §4 and §5."""

    cohort = models.OneToOneField(Cohort, models.CASCADE, primary_key=True, related_name="signing")
    signing_from = models.DateField("签约开始日期")
    termination_from = models.DateField("解约开始日期")
    most_terminations = models.PositiveSmallIntegerField("最大解约次数", default=3)
    silence_days = models.PositiveSmallIntegerField("对方未答复期限（天）", default=7)
    department_decides = models.BooleanField("解约由院系审核即可", default=False)
    copies = models.PositiveSmallIntegerField("打印份数", default=3)

    class Meta:
        verbose_name = "签约设置"

    def __str__(self) -> str:
        return f"签约设置 {self.cohort_id}"

    @classmethod
    def of(cls, cohort: Cohort) -> SigningRules:
        """The cohort's rules. By default signing and terminating begin on 1 September of the
        graduates' last school year."""
        rules: SigningRules | None = getattr(cohort, "signing", None)
        if rules is not None:
            return rules
        start = datetime.date(cohort.year - 1, 9, 1)
        return cls(cohort=cohort, signing_from=start, termination_from=start)
