"""What a school does for a listed graduate: the profile (一人一档), the plan (一策), records of help, and
postings that were recommended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import GreaterThanOrEqual

from accounts.models import User
from core.models import StoredFile
from recruiting.models import Application, Fair, Posting
from support.models.listing import MOST_IMAGES, Listing
from support.models.rules import Way
from support.states import RecordState, Result, SubsidyState, Wish

__all__ = ["MOST_IMAGES", "JobRecommendation", "Plan", "Profile", "Record", "RecordImage"]

LEAST_TEXT = 10
LEAST_SUBSIDY, MOST_SUBSIDY = 1000, 2000


class Profile(models.Model):
    """The circumstances of a listed graduate, and what they want to do."""

    listing = models.OneToOneField(Listing, models.PROTECT, related_name="profile")
    family = models.CharField("家庭说明", max_length=300, default="", blank=True)
    difficulty = models.CharField("困难", max_length=300, default="", blank=True)
    wish = models.CharField("意愿", max_length=20, choices=Wish)
    version = models.PositiveIntegerField(default=1, db_default=1)
    changed_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "帮扶档案"
        constraints = [
            models.CheckConstraint(condition=Q(wish__in=Wish.values), name="profile_wish_known")
        ]

    def __str__(self) -> str:
        return f"帮扶档案 {self.listing_id}"


class Plan(models.Model):
    """A plan for one person. A changed plan is a new row; the newest one holds."""

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="plans", db_index=False)
    aims = models.CharField("帮扶目标和措施", max_length=500)
    review_on = models.DateField("复核日期")
    made_by = models.CharField("制定人", max_length=80)
    made_at = models.DateTimeField("制定时间", db_default=Now())

    class Meta:
        verbose_name = "帮扶方案"
        constraints = [models.CheckConstraint(condition=~Q(aims=""), name="plan_has_aims")]
        indexes = [models.Index(fields=["listing", "-id"], name="plan_of_listing")]

    def __str__(self) -> str:
        return f"帮扶方案 {self.pk}"


class Record(models.Model):
    """One help that was given. A record is never changed: a later one corrects it and names it; the
    author may delete it within 24 hours."""

    listing = models.ForeignKey(Listing, models.PROTECT, related_name="records", db_index=False)
    on = models.DateField("日期")
    way = models.ForeignKey(Way, models.PROTECT, related_name="+")
    text = models.CharField("内容", max_length=500)
    helper = models.CharField("帮扶人", max_length=80)
    result = models.CharField("结果", max_length=12, choices=Result, default="", blank=True)
    next_on = models.DateField("下次日期", null=True, blank=True)
    subsidy = models.CharField(
        "补贴状态", max_length=10, choices=SubsidyState, default="", blank=True
    )
    subsidy_amount = models.PositiveIntegerField("补贴金额", null=True, blank=True)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", null=True)
    application = models.ForeignKey(Application, models.PROTECT, related_name="+", null=True)
    fair = models.ForeignKey(Fair, models.PROTECT, related_name="+", null=True)
    state = models.CharField("状态", max_length=10, choices=RecordState, default=RecordState.VALID)
    corrects = models.OneToOneField("self", models.PROTECT, related_name="corrected_by", null=True)
    # What the form was sent with, so that the same form sent twice makes one record.
    form_key = models.CharField(max_length=40)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_label = models.CharField("记录人", max_length=80)
    created_at = models.DateTimeField("记录时间", db_default=Now())

    class Meta:
        verbose_name = "帮扶记录"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RecordState.values), name="record_state_known"
            ),
            models.CheckConstraint(
                condition=Q(result__in=["", *Result.values]), name="record_result_known"
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("text"), LEAST_TEXT),
                name="record_text_long_enough",
            ),
            models.CheckConstraint(
                condition=Q(subsidy="", subsidy_amount__isnull=True)
                | Q(subsidy__in=SubsidyState.values),
                name="record_subsidy_known",
            ),
            models.CheckConstraint(
                condition=Q(subsidy_amount__isnull=True)
                | Q(subsidy_amount__gte=LEAST_SUBSIDY, subsidy_amount__lte=MOST_SUBSIDY),
                name="record_subsidy_amount",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | ~Q(corrects=F("id")),
                name="record_corrects_another",
            ),
            models.UniqueConstraint(fields=["listing", "form_key"], name="record_once_a_form"),
        ]
        indexes = [models.Index(fields=["listing", "-on", "-id"], name="record_of_listing")]

    def __str__(self) -> str:
        return f"帮扶记录 {self.pk}"

    @property
    def subsidy_words(self) -> str:
        """State and amount of the 求职补贴; "" for a record of another way."""
        if not self.subsidy:
            return ""
        amount = f"，{self.subsidy_amount:,}元" if self.subsidy_amount is not None else ""
        return f"补贴{self.get_subsidy_display()}{amount}"


class RecordImage(models.Model):
    record = models.ForeignKey(Record, models.CASCADE, related_name="images")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "帮扶证明"

    def __str__(self) -> str:
        return f"帮扶证明 {self.pk}"


class JobRecommendation(models.Model):
    """A posting that staff sent to a listed graduate through the platform. Only these count as
    recommended; whether the graduate applied and was interviewed is read from recruiting."""

    listing = models.ForeignKey(
        Listing, models.PROTECT, related_name="recommendations", db_index=False
    )
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    record = models.OneToOneField(Record, models.PROTECT, related_name="recommendation")
    sent_at = models.DateTimeField("推荐时间", db_default=Now())
    # When the graduate first opened the posting after that.
    opened_at = models.DateTimeField("打开时间", null=True, blank=True)

    class Meta:
        verbose_name = "推荐的职位"
        constraints = [
            models.UniqueConstraint(fields=["listing", "posting"], name="recommended_once"),
        ]

    def __str__(self) -> str:
        return f"推荐的职位 {self.pk}"
