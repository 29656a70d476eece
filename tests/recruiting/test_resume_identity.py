"""Numbers of documents in a résumé's text: the graduate is warned beside the field, and it is saved."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from codes.validators import id_check_character
from graduates.models import Graduate
from recruiting.actions import resumes
from recruiting.models import ResumeEntry, ResumeStore
from recruiting.rules import identity
from recruiting.states import EntryKind, PostingState
from tests import factories
from tests.factories import client_of
from tests.recruiting import scene

FIRST = "34010420030512345"
NUMBER = FIRST + id_check_character(FIRST)
FULL_WIDTH = NUMBER.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})


@pytest.mark.parametrize(
    "text",
    [
        NUMBER, f"身份证{NUMBER}。", FULL_WIDTH, f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
        f"{NUMBER[:6]}-{NUMBER[6:14]}—{NUMBER[14:]}", "．".join(NUMBER), f"编号1{NUMBER}",
        NUMBER[:10] + "\n" + NUMBER[10:], "340104030512345", "340104 030512 345", NUMBER[:17] + NUMBER[17].lower(),
    ],
)  # fmt: skip
def test_a_number_is_found_in_every_way_of_writing(text: str) -> None:
    assert identity.holds_identity_number(text)


WRONG_CHECK = FIRST + ("0" if NUMBER[-1] != "0" else "1")


@pytest.mark.parametrize(
    "text",
    [
        "", "踏实认真。", "13812345678 13912345678", WRONG_CHECK, "340104039912345",
        "2023年9月至2027年6月", "100000200000300000", "6222021001116245702", FIRST,
        "证书编号 20250512 0034", "4.0/5.0，排名3/128",
    ],
)  # fmt: skip
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not identity.holds_identity_number(text)


@pytest.fixture
def graduate() -> Graduate:
    graduate = scene.make_applicant(
        factories.make_world(), student_no="2023-010507", exam_no="23340104150999"
    )
    return Graduate.objects.select_related("person").get(pk=graduate.pk)


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


@pytest.mark.django_db
def test_own_numbers_are_named(graduate: Graduate) -> None:
    texts = {
        "a": "学号２０２３０１０５０７", "b": f"考生号 {graduate.exam_no}", "c": "没有号码",
        "d": f"证件 {graduate.person.id_number[:6]} {graduate.person.id_number[6:]}",
    }  # fmt: skip
    found = identity.doubts(texts, graduate)
    assert set(found) == {"a", "b", "d"}
    assert "学号" in found["a"][0]
    assert "考生号" in found["b"][0]
    assert "证件号码" in found["d"][0]


@pytest.mark.django_db
def test_the_store_is_saved_and_the_field_has_a_warning(graduate: Graduate, client: Client) -> None:
    typed = {"self_evaluation": f"身份证{NUMBER}", "hobbies": "阅读"}
    answer = client.post(reverse("resume-edit"), typed)
    assert answer["Location"] == reverse("resume-edit")
    assert ResumeStore.objects.get(graduate=graduate).self_evaluation == typed["self_evaluation"]
    page = client.get(answer["Location"]).content.decode()
    assert "已保存。有内容像是证件号码" in page
    field = page[page.index('id="field-self_evaluation"') :]
    assert "其中有身份证号码，单位招聘不需要，建议删去。" in field
    assert page.count("单位招聘不需要，建议删去。") == 1
    assert "基本资料和自我评价中有像证件号码" in client.get(reverse("resume")).content.decode()
    answer = client.post(reverse("resume-edit"), {"self_evaluation": "踏实认真。"})
    assert answer["Location"] == reverse("resume")
    assert "像证件号码" not in client.get(reverse("resume")).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["name", "text"])
def test_an_entry_is_saved_and_its_field_has_a_warning(
    graduate: Graduate, client: Client, key: str
) -> None:
    typed = {"name": "虚构奖", "begun": "2025-05", "text": ""} | {key: f"奖 {NUMBER}"}
    answer = client.post(reverse("resume-entry-new", args=["award"]), typed)
    entry = ResumeEntry.objects.get(graduate=graduate, kind=EntryKind.AWARD)
    assert answer["Location"] == reverse("resume-entry", args=[entry.pk])
    page = client.get(answer["Location"]).content.decode()
    assert "建议删去" in page[page.index(f'id="field-{key}"') :]
    answer = client.post(answer["Location"], typed | {key: "奖"})
    assert answer["Location"] == reverse("resume")


@pytest.mark.django_db
def test_before_delivery_the_graduate_is_warned_and_may_deliver(
    graduate: Graduate, client: Client
) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED)
    address = reverse("job-apply", args=[posting.pk])
    assert "投递后单位会看到" not in client.get(address).content.decode()
    resumes.add_entry(
        graduate=graduate, kind=EntryKind.AWARD, by=scene.account_of(graduate),
        typed={"name": "虚构奖", "begun": "2025-05", "text": f"考生号{graduate.exam_no}"},
    )  # fmt: skip
    assert "获奖“虚构奖”中有像证件号码" in client.get(address).content.decode()
    assert scene.apply(graduate, posting).pk
