"""Origin records (生源信息) and what happens around them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from graduates.states import Confirmation, ImportState, Standing
from schools.models import Cohort, Department, School, SchoolClass


class Person(models.Model):
    """A human being at one school. Holds the sign-in; may have a record in several cohorts.

    `user` stays null until activation, so that an import makes no accounts.
    """

    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    id_type = models.CharField("证件类型", max_length=2, default="01")
    id_number = models.CharField("证件号码", max_length=18)
    user = models.OneToOneField(User, models.PROTECT, null=True, related_name="person")
    # The initial code is derived from a secret and this counter; a reset raises it.
    code_counter = models.PositiveIntegerField(default=0)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "人员"
        constraints = [
            models.UniqueConstraint(
                fields=["school", "id_number", "id_type"], name="person_once_per_school"
            ),
            models.CheckConstraint(
                condition=Q(activated_at__isnull=True) | Q(user__isnull=False),
                name="person_activated_has_user",
            ),
        ]
        indexes = [models.Index(fields=["id_number"], name="person_id_number")]

    def __str__(self) -> str:
        return f"人员 {self.pk}"


class Graduate(models.Model):
    """One origin record: a person in one cohort of a school."""

    # School and department are copies of what the class says, so only person, cohort and class
    # carry a constraint: each one is felt in every import. A test proves the copies equal.
    school = models.ForeignKey(School, models.PROTECT, db_index=False, db_constraint=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_index=False)
    # The index of the constraint on (person, cohort) serves look-ups by person, too.
    person = models.ForeignKey(Person, models.PROTECT, related_name="graduates", db_index=False)
    department = models.ForeignKey(Department, models.PROTECT, db_index=False, db_constraint=False)
    school_class = models.ForeignKey(SchoolClass, models.PROTECT, db_index=False)

    season = models.CharField("方案", max_length=2, default="", blank=True)
    level = models.CharField("学历", max_length=2)
    education_type = models.CharField("学历类型", max_length=2)
    teacher_student = models.CharField("师范生类别", max_length=2)
    name = models.CharField("姓名", max_length=40)
    # Pinyin order; PostgreSQL here has no ICU collation.
    name_sort = models.CharField(max_length=120)
    gender = models.CharField("性别", max_length=1)
    student_no = models.CharField("学号", max_length=20)
    exam_no = models.CharField("考生号", max_length=18)
    training_mode = models.CharField("培养方式", max_length=1)
    directed_unit = models.CharField("定向或委培单位", max_length=100, default="", blank=True)
    major_code = models.CharField("专业代码", max_length=10)
    major_name = models.CharField("专业名称", max_length=50)
    local_major = models.CharField("校内专业名称", max_length=50, default="", blank=True)
    duration = models.DecimalField("修业年限", max_digits=3, decimal_places=1)
    ethnicity = models.CharField("民族", max_length=2)
    politics = models.CharField("政治面貌", max_length=2)
    origin = models.CharField("生源所在地", max_length=6)
    enrolled_on = models.DateField("入学日期")
    graduates_on = models.DateField("毕业日期")
    conclusion = models.CharField("毕结业结论", max_length=1)
    difficulty = models.CharField("困难生类别", max_length=1)
    outstanding = models.BooleanField("优秀毕业生", default=False)
    archive_moved = models.BooleanField("档案是否转入学校", null=True, blank=True)
    household_moved = models.BooleanField("户口是否转入学校", null=True, blank=True)

    mobile = models.CharField("手机号码", max_length=11)
    email = models.CharField("电子邮箱", max_length=60, default="", blank=True)
    qq = models.CharField("QQ", max_length=12, default="", blank=True)
    wechat = models.CharField("微信", max_length=40, default="", blank=True)
    home_address = models.CharField("家庭地址", max_length=100, default="", blank=True)
    home_postcode = models.CharField("家庭邮编", max_length=6, default="", blank=True)
    home_phone = models.CharField("家庭电话", max_length=20, default="", blank=True)

    # Only the province imports these (特殊困难群体).
    support_types = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    standing = models.CharField(
        "学籍状态", max_length=12, choices=Standing.choices, default=Standing.ENROLLED
    )
    confirmation = models.CharField(
        "确认情况", max_length=12, choices=Confirmation.choices, default=Confirmation.UNSUBMITTED
    )
    # The graduate's own confirmation, apart from the state: when, and of which values.
    confirmed_at = models.DateTimeField("本人确认时间", null=True, blank=True)
    confirmed_hash = models.CharField(max_length=64, default="", blank=True)
    locked_at = models.DateTimeField("锁定时间", null=True, blank=True)
    locked_by = models.CharField("锁定人", max_length=80, default="", blank=True)
    # Past the cohort's end only what the province reopened, record by record.
    reopened_until = models.DateField("重新开放至", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField("导入时间", db_default=Now())
    updated_at = models.DateTimeField("最近修改", db_default=Now())

    class Meta:
        verbose_name = "生源信息"
        constraints = [
            models.UniqueConstraint(fields=["school", "student_no"], name="graduate_student_no"),
            models.UniqueConstraint(
                fields=["school", "cohort", "exam_no"], name="graduate_exam_no"
            ),
            models.UniqueConstraint(fields=["person", "cohort"], name="graduate_once_per_cohort"),
            models.CheckConstraint(
                condition=Q(confirmation__in=Confirmation.values),
                name="graduate_confirmation_known",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=Standing.values), name="graduate_standing_known"
            ),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=False, confirmation=Confirmation.LOCKED)
                | (Q(locked_at__isnull=True) & ~Q(confirmation=Confirmation.LOCKED)),
                name="graduate_locked_at_paired",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_hash="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_hash="")),
                name="graduate_confirmed_paired",
            ),
            models.CheckConstraint(
                condition=~Q(confirmation=Confirmation.CONFIRMED) | Q(confirmed_at__isnull=False),
                name="graduate_confirmed_needs_time",
            ),
        ]
        # The orders of list pages: student number, pinyin, newest first; each ends in the id.
        indexes = [
            models.Index(fields=["school", "cohort", "student_no", "id"], name="graduate_by_no"),
            models.Index(fields=["school", "cohort", "name_sort", "id"], name="graduate_by_name"),
            models.Index(fields=["school", "cohort", "-id"], name="graduate_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name}({self.student_no})"


class RosterImport(models.Model):
    """One uploaded roster workbook on its way from upload to confirmed result."""

    school = models.ForeignKey(School, models.PROTECT, related_name="roster_imports")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    annotated = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_label = models.CharField("操作人", max_length=80)
    state = models.CharField(
        max_length=12, default=ImportState.UPLOADED, choices=ImportState.choices
    )
    stage = models.CharField(max_length=40, default="", blank=True)
    progress = models.PositiveSmallIntegerField(default=0)  # percent
    rows = models.PositiveIntegerField(default=0)
    # {"created", "updated", "unchanged", "rejected"} and names of what would be new.
    counts = models.JSONField(default=dict)
    new_names = models.JSONField(default=dict)
    problem = models.TextField("失败原因", default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "生源导入"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="roster_import_state_known"
            )
        ]
        indexes = [models.Index(fields=["school", "-id"], name="roster_import_newest")]

    def __str__(self) -> str:
        return f"生源导入 {self.pk}"


class RosterIssue(models.Model):
    """One refusal or warning about one cell of an import."""

    roster_import = models.ForeignKey(RosterImport, models.CASCADE, related_name="issues")
    row = models.PositiveIntegerField("行号")  # as in the workbook, the header being row 1
    column = models.CharField("列", max_length=40)
    code = models.CharField(max_length=40)
    message = models.CharField("说明", max_length=300)
    is_error = models.BooleanField()

    class Meta:
        verbose_name = "导入问题"
        ordering = ["row", "id"]

    def __str__(self) -> str:
        return f"{self.row} {self.column} {self.code}"
