"""Destinations (毕业去向), their history, disputes and evidence, and the catalogue of categories."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import StoredFile
from destinations.states import OPEN_RELEASE, WAITING, ReasonSource, ReleaseState, State
from graduates.models import Graduate
from schools.models import Cohort, School
from workbooks.models import RowsImport

NOT_REGISTERED = "70-1"


def is_seeking(category: str) -> bool:
    """Whether the category is one of 待就业 (70). These carry no evidence, and may sign."""
    return category.partition("-")[0] == "70"


class Destination(models.Model):
    """Where a graduate goes. Each graduate has one destination from the beginning.

    Only the actions in `actions/` change state, reason and approvals.
    """

    graduate = models.OneToOneField(Graduate, models.PROTECT, primary_key=True)
    # Copies of the graduate's school and cohort, by which lists are filtered without a join. A test
    # checks that they are equal.
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)

    category = models.CharField("毕业去向", max_length=6, default=NOT_REGISTERED)
    # Of category 10 only: which evidence, unit code and agreement number are asked for. Not uploaded.
    form = models.CharField("形式", max_length=20, default="", blank=True)
    unit_name = models.CharField("单位名称", max_length=100, default="", blank=True)
    unit_code = models.CharField("组织机构代码", max_length=18, default="", blank=True)
    unit_property = models.CharField("单位性质", max_length=2, default="", blank=True)
    unit_industry = models.CharField("单位行业", max_length=2, default="", blank=True)
    unit_division = models.CharField("单位所在地", max_length=6, default="", blank=True)
    job_category = models.CharField("工作职位类别", max_length=2, default="", blank=True)
    job_title = models.CharField("职位名称", max_length=50, default="", blank=True)
    agreement_ref = models.CharField("协议书号", max_length=30, default="", blank=True)
    signed_on = models.DateField("签约日期", null=True, blank=True)
    remark = models.CharField("单位备注", max_length=200, default="", blank=True)
    unit_address = models.CharField("单位地址", max_length=120, default="", blank=True)
    unit_postcode = models.CharField("单位邮编", max_length=6, default="", blank=True)
    contact_name = models.CharField("联系人", max_length=40, default="", blank=True)
    contact_phone = models.CharField("联系电话", max_length=30, default="", blank=True)
    contact_mobile = models.CharField("联系人手机", max_length=11, default="", blank=True)
    unit_fax = models.CharField("传真", max_length=30, default="", blank=True)
    contact_email = models.CharField("联系人邮箱", max_length=60, default="", blank=True)
    hired_from = models.DateField("聘用起始日期", null=True, blank=True)
    hired_to = models.DateField("聘用终止日期", null=True, blank=True)
    monthly_wage = models.PositiveIntegerField("月薪（元）", null=True, blank=True)
    occupation = models.CharField("从事职业内容", max_length=200, default="", blank=True)
    shop_url = models.CharField("网店网址", max_length=200, default="", blank=True)
    admitted_major = models.CharField("录取专业", max_length=100, default="", blank=True)
    study_form = models.CharField("学习形式", max_length=1, default="", blank=True)
    country = models.CharField("留学国家（地区）", max_length=2, default="", blank=True)
    abroad_school_zh = models.CharField("留学院校中文名称", max_length=100, default="", blank=True)
    abroad_school = models.CharField("留学院校外文名称", max_length=150, default="", blank=True)
    abroad_major_zh = models.CharField("留学专业中文名称", max_length=100, default="", blank=True)
    abroad_major = models.CharField("留学专业外文名称", max_length=150, default="", blank=True)

    state = models.CharField(
        "审核情况", max_length=20, choices=State.choices, default=State.UNSUBMITTED
    )
    reason = models.TextField("审核不通过原因", default="", blank=True)
    reason_source = models.CharField(
        max_length=12, choices=ReasonSource, default=ReasonSource.NONE, blank=True
    )
    # When the present registration was submitted; the review queue is in this order.
    submitted_at = models.DateTimeField("提交时间", db_default=Now())
    # When staff first opened the registration. From then on it can't be taken back.
    opened_at = models.DateTimeField(null=True, blank=True)
    entered_by_id = models.BigIntegerField(null=True, blank=True)
    department_at = models.DateTimeField("初审时间", null=True, blank=True)
    department_by = models.CharField("初审人", max_length=80, default="", blank=True)
    school_at = models.DateTimeField("终审时间", null=True, blank=True)
    school_by = models.CharField("终审人", max_length=80, default="", blank=True)
    # Keys of fields that the graduate touched up after approval and no reviewer has ticked yet.
    flagged = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    release_proposed_at = models.DateTimeField(null=True, blank=True)
    release_proposed_by_id = models.BigIntegerField(null=True, blank=True)
    wage_override = models.CharField("月薪低于标准的说明", max_length=200, default="", blank=True)
    # Set while a dispute is open: the graduate says that this is not where they go.
    disputed_at = models.DateTimeField("异议时间", null=True, blank=True)
    # Set while an agreement is active. Only the actions of the signing app change them.
    agreement_no = models.CharField(max_length=30, default="", blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "毕业去向"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="destination_state"),
            models.CheckConstraint(
                condition=~Q(state=State.REJECTED) | (~Q(reason="") & ~Q(reason_source="")),
                name="destination_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.UNSUBMITTED) | Q(category=NOT_REGISTERED),
                name="destination_unsubmitted_is_bare",
            ),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=True, agreement_no="")
                | (Q(locked_at__isnull=False) & ~Q(agreement_no="")),
                name="destination_agreement_paired",
            ),
            models.CheckConstraint(
                condition=Q(release_proposed_at__isnull=True, release_proposed_by_id__isnull=True)
                | Q(release_proposed_at__isnull=False, release_proposed_by_id__isnull=False),
                name="destination_release_paired",
            ),
        ]
        indexes = [
            # The review queue, oldest first. Only destinations that wait are in the index.
            models.Index(
                fields=["school", "cohort", "state", "submitted_at", "graduate"],
                name="destination_queue",
                condition=Q(state__in=[*WAITING, State.DEPARTMENT_APPROVED]),
            ),
            *(
                models.Index(fields=[n], name=f"destination_{k}", condition=~Q(**{n: ""}))
                for k, n in (
                    ("unit_code",) * 2,
                    ("phone", "contact_phone"),
                    ("mobile", "contact_mobile"),
                )
            ),
        ]

    def __str__(self) -> str:
        return f"去向 {self.graduate_id}"


class RegistrationDraft(models.Model):
    """What a graduate has typed into the registration and not submitted yet, as text by field."""

    graduate = models.OneToOneField(Graduate, models.CASCADE, primary_key=True, related_name="+")
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "登记草稿"

    def __str__(self) -> str:
        return f"登记草稿 {self.pk}"


class DestinationEvent(models.Model):
    """One step of a destination, with a snapshot from after it. Rows are only ever added."""

    graduate_id = models.BigIntegerField()
    school_id = models.BigIntegerField()
    at = models.DateTimeField("时间", db_default=Now())
    action = models.CharField("操作", max_length=30)
    actor_id = models.BigIntegerField(null=True)
    actor_realm = models.CharField(max_length=10)
    actor_label = models.CharField("操作人", max_length=80)
    from_state = models.CharField(max_length=20)
    to_state = models.CharField(max_length=20)
    reason = models.TextField("理由", default="", blank=True)
    snapshot = models.JSONField()

    class Meta:
        verbose_name = "去向记录"
        indexes = [models.Index(fields=["graduate_id", "-id"], name="destination_event_of")]

    def __str__(self) -> str:
        return f"{self.graduate_id} {self.action}"


class DisputeState(models.TextChoices):
    OPEN = "open", "待学校处理"
    PROVINCE = "province", "待省级处理"
    UPHELD = "upheld", "异议成立"
    DISMISSED = "dismissed", "异议不成立"


class Dispute(models.Model):
    """这不是我的去向: a graduate's objection to the destination that stands (DOMAIN §6)."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="disputes", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    reason = models.CharField("说明", max_length=300)
    state = models.CharField("状态", max_length=10, choices=DisputeState, default=DisputeState.OPEN)
    # The destination at the moment of the objection, for the person who decides.
    snapshot = models.JSONField()
    due_on = models.DateField("应办日期")
    created_at = models.DateTimeField("提出时间", db_default=Now())
    answer = models.CharField("处理说明", max_length=300, default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField("处理人", max_length=80, default="", blank=True)
    appealed_at = models.DateTimeField("申诉时间", null=True, blank=True)

    class Meta:
        verbose_name = "去向异议"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=DisputeState.values), name="dispute_state_known"
            ),
            models.UniqueConstraint(
                fields=["graduate"],
                condition=Q(state__in=["open", "province"]),
                name="dispute_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="dispute_of"),
            models.Index(
                fields=["school", "cohort", "-id"],
                name="dispute_open",
                condition=Q(state__in=["open", "province"]),
            ),
        ]

    def __str__(self) -> str:
        return f"去向异议 {self.pk}"


class ReleaseProposal(models.Model):
    """Somebody proposes to release a destination that is not e-signed (解约), with the paper that the
    unit stamped. The graduate proposes to the department, the department to the school."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="releases", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    reason = models.CharField("解约原因", max_length=300)
    state = models.CharField("状态", max_length=20, choices=ReleaseState)
    # The destination at the moment of the proposal, and its unit for lists: a release empties it.
    snapshot = models.JSONField()
    category = models.CharField("毕业去向", max_length=6)
    unit_name = models.CharField("单位名称", max_length=100, default="", blank=True)
    proposed_by_id = models.BigIntegerField()
    proposed_by = models.CharField("提出人", max_length=80)
    created_at = models.DateTimeField("提出时间", db_default=Now())
    # Who of the department passed the graduate's proposal on to the school.
    endorsed_by_id = models.BigIntegerField(null=True, blank=True)
    endorsed_by = models.CharField("院系经办人", max_length=80, default="", blank=True)
    endorsed_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField("处理说明", max_length=300, default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField("处理人", max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "非网签解约"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReleaseState.values), name="release_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_RELEASE, decided_at__isnull=True)
                | (~Q(state__in=OPEN_RELEASE) & Q(decided_at__isnull=False)),
                name="release_decided_paired",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReleaseState.REFUSED) | ~Q(answer=""),
                name="release_refused_has_answer",
            ),
            models.UniqueConstraint(
                fields=["graduate"], condition=Q(state__in=OPEN_RELEASE), name="release_one_open"
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "-id"], name="release_of"),
            models.Index(fields=["school", "cohort", "state", "-id"], name="release_queue"),
        ]

    def __str__(self) -> str:
        return f"非网签解约 {self.pk}"


class ReleaseImage(models.Model):
    """A picture of the paper that came with a proposal to release."""

    proposal = models.ForeignKey(ReleaseProposal, models.PROTECT, related_name="images")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "解约材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"解约材料 {self.pk}"


class Evidence(models.Model):
    """An image that proves a destination. At most four are shown for a category; replaced ones are
    kept for three years."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="evidence")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    # The category that it was uploaded for, and for which alone it counts; "" if nobody knows.
    category = models.CharField("毕业去向", max_length=6, db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # A submitted image can't be deleted, only hidden.
    submitted_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "证明材料"
        ordering = ["id"]
        indexes = [models.Index(fields=["graduate", "id"], name="evidence_of")]

    def __str__(self) -> str:
        return f"证明材料 {self.pk}"


class Category(models.Model):
    """One category of the catalogue (去向类别). Only leaves can be chosen."""

    code = models.CharField("代码", max_length=6, primary_key=True)
    parent_code = models.CharField("上级", max_length=6, default="", blank=True)
    name = models.CharField("名称", max_length=40)
    rate_group = models.CharField("统计归类", max_length=20, default="", blank=True)
    is_leaf = models.BooleanField("可选", default=True)
    status = models.CharField("状态", max_length=20, default="current")
    definition = models.TextField("界定", default="", blank=True)
    evidence = models.TextField("证明材料", default="", blank=True)
    rule = models.TextField("审核要求", default="", blank=True)
    for_graduates = models.BooleanField("毕业生可登记", default=True)
    school_review = models.BooleanField("须学校终审后上报", default=False)
    wage_rule = models.BooleanField("须达到最低工资", default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "去向类别"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class Requirement(models.TextChoices):
    REQUIRED = "required", "必填"
    OPTIONAL = "optional", "选填"
    HIDDEN = "hidden", "不显示"


class CategoryField(models.Model):
    """Whether a category, or a local form of it, asks for a field.

    A local form's row with an empty requirement follows the category.
    """

    category = models.ForeignKey(Category, models.CASCADE, related_name="fields")
    form = models.CharField("形式", max_length=20, default="", blank=True)
    field = models.CharField("字段", max_length=20)
    requirement = models.CharField("要求", max_length=10, choices=Requirement)
    condition = models.CharField("说明", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "类别字段"
        constraints = [
            models.UniqueConstraint(
                fields=["category", "form", "field"], name="category_field_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.field}"


class MinimumWage(models.Model):
    """The minimum monthly wage of a region from a day on, kept by the province.

    The platform ships a row for every province, with its lowest tier, so that no lawful wage is
    refused. The province adds those of its cities and counties.
    """

    division = models.CharField("地区代码", max_length=6)  # of a county, a city or a province
    valid_from = models.DateField("起始日期")
    amount = models.PositiveIntegerField("元/月")
    source = models.CharField("来源", max_length=200, default="", db_default="", blank=True)

    class Meta:
        verbose_name = "最低工资标准"
        ordering = ["division", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["division", "valid_from"], name="minimum_wage_once")
        ]

    def __str__(self) -> str:
        return f"{self.division} {self.amount}"


class DestinationImport(RowsImport):
    """An imported workbook of destinations."""

    class Meta(RowsImport.Meta):
        verbose_name = "去向导入"
        indexes = [models.Index(fields=["school", "-id"], name="destination_import_newest")]
