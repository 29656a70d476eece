"""What the province sets: the ways of helping, and how much help each graduate in difficulty gets."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from support.states import CountsAs


class Way(models.Model):
    """A way of helping (帮扶方式). Those that come with the platform stand in `data/ways.csv`."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField("名称", max_length=20, unique=True)
    counts_as = models.CharField("计入", max_length=30, choices=CountsAs)
    # Records of this way have the state and the amount of the 求职补贴.
    is_subsidy = models.BooleanField("记录补贴", default=False, db_default=False)
    is_active = models.BooleanField("启用", default=True, db_default=True)
    position = models.PositiveSmallIntegerField(default=0)
    # Set when the province has edited it: then an update of the platform leaves it alone.
    edited_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "帮扶方式"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(counts_as__in=CountsAs.values), name="way_counts_as_known"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="way_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Quota(models.Model):
    """How much help each listed graduate of a year gets, by what ways count as. It measures help that was
    given and says nothing of its results. The row with the year 0 is for every year without one of its
    own."""

    year = models.PositiveSmallIntegerField("届别", unique=True)
    guidance = models.PositiveSmallIntegerField("职业指导", default=1)
    recommend = models.PositiveSmallIntegerField("岗位推荐", default=3)
    training = models.PositiveSmallIntegerField("技能培训或就业见习", default=1)
    policy = models.PositiveSmallIntegerField("政策宣传", default=0)

    class Meta:
        verbose_name = "帮扶标准"
        constraints = [
            models.CheckConstraint(
                condition=Q(guidance__lte=20, recommend__lte=20, training__lte=20, policy__lte=20),
                name="quota_is_reasonable",
            ),
            models.CheckConstraint(
                condition=Q(year=0) | Q(year__gte=2000, year__lte=2100), name="quota_year_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}届帮扶标准" if self.year else "帮扶标准"
