"""The words a reminder must not have, and the hours of text messages."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core import frame
from notices.rules import hours, wording


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("请大家必须在本周内签约。", "强迫"),
        ("本周五前务 必 签订三方协议。", "强迫"),
        ("不签约就不要回校。", "强迫"),
        ("否则不发毕业证。", "毕业证书"),
        ("未登记的暂缓发放学位证。", "毕业证书"),
        ("毕业证将不予发放。", "毕业证书"),
        ("不登记的同学不能毕业。", "毕业证书"),
        ("会影响档案转递。", "档案"),
        ("档案不予寄出。", "档案"),
        ("户口退回原籍，户·档·滞留学校。", "档案"),
        ("随便找个单位盖章就行。", "虚假协议"),
        ("没有合同的，实习证明也可登记。", "实习"),
        ("学校落实率还差一点，请配合。", "落实率"),
        ("班级排名靠后，请抓紧。", "落实率"),
        ("否则后果自负。", "落实率"),
        ("请打开 http://example.com 填写。", "网址"),
        ("请加QQ群123456789。", "号码"),
    ],
)
def test_what_must_not_be_said(text: str, basis: str) -> None:
    assert any(basis in found for found in wording.findings(text)), wording.findings(text)


@pytest.mark.parametrize(
    "text",
    [
        "请登录平台登记您的毕业去向，6月30日前有效。",
        "还在求职的，登记为待就业即可，学校会提供就业服务。",
        "有单位向您发出签约邀约，请阅读后接受或谢绝。",
        "请确认档案转寄地址，有变动的在平台上修改。",
        "您登记的去向没有通过审核，请补传劳动合同。",
        "请填写户口迁移的类型和地址。",
    ],
)
def test_what_may_be_said(text: str) -> None:
    assert wording.findings(text) == []


def test_the_texts_of_all_topics_may_be_said_and_are_short_enough() -> None:
    for topic in frame.reminder_topics().values():
        assert wording.findings(topic.text) == [], topic.key
        assert len(topic.text) <= 70, topic.key
        assert len(topic.title) <= 40, topic.key


@given(st.datetimes(datetime.datetime(2020, 1, 1), datetime.datetime(2040, 1, 1)))
def test_texts_go_out_between_nine_and_twenty(naive: datetime.datetime) -> None:
    moment = timezone.make_aware(naive)
    sent = timezone.localtime(hours.texting_time(moment))
    assert 9 <= sent.hour < 20
    assert moment <= sent < moment + datetime.timedelta(hours=13, minutes=1)
    if 9 <= timezone.localtime(moment).hour < 20:
        assert sent == moment


@pytest.mark.parametrize(("length", "parts"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3)])
def test_the_parts_of_a_text(length: int, parts: int) -> None:
    assert hours.parts_of("字" * length) == parts
