"""What the rules of checking look for, their thresholds, and what each fact of a finding is called.

The province's own values, and whether a rule is on, are rows of `Rule`; `load_rules` adds those that
are missing. All default thresholds are proposals (DOMAIN-AROUND §5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from national_sync.states import Part
from quality.models import Rule
from quality.states import FindingOwner, RunKind

_DEPARTMENT, _SCHOOL = FindingOwner.DEPARTMENT, FindingOwner.SCHOOL


@dataclass(frozen=True)
class Threshold:
    """A number that the province sets, from `least` to `most`."""

    key: str
    label: str
    default: int
    least: int
    most: int
    help_text: str = ""


@dataclass(frozen=True)
class Words:
    """A list of words that the province sets, separated by blanks."""

    key: str
    label: str
    default: str
    help_text: str = ""


@dataclass(frozen=True)
class Declared:
    """One rule: `what` it looks for, the kind of run that looks, the `part` of the national record
    that waits where the province has it hold uploads, and what the province may set."""

    key: str
    label: str
    what: str
    kind: str
    owner: str = _DEPARTMENT
    part: str = Part.DESTINATION
    thresholds: tuple[Threshold, ...] = ()
    words: tuple[Words, ...] = ()
    due_days: int = 5
    # Off until the province has what it needs.
    enabled: bool = True

    def defaults(self) -> dict[str, Any]:
        numbers = {one.key: one.default for one in self.thresholds}
        return {**numbers, **{one.key: one.default for one in self.words}}


_SCREENING, _ROLL, _PLACES = RunKind.SCREENING, RunKind.ROLL, RunKind.PLACES
_STORED, _UNITS = RunKind.STORED, RunKind.UNITS
# Found by people who call, and by no run.
CALLBACK = "callback"

ALL: tuple[Declared, ...] = (
    Declared(
        "unit_cluster", "未认证单位人数集中",
        "同一个未认证单位在一所学校一届中人数过多，或占一个班的比例过高", _SCREENING, _SCHOOL,
        thresholds=(
            Threshold("least", "一届中满几人", 20, 2, 1000),
            Threshold("class_percent", "占一个班的百分之几", 30, 5, 100),
            Threshold("class_least", "且班内满几人", 5, 2, 100),
        ),
    ),
    Declared(
        "contact_shared", "联系方式用于多个单位",
        "同一个单位联系电话或邮箱登记在几个不同的单位代码之下，全省一并比较", _SCREENING, _SCHOOL,
        thresholds=(Threshold("units", "满几个单位代码", 3, 2, 100),),
    ),
    Declared(
        "contact_self", "单位联系方式为本人、家庭或工作人员",
        "单位联系电话或邮箱与毕业生本人、家庭或本校工作人员的相同", _SCREENING,
    ),
    Declared(
        "file_same", "证明材料相同",
        "几名毕业生的证明材料内容完全相同，或看上去几乎相同，全省一并比较", _SCREENING, _SCHOOL,
        thresholds=(
            Threshold("bits", "图像指纹最多相差几位", 4, 0, 4, "指纹共64位；0为只查几乎没有差别的"),
            Threshold("most_alike", "相像超过几人不算", 30, 2, 1000,
                      "许多人都相像的多为统一版式的表格，不是同一份材料；内容完全相同的不受此限"),
        ),
    ),
    Declared(
        "burst", "短时间内集中录入", "一个工作人员帐号在几分钟内逐条录入许多毕业生的去向，导入不计", _SCREENING,
        _SCHOOL,
        thresholds=(
            Threshold("least", "满几条", 20, 3, 1000),
            Threshold("minutes", "几分钟内", 5, 1, 60),
        ),
    ),
    Declared(
        "confirm_device", "同一网络地址为多人确认",
        "几名毕业生用手机验证码确认签约、变更、解约，或最终确认信息时来自同一个网络地址", _SCREENING, _SCHOOL,
        thresholds=(Threshold("least", "满几人", 3, 2, 1000),),
        words=(Words("campus", "校园网地址段", "",
                     "这些地址段不计，如 10.0.0.0/8，几段用空格隔开"),),
    ),
    Declared(
        "internship_like", "疑似实习、见习",
        "职位、备注或材料名称中有实习、见习等字样，或聘用期限过短", _SCREENING,
        thresholds=(Threshold("months", "聘用期限不满几个月", 3, 1, 12),),
        words=(Words("words", "字样", "实习 见习", "几个字样用空格隔开"),),
    ),
    Declared(
        "unit_new_or_dead", "单位新成立或已注销",
        "按最近导入的登记名录，单位在签约前不久才成立，或签约前已经注销、吊销", _SCREENING,
        thresholds=(Threshold("days", "签约前不满几天成立", 90, 1, 730),),
    ),
    Declared(
        "wage_low", "月薪低于最低工资标准", "登记的月薪低于单位所在地当时的最低工资标准，有说明的不计", _SCREENING,
    ),
    Declared(
        "wage_same", "同一单位月薪相同", "同一单位许多毕业生的月薪一元不差，全省一并比较", _SCREENING, _SCHOOL,
        thresholds=(Threshold("least", "满几人", 15, 3, 1000),),
    ),
    Declared(
        "job_mismatch", "职位类别与专业少见",
        "同专业的其他毕业生都没有这种职位类别；只作提示", _SCREENING,
        thresholds=(Threshold("least", "同专业有职位类别的满几人才比较", 30, 5, 1000),), due_days=10,
    ),
    Declared(
        "share_jump", "灵活就业占比突变",
        "一个院系其他录用形式就业和自由职业的占比与上一届相差过大", _SCREENING, _SCHOOL,
        thresholds=(
            Threshold("points", "相差几个百分点", 15, 3, 100),
            Threshold("least", "两届都满几人才比较", 20, 5, 1000),
        ),
    ),
    Declared(
        "late_wave", "截止前集中审核",
        "一所学校一届的审核通过有很大一部分在截止前几天", _SCREENING, _SCHOOL,
        thresholds=(
            Threshold("percent", "占百分之几", 15, 3, 100),
            Threshold("days", "截止前几天", 5, 1, 30),
            Threshold("least", "审核通过满几人才比较", 20, 5, 1000),
        ),
    ),
    Declared("roll_missing", "学籍库中没有", "平台上有、学籍文件中没有的毕业生", _ROLL, _SCHOOL,
             Part.ORIGIN),
    Declared("roll_extra", "平台上没有", "学籍文件中有、平台上没有的毕业生", _ROLL, _SCHOOL, Part.ORIGIN),
    Declared("roll_differs", "与学籍不一致", "与学籍文件不同的字段，每个字段一条", _ROLL,
             part=Part.ORIGIN),
    Declared("place_code", "生源地代码无效", "生源地不是现行的区县代码", _PLACES, part=Part.ORIGIN),
    Declared("place_differs", "生源地与入学户籍不一致", "生源地与文件中的入学户籍不在同一区县", _PLACES,
             part=Part.ORIGIN),
    Declared("stored_origin", "生源信息不合规则", "已存的生源信息按现行校验规则有错误或疑点", _STORED,
             part=Part.ORIGIN),
    Declared("stored_destination", "去向信息不合规则", "已存的去向信息按现行校验规则有错误或疑点", _STORED),
    Declared("unit_code", "单位代码有误", "单位代码的位数或校验位不对", _UNITS),
    Declared("unit_name", "单位名称与登记不一致", "单位名称与登记名录中同一代码的名称不同", _UNITS),
    Declared("unit_closed", "签约前单位已注销", "签约日期在登记名录的注销、吊销日期之后", _UNITS),
    Declared("unit_kind", "单位性质、行业不相符", "单位性质、行业、职位类别和单位代码之间不相符", _UNITS),
    Declared("callback", "回访与登记不一致", "电话回访时毕业生所说与登记的去向不一致，或反映被要求签约", CALLBACK, _SCHOOL),
)  # fmt: skip
BY_KEY = {declared.key: declared for declared in ALL}

# What the facts of a finding are called on its page, in this order.
FACTS = {
    "unit": "单位名称", "unit_code": "单位代码", "units": "涉及的单位", "unit_count": "单位数",
    "certified": "认证", "contact": "联系方式", "whose": "与谁相同", "count": "涉及人数",
    "in_class": "本班人数", "class_size": "班级人数", "share": "占比", "before": "上一届占比",
    "same_count": "内容完全相同", "alike_count": "看上去相同", "staff": "经办帐号",
    "first_at": "最早一条", "last_at": "最晚一条", "address": "网络地址", "words": "查到的字样",
    "where": "出现在", "hired_from": "聘用起始", "hired_to": "聘用终止", "signed_on": "签约日期",
    "registered_on": "单位成立日期", "unit_status": "登记状态", "ended_on": "注销或吊销日期",
    "wage": "月薪（元）", "minimum": "当地最低工资（元）", "place": "单位所在地", "major": "专业",
    "job": "职位类别", "compared": "比较的人数", "late": "截止前几天审核通过", "approved": "审核通过",
    "ends_on": "截止日期", "field": "字段", "ours": "本平台", "theirs": "文件中", "name": "姓名",
    "number": "考生号", "level": "程度", "code": "代码", "successor": "现行代码",
}  # fmt: skip


def load_rules() -> None:
    """Add the rules that are missing and call all by their present names. What the province set stays."""
    Rule.objects.bulk_create(
        [
            Rule(key=d.key, label=d.label, enabled=d.enabled, thresholds=d.defaults(),
                 owner=d.owner, due_days=d.due_days)
            for d in ALL
        ],
        update_conflicts=True, unique_fields=["key"], update_fields=["label"],
    )  # fmt: skip


def settings_of(rule: Rule) -> dict[str, Any]:
    """The values of the rule's thresholds: the province's, or the default where it has set none."""
    return BY_KEY[rule.key].defaults() | rule.thresholds
