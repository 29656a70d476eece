"""Applications (投递), the notes of the unit's people about them, offers, and interviews."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.models import StoredFile
from employers.models import Unit, UnitMember
from esign.models import Draft, Invitation
from graduates.models import Graduate
from recruiting.models.fairs import Fair
from recruiting.models.postings import Posting
from recruiting.reader_words import GRADUATE, UNIT, application_state, interview_state
from recruiting.states import (
    LIVE_APPLICATION,
    OPEN_INTERVIEW,
    ApplicationState,
    InterviewResult,
    InterviewState,
    InterviewWay,
    RejectReason,
)
from schools.models import Cohort, School


class Application(models.Model):
    """A graduate's application for one posting, with the résumé as it was then."""

    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="applications", db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    posting = models.ForeignKey(
        Posting, models.PROTECT, related_name="applications", db_index=False
    )
    # A copy of the posting's, for the unit's inbox.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="applications", db_index=False)
    fair = models.ForeignKey(Fair, models.PROTECT, related_name="applications", null=True)
    state = models.CharField(
        "状态", max_length=12, choices=ApplicationState, default=ApplicationState.DELIVERED
    )
    # The résumé as canonical JSON (`recruiting/snapshots.py`). Empty once it was erased; the hash stays.
    snapshot = models.TextField()
    snapshot_hash = models.CharField(max_length=64)
    photo = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    # Whether the unit sees the phone number before an interview was accepted.
    shows_phone = models.BooleanField("投递后即显示手机号码", default=False)
    # The text of the consent under PIPL §23 that the graduate agreed to (`recruiting/consent.py`).
    consent_version = models.PositiveSmallIntegerField()
    consent_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField("投递时间", db_default=Now())
    first_viewed_at = models.DateTimeField("首次查看", null=True, blank=True)
    # The last step of the unit; the period until the application lapses begins with it.
    unit_acted_at = models.DateTimeField(null=True, blank=True)
    lapses_at = models.DateTimeField("逾期时间", null=True, blank=True)
    decided_at = models.DateTimeField("结束时间", null=True, blank=True)
    # Why the unit refused.
    reason = models.PositiveSmallIntegerField("原因", choices=RejectReason, null=True, blank=True)
    reason_text = models.CharField("说明", max_length=100, default="", blank=True)
    # The open or accepted invitation to sign that came of it.
    invitation = models.OneToOneField(
        Invitation, models.PROTECT, related_name="application", null=True
    )

    class Meta:
        verbose_name = "投递"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ApplicationState.values), name="application_state_known"
            ),
            models.UniqueConstraint(
                fields=["graduate", "posting"],
                condition=Q(state__in=LIVE_APPLICATION),
                name="application_one_live",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LIVE_APPLICATION, decided_at__isnull=True)
                | (~Q(state__in=LIVE_APPLICATION) & Q(decided_at__isnull=False)),
                name="application_decided_paired",
            ),
            models.CheckConstraint(
                condition=Q(state=ApplicationState.REJECTED, reason__isnull=False)
                | (~Q(state=ApplicationState.REJECTED) & Q(reason__isnull=True)),
                name="application_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[ApplicationState.OFFERED, ApplicationState.SIGNED],
                    invitation__isnull=False,
                )
                | (
                    ~Q(state__in=[ApplicationState.OFFERED, ApplicationState.SIGNED])
                    & Q(invitation__isnull=True)
                ),
                name="application_offer_is_invitation",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(snapshot=""),
                name="application_erased_is_empty",
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="application_of"),
            models.Index(fields=["unit", "-id"], name="application_inbox"),
            models.Index(fields=["unit", "state", "-id"], name="application_inbox_state"),
            models.Index(fields=["posting", "-id"], name="application_of_posting"),
            models.Index(fields=["school", "cohort", "-id"], name="application_of_school"),
            models.Index(
                fields=["lapses_at"], name="application_lapsing",
                condition=Q(lapses_at__isnull=False),
            ),
            models.Index(
                fields=["decided_at"], name="application_to_erase",
                condition=Q(erased_at__isnull=True, decided_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"投递 {self.pk}"

    @property
    def said_to_graduate(self) -> str:
        return application_state(self.state, GRADUATE)

    @property
    def said_to_unit(self) -> str:
        return application_state(self.state, UNIT)


class ApplicationFile(models.Model):
    """An attachment that was enclosed with an application."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)

    class Meta:
        verbose_name = "投递附件"

    def __str__(self) -> str:
        return self.name


class ApplicationNote(models.Model):
    """What one of the unit's people noted about an application. Only the unit's people read it."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="notes")
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    text = models.CharField("备注", max_length=300)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "投递备注"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"备注 {self.pk}"


class OfferDraft(models.Model):
    """Which posting, and which application if there is one, a draft of an invitation to sign is for."""

    draft = models.OneToOneField(Draft, models.CASCADE, primary_key=True, related_name="offer")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, models.PROTECT, related_name="offers", null=True)

    class Meta:
        verbose_name = "邀约来源"

    def __str__(self) -> str:
        return f"邀约来源 {self.pk}"


class Interview(models.Model):
    """An invitation to one round of interviews. Moving it to another time makes a new row."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="interviews", db_index=False
    )
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="interviews", db_index=False
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="interviews", db_index=False)
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField("轮次", default=1)
    way = models.CharField("面试方式", max_length=10, choices=InterviewWay)
    starts_at = models.DateTimeField("开始时间")
    minutes = models.PositiveSmallIntegerField("时长（分钟）", default=30)
    place = models.CharField("面试地点", max_length=120, default="", blank=True)
    link = models.CharField("视频链接", max_length=300, default="", blank=True)
    contact_name = models.CharField("联系人", max_length=40)
    contact_phone = models.CharField("联系电话", max_length=30)
    answer_by = models.DateTimeField("答复截止")
    note = models.CharField("说明", max_length=300, default="", blank=True)
    state = models.CharField(
        "状态", max_length=10, choices=InterviewState, default=InterviewState.WAITING
    )
    # Why the graduate declined or the unit cancelled.
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    result = models.CharField(
        "结果", max_length=10, choices=InterviewResult, default="", blank=True
    )
    replaces = models.OneToOneField("self", models.PROTECT, related_name="moved_to", null=True)
    objection = models.CharField("异议", max_length=200, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "面试邀请"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=InterviewState.values), name="interview_state_known"
            ),
            models.CheckConstraint(
                condition=Q(round__gte=1, round__lte=5), name="interview_round_known"
            ),
            models.CheckConstraint(
                condition=Q(answer_by__lte=F("starts_at")), name="interview_answered_before"
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=OPEN_INTERVIEW),
                name="interview_one_open",
            ),
            models.CheckConstraint(
                condition=Q(result="") | Q(state=InterviewState.ATTENDED),
                name="interview_result_attended",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "-id"], name="interview_of_application"),
            models.Index(fields=["graduate", "-starts_at"], name="interview_of_graduate"),
            models.Index(fields=["unit", "-starts_at"], name="interview_of_unit"),
            models.Index(
                fields=["answer_by"], name="interview_waiting", condition=Q(state="waiting")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"面试邀请 {self.pk}"

    @property
    def said_to_graduate(self) -> str:
        return interview_state(self.state, GRADUATE)

    @property
    def said_to_unit(self) -> str:
        return interview_state(self.state, UNIT)
