"""Postings (职位), changes of published ones, and graduates' favourites."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from employers.models import Unit, UnitMember
from graduates.models import Graduate
from recruiting.states import (
    Education,
    MajorMatch,
    PauseCause,
    PostingState,
    RevisionState,
    WorkKind,
)
from schools.models import School
from workbooks.models import WorkbookImport

MOST_PLACES = 10
# Long texts of a posting, which no list shows.
LONG_TEXTS = ("duties", "requirements", "benefits")
# What a card in the graduates' lists shows.
ON_CARD = (
    "title", "places", "abroad", "work_kind", "education", "pay_from", "pay_to", "pay_by_state",
    "pay_months", "published_at", "valid_until", "unit__name",
)  # fmt: skip
# The columns by which the graduates' lists narrow and order postings.
_OF_LISTS = [
    "valid_until", "work_kind", "education", "job_category", "search_places", "places", "pay_from",
    "pay_to", "majors", "major_match", "school_ids", "hidden_from",
]  # fmt: skip


class PostingContent(models.Model):
    """What a posting says (DOMAIN-AROUND §1.2), declared in `recruiting/fields.py`."""

    title = models.CharField("岗位名称", max_length=50)
    job_category = models.CharField("职位类别", max_length=2)
    work_kind = models.PositiveSmallIntegerField("工作类型", choices=WorkKind)
    headcount = models.PositiveSmallIntegerField("招聘人数")
    education = models.PositiveSmallIntegerField("学历要求", choices=Education)
    majors = models.CharField("专业要求", max_length=200, default="", blank=True)
    major_match = models.PositiveSmallIntegerField(
        "专业匹配", choices=MajorMatch, default=MajorMatch.ANY
    )
    # Codes of provinces, cities or counties; empty only for work abroad.
    places = ArrayField(models.CharField(max_length=6), verbose_name="工作地点", default=list)
    abroad = models.CharField("海外工作地点", max_length=50, default="", blank=True)
    # Yuan a month. Both are empty if the state sets the pay (properties 10 and 20 to 29).
    pay_from = models.PositiveIntegerField("月薪下限（元）", null=True, blank=True)
    pay_to = models.PositiveIntegerField("月薪上限（元）", null=True, blank=True)
    pay_months = models.PositiveSmallIntegerField("每年发薪月数", default=12)
    pay_by_state = models.BooleanField("薪酬按国家规定", default=False)
    probation_months = models.PositiveSmallIntegerField("试用期（月）", null=True, blank=True)
    contract_years = models.PositiveSmallIntegerField("合同年限", null=True, blank=True)
    duties = models.TextField("岗位职责")
    requirements = models.TextField("任职要求")
    benefits = models.TextField("福利", default="", blank=True)
    # Where it was taken from, if it was published elsewhere first.
    source = models.CharField("转载来源", max_length=100, default="", blank=True)
    # The employer for whom an agency recruits.
    real_employer = models.CharField("实际用工单位", max_length=100, default="", blank=True)
    # Why a requirement that the checks object to is one of the law.
    justification = models.CharField("法定要求说明", max_length=300, default="", blank=True)

    class Meta:
        abstract = True


class Posting(PostingContent):
    """One posting of a unit."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings", db_index=False)
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    state = models.CharField(
        "状态", max_length=10, choices=PostingState, default=PostingState.DRAFT
    )
    pause_causes = ArrayField(
        models.CharField(max_length=12, choices=PauseCause), default=list, blank=True
    )
    valid_until = models.DateField("有效期至")
    # The schools whose graduates see it; empty for all of the province.
    school_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # Schools that hide it from their own graduates.
    hidden_from = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # What the checks found when it was handed in, for the reviewer: [{"field", "message"}].
    warnings = models.JSONField(default=list, blank=True)
    # `places` with the cities and provinces around them, for searches by place.
    search_places = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    # Title and name of the unit in lower case, for searches by keyword.
    search_text = models.CharField(max_length=200, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    first_published_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    # When the unit last said that it is still recruiting; asked for every 60 days.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by = models.CharField("审核人", max_length=80, default="", blank=True)
    # Whether it appeared before its review; the reviewer still has to look at it.
    review_pending = models.BooleanField("先发布待审核", default=False)
    reason = models.CharField("退回或下架原因", max_length=300, default="", blank=True)
    # Who took it down: a school's person or the province's, who alone or above may bring it back.
    taken_down_by_school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)

    class Meta:
        verbose_name = "职位"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PostingState.values), name="posting_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=PostingState.PAUSED, pause_causes__len__gt=0)
                | (~Q(state=PostingState.PAUSED) & Q(pause_causes__len=0)),
                name="posting_paused_has_cause",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PostingState.PUBLISHED, PostingState.PAUSED])
                | Q(published_at__isnull=False, first_published_at__isnull=False),
                name="posting_published_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PostingState.RETURNED, PostingState.TAKEN_DOWN])
                | ~Q(reason=""),
                name="posting_returned_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(pay_by_state=True, pay_from__isnull=True, pay_to__isnull=True)
                | Q(
                    pay_by_state=False,
                    pay_from__isnull=False,
                    pay_to__isnull=False,
                    pay_from__gte=1,
                    pay_to__gte=F("pay_from"),
                )
                | Q(state__in=[PostingState.DRAFT, PostingState.RETURNED]),
                name="posting_has_pay",
            ),
            models.CheckConstraint(
                condition=Q(places__len__lte=MOST_PLACES), name="posting_most_places"
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-id"], name="posting_of_unit"),
            # A list reads one of these two and, of the wide table, the rows of one page alone.
            models.Index(
                fields=["-published_at", "-id"], name="posting_of_lists",
                include=_OF_LISTS, condition=Q(state=PostingState.PUBLISHED),
            ),
            models.Index(
                fields=["job_category", "-published_at", "-id"], name="posting_of_category",
                include=[name for name in _OF_LISTS if name != "job_category"],
                condition=Q(state=PostingState.PUBLISHED),
            ),
            GinIndex(
                fields=["search_places"], name="posting_by_place",
                condition=Q(state=PostingState.PUBLISHED),
            ),
            models.Index(
                fields=["submitted_at", "id"], name="posting_waiting",
                condition=Q(state=PostingState.WAITING) | Q(review_pending=True),
            ),
            models.Index(
                fields=["valid_until"], name="posting_ending",
                condition=Q(state__in=[PostingState.PUBLISHED, PostingState.PAUSED]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @property
    def pay_words(self) -> str:
        """The pay as lists show it, such as 5000–8000元/月（13薪）."""
        if self.pay_by_state:
            return "薪酬按国家规定"
        if not self.pay_from:
            return "未填月薪"
        more = f"（{self.pay_months}薪）" if self.pay_months != 12 else ""
        return f"{self.pay_from}–{self.pay_to}元/月{more}"


class PostingRevision(models.Model):
    """A change of a published posting that waits for review, by field as it would be stored."""

    posting = models.ForeignKey(Posting, models.PROTECT, related_name="revisions")
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    values = models.JSONField()
    warnings = models.JSONField(default=list, blank=True)
    state = models.CharField(
        "状态", max_length=10, choices=RevisionState, default=RevisionState.WAITING
    )
    reason = models.CharField("未通过原因", max_length=300, default="", blank=True)
    created_at = models.DateTimeField("提交时间", db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by = models.CharField("审核人", max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "职位修改"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=RevisionState.values), name="revision_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=RevisionState.WAITING, decided_at__isnull=True)
                | (~Q(state=RevisionState.WAITING) & Q(decided_at__isnull=False)),
                name="revision_decided_paired",
            ),
            models.UniqueConstraint(
                fields=["posting"], condition=Q(state="waiting"), name="revision_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.posting}的修改"


class Favourite(models.Model):
    """A posting that a graduate keeps in view."""

    graduate = models.ForeignKey(Graduate, models.CASCADE, related_name="+", db_index=False)
    posting = models.ForeignKey(Posting, models.CASCADE, related_name="favourites")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "收藏"
        constraints = [
            models.UniqueConstraint(fields=["graduate", "posting"], name="favourite_once")
        ]

    def __str__(self) -> str:
        return f"收藏 {self.pk}"


class PostingImport(WorkbookImport):
    """A unit's workbook of postings. `counts` has the keys "rows", "able", "unchanged" (always 0) and
    "rejected"; after the check "left", the postings that the unit could still add that day; from the
    confirmation on "submits", whether they are handed in; and "made", the posting of each row. `issues`
    lists {"row", "column", "message"}, a warning with "is_warning", too."""

    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    issues = models.JSONField(default=list)

    class Meta(WorkbookImport.Meta):
        verbose_name = "职位导入"
        indexes = [models.Index(fields=["member", "-id"], name="posting_import_newest")]
