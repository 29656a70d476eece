"""Cards, drafts and invitations, when they were read, and changed mobile numbers."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from core.models import StoredFile
from employers.models import Unit, UnitMember
from esign.states import InvitationState, Way
from graduates.models import Graduate
from schools.models import Cohort, School


class Card(models.Model):
    """A graduate's 二维码名片: a random address that shows recruiters who the graduate is, until it
    expires or is revoked."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="cards")
    token = models.CharField(max_length=43, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "二维码名片"
        constraints = [
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(revoked_at__isnull=True), name="card_one_live"
            )
        ]

    def __str__(self) -> str:
        return f"名片 {self.pk}"


class Draft(models.Model):
    """An invitation that is being filled in. It is saved while it is typed, and sent once."""

    key = models.CharField(max_length=43, unique=True)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, models.PROTECT, related_name="+", null=True)
    way = models.CharField(max_length=12, choices=Way)
    # Proved by a one-time code (scanned card) or by having signed in (registered unit).
    mobile = models.CharField("手机号码", max_length=11, default="", blank=True)
    mobile_proved_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    values = models.JSONField(default=dict)
    certificate = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    id_front = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    id_back = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    # Set when the draft is sent; sending it again returns the same invitation.
    invitation = models.OneToOneField("Invitation", models.PROTECT, related_name="draft", null=True)
    address = models.CharField(max_length=45, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "邀约草稿"
        indexes = [models.Index(fields=["graduate", "mobile"], name="draft_of")]

    def __str__(self) -> str:
        return f"邀约草稿 {self.pk}"


class Invitation(models.Model):
    """A unit's offer to one graduate. `terms` is exactly the text that the graduate reads and signs."""

    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="invitations", db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="invitations", db_index=False)
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="invitations")
    way = models.CharField("方式", max_length=12, choices=Way)
    state = models.CharField(
        "状态", max_length=12, choices=InvitationState, default=InvitationState.SENT
    )
    terms = models.TextField()  # canonical JSON, see esign/terms.py
    terms_hash = models.CharField(max_length=64)
    certificate = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    id_front = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    id_back = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    signature = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    sent_at = models.DateTimeField("邀约日期", db_default=Now())
    valid_days = models.PositiveSmallIntegerField("应约有效期（天）")
    valid_until = models.DateTimeField("有效至")  # the end of the last valid day
    decided_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.CharField("谢绝原因", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "签约邀约"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=InvitationState.values), name="invitation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=InvitationState.SENT, decided_at__isnull=True)
                | (~Q(state=InvitationState.SENT) & Q(decided_at__isnull=False)),
                name="invitation_decided_paired",
            ),
            # An accepted invitation was accepted within its period.
            models.CheckConstraint(
                condition=~Q(state=InvitationState.ACCEPTED) | Q(decided_at__lte=F("valid_until")),
                name="invitation_accepted_in_time",
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="invitation_of"),
            models.Index(fields=["unit", "-id"], name="invitation_of_unit"),
            models.Index(fields=["valid_until"], name="invitation_open", condition=Q(state="sent")),
        ]

    def __str__(self) -> str:
        return f"邀约 {self.pk}"

    @property
    def state_now(self) -> str:
        """The state at this instant: after its last day an invitation has expired, even if no job has
        marked it yet."""
        if self.state == InvitationState.SENT and timezone.now() > self.valid_until:
            return InvitationState.EXPIRED
        return self.state

    @property
    def state_now_label(self) -> str:
        return InvitationState(self.state_now).label


class Reading(models.Model):
    """When a graduate, with their own account, first opened certain terms."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+", db_index=False)
    terms_hash = models.CharField(max_length=64)
    user = models.ForeignKey(User, models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField(db_default=Now())
    # The signature that was drawn under these terms and not sent yet.
    signature = models.ForeignKey(
        StoredFile, models.PROTECT, related_name="+", null=True, editable=False
    )
    drawn_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "阅读记录"
        constraints = [
            models.UniqueConstraint(fields=["graduate", "terms_hash"], name="reading_once")
        ]

    def __str__(self) -> str:
        return f"阅读 {self.pk}"


class MobileChange(models.Model):
    """A graduate's mobile number was replaced. A database trigger writes the row, whoever changed the
    number and in whatever way.

    For 72 hours after it the graduate can't accept an invitation, and the old number is told.
    """

    graduate_id = models.BigIntegerField(db_index=True)
    old = models.CharField(max_length=11)
    new = models.CharField(max_length=11)
    at = models.DateTimeField(db_default=Now())
    told_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "手机号码变更"
        indexes = [
            models.Index(
                fields=["id"], name="mobile_change_untold", condition=Q(told_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"手机号码变更 {self.pk}"


class RecordChange(models.Model):
    """The person of a graduate's record, or its name, document number or cohort, was changed. A
    database trigger writes the row, whoever changed it and in whatever way.

    For 72 hours after it the graduate can't accept an invitation.
    """

    graduate_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "生源信息变更"
        indexes = [models.Index(fields=["graduate_id", "at"], name="record_change_newest")]

    def __str__(self) -> str:
        return f"生源信息变更 {self.pk}"
