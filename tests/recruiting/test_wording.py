"""The checks of wording: what they find, what they leave alone, and how the province edits them."""

from __future__ import annotations

import re
import time

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from recruiting import shipped_rules
from recruiting.models import WordingRule
from recruiting.rules import wording
from recruiting.rules.wording import check_message, check_wording

pytestmark = pytest.mark.django_db

FORBIDDEN = [
    ("仅招985、211院校毕业生", "school_tier", True),
    ("双 一 流 高校优先", "school_tier", True),
    ("限男性", "sex", True),
    ("男士优先考虑", "sex", True),
    ("ＨＢＶ阴性", "health", True),
    ("已婚已育优先", "marriage", True),
    ("入职需孕检", "marriage", True),
    ("入职须交押金500元", "deposit", True),
    ("统一收取服装费", "deposit", True),
    ("办理培训贷", "fraud", True),
    ("付费实习，保录用", "fraud", True),
    ("限本市户籍", "household", True),
    ("汉族优先", "ethnicity", True),
    ("要求全日制本科以上", "study_form", False),
    ("年龄18-35岁", "age", False),
    ("提前离职须付违约金", "penalty", False),
    ("联系电话13912345678", "contact", False),
    ("加微信了解", "contact", False),
    ("身高170以上", "looks", False),
]
HARMLESS = [
    "性别不限，欢迎投递", "本公司不收押金、不收培训费", "参与微信小程序开发", "户籍不限",
    "负责接口文档", "熟悉男女装版型设计", "本科及以上学历",
    "工作地点合肥", "年满18周岁", "有良好的沟通能力",
]  # fmt: skip


@pytest.mark.parametrize(("text", "rule", "is_error"), FORBIDDEN)
def test_forbidden_wording_is_found_with_its_article(text: str, rule: str, is_error: bool) -> None:
    found = {w.rule: w for w in check_wording({"duties": text})}
    assert rule in found
    assert found[rule].is_error is is_error
    assert found[rule].basis and found[rule].basis in found[rule].sentence
    assert found[rule].field == "duties"


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_wording_is_left_alone(text: str) -> None:
    assert check_wording({"duties": text}) == []


def test_a_harmless_phrase_does_not_hide_a_forbidden_one_beside_it() -> None:
    found = check_wording({"duties": "不收押金，但须交押金200元"})
    assert [w.rule for w in found] == ["deposit"]


def test_a_requirement_of_the_law_is_a_warning_once_it_is_justified() -> None:
    assert check_wording({"requirements": "限男性"})[0].is_error
    excused = check_wording({"requirements": "限男性"}, justification="矿山井下作业，女职工禁忌")
    assert [w.is_error for w in excused] == [False]
    # Other errors stay errors whatever is said.
    kept = check_wording({"requirements": "须交押金"}, justification="公司规定")
    assert kept[0].is_error


def test_messages_to_graduates_are_checked_by_the_rules_for_them() -> None:
    assert [w.rule for w in check_message("面试时请带押金300元", field="note")] == ["deposit"]
    assert check_message("请联系13912345678", field="note") == []


def test_shipped_rules_are_added_once_and_never_overwrite_an_edited_one() -> None:
    WordingRule.objects.all().delete()
    shipped_rules.load_wording_rules()
    count = WordingRule.objects.count()
    assert count >= 13
    WordingRule.objects.filter(key="age").update(patterns=["老年"], edited_at=timezone.now())
    shipped_rules.load_wording_rules()
    assert WordingRule.objects.count() == count
    assert WordingRule.objects.get(key="age").patterns == ["老年"]
    assert [w.rule for w in check_wording({"duties": "老年"})] == ["age"]


def test_a_switched_off_rule_finds_nothing() -> None:
    WordingRule.objects.filter(key="sex").update(is_active=False)
    assert check_wording({"duties": "限男性"}) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_a_pattern_finds_itself_and_never_raises(pattern: str) -> None:
    compiled = re.compile(wording.compile_pattern(pattern))
    plain = wording.normalise(pattern.replace("*", "").replace("#", "7"))
    if plain and "*" not in pattern:
        assert compiled.search(plain)


def test_long_text_is_checked_quickly() -> None:
    started = time.perf_counter()
    check_wording({"duties": "限仅要求" * 500, "requirements": "身高年龄" * 500})
    assert time.perf_counter() - started < 1


def test_patterns_that_would_find_everything_are_named() -> None:
    assert wording.bad_patterns(["*", "男", "限男", "1##########"]) == ["*", "男"]
