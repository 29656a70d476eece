"""Workbooks of invitations and their rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from employers.models import UnitMember
from esign.models.invitations import Invitation
from esign.states import RowOutcome
from graduates.models import Graduate
from workbooks.models import WorkbookImport
from workbooks.states import ImportState


class InvitationImport(WorkbookImport):
    """A workbook of invitations. `counts` holds the number of all "rows" and of the rows by outcome:
    "able", "sent", "again" and "bad"."""

    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    address = models.CharField(
        max_length=45
    )  # the IP address it was uploaded from, for the audit log
    header = models.JSONField(default=list)
    # The known values that empty cells take. They are looked up once, since sending changes them.
    known = models.JSONField(default=dict)

    class Meta(WorkbookImport.Meta):
        verbose_name = "批量邀约"
        indexes = [models.Index(fields=["member", "-id"], name="invitation_import_newest")]

    @property
    def state_label(self) -> str:
        """The state in words. Other imports are applied; this one is sent."""
        words = {ImportState.CONFIRMED: "等待发送", ImportState.APPLYING: "发送中"}
        return words.get(ImportState(self.state), self.get_state_display())


class InvitationRow(models.Model):
    """A row of a workbook and its outcome. The outcome is written in the transaction that sends the
    invitation, so that a run that was interrupted sends nothing twice.

    `made` is the import that the row belongs to.
    """

    made = models.ForeignKey(InvitationImport, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField("行")
    cells = models.JSONField(default=list)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+", null=True)
    outcome = models.CharField("结果", max_length=5, choices=RowOutcome)
    invitation = models.ForeignKey(Invitation, models.PROTECT, related_name="+", null=True)
    # [[column from 1 or 0 for none, sentence]]: errors of a bad row, otherwise what to look at.
    problems = models.JSONField(default=list)

    class Meta:
        verbose_name = "批量邀约的行"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["made", "number"], name="invitation_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=RowOutcome.values), name="invitation_row_outcome_known"
            ),
            models.CheckConstraint(
                condition=Q(outcome=RowOutcome.BAD) | Q(graduate__isnull=False),
                name="invitation_row_good_has_graduate",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[RowOutcome.SENT, RowOutcome.AGAIN], invitation__isnull=False
                )
                | Q(outcome__in=[RowOutcome.ABLE, RowOutcome.BAD], invitation__isnull=True),
                name="invitation_row_sent_has_invitation",
            ),
            models.UniqueConstraint(
                fields=["invitation"],
                condition=Q(outcome=RowOutcome.SENT),
                name="invitation_row_sends_one",
            ),
        ]

    def __str__(self) -> str:
        return f"批量邀约第{self.number}行"

    @property
    def words(self) -> str:
        """The outcome as a sentence, with what is wrong with the row or is to be looked at."""
        remarks = self.remarks
        if self.outcome in (RowOutcome.BAD, RowOutcome.AGAIN):
            return remarks
        said = RowOutcome(self.outcome).label
        return f"{said}；{remarks}" if remarks else said

    @property
    def remarks(self) -> str:
        """What is wrong with the row, why it is not sent, or what is to be looked at."""
        sentences = "；".join(sentence for _, sentence in self.problems)
        if self.outcome == RowOutcome.AGAIN:
            return sentences or "相同的邀约仍在等待答复，没有重复发送"
        return f"请留意：{sentences}" if sentences and self.outcome != RowOutcome.BAD else sentences
