"""The agreement's PDF looks like the printed form of the graduates' manual."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string

from destinations.actions import review
from esign import documents
from esign.models import AgreementVersion
from schools.actions import school as school_actions
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import make_content, read_text
from tests.factories import World

pytestmark = pytest.mark.django_db
CONTACT = {
    "contact_department": "就业中心", "contact_name": "试老师", "phone": "0551-60000009",
    "address": "虚构路9号", "postcode": "230009",
}  # fmt: skip


def set_contact(world: World, **changes: str) -> None:
    school_actions.edit_settings(
        school_id=world.school.pk, contact=CONTACT | changes, two_person_review=False,
        by=world.school_admin,
    )  # fmt: skip


def page_of(version: AgreementVersion, **approvals: Any) -> str:
    version.agreement.school.refresh_from_db()
    return render_to_string(documents.TEMPLATE, documents.template_context(version, approvals))


def test_the_school_is_printed_with_its_contact_as_it_was_when_signed(
    world: World, signing_key: Path
) -> None:
    set_contact(world)
    made = signing.sign_agreement(factories.make_graduate(world))
    set_contact(world, contact_name="新老师")
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    printed = re.sub(" +", " ", read_text(make_content(made)))
    assert f"学校名称 {world.school.name} 联系人 就业中心 试老师" in printed
    assert "通讯地址 虚构路9号（邮编230009） 联系电话 0551-60000009" in printed


def test_a_contact_that_was_missing_when_signed_is_taken_from_the_set_up(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    version = made.versions.get()
    # As signed by an earlier version of the platform, which did not keep these.
    for key in ("school_contact", "school_address", "school_postcode"):
        version.evidence["party"].pop(key)
    assert "<th>通讯地址</th><td></td>" in page_of(version)
    set_contact(world)
    assert "<td>虚构路9号（邮编230009）</td>" in page_of(version)


def test_both_levels_have_room_for_an_opinion_and_a_seal(world: World) -> None:
    version = signing.sign_agreement(factories.make_graduate(world)).versions.get()
    department = {"by": "试院系", "at": "2027-06-01T10:00:00+08:00"}
    blank, approved = page_of(version), page_of(version, department=department)
    for page in (blank, approved):
        assert "院系（学院）毕业生就业管理部门意见" in page
        assert "院校毕业生就业管理部门意见" in page
        assert page.count("（盖章处）") == 4
    assert blank.count("年　　月　　日") == 3
    assert "审核通过" not in blank
    assert approved.count("年　　月　　日") == 2
    assert "<b>审核通过</b>　试院系" in approved
    assert "2027年6月1日" in approved


def test_an_agreement_of_usual_length_and_its_evidence_take_a_page_each(
    world: World, signing_key: Path
) -> None:
    set_contact(world)
    made = signing.sign_agreement(
        factories.make_graduate(world),
        signing_notes="一、提供集体宿舍；\n二、报到后十日内签订劳动合同。",
    )
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    first, second, rest = read_text(make_content(made)).split("\f")
    assert "任何改动都会使签名失效" in first
    assert "签署证据" in second
    assert rest == ""
