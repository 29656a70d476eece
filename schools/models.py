"""Schools and what a school sets up: cohorts, departments, classes, majors, staff."""

from __future__ import annotations

import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from core.jobs import LeasedJob, lease_constraint
from schools.roles import LEVELS, Level, Role


class School(models.Model):
    code = models.CharField("院校代码", max_length=5, unique=True)
    name = models.CharField("院校名称", max_length=60, unique=True)
    brand_name = models.CharField("平台显示名称", max_length=60, blank=True, default="")
    # How the employment office is reached (fields.py). Agreements print it.
    contact_department = models.CharField(
        "联系部门", max_length=40, blank=True, default="", db_default=""
    )
    contact_name = models.CharField("联系人", max_length=40, blank=True, default="", db_default="")
    phone = models.CharField("就业部门电话", max_length=30, blank=True, default="")
    address = models.CharField("通讯地址", max_length=120, blank=True, default="", db_default="")
    postcode = models.CharField("邮政编码", max_length=6, blank=True, default="", db_default="")
    is_open = models.BooleanField("启用", default=True)
    closed_at = models.DateTimeField("停用时间", null=True, blank=True)
    two_person_review = models.BooleanField("录入与终审须为两人", default=False)
    # Triggers set a new number after every change of the school's cohorts, departments, classes
    # or majors (migration 0002). A process keeps choices made from them under this number.
    structure_stamp = models.BigIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "学校"
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_open=models.Q(closed_at__isnull=True)),
                name="school_closed_at_paired",
            )
        ]

    def __str__(self) -> str:
        return self.brand_name or self.name


class Phase(models.TextChoices):
    PREPARING = "preparing", "准备"
    OPEN = "open", "开放"
    ENDED = "ended", "截止"
    SEALED = "sealed", "封存"


class Cohort(models.Model):
    """A year's graduates of one school (届)."""

    school = models.ForeignKey(School, models.PROTECT, related_name="cohorts")
    year = models.PositiveSmallIntegerField("届别")
    opens_on = models.DateField("开放日期", null=True, blank=True)
    ends_on = models.DateField("截止日期")
    sealed_at = models.DateTimeField("封存时间", null=True, blank=True)
    count_incomplete = models.BooleanField("结业生计入分母", default=True)

    class Meta:
        verbose_name = "届别"
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["school", "year"], name="cohort_year_per_school"),
            models.CheckConstraint(
                condition=models.Q(year__gte=2000, year__lte=2100), name="cohort_year_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year}届"

    def phase(self, today: datetime.date | None = None) -> str:
        """准备 → 开放 → 截止 follow from the dates, 封存 from the action `seal`."""
        today = today or timezone.localdate()
        if self.sealed_at is not None:
            return Phase.SEALED
        if today > self.ends_on:
            return Phase.ENDED
        if self.opens_on is None or today < self.opens_on:
            return Phase.PREPARING
        return Phase.OPEN

    @staticmethod
    def open_on(day: datetime.date) -> models.Q:
        """The condition that `phase(day)` is 开放."""
        return models.Q(sealed_at=None, opens_on__lte=day, ends_on__gte=day)

    @property
    def phase_label(self) -> str:
        return Phase(self.phase()).label


class Department(models.Model):
    school = models.ForeignKey(School, models.PROTECT, related_name="departments")
    name = models.CharField("院系名称", max_length=50)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "院系"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["school", "name"], name="department_per_school")
        ]

    def __str__(self) -> str:
        return self.name


class SchoolClass(models.Model):
    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="classes")
    department = models.ForeignKey(Department, models.PROTECT, related_name="classes")
    name = models.CharField("班级名称", max_length=50)

    class Meta:
        verbose_name = "班级"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "cohort", "department", "name"], name="class_per_department"
            ),
            # A graduate's foreign key refers to these four columns, so that its copies cannot differ.
            models.UniqueConstraint(
                fields=["id", "school", "cohort", "department"], name="class_with_its_place"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Major(models.Model):
    """A major of a school, which forms and filters offer."""

    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    code = models.CharField("专业代码", max_length=10)
    name = models.CharField("专业名称", max_length=50)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "专业"
        ordering = ["code", "name"]
        constraints = [
            models.UniqueConstraint(fields=["school", "code", "name"], name="major_per_school")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class StaffMember(models.Model):
    """A staff account's role and scope.

    Scope = cohorts × education levels × (whole departments or single classes). No levels means
    all levels. A school admin's scope is the school, the province's is everything.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="staff", primary_key=True)
    role = models.CharField("角色", max_length=20, choices=Role)
    school = models.ForeignKey(School, models.PROTECT, related_name="staff", null=True, blank=True)
    cohorts = models.ManyToManyField(Cohort, verbose_name="届别", blank=True)
    levels = ArrayField(
        models.CharField(max_length=20), verbose_name="学历层次", default=list, blank=True
    )
    departments = models.ManyToManyField(Department, verbose_name="院系", blank=True)
    classes = models.ManyToManyField(SchoolClass, verbose_name="班级", blank=True)
    # The year that the person chose to work with (`schools/current_cohort.py`); empty for none.
    current_year = models.PositiveSmallIntegerField("当前届别", null=True, blank=True)

    class Meta:
        verbose_name = "工作人员"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role=Role.PROVINCE, school__isnull=True)
                | (~models.Q(role=Role.PROVINCE) & models.Q(school__isnull=False)),
                name="staff_school_by_role",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user.label}（{self.get_role_display()}）"

    @property
    def own_school(self) -> int:
        """Primary key of the school; 0, which no school has, for the province."""
        return self.school_id or 0

    @property
    def role_level(self) -> Level:
        """What rules and permissions ask for."""
        return LEVELS[self.role]


class FieldPermission(models.Model):
    """Who may edit one field of the origin record in one cohort; no row means the default."""

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="field_permissions")
    field = models.CharField("字段", max_length=40)
    graduate = models.BooleanField("毕业生")
    counsellor = models.BooleanField("辅导员")
    department_admin = models.BooleanField("院系管理员")

    class Meta:
        verbose_name = "字段权限"
        constraints = [
            models.UniqueConstraint(fields=["cohort", "field"], name="field_permission_once")
        ]

    def __str__(self) -> str:
        return f"{self.cohort_id}:{self.field}"


class ListChoice(models.Model):
    """What one person has chosen for one list of the console: the columns in their order, and how many
    rows a page has. Read with the person's staff row (`schools.scope.staff_of`)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    list_key = models.CharField("列表", max_length=40)  # the list's URL name
    columns = ArrayField(models.CharField(max_length=40), default=list, db_default=[], blank=True)
    size = models.PositiveSmallIntegerField("每页条数", default=0, db_default=0)

    class Meta:
        verbose_name = "列表设置"
        constraints = [
            models.UniqueConstraint(fields=["user", "list_key"], name="list_choice_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.list_key}"


class BulkState(models.TextChoices):
    WAITING = "waiting", "等待办理"
    RUNNING = "running", "正在办理"
    DONE = "done", "已办完"
    PARKED = "parked", "已搁置"


class BulkJob(LeasedJob):
    """One action on every row that a list showed when somebody confirmed it. A worker answers its rows
    one by one."""

    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    action = models.CharField("事项", max_length=40)  # a key of `core.frame.bulk_actions`
    came_from = models.TextField("列表地址")  # with its filter; searched words are sealed in it
    reason = models.CharField("原因", max_length=300, default="", blank=True)
    total = models.PositiveIntegerField("条数")
    state = models.CharField("状态", max_length=10, choices=BulkState, default=BulkState.WAITING)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "批量办理"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=BulkState.values), name="bulk_job_state_known"
            ),
            lease_constraint("bulk_job_leased_while_running", [BulkState.RUNNING]),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="bulk_job_to_run",
                condition=models.Q(state__in=[BulkState.WAITING, BulkState.RUNNING]),
            )
        ]

    def __str__(self) -> str:
        return f"批量办理 {self.pk}"


class BulkRow(models.Model):
    """One row of a bulk job: which record in which version, and what became of it."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="rows", db_index=False)
    target = models.BigIntegerField()  # primary key of the list's row
    version = models.IntegerField(default=0)
    done = models.BooleanField("结果", null=True)  # not known until its turn has come
    label = models.CharField("记录", max_length=120, default="", blank=True)
    message = models.CharField("说明", max_length=500, default="", blank=True)

    class Meta:
        verbose_name = "批量办理的记录"
        constraints = [
            models.UniqueConstraint(fields=["job", "target"], name="bulk_row_once"),
        ]
        indexes = [models.Index(fields=["job", "id"], name="bulk_row_of_job")]

    def __str__(self) -> str:
        return f"{self.job_id}:{self.target}"
