"""The pages of 就业推荐表, as graduates, staff and the public see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.menu import counted_items
from core.models import Event
from graduates.models import Graduate
from recruiting.actions import recommendations
from recruiting.models import Recommendation
from recruiting.states import RecommendationState
from recruiting.views import public_recommendation
from schools.roles import Role
from schools.waiting import waiting_count
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
S = RecommendationState
TYPED = scene.typed_recommendation()


def signed_in(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def page(client: Client, name: str, *args: Any) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def version_in(html: str) -> str:
    found = re.search(r'name="version" value="([0-9a-f]*)"', html)
    return found.group(1) if found else ""


# --- the graduate -----------------------------------------------------------------------------


def test_a_graduate_writes_saves_encloses_and_submits(world: World) -> None:
    graduate = scene.make_applicant(world)
    client = signed_in(graduate)
    assert reverse("recommendation") in page(client, "services")
    assert "开始填写" in page(client, "recommendation")
    form = page(client, "recommendation-edit")
    assert "虚构学院" in form, "the résumé's entries"
    address = reverse("recommendation-edit")
    assert client.post(address, TYPED | {"version": version_in(form)}).status_code == 302
    shown = page(client, "recommendation")
    assert TYPED["studies"] in shown
    assert "提交给院系" in shown
    photo = SimpleUploadedFile("成绩单.jpg", factories.make_photo(), "image/jpeg")
    client.post(reverse("recommendation-transcript"), {"picture": photo})
    kept = Recommendation.objects.get()
    picture = client.get(reverse("recommendation-picture", args=[kept.pk]))
    assert picture["Content-Type"] == "image/jpeg"
    client.post(reverse("recommendation-submit"),
                {"version": version_in(page(client, "recommendation"))})  # fmt: skip
    assert Recommendation.objects.get().state == S.WAITING_DEPARTMENT
    shown = page(client, "recommendation")
    assert "待院系意见" in shown
    assert "撤回修改" in shown
    assert client.get(address).status_code == 302
    client.post(reverse("recommendation-withdraw"))
    assert Recommendation.objects.get().state == S.DRAFT


def test_what_is_missing_is_said_and_what_was_typed_is_kept(world: World) -> None:
    graduate = factories.make_graduate(world)
    client = client_of(scene.account_of(graduate))
    shown = page(client, "recommendation")
    assert "生源信息还没有由毕业生本人确认" in shown
    address = reverse("recommendation-edit")
    refused = client.post(address, TYPED | {"studies": "长" * 501, "version": ""})
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "学习与获奖最多500个字，现有501个字。" in html
    assert TYPED["practice"] in html
    client.post(address, TYPED | {"studies": "", "version": ""})
    shown = page(client, "recommendation")
    assert "请填写学习与获奖，没有的写“无”。" in shown
    assert "提交给院系" not in shown
    client.post(reverse("recommendation-submit"))
    assert Recommendation.objects.get().state == S.DRAFT


def test_a_stale_form_and_a_double_click_say_so(world: World) -> None:
    form = scene.make_recommendation(world)
    client = signed_in(form.graduate)
    old = version_in(page(client, "recommendation-edit"))
    address = reverse("recommendation-edit")
    client.post(address, TYPED | {"studies": "先保存的", "version": old})
    stale = client.post(address, TYPED | {"studies": "后保存的", "version": old})
    assert stale.status_code == 409
    assert "后保存的" in stale.content.decode()
    assert scene.read_form(form.pk).studies == "先保存的"
    seen = {"version": version_in(page(client, "recommendation"))}
    client.post(reverse("recommendation-submit"), seen)
    client.post(reverse("recommendation-submit"), seen)
    shown = page(client, "recommendation")
    assert "当前状态为“待院系意见”，不能提交。" in shown


def test_a_file_that_is_no_picture_is_refused_beside_the_field(world: World) -> None:
    form = scene.make_recommendation(world)
    client = signed_in(form.graduate)
    wrong = SimpleUploadedFile("成绩单.pdf", b"%PDF-1.7\n", "application/pdf")
    refused = client.post(reverse("recommendation-transcript"), {"picture": wrong})
    assert refused.status_code == 422
    assert "这不是图片或图片已损坏" in refused.content.decode()
    hollow = SimpleUploadedFile("成绩单.jpg", b"", "image/jpeg")
    refused = client.post(reverse("recommendation-transcript"), {"picture": hollow})
    assert refused.status_code == 422
    assert re.search("文件是空的|空文件|没有内容|请选择", refused.content.decode())
    empty = client.post(reverse("recommendation-transcript"), {})
    assert "请选择成绩单图片" in empty.content.decode()


def test_history_shows_what_was_sealed_and_others_forms_are_hidden(world: World) -> None:
    form = scene.make_recommendation(world, S.VALID)
    client, other = signed_in(form.graduate), signed_in(factories.make_graduate(world))
    recommendations.void(form_id=form.pk, reason="专业有误", by=world.school_admin)
    shown = page(client, "recommendation")
    assert form.number in shown
    assert "专业有误" in shown
    assert TYPED["studies"] in page(client, "recommendation-earlier", form.pk)
    for name in ("recommendation-earlier", "recommendation-picture", "recommendation-pdf"):
        assert other.get(reverse(name, args=[form.pk])).status_code == 404
    answer = client.get(reverse("recommendation-pdf", args=[form.pk]))
    assert answer.status_code == 302
    assert "推荐表已作废，不能打印。" in page(client, "recommendation")


def test_what_was_typed_is_escaped(world: World) -> None:
    evil = "<script>alert(1)</script> http://example.com"
    form = scene.write_recommendation(factories.make_graduate(world), studies=evil)
    recommendations.submit(form_id=form.pk, by=scene.account_of(form.graduate))
    for html in (
        page(signed_in(form.graduate), "recommendation"),
        page(world.client(Role.COUNSELLOR), "console:recommendation", form.pk),
    ):
        assert "<script>alert" not in html
        assert 'href="http://example.com' not in html


# --- staff ------------------------------------------------------------------------------------


def test_the_counsellor_gives_an_opinion_and_the_school_seals(world: World) -> None:
    form = scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    counsellor, school = world.client(Role.COUNSELLOR), world.client(Role.SCHOOL_ADMIN)
    assert form.graduate.name in page(counsellor, "console:recommendations")
    html = page(counsellor, "console:recommendation", form.pk)
    assert TYPED["practice"] in html
    address = reverse("console:recommendation-recommend", args=[form.pk])
    empty = counsellor.post(address, {"opinion": " ", "version": version_in(html)})
    assert empty.status_code == 422
    assert "请填写院系意见。" in empty.content.decode()
    typed = {"opinion": "勤奋好学，同意推荐。", "version": version_in(html)}
    assert counsellor.post(address, typed).status_code == 302
    twice = counsellor.post(address, typed)
    assert twice.status_code == 409
    html = page(counsellor, "console:recommendation", form.pk)
    assert "等待学校系统管理员盖章。" in html
    assert reverse("console:recommendation-seal", args=[form.pk]) not in html
    html = page(school, "console:recommendation", form.pk)
    assert "勤奋好学，同意推荐。" in html
    seal = reverse("console:recommendation-seal", args=[form.pk])
    typed = {"opinion": "同意推荐", "version": version_in(html)}
    assert counsellor.post(seal, typed).status_code == 403
    assert school.post(seal, typed).status_code == 302
    sealed = scene.read_form(form.pk)
    assert sealed.number in page(school, "console:recommendations")
    assert sealed.number in page(signed_in(form.graduate), "recommendation")


def test_a_stale_page_keeps_the_opinion_that_was_typed(world: World) -> None:
    form = scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    client = world.client(Role.COUNSELLOR)
    html = page(client, "console:recommendation", form.pk)
    user = scene.account_of(form.graduate)
    recommendations.withdraw(form_id=form.pk, by=user)
    answer = client.post(
        reverse("console:recommendation-recommend", args=[form.pk]),
        {"opinion": "同意推荐", "version": version_in(html)},
    )
    assert answer.status_code == 404, "a draft is the graduate's own"
    recommendations.submit(form_id=form.pk, by=user)
    answer = client.post(
        reverse("console:recommendation-recommend", args=[form.pk]),
        {"opinion": "辛苦写成的意见", "version": version_in(html)},
    )
    assert answer.status_code == 409
    assert "辛苦写成的意见" in answer.content.decode()
    assert "请核对最新内容后再办理" in answer.content.decode()


def test_returning_and_voiding_need_a_reason(world: World) -> None:
    form, valid = (scene.make_recommendation(world, s) for s in (S.WAITING_SCHOOL, S.VALID))
    client = world.client(Role.SCHOOL_ADMIN)
    address = reverse("console:recommendation-return", args=[form.pk])
    seen = {"version": scene.version_of(form)}
    assert client.post(address, seen | {"reason": ""}).status_code == 422
    assert client.post(address, seen | {"reason": "请补充成绩"}).status_code == 302
    assert "已退回：请补充成绩" in page(signed_in(form.graduate), "recommendation")
    assert client.get(reverse("console:recommendation", args=[form.pk])).status_code == 404
    address = reverse("console:recommendation-void", args=[valid.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "姓名有误"}).status_code == 302
    assert client.post(address, {"reason": "姓名有误"}).status_code == 409
    assert "姓名有误" in page(client, "console:recommendation", valid.pk)


def test_the_list_is_filtered_by_state_class_and_department(world: World) -> None:
    inside = scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    second = scene.make_recommendation(
        world, S.VALID, graduate=factories.make_graduate(world, school_class=1)
    )
    outside = scene.write_recommendation(factories.make_graduate(world, department=1))
    recommendations.submit(form_id=outside.pk, by=scene.account_of(outside.graduate))
    draft = scene.make_recommendation(world)
    links = {
        form.pk: reverse("console:recommendation", args=[form.pk])
        for form in (inside, second, outside, draft)
    }
    client, address = world.client(Role.SCHOOL_ADMIN), reverse("console:recommendations")

    def found(query: str, client: Client = client) -> set[int]:
        html = client.get(f"{address}?{query}").content.decode()
        return {pk for pk, link in links.items() if f'href="{link}?' in html}

    assert found("") == {inside.pk, second.pk, outside.pk}
    assert found("state=valid") == {second.pk}
    assert found("state=draft") in ({inside.pk, second.pk, outside.pk}, set())
    assert found(f"department={world.departments[1].pk}") == {outside.pk}
    of_class = f"department={world.departments[0].pk}&school_class={world.classes[0][1].pk}"
    assert found(of_class) == {second.pk}
    assert found("", world.client(Role.COUNSELLOR)) == {inside.pk, second.pk}
    assert found("", factories.make_world().client(Role.SCHOOL_ADMIN)) == set()


def test_picked_forms_get_one_opinion_and_one_seal(world: World) -> None:
    forms = [scene.make_recommendation(world, S.WAITING_DEPARTMENT) for _ in range(3)]
    other_class = scene.make_recommendation(
        world, S.WAITING_DEPARTMENT, graduate=factories.make_graduate(world, school_class=1)
    )
    outside = scene.write_recommendation(factories.make_graduate(world, department=1))
    recommendations.submit(form_id=outside.pk, by=scene.account_of(outside.graduate))
    client, address = world.client(Role.COUNSELLOR), reverse("console:recommendations-recommend")
    first = client.post(address, {"pick": [forms[0].pk, outside.pk, 2**40]})
    html = first.content.decode()
    assert "将办理 1 份，共选 1 份" in html
    assert outside.graduate.name not in html
    html = client.post(address, {"pick": [form.pk for form in forms]}).content.decode()
    assert "将办理 3 份，共选 3 份" in html
    seen = re.findall(r'name="seen" value="([^"]+)"', html)
    recommendations.withdraw(form_id=forms[1].pk, by=scene.account_of(forms[1].graduate))
    long = client.post(address, {"sure": "1", "seen": seen, "opinion": "好" * 201})
    assert long.status_code == 422
    assert "好" * 201 in long.content.decode()
    stranger = f"{outside.pk}:{scene.version_of(outside)}"
    done = client.post(
        address, {"sure": "1", "seen": [*seen, stranger, "x:y", ":"], "opinion": "同意推荐"}
    ).content.decode()
    assert "共 2 条，成功 2 条" in done
    assert outside.graduate.name not in done
    assert scene.read_form(outside.pk).state == S.WAITING_DEPARTMENT
    assert scene.read_form(other_class.pk).state == S.WAITING_DEPARTMENT
    assert scene.read_form(forms[1].pk).state == S.DRAFT
    again = client.post(address, {"sure": "1", "seen": seen, "opinion": "同意推荐"})
    assert "成功 0 条" in again.content.decode()
    school, seal = world.client(Role.SCHOOL_ADMIN), reverse("console:recommendations-seal")
    html = school.post(seal, {"pick": [f.pk for f in [*forms, other_class]]}).content.decode()
    assert "将办理 2 份，共选 3 份" in html
    seen = re.findall(r'name="seen" value="([^"]+)"', html)
    done = school.post(seal, {"sure": "1", "seen": seen, "opinion": "同意"}).content.decode()
    assert "共 2 条，成功 2 条" in done
    numbers = {scene.read_form(f.pk).serial for f in (forms[0], forms[2])}
    assert numbers == {1, 2}
    refused = client.post(seal, {"pick": [forms[0].pk]}).content.decode()
    assert "将办理 0 份" in refused


def test_lists_and_bulk_pages_cost_the_same_with_more_rows(world: World) -> None:
    client, address = world.client(Role.COUNSELLOR), reverse("console:recommendations")

    def cost() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    few = cost()
    for _ in range(4):
        scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    assert cost() == few


def test_the_badge_counts_what_waits_for_this_person(world: World) -> None:
    scene.make_recommendation(world, S.WAITING_DEPARTMENT)
    for _ in range(2):
        scene.make_recommendation(world, S.WAITING_SCHOOL)
    (item,) = [
        i for i in counted_items(world.school_admin) if i.url_name == "console:recommendations"
    ]
    for user, count in ((world.counsellor, 1), (world.school_admin, 2)):
        assert waiting_count(item, user) == count
    assert waiting_count(item, factories.make_world().school_admin) == 0


# --- the public -------------------------------------------------------------------------------


def test_the_qr_address_shows_the_masked_name_and_the_state_only(world: World) -> None:
    graduate = factories.make_graduate(world, name="试测同学")
    form = scene.make_recommendation(world, S.VALID, graduate=graduate)
    public = Client()
    html = page(public, "recommendation-verify", form.token)
    for shown in ("试***", world.school.name, "计算机科学与技术", "有效"):
        assert shown in html
    secret = (graduate.name, graduate.student_no, form.number, graduate.mobile, "甲学院",
              TYPED["studies"], graduate.person.id_number)  # fmt: skip
    for word in secret:
        assert word not in html, word
        assert word not in reverse("recommendation-verify", args=[form.token])
    recommendations.void(form_id=form.pk, reason="专业有误", by=world.school_admin)
    html = page(public, "recommendation-verify", form.token)
    assert "已作废" in html
    assert "专业有误" not in html


def test_an_unknown_token_and_an_unsealed_form_give_the_same_answer(world: World) -> None:
    scene.make_recommendation(world, S.WAITING_SCHOOL)
    form = scene.make_recommendation(world, S.VALID)
    token = str(form.token)
    public = Client()
    for guess in ("x", "0" * 43, token.swapcase(), f"{token}0", str(form.pk), "试"):
        answer = public.get(reverse("recommendation-verify", args=[guess]))
        assert answer.status_code == 404
        assert "没有查到这份推荐表，不能确认有效" in answer.content.decode()


def test_many_looks_from_one_address_are_slowed_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(public_recommendation, "_MOST_LOOKS", 2)
    form = scene.make_recommendation(world, S.VALID)
    public, address = Client(), reverse("recommendation-verify", args=[form.token])
    assert [public.get(address).status_code for _ in range(3)] == [200, 200, 429]


def test_a_download_is_recorded(world: World) -> None:
    form = scene.make_recommendation(world, S.VALID)
    answer = signed_in(form.graduate).get(reverse("recommendation-pdf", args=[form.pk]))
    assert answer["Content-Type"] == "application/pdf"
    assert "%E5" in answer["Content-Disposition"] or form.number in answer["Content-Disposition"]
    event = Event.objects.get(action="recruiting.print_recommendation")
    assert event.actor_id == signing.account_of(form.graduate).pk
