"""Origin records (生源信息) of graduates, roster imports, archive transfers and corrections."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.models import StoredFile
from graduates.states import (
    Confirmation,
    CorrectionKind,
    CorrectionState,
    EntryCause,
    EntryState,
    Standing,
    words_of_correction,
)
from schools.models import Cohort, Department, School, SchoolClass
from workbooks.models import RowsImport, WorkbookImport


class Person(models.Model):
    """A human being at one school, who may have records in several cohorts.

    `user` is null until the account is activated, so that an import makes no accounts.
    """

    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    id_type = models.CharField("证件类型", max_length=2, default="01")
    id_number = models.CharField("证件号码", max_length=18)
    user = models.OneToOneField(User, models.PROTECT, null=True, related_name="person")
    # The initial code is derived from a secret and the sum of both counters: how often staff reset
    # the account, and how often an expired code was exchanged.
    code_counter = models.PositiveIntegerField(default=0)
    code_renewals = models.PositiveIntegerField(db_default=0)
    code_made_at = models.DateTimeField("初始码生成时间", db_default=Now())
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

    @property
    def code_number(self) -> int:
        """Which of the person's initial codes is the present one; each earlier one is void."""
        return self.code_counter + self.code_renewals


class Graduate(models.Model):
    """One origin record: a person in one cohort of a school."""

    # School, cohort and department are copies of the class's. One foreign key over all four columns
    # (migration 0002_guarantees) keeps them equal; it costs an import a third of four single ones.
    school = models.ForeignKey(School, models.PROTECT, db_index=False, db_constraint=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_index=False, db_constraint=False)
    # Has no index, because the constraint on (person, cohort) has one that begins with the person.
    person = models.ForeignKey(Person, models.PROTECT, related_name="graduates", db_index=False)
    department = models.ForeignKey(Department, models.PROTECT, db_index=False, db_constraint=False)
    school_class = models.ForeignKey(
        SchoolClass, models.PROTECT, db_index=False, db_constraint=False
    )

    season = models.CharField("方案", max_length=2, default="", blank=True)
    level = models.CharField("学历", max_length=2)
    education_type = models.CharField("学历类型", max_length=2)
    teacher_student = models.CharField("师范生类别", max_length=2)
    name = models.CharField("姓名", max_length=100)
    # What the pinyin order sorts by (`pinyin.py`).
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

    # 特殊困难群体, which only the province imports.
    support_types = ArrayField(models.CharField(max_length=30), default=list, blank=True)

    standing = models.CharField(
        "学籍状态", max_length=12, choices=Standing.choices, default=Standing.ENROLLED
    )
    confirmation = models.CharField(
        "确认情况", max_length=12, choices=Confirmation.choices, default=Confirmation.UNSUBMITTED
    )
    # When the graduate confirmed, and the hash of the values. It is kept apart from the state.
    confirmed_at = models.DateTimeField("本人确认时间", null=True, blank=True)
    confirmed_hash = models.CharField(max_length=64, default="", blank=True)
    locked_at = models.DateTimeField("锁定时间", null=True, blank=True)
    locked_by = models.CharField("锁定人", max_length=80, default="", blank=True)
    # Until when the province has reopened the record after its cohort's end.
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
        # One for each order of the list page: student number, pinyin, newest first.
        indexes = [
            models.Index(fields=["school", "cohort", "student_no", "id"], name="graduate_by_no"),
            models.Index(fields=["school", "cohort", "name_sort", "id"], name="graduate_by_name"),
            models.Index(fields=["school", "cohort", "-id"], name="graduate_newest"),
            # For the list of reopened records, which are few.
            models.Index(
                fields=["school", "id"],
                name="graduate_reopened",
                condition=Q(reopened_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.student_no}）"


class HandEntry(models.Model):
    """A person whom staff entered by hand, outside a roster: as a new record, or by another document
    number in a record. The graduate can't sign an agreement until a second staff member confirmed it.
    """

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="hand_entries")
    cause = models.CharField("录入方式", max_length=10, choices=EntryCause)
    state = models.CharField("状态", max_length=10, choices=EntryState, default=EntryState.WAITING)
    entered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    entered_label = models.CharField("录入人", max_length=80)
    entered_at = models.DateTimeField("录入时间", db_default=Now())
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_label = models.CharField("确认人", max_length=80, default="", blank=True)
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    reason = models.CharField("不确认的原因", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "手工录入"
        constraints = [
            models.CheckConstraint(
                condition=Q(cause__in=EntryCause.values), name="hand_entry_cause_known"
            ),
            models.CheckConstraint(
                condition=Q(state=EntryState.WAITING, decided_at__isnull=True)
                | Q(state=EntryState.CONFIRMED, decided_at__isnull=False)
                | (Q(state=EntryState.REFUSED, decided_at__isnull=False) & ~Q(reason="")),
                name="hand_entry_decided_paired",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(entered_by__isnull=True)
                | ~Q(decided_by=models.F("entered_by")),
                name="hand_entry_two_persons",
            ),
        ]
        indexes = [
            # For the queue, which is short.
            models.Index(
                fields=["graduate"],
                name="hand_entry_unconfirmed",
                condition=~Q(state=EntryState.CONFIRMED),
            ),
        ]

    def __str__(self) -> str:
        return f"手工录入 {self.pk}"


class RosterImport(WorkbookImport):
    """An imported roster. `counts` has the keys "created", "updated", "unchanged" and "rejected"."""

    school = models.ForeignKey(School, models.PROTECT, related_name="roster_imports")
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_label = models.CharField("操作人", max_length=80)
    stage = models.CharField(max_length=40, default="", blank=True)
    rows = models.PositiveIntegerField(default=0)
    # Departments, classes and majors that the import would add, and the keys of the columns.
    new_names = models.JSONField(default=dict)

    class Meta(WorkbookImport.Meta):
        verbose_name = "生源导入"
        indexes = [models.Index(fields=["school", "-id"], name="roster_import_newest")]


class RosterIssue(models.Model):
    """An error or a warning about one cell of a roster."""

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


class ArchiveTransfer(models.Model):
    """Where a graduate's archive goes (档案转寄), and when it was sent. It is uploaded apart from the
    origin record."""

    graduate = models.OneToOneField(
        Graduate, models.PROTECT, primary_key=True, related_name="archive"
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    transfer_type = models.CharField("档案转递类型", max_length=12, default="", blank=True)
    unit_name = models.CharField("档案转寄单位名称", max_length=100, default="", blank=True)
    unit_code = models.CharField("档案转寄单位编码", max_length=18, default="", blank=True)
    contact = models.CharField("档案接收联系人", max_length=40, default="", blank=True)
    phone = models.CharField("档案接收联系电话", max_length=30, default="", blank=True)
    address = models.CharField("档案转寄单位地址", max_length=120, default="", blank=True)
    postcode = models.CharField("档案转寄单位邮编", max_length=6, default="", blank=True)
    household_type = models.CharField("户口迁移类型", max_length=12, default="", blank=True)
    household_address = models.CharField("户口迁转地址", max_length=120, default="", blank=True)
    # Filled in by staff once the archive was sent.
    tracking_no = models.CharField("机要/EMS单号", max_length=30, default="", blank=True)
    sent_on = models.DateField("寄出日期", null=True, blank=True)
    # Given by the national system.
    transfer_no = models.CharField("转递编号", max_length=30, default="", blank=True)
    check_no = models.CharField("核验编号", max_length=30, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "档案转寄"
        indexes = [models.Index(fields=["school", "cohort", "graduate"], name="archive_of_school")]

    def __str__(self) -> str:
        return f"档案转寄 {self.graduate_id}"


class ArchiveImport(RowsImport):
    """An imported workbook of archive transfers, mostly with the courier numbers of sent ones."""

    class Meta(RowsImport.Meta):
        verbose_name = "档案转寄导入"
        indexes = [models.Index(fields=["school", "-id"], name="archive_import_newest")]


class CorrectionRequest(models.Model):
    """信息反馈/纠错: a graduate asks for a change that they may not make themselves."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="corrections")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    kind = models.CharField("类别", max_length=12, choices=CorrectionKind)
    field = models.CharField("字段", max_length=40)
    label = models.CharField("字段名称", max_length=40)
    current = models.CharField("现有内容", max_length=200, default="", blank=True)
    proposed = models.CharField("更正为", max_length=200)
    reason = models.CharField("说明", max_length=300)
    state = models.CharField(
        "状态", max_length=10, choices=CorrectionState, default=CorrectionState.OPEN
    )
    answer = models.CharField("答复", max_length=300, default="", blank=True)
    due_on = models.DateField("应办日期")
    created_at = models.DateTimeField("提交时间", db_default=Now())
    decided_at = models.DateTimeField("答复时间", null=True, blank=True)
    decided_by = models.CharField("答复人", max_length=80, default="", blank=True)
    # Set when the department passed it on to the school, which alone answers it from then on.
    passed_at = models.DateTimeField("转交时间", null=True, blank=True)
    passed_by = models.CharField("转交人", max_length=80, db_default="", default="", blank=True)
    passed_note = models.CharField(
        "转交说明", max_length=300, db_default="", default="", blank=True
    )

    class Meta:
        verbose_name = "信息反馈"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CorrectionState.values), name="correction_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=CorrectionState.OPEN, decided_at__isnull=True)
                | (~Q(state=CorrectionState.OPEN) & Q(decided_at__isnull=False)),
                name="correction_decided_paired",
            ),
            models.CheckConstraint(
                condition=~Q(state=CorrectionState.REFUSED) | ~Q(answer=""),
                name="correction_refused_has_answer",
            ),
            models.UniqueConstraint(
                fields=["graduate", "kind", "field"],
                condition=Q(state=CorrectionState.OPEN),
                name="correction_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "-id"], name="correction_queue")
        ]

    def __str__(self) -> str:
        return f"{self.label}：{self.proposed}"

    @property
    def state_words(self) -> str:
        """The state by whose turn it is."""
        return words_of_correction(self.state, self.passed_at)


class CorrectionImage(models.Model):
    """A picture that proves a correction."""

    request = models.ForeignKey(CorrectionRequest, models.PROTECT, related_name="images")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "反馈材料"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"反馈材料 {self.pk}"
