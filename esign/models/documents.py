"""The signed PDF of an agreement, its prints, and the certificates it is signed with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from esign.models.agreements import Agreement, AgreementVersion
from esign.states import DocumentState, TicketState
from graduates.models import Graduate


class Document(LeasedJob):
    """The signed PDF of one version of an agreement with certain approvals. A job makes it."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="documents")
    version = models.ForeignKey(AgreementVersion, models.PROTECT, related_name="+")
    # {"department": {"by": who, "at": when}, "school": {...}}, for the signature blocks.
    approvals = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.WAITING)
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    sha256 = models.CharField(max_length=64, default="", blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "协议书文件"
        constraints = [
            models.UniqueConstraint(fields=["version", "fingerprint"], name="document_once"),
            models.CheckConstraint(
                condition=Q(state__in=DocumentState.values), name="document_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=DocumentState.READY, file__isnull=False)
                | (~Q(state=DocumentState.READY) & Q(file__isnull=True)),
                name="document_ready_has_file",
            ),
            lease_constraint("document_leased_while_making", [DocumentState.MAKING]),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="document_to_make",
                condition=Q(state__in=[DocumentState.WAITING, DocumentState.MAKING]),
            )
        ]

    def __str__(self) -> str:
        return f"协议书文件 {self.pk}"

    @property
    def made_file(self) -> StoredFile:
        """The file of a document that is ready. A check constraint guarantees that it has one."""
        assert self.file is not None
        return self.file


class Print(models.Model):
    """One print or download of a signed document: by whom, when, and how many copies."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="prints", db_index=False)
    document = models.ForeignKey(Document, models.PROTECT, related_name="+")
    at = models.DateTimeField("时间", db_default=Now())
    copies = models.PositiveSmallIntegerField("份数", default=1)
    actor_id = models.BigIntegerField(null=True)
    actor_realm = models.CharField(max_length=10)
    actor_label = models.CharField("打印人", max_length=80)
    way = models.CharField(max_length=10)  # "own" or "scan" (scan-to-print)

    class Meta:
        verbose_name = "打印记录"
        indexes = [models.Index(fields=["agreement", "-id"], name="print_of")]

    def __str__(self) -> str:
        return f"打印 {self.pk}"


class PrintTicket(models.Model):
    """A ticket for scan-to-print: a public computer shows it as a QR code, the graduate's phone
    confirms it, and the computer may download the agreement once."""

    token = models.CharField(max_length=43, unique=True)  # in the QR code
    browser = models.CharField(max_length=64)  # hash of the secret in the computer's cookie
    digits = models.CharField(max_length=2)  # shown on computer and phone
    state = models.CharField(max_length=10, choices=TicketState, default=TicketState.WAITING)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+", null=True)
    document = models.ForeignKey(Document, models.PROTECT, related_name="+", null=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "扫码打印"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=TicketState.values), name="print_ticket_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[TicketState.WAITING])
                | (Q(graduate__isnull=False) & Q(document__isnull=False)),
                name="print_ticket_claimed_has_document",
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="print_ticket_old")]

    def __str__(self) -> str:
        return f"扫码打印 {self.pk}"


class SigningCertificate(models.Model):
    """A certificate that agreements were signed with. Old ones stay trusted, for the files that were
    signed with them."""

    fingerprint = models.CharField(max_length=64, unique=True)
    pem = models.TextField()
    subject = models.CharField(max_length=200)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    added_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "签名证书"

    def __str__(self) -> str:
        return self.subject
