"""The graduate's store of résumé entries, the résumés chosen from it, what the graduate looks for,
and the list of who read a résumé."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import StoredFile
from graduates.models import Graduate
from recruiting.states import (
    Available,
    CampusKind,
    EntryKind,
    MajorMatch,
    SkillKind,
    WantedPay,
    WorkKind,
)
from schools.models import Cohort, School

MOST_RESUMES = 5
MOST_ATTACHMENTS = 3


class ResumeStore(models.Model):
    """Everything that a graduate's résumés are chosen from, but for its entries. Name, school, major,
    education and contact are read from the origin record and never copied here."""

    graduate = models.OneToOneField(
        Graduate, models.PROTECT, primary_key=True, related_name="resume_store"
    )
    # Copies of the graduate's, for lists by school and cohort.
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    photo = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    foreign_language = models.CharField("外语水平", max_length=15, default="", blank=True)
    computer = models.CharField("计算机水平", max_length=15, default="", blank=True)
    hobbies = models.CharField("爱好", max_length=150, default="", blank=True)
    strengths = models.CharField("特长", max_length=150, default="", blank=True)
    native_place = models.CharField("籍贯", max_length=15, default="", blank=True)
    health = models.CharField("健康状况", max_length=10, default="", blank=True)
    # Shown only if the graduate ticks them.
    show_ethnicity = models.BooleanField("显示民族", default=False)
    show_politics = models.BooleanField("显示政治面貌", default=False)
    show_native_place = models.BooleanField("显示籍贯", default=False)
    show_health = models.BooleanField("显示健康状况", default=False)
    self_evaluation = models.CharField("自我评价", max_length=250, default="", blank=True)
    # Sections of which the graduate says that there is nothing to enter.
    nothing_in = ArrayField(
        models.CharField(max_length=10, choices=EntryKind), default=list, blank=True
    )
    completeness = models.PositiveSmallIntegerField("完整度", default=0)
    updated_at = models.DateTimeField("更新时间", db_default=Now())

    class Meta:
        verbose_name = "简历资料"
        constraints = [
            models.CheckConstraint(
                condition=Q(completeness__lte=100), name="resume_completeness_percent"
            )
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "completeness"], name="resume_by_completeness")
        ]

    def __str__(self) -> str:
        return f"简历资料 {self.pk}"


class ResumeEntry(models.Model):
    """One entry of a section. What its columns mean depends on the section (`recruiting/fields.py`)."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="resume_entries")
    kind = models.CharField(max_length=10, choices=EntryKind)
    name = models.CharField(max_length=50)  # school, experience, award or certificate
    organisation = models.CharField(max_length=50, default="", blank=True)  # a certificate's issuer
    level = models.CharField(max_length=2, default="", blank=True)  # of an education
    # CampusKind or SkillKind.
    sort = models.PositiveSmallIntegerField(null=True, blank=True)
    # First days of months. An award or a certificate has only `begun`; what still goes on has no end.
    begun = models.DateField()
    ended = models.DateField(null=True, blank=True)
    text = models.CharField(max_length=250, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "简历条目"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=EntryKind.values), name="resume_entry_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(ended__isnull=True) | Q(ended__gte=models.F("begun")),
                name="resume_entry_begins_first",
            ),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.CAMPUS, sort__in=CampusKind.values)
                | Q(kind=EntryKind.SKILL, sort__in=SkillKind.values)
                | Q(kind__in=[EntryKind.EDUCATION, EntryKind.AWARD], sort__isnull=True),
                name="resume_entry_sort_of_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """A PDF that the graduate may enclose with an application, checked and written anew."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="resume_attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    name = models.CharField("名称", max_length=60)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "简历附件"

    def __str__(self) -> str:
        return self.name


class Resume(models.Model):
    """A résumé: a choice of entries and attachments under a title. One of a graduate's is the default."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="resumes", db_index=False)
    LAYOUTS = ((1, "单栏"), (2, "双栏"))
    title = models.CharField("简历名称", max_length=20)
    layout = models.PositiveSmallIntegerField("版式", choices=LAYOUTS, default=1)
    is_default = models.BooleanField("默认简历", default=False)
    entries = models.ManyToManyField(ResumeEntry, related_name="resumes", blank=True)
    attachments = models.ManyToManyField(Attachment, related_name="resumes", blank=True)
    # Which of the facts that the store shows this résumé leaves out.
    hidden_facts = ArrayField(
        models.CharField(max_length=20), default=list, db_default=[], blank=True
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField("更新时间", db_default=Now())

    class Meta:
        verbose_name = "简历"
        constraints = [
            models.UniqueConstraint(fields=["graduate", "title"], name="resume_title_once"),
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(is_default=True), name="resume_one_default"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Intention(models.Model):
    """What a graduate looks for (求职意向). It decides which postings are shown as matching."""

    graduate = models.OneToOneField(
        Graduate, models.PROTECT, primary_key=True, related_name="intention"
    )
    work_kind = models.PositiveSmallIntegerField("工作类型", choices=WorkKind)
    unit_properties = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    industries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    places = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    job_categories = ArrayField(models.CharField(max_length=2), default=list)
    pay = models.PositiveSmallIntegerField("期望月薪", choices=WantedPay)
    major_match = models.PositiveSmallIntegerField("专业匹配", choices=MajorMatch)
    available = models.PositiveSmallIntegerField("到岗时间", choices=Available)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "求职意向"
        constraints = [
            models.CheckConstraint(
                condition=Q(unit_properties__len__lte=5, industries__len__lte=5, places__len__lte=5,
                            job_categories__len__lte=5, job_categories__len__gte=1),
                name="intention_most_five",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"求职意向 {self.pk}"


class ResumeReading(models.Model):
    """Somebody opened a graduate's résumé or an attachment. Rows are only ever added; the graduate
    sees them."""

    graduate_id = models.BigIntegerField()
    # None where staff of the school opened the default résumé.
    application_id = models.BigIntegerField(null=True)
    attachment_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField()
    # The unit or the school, and the person, as the graduate sees them.
    reader = models.CharField(max_length=120)
    is_unit = models.BooleanField()
    at = models.DateTimeField("时间", db_default=Now())

    class Meta:
        verbose_name = "简历查阅记录"
        indexes = [
            models.Index(fields=["graduate_id", "-id"], name="resume_reading_newest"),
            models.Index(fields=["application_id", "-id"], name="resume_reading_of"),
        ]

    def __str__(self) -> str:
        return f"{self.reader} {self.at:%Y-%m-%d %H:%M}"
