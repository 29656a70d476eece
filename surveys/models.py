"""Surveys, their frozen versions, the invitations to them, and what was answered.

An invitation says who was asked; an answer says what was answered. No column of the one leads to the
other: the answers of graduates have random ids, no account, no class and no time (DOMAIN-AROUND §7).
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from employers.models import Unit
from graduates.models import Graduate, Person
from schools.models import Cohort, School
from surveys.states import Audience, InvitationState, SurveyState

_S = SurveyState


class Survey(models.Model):
    """A survey of a school or of the province. An empty list in its audience means everybody:
    `school_ids` (the province's only), `years` of cohorts, `levels` of education, `department_ids` and
    `groups` of destinations."""

    # None for the province's.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    title = models.CharField("标题", max_length=60)
    introduction = models.TextField("说明", default="", blank=True)
    audience = models.CharField("调查对象", max_length=10, choices=Audience)
    school_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    years = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    levels = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    department_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    groups = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    opens_at = models.DateTimeField("开始时间")
    closes_at = models.DateTimeField("截止时间")
    # What the builder works on; a version freezes it.
    questions = models.JSONField(default=list, blank=True)
    number = models.PositiveSmallIntegerField("版本", default=0)
    state = models.CharField("状态", max_length=10, choices=SurveyState, default=SurveyState.DRAFT)
    # How many were invited, and how many of them in each stratum: {"department:level group": number}.
    invited = models.PositiveIntegerField("邀请", default=0)
    strata = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_by_label = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.CharField("发布人", max_length=80, default="", blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    end_reason = models.CharField("提前结束的原因", max_length=200, default="", blank=True)
    archived_at = models.DateTimeField("归档时间", null=True, blank=True)
    # Changes with each change of the row, so that an action can tell what its page showed.
    edition = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "问卷"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=_S.values), name="survey_state_known"),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="survey_audience_known"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="survey_closes_after_opening"
            ),
            models.CheckConstraint(
                condition=Q(state=_S.DRAFT, published_at__isnull=True, number=0)
                | (~Q(state=_S.DRAFT) & Q(published_at__isnull=False, number__gte=1)),
                name="survey_published_is_frozen",
            ),
            models.CheckConstraint(
                condition=Q(state__in=(_S.ENDED, _S.ARCHIVED), ended_at__isnull=False)
                | (~Q(state__in=(_S.ENDED, _S.ARCHIVED)) & Q(ended_at__isnull=True)),
                name="survey_ended_paired",
            ),
            models.CheckConstraint(
                condition=Q(state=_S.ARCHIVED, archived_at__isnull=False)
                | (~Q(state=_S.ARCHIVED) & Q(archived_at__isnull=True)),
                name="survey_archived_paired",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="survey_newest"),
            models.Index(fields=["school", "-created_at"], name="survey_of_school"),
        ]

    def __str__(self) -> str:
        return self.title


class Version(models.Model):
    """The questions of a published survey under a number. It is never changed; a wording fix adds the
    next one, with the same questions in other words."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveSmallIntegerField()
    questions = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    created_by_label = models.CharField(max_length=80)

    class Meta:
        verbose_name = "问卷版本"
        constraints = [
            models.UniqueConstraint(fields=["survey", "number"], name="survey_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} 第{self.number}版"


class SurveyKey(models.Model):
    """The key from which the links of one survey are derived, encrypted. It is deleted 90 days after
    the end."""

    survey = models.OneToOneField(Survey, models.PROTECT, primary_key=True, related_name="key")
    sealed = models.BinaryField()

    class Meta:
        verbose_name = "问卷密钥"

    def __str__(self) -> str:
        return f"问卷密钥 {self.survey_id}"


class Invitation(models.Model):
    """A graduate or a unit who was asked. It says whether an answer came, never which one, and has no
    time."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="invitations", db_index=False)
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="+", null=True, db_index=False
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", null=True, db_index=False)
    # Copies of the graduate's; None for a unit.
    school = models.ForeignKey(
        School, models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    cohort = models.ForeignKey(
        Cohort, models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    state = models.CharField(
        "状态", max_length=10, choices=InvitationState, default=InvitationState.WAITING
    )
    # SHA-256 of the link's token; None once the survey is archived.
    token_hash = models.BinaryField(max_length=32, null=True)
    reminded = models.PositiveSmallIntegerField("提醒次数", default=0)
    # Whether the link was posted to the e-mail address.
    mailed = models.BooleanField(default=False)

    class Meta:
        verbose_name = "问卷邀请"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=InvitationState.values), name="survey_invitation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    graduate__isnull=False,
                    school__isnull=False,
                    cohort__isnull=False,
                    unit__isnull=True,
                )
                | Q(
                    graduate__isnull=True,
                    school__isnull=True,
                    cohort__isnull=True,
                    unit__isnull=False,
                ),
                name="survey_invitation_of_one",
            ),
            models.UniqueConstraint(fields=["graduate", "survey"], name="survey_graduate_once"),
            models.UniqueConstraint(fields=["unit", "survey"], name="survey_unit_once"),
            models.UniqueConstraint(fields=["token_hash"], name="survey_token_once"),
        ]
        indexes = [
            models.Index(fields=["survey", "state", "id"], name="survey_invitation_state"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"问卷邀请 {self.pk}"


class Facts(models.Model):
    """What is registered of whoever answered, coarsely: it joins the answer, so that nobody is asked for
    it again. Ids without foreign keys, because they are figures here, not links."""

    school_fact = models.BigIntegerField(null=True)
    department_fact = models.BigIntegerField(null=True)
    level_fact = models.CharField(max_length=20, default="", blank=True)
    group_fact = models.CharField(max_length=20, default="", blank=True)

    class Meta:
        abstract = True


class Draft(Facts):
    """An answer that is being written, under a key that is derived from the link's token: whoever has the
    database alone can't tell whose it is. Sent ones wait here until they are collected together."""

    key = models.BinaryField(max_length=32, primary_key=True)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    page = models.PositiveSmallIntegerField(default=0)
    data = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    is_sent = models.BooleanField(default=False)
    is_complete = models.BooleanField(default=False)
    is_valid = models.BooleanField(default=True)

    class Meta:
        verbose_name = "未收存的答卷"
        indexes = [models.Index(fields=["survey", "is_sent"], name="survey_draft_sent")]

    def __str__(self) -> str:
        return "未收存的答卷"


class Answer(Facts):
    """What a graduate answered. Nothing in it leads to the graduate: the id is random, there is no time,
    and rows are written many at once in random order."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveSmallIntegerField()
    data = models.JSONField()
    is_complete = models.BooleanField()
    is_valid = models.BooleanField()

    class Meta:
        verbose_name = "答卷"
        indexes = [models.Index(fields=["survey", "department_fact"], name="survey_answer_of")]

    def __str__(self) -> str:
        return "答卷"


class UnitAnswer(Facts):
    """What a unit answered. It is named, and the first page says so."""

    invitation = models.OneToOneField(Invitation, models.PROTECT, related_name="answer")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    data = models.JSONField()
    is_complete = models.BooleanField(default=True)
    is_valid = models.BooleanField(default=True)
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "单位答卷"

    def __str__(self) -> str:
        return f"单位答卷 {self.pk}"


class OptOut(models.Model):
    """A person who wants no more surveys."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "不再接收问卷"

    def __str__(self) -> str:
        return f"不再接收问卷 {self.person_id}"
