"""The fields of postings, unit profiles, résumé entries and what graduates look for, declared once for
forms, workbooks, checks and pages. Lengths follow DOMAIN-AROUND §1.1, §1.2 and §1.4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models

from codes import lookup, text
from codes.fields import FieldDeclaration
from codes.findings import Finding
from codes.readers import FORM, Reading, Source
from recruiting.models.postings import MOST_PLACES
from recruiting.states import (
    AccountKind,
    Available,
    CampusKind,
    Education,
    EntryKind,
    MajorMatch,
    Scale,
    SkillKind,
    WantedPay,
    WorkKind,
)

JOB, PAY, WORDS, TERM = "岗位", "薪酬与合同", "职责与要求", "发布"


@dataclass(frozen=True)
class RecruitingField(FieldDeclaration):
    """A field that may also be one of a fixed list: `options` has the stored values with their words,
    and the kind is then "option". Of a field with `several` that many codes may be chosen at most, and
    its value is a list; its kind is "code", or "areas" for provinces, cities and counties."""

    options: type[models.Choices] | None = None
    least: int | None = None
    most: int | None = None
    several: int = 0

    @property
    def empty(self) -> Any:
        if self.kind == "areas" or self.several:
            return []
        if self.kind != "option":
            return super().empty
        return "" if self.options is not None and issubclass(self.options, str) else None

    def choices(self) -> Sequence[tuple[Any, Any]] | None:
        """As for every field; places to choose from stand in groups, as (province, pairs)."""
        if self.options is not None:
            return self.options.choices
        if self.several and self.kind == "areas":
            return _places_by_province()
        return super().choices()

    def read(self, raw: Any, *, source: Source = FORM, required: bool | None = None) -> Reading:
        """As for every field; a number outside of `least` and `most` is refused, too."""
        needed = self.required if required is None else required
        if self.options is not None:
            return self._read_option(raw, needed)
        if self.several:
            return self._read_codes(raw, needed)
        written = "、".join(raw) if isinstance(raw, list) else raw
        reading = super().read(written, source=source, required=required)
        value = reading.value
        if isinstance(value, list) and len(value) > MOST_PLACES:
            return self._refuse("too_many", f"{self.label}最多{MOST_PLACES}个")
        if isinstance(value, int) and not isinstance(value, bool):
            if self.least is not None and value < self.least:
                return self._refuse("too_small", f"{self.label}不能小于{self.least}")
            if self.most is not None and value > self.most:
                return self._refuse("too_large", f"{self.label}不能大于{self.most}")
        return reading

    def _read_option(self, raw: Any, needed: bool) -> Reading:
        assert self.options is not None
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)  # a number in a cell
        written = text.clean(str(raw if raw is not None else ""))
        if not written:
            if needed:
                return self._refuse("empty", f"请选择{self.label}")
            return Reading(self.empty, [])
        for value, label in self.options.choices:
            if written in (str(value), label):
                return Reading(value, [])
        some = "、".join(label for _, label in self.options.choices)
        return self._refuse("option_unknown", f"{self.label}应为{some}之一")

    def _read_codes(self, raw: Any, needed: bool) -> Reading:
        """The chosen codes, each once, in the order of the list that they were chosen from."""
        typed = {str(code) for code in raw} if isinstance(raw, (list, tuple)) else set()
        if not typed:
            return self._refuse("empty", f"请选择{self.label}") if needed else Reading([], [])
        offered: list[str] = []
        for value, label in self.choices() or ():
            offered += [value] if isinstance(label, str) else [code for code, _ in label]
        if typed - set(offered):
            return self._refuse("code_unknown", f"请从列表中选择{self.label}")
        if len(typed) > self.several:
            return self._refuse(
                "too_many", f"{self.label}最多选择{self.several}个，现在选了{len(typed)}个"
            )
        return Reading([code for code in offered if code in typed], [])

    def _refuse(self, code: str, message: str) -> Reading:
        return Reading(None, [Finding(code, message, field=self.key)])

    def show(self, value: Any) -> str:
        if self.several and self.kind == "code":
            return "、".join(lookup.name(self.table, code) for code in value or ())
        if self.options is None:
            return super().show(value)
        return str(dict(self.options.choices).get(value, ""))


def _places_by_province() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every province with its cities, and with the counties that no city has, as groups of choices. The
    first choice of a group is the whole province."""
    every = lookup.places().values()
    inhabited = {place.parent_code for place in every if place.selectable}
    below: dict[str, list[tuple[str, str]]] = {}
    for place in sorted(every, key=lambda place: place.code):
        if place.selectable or place.code in inhabited:
            below.setdefault(place.parent_code, []).append((place.code, place.name))
    return [
        (place.name, [(place.code, f"{place.name}（全部）"), *below.get(place.code, ())])
        for place in sorted(every, key=lambda place: place.code)
        if place.level == 1 and (place.code in below or place.selectable)
    ]


def read_all(
    declarations: Iterable[RecruitingField], typed: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The values to store of the fields, and the errors by field. A value with an error is None."""
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for declared in declarations:
        reading = declared.read(typed.get(declared.key, ""))
        values[declared.key] = reading.value
        if wrong := [finding.message for finding in reading.findings if finding.is_error]:
            errors[declared.key] = wrong
    return values, errors


F = RecruitingField
POSTING: tuple[RecruitingField, ...] = (
    F("title", "岗位名称", "text", JOB, max_length=50),
    F("job_category", "职位类别", "code", JOB, "job_category"),
    F("work_kind", "工作类型", "option", JOB, options=WorkKind),
    F("headcount", "招聘人数", "number", JOB, least=1, most=9999),
    F("education", "学历要求", "option", JOB, options=Education, hint="所需的最低学历"),
    F("majors", "专业要求", "text", JOB, required=False, max_length=200,
      hint="多个专业用“、”分隔，不限可不填"),
    F("major_match", "专业匹配", "option", JOB, options=MajorMatch, required=False),
    F("places", "工作地点", "areas", JOB, required=False,
      hint=f"省、市或区县，多个用“、”分隔，最多{MOST_PLACES}个"),
    F("abroad", "海外工作地点", "text", JOB, required=False, max_length=50,
      hint="在境外工作的填写国家或地区和城市"),
    F("pay_from", "月薪下限（元）", "money", PAY, required=False, least=1, most=999_999),
    F("pay_to", "月薪上限（元）", "money", PAY, required=False, least=1, most=999_999,
      hint="不低于下限，不超过下限的3倍"),
    F("pay_by_state", "薪酬按国家规定", "bool", PAY, required=False,
      hint="仅限机关和事业单位，选“是”的不填月薪"),
    F("pay_months", "每年发薪月数", "number", PAY, required=False, least=12, most=24),
    F("contract_years", "合同年限", "number", PAY, required=False, least=1, most=50),
    F("probation_months", "试用期（月）", "number", PAY, required=False, least=0, most=12),
    F("duties", "岗位职责", "long", WORDS, max_length=2000),
    F("requirements", "任职要求", "long", WORDS, max_length=2000),
    F("benefits", "福利", "long", WORDS, required=False, max_length=500),
    F("justification", "法定要求说明", "text", WORDS, required=False, max_length=300,
      hint="要求由法律法规规定的（如部分岗位的体检标准），写明依据"),
    F("real_employer", "实际用工单位", "text", TERM, required=False, max_length=100,
      hint="人力资源机构代招的必填"),
    F("source", "转载来源", "text", TERM, required=False, max_length=100,
      hint="职位先在别处发布的，写明出处"),
    F("valid_until", "有效期至", "date", TERM, hint="最长90天"),
)  # fmt: skip
POSTING_BY_KEY = {f.key: f for f in POSTING}
# The texts that the checks of wording read.
WORDED = (
    "title", "majors", "duties", "requirements", "benefits", "abroad", "real_employer", "source",
    "justification",
)  # fmt: skip
# A change of these in a published posting waits for review.
REVIEWED_KEYS = (
    "title", "job_category", "work_kind", "education", "majors", "major_match", "places", "abroad",
    "pay_from", "pay_to", "pay_by_state", "pay_months", "duties", "requirements", "benefits",
    "justification", "real_employer", "source", "contract_years", "probation_months",
)  # fmt: skip

# What people type between the names of majors, and what they type for none.
_BETWEEN_MAJORS = re.compile(r"[、,，;；/|\s]+")
_ANY_MAJOR = frozenset({"不限", "专业不限", "不限专业", "无"})


def split_majors(typed: str) -> list[str]:
    """The names of majors that a posting asks for, each once, as `Posting.majors` has them joined by
    “、”; none for words such as 不限."""
    names = dict.fromkeys(_BETWEEN_MAJORS.split(typed))
    return [name for name in names if name and name not in _ANY_MAJOR]


PROFILE: tuple[RecruitingField, ...] = (
    F("introduction", "单位简介", "long", "单位", required=False, max_length=2000),
    F("scale", "单位规模", "option", "单位", required=False, options=Scale),
    F("website", "官网", "url", "单位", required=False, max_length=200),
    F("contact_name", "招聘联系人", "text", "招聘联系", max_length=40),
    F("contact_phone", "招聘电话", "phone", "招聘联系", max_length=30),
    F("account_kind", "账号类型", "option", "招聘资格", options=AccountKind),
    F("licence_no", "人力资源服务许可证号", "text", "招聘资格", required=False, max_length=40,
      hint="经营性人力资源机构必填"),
    F("licence_until", "许可证有效期至", "date", "招聘资格", required=False),
)  # fmt: skip
PROFILE_BY_KEY = {f.key: f for f in PROFILE}

_NAME = F("name", "名称", "text", "", max_length=50)
_BEGUN = F("begun", "开始年月", "month", "")
_ENDED = F("ended", "结束年月", "month", "", required=False, hint="至今的不填")
_TEXT = F("text", "描述", "long", "", required=False, max_length=250)
# The fields of an entry by the section of the résumé.
ENTRY: dict[str, tuple[RecruitingField, ...]] = {
    EntryKind.EDUCATION: (
        replace(_NAME, label="学校"), F("level", "学历", "code", "", "education_level"),
        replace(_BEGUN, label="入学年月"), replace(_ENDED, label="毕业年月"),
        replace(_TEXT, label="主修课程"),
    ),
    EntryKind.CAMPUS: (
        F("sort", "类型", "option", "", options=CampusKind), replace(_NAME, max_length=25), _BEGUN,
        _ENDED, _TEXT,
    ),
    EntryKind.AWARD: (
        replace(_NAME, label="奖项名称", max_length=30), replace(_BEGUN, label="获奖年月"),
        replace(_TEXT, max_length=100),
    ),
    EntryKind.SKILL: (
        F("sort", "类型", "option", "", options=SkillKind), replace(_NAME, label="证书名称"),
        F("organisation", "发证机构", "text", "", required=False, max_length=50),
        replace(_BEGUN, label="取得年月"),
    ),
}  # fmt: skip
# The fields of the store itself, in the sections 基本资料 and 自我评价.
STORE: tuple[RecruitingField, ...] = (
    F("foreign_language", "外语水平", "text", "基本资料", required=False, max_length=15),
    F("computer", "计算机水平", "text", "基本资料", required=False, max_length=15),
    F("hobbies", "爱好", "text", "基本资料", required=False, max_length=150),
    F("strengths", "特长", "text", "基本资料", required=False, max_length=150),
    F("native_place", "籍贯", "text", "选填", required=False, max_length=15),
    F("health", "健康状况", "text", "选填", required=False, max_length=10),
    F("self_evaluation", "自我评价", "long", "自我评价", required=False, max_length=250),
)  # fmt: skip

MOST_WANTED = 5
# What a graduate looks for (`Intention`).
INTENTION: tuple[RecruitingField, ...] = (
    F("work_kind", "工作类型", "option", "", options=WorkKind),
    F("job_categories", "职位类别", "code", "", "job_category", several=MOST_WANTED),
    F("places", "工作地点", "areas", "", required=False, several=MOST_WANTED),
    F("unit_properties", "单位性质", "code", "", "unit_property", required=False,
      several=MOST_WANTED),
    F("industries", "单位行业", "code", "", "unit_industry", required=False, several=MOST_WANTED),
    F("pay", "期望月薪", "option", "", options=WantedPay),
    F("major_match", "专业匹配", "option", "", options=MajorMatch,
      hint="完全匹配：职位写明您的专业；专业大类：相近专业也可以"),
    F("available", "到岗时间", "option", "", options=Available),
)  # fmt: skip
