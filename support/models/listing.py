"""The province's list of graduates in difficulty: who is on it, how they came there, who left."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from graduates.models import Graduate
from schools.models import Cohort, School
from support.states import ImportMode, ListingChange, ListingState, ProposalState
from workbooks.models import WorkbookImport

MOST_IMAGES = 3


def _groups() -> ArrayField[list[str], list[str]]:
    """Codes of the table `support_group`."""
    return ArrayField(models.CharField(max_length=20), verbose_name="类型")


class GroupImport(WorkbookImport):
    """A workbook of the province with the graduates in difficulty of one year.

    `counts` has the keys of `workbooks.actions.rows.report`, and "listed" (how many were before) and
    "leaving". `issues` lists {"row", "column", "message"}. `leaving` are the listings that
    leave, as the preview showed them.
    """

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("届别")
    mode = models.CharField("方式", max_length=4, choices=ImportMode)
    issues = models.JSONField(default=list)
    leaving = ArrayField(models.BigIntegerField(), default=list)
    # Why more than a tenth of the list leaves; the person who confirms types it.
    reason = models.CharField("移出原因", max_length=200, default="", blank=True)

    class Meta(WorkbookImport.Meta):
        verbose_name = "困难群体导入"
        constraints = [
            *WorkbookImport.Meta.constraints,
            models.CheckConstraint(
                condition=Q(mode__in=ImportMode.values), name="group_import_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(mode=ImportMode.FULL) | Q(leaving=[]),
                name="group_import_only_full_ends",
            ),
        ]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The issues that refuse their rows."""
        return [issue for issue in self.issues if not issue.get("is_warning")]

    @property
    def warnings(self) -> list[dict[str, Any]]:
        return [issue for issue in self.issues if issue.get("is_warning")]


class Listing(models.Model):
    """A graduate who is, or was, on the province's list. Everything that the school does for this person
    hangs on it. `ListingHistory` tells how it changed."""

    graduate = models.OneToOneField(Graduate, models.PROTECT, related_name="support_listing")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    state = models.CharField(
        "状态", max_length=10, choices=ListingState, default=ListingState.LISTED
    )
    groups = _groups()
    certified_on = models.DateField("认定日期", null=True, blank=True)
    since = models.DateField("列入日期")
    removed_on = models.DateField("移出日期", null=True, blank=True)
    # 责任人: a member of staff who has the graduate in scope. The name stays as it was.
    responsible = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, db_index=False
    )
    responsible_label = models.CharField("责任人", max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "帮扶对象"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ListingState.LISTED, removed_on__isnull=True)
                | Q(state=ListingState.REMOVED, removed_on__isnull=False),
                name="listing_removed_paired",
            ),
            models.CheckConstraint(condition=~Q(groups=[]), name="listing_has_group"),
            models.CheckConstraint(
                condition=Q(responsible__isnull=True, responsible_label="")
                | (Q(responsible__isnull=False) & ~Q(responsible_label="")),
                name="listing_responsible_paired",
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "-id"], name="listing_newest"),
            models.Index(fields=["cohort", "state"], name="listing_of_cohort"),
            models.Index(fields=["responsible", "-id"], name="listing_of_responsible",
                         condition=Q(responsible__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"帮扶对象 {self.graduate}"


class Proposal(models.Model):
    """School staff ask the province to list a graduate (申请增列)."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="support_proposals")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    groups = _groups()
    reason = models.CharField("理由", max_length=300)
    state = models.CharField(
        "状态", max_length=10, choices=ProposalState, default=ProposalState.WAITING
    )
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_label = models.CharField("申请人", max_length=80)
    created_at = models.DateTimeField("申请时间", db_default=Now())
    answer = models.CharField("答复", max_length=300, default="", blank=True)
    decided_by = models.CharField("决定人", max_length=80, default="", blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)

    class Meta:
        verbose_name = "申请增列"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ProposalState.values), name="proposal_state_known"
            ),
            models.CheckConstraint(condition=~Q(groups=[]), name="proposal_has_group"),
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_has_reason"),
            models.CheckConstraint(
                condition=Q(state=ProposalState.WAITING, decided_at__isnull=True)
                | (~Q(state=ProposalState.WAITING) & Q(decided_at__isnull=False)),
                name="proposal_decided_paired",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.REFUSED) | ~Q(answer=""),
                name="proposal_refused_with_reason",
            ),
            models.UniqueConstraint(
                fields=["graduate"],
                condition=Q(state=ProposalState.WAITING),
                name="proposal_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "-id"], name="proposal_newest"),
            models.Index(fields=["proposed_by", "-id"], name="proposal_of_person"),
            models.Index(fields=["id"], name="proposal_waiting",
                         condition=Q(state=ProposalState.WAITING)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"申请增列 {self.graduate}"


class ProposalImage(models.Model):
    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="images")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "申请材料"

    def __str__(self) -> str:
        return f"申请材料 {self.pk}"


class ListingHistory(models.Model):
    """One change of a listing. Rows are only added."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="history")
    change = models.CharField("变动", max_length=12, choices=ListingChange)
    groups = _groups()
    at = models.DateTimeField("时间", db_default=Now())
    by = models.CharField("操作人", max_length=80)
    group_import = models.ForeignKey(GroupImport, models.PROTECT, related_name="+", null=True)
    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="+", null=True)
    reason = models.CharField("原因", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "帮扶对象变动"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(change__in=ListingChange.values), name="listing_change_known"
            ),
            models.CheckConstraint(
                condition=Q(group_import__isnull=True, proposal__isnull=False)
                | Q(group_import__isnull=False, proposal__isnull=True),
                name="listing_change_has_one_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_change_display()} {self.pk}"
