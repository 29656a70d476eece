"""What the province and the schools set for recruiting: limits, delegated review, checks of wording."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from schools.models import School


class RecruitingRules(models.Model):
    """The province's limits and periods. There is one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Postings of reliable units (three approved ones, no report upheld) appear before their review.
    post_review = models.BooleanField("可信单位先发布后审核", default=False)
    min_completeness = models.PositiveSmallIntegerField("投递要求的简历完整度（%）", default=60)
    most_deliveries = models.PositiveSmallIntegerField("每人每天投递上限", default=30)
    most_postings = models.PositiveSmallIntegerField("单位每天新增职位上限", default=20)
    unread_days = models.PositiveSmallIntegerField("未查看满几天逾期", default=30)
    silent_days = models.PositiveSmallIntegerField("查看后满几天无进展逾期", default=60)
    confirm_days = models.PositiveSmallIntegerField("发布满几天须确认仍在招聘", default=60)
    absences = models.PositiveSmallIntegerField("未到场几次停止报名", default=2)
    hotline = models.CharField("举报电话", max_length=60, default="12333", blank=True)

    class Meta:
        verbose_name = "招聘规则"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="recruiting_rules_one_row"),
            models.CheckConstraint(
                condition=Q(min_completeness__lte=100), name="recruiting_rules_percent"
            ),
        ]

    def __str__(self) -> str:
        return "招聘规则"

    @classmethod
    def current(cls) -> RecruitingRules:
        """The row, or the defaults if the province has never saved any."""
        return cls.objects.first() or cls()


class ReviewingSchool(models.Model):
    """A school to which the province delegated the review of postings for the whole province."""

    school = models.OneToOneField(School, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=80)

    class Meta:
        verbose_name = "受托审核学校"

    def __str__(self) -> str:
        return str(self.school)


class WordingRule(models.Model):
    """One check of the wording of postings and messages: what is found, on which legal basis, and
    whether it is an error or a warning. The platform ships them; the province edits them."""

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField("名称", max_length=40)
    # Words to find; * stands for up to eight characters, # for a digit (`recruiting/rules/wording.py`).
    patterns = ArrayField(models.CharField(max_length=60), verbose_name="字词")
    # Words around a match with which it is harmless, such as 不收押金.
    harmless = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    basis = models.CharField("依据", max_length=200)
    message = models.CharField("提示", max_length=200)
    is_error = models.BooleanField("不得发布")
    # Where the law itself sets the requirement, an error becomes a warning if the unit says why.
    may_justify = models.BooleanField("可说明法定要求", default=False)
    # Whether the check also reads invitations to interviews, reasons and notes sent to graduates.
    in_messages = models.BooleanField("也检查发给毕业生的文字", default=False)
    is_active = models.BooleanField("启用", default=True)
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "招聘用语规则"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label
