"""National code tables and administrative divisions, loaded from codes/data."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Code(models.Model):
    """One value of one code table.

    `code` is what we store; `national_code` is what goes up and stays empty where the national
    value is not known: such a record is not sent until the province maps it.
    """

    table = models.CharField("代码表", max_length=40)
    code = models.CharField("代码", max_length=20)
    name = models.CharField("名称", max_length=80)
    aliases = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    national_code = models.CharField("国家代码", max_length=20, null=True, blank=True)
    status = models.CharField("状态", max_length=20, default="current")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    extra = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "代码"
        ordering = ["table", "position"]
        constraints = [
            models.UniqueConstraint(fields=["table", "code"], name="code_once_per_table")
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.code} {self.name}"


class Division(models.Model):
    """An administrative division (GB/T 2260). Only `selectable` ones may be chosen."""

    code = models.CharField("行政区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=40)
    # The whole path as people write it: 安徽省合肥市巢湖市
    full_name = models.CharField(max_length=100)
    parent_code = models.CharField(max_length=6, blank=True, default="")
    level = models.PositiveSmallIntegerField()  # 1 province, 2 city, 3 county
    selectable = models.BooleanField(default=False)
    valid_from = models.PositiveSmallIntegerField(null=True, blank=True)
    valid_to = models.PositiveSmallIntegerField(null=True, blank=True)
    successor_code = models.CharField(max_length=6, blank=True, default="")

    class Meta:
        verbose_name = "行政区划"
        ordering = ["code"]
        indexes = [models.Index(fields=["parent_code"], name="division_parent")]

    def __str__(self) -> str:
        return self.full_name


class LoadedData(models.Model):
    """A hash of the loaded data files, so that a start of the platform loads only changed ones."""

    name = models.CharField(max_length=40, primary_key=True)
    digest = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "已装载数据"

    def __str__(self) -> str:
        return self.name
