"""The staff's pages of postings: the list, the review of one posting, approval of many."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from recruiting.actions import posting_review, postings
from recruiting.contributions import CONTRIBUTIONS
from recruiting.models import Posting, ReviewingSchool
from recruiting.states import PostingState
from schools.roles import Role
from schools.waiting import waiting_count
from tests import factories
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.make_world()


def waiting(**changes: Any) -> Posting:
    return scene.make_posting(scene.make_recruiter(), PostingState.WAITING, **changes)


def see(world: World, posting: Posting, role: str = Role.PROVINCE) -> Any:
    return world.client(role).get(reverse("console:posting", args=[posting.pk]))


def take(
    world: World, posting: Posting, action: str, role: str = Role.PROVINCE, **typed: Any
) -> Any:
    address = reverse("console:posting-step", args=[posting.pk, action])
    return world.client(role).post(address, {"version": posting.version} | typed)


def listed(world: World, role: str = Role.PROVINCE, **query: str) -> str:
    return world.client(role).get(reverse("console:postings"), query).content.decode()


def test_the_list_shows_what_a_reviewer_decides_by(world: World) -> None:
    posting = waiting(title="测试岗位甲", requirements="年龄18-30岁")
    page = listed(world)
    for words in ("测试岗位甲", posting.unit.name, "全省", "6000–9000元/月", "待审核"):
        assert words in page
    assert f'value="{posting.pk}:{posting.version}"' in page


def test_the_list_without_postings_says_what_will_appear(world: World) -> None:
    assert "用人单位提交职位后会出现在这里。" in listed(world)


def test_the_list_narrows_to_what_waits_for_this_reviewer(world: World) -> None:
    member = scene.make_recruiter()
    ours = (world.school.pk,)
    scene.make_posting(member, PostingState.WAITING, title="面向本校岗位", school_ids=ours)
    scene.make_posting(member, PostingState.WAITING, title="面向全省岗位")
    shown = scene.make_posting(member, PostingState.PUBLISHED, by=world, title="已经发布岗位",
                               school_ids=ours)  # fmt: skip
    page = listed(world, Role.SCHOOL_ADMIN, state="mine")
    assert "面向本校岗位" in page
    assert "面向全省岗位" not in page
    assert "已经发布岗位" not in page
    postings.revise(posting_id=shown.pk, by=member,
                    typed=scene.typed_posting(title="改名以后岗位"))  # fmt: skip
    assert "已经发布岗位" in listed(world, Role.SCHOOL_ADMIN, state="mine")
    ReviewingSchool.objects.create(school=world.school, by="试用省级")
    assert "面向全省岗位" in listed(world, Role.SCHOOL_ADMIN, state="mine")


def test_the_list_narrows_to_a_unit_a_state_and_a_kind_of_work(world: World) -> None:
    waiting(title="全职岗位甲")
    other = waiting(title="实习岗位乙", work_kind="2")
    assert "全职岗位甲" not in listed(world, work_kind="2")
    assert "实习岗位乙" in listed(world, work_kind="2")
    assert "全职岗位甲" not in listed(world, state=PostingState.PUBLISHED)
    assert "实习岗位乙" in listed(world, q=other.unit.name)


def test_the_menu_counts_what_waits(world: World) -> None:
    waiting()
    item = next(i for i in CONTRIBUTIONS.console_menu if i.label == "职位审核")
    assert waiting_count(item, world.user(Role.PROVINCE)) == 1
    assert waiting_count(item, world.school_admin) == 0


def test_the_page_shows_the_content_and_the_warnings_with_their_article(world: World) -> None:
    posting = waiting(contract_years="1", probation_months="6")
    page = see(world, posting).content.decode()
    for words in (scene.DUTIES, posting.unit.code, "劳动合同法第十九条", "退回修改"):
        assert words in page


def test_the_page_shows_a_change_beside_the_present_text(world: World) -> None:
    member = scene.make_recruiter()
    posting = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    changed = postings.revise(
        posting_id=posting.pk, by=member, typed=scene.typed_posting(title="高级工程师")
    )
    page = see(world, changed).content.decode()
    assert "等待审核的修改" in page
    assert page.index('<td class="wrap">软件开发工程师') < page.index('<td class="wrap">高级工程师')
    take(world, changed, "approve")
    changed.refresh_from_db()
    assert changed.title == "高级工程师"


def test_what_a_unit_typed_is_escaped(world: World) -> None:
    posting = waiting()
    Posting.objects.filter(pk=posting.pk).update(
        title="<b>岗位</b>", duties="<script>x</script> https://example.com/"
    )
    for page in (see(world, posting).content.decode(), listed(world)):
        assert "<b>岗位" not in page
        assert "<script>x" not in page
        assert 'href="https://example.com' not in page


def test_an_approval_leads_to_the_next_one_that_waits_and_then_to_the_list(world: World) -> None:
    first, second = waiting(), waiting()
    response = take(world, first, "approve")
    assert response["Location"] == reverse("console:posting", args=[second.pk])
    first.refresh_from_db()
    assert first.state == PostingState.PUBLISHED
    assert take(world, second, "approve")["Location"] == reverse("console:postings")


def test_a_double_click_approves_once(world: World) -> None:
    posting = waiting()
    take(world, posting, "approve")
    again = take(world, posting, "approve")
    assert again.status_code == 409
    assert "状态已变化" in again.content.decode()


@pytest.mark.parametrize("action", ["return", "take-down"])
def test_a_missing_reason_is_said_beside_the_field(world: World, action: str) -> None:
    state = PostingState.WAITING if action == "return" else PostingState.PUBLISHED
    posting = scene.make_posting(scene.make_recruiter(), state, by=world)
    response = take(world, posting, action, reason=" ")
    page = response.content.decode()
    assert response.status_code == 422
    assert response.context["form"].errors["reason"] == ["请填写原因，单位会看到。"]
    assert "请填写原因，单位会看到。" in page
    posting.refresh_from_db()
    assert posting.state == state


def test_a_reason_that_is_too_long_is_kept_with_the_error_beside_it(world: World) -> None:
    posting = waiting()
    response = take(world, posting, "return", reason="长" * 301)
    assert response.status_code == 422
    assert "reason" in response.context["form"].errors
    assert "长" * 301 in response.content.decode()


def test_what_was_typed_is_kept_when_somebody_else_changed_the_posting(world: World) -> None:
    posting = waiting()
    Posting.objects.filter(pk=posting.pk).update(version=posting.version + 1)
    response = take(world, posting, "return", reason="请核实薪酬")
    page = response.content.decode()
    assert response.status_code == 409
    assert "请核实薪酬" in page
    # The page shows the present text, so the next click is about that.
    assert f'name="version" value="{posting.version + 1}"' in page


def test_a_returned_posting_is_the_units_again(world: World) -> None:
    posting = waiting()
    assert take(world, posting, "return", reason="请核实薪酬").status_code == 302
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (PostingState.RETURNED, "请核实薪酬")
    assert see(world, posting).status_code == 404


def test_a_posting_is_taken_down_and_restored(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    take(world, posting, "take-down", reason="虚假宣传")
    posting.refresh_from_db()
    assert posting.state == PostingState.TAKEN_DOWN
    assert "虚假宣传" in see(world, posting).content.decode()
    take(world, posting, "restore")
    posting.refresh_from_db()
    assert posting.state == PostingState.PUBLISHED


def test_a_school_hides_a_posting_from_its_own_graduates_and_shows_it_again(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    take(world, posting, "hide", Role.SCHOOL_ADMIN)
    posting.refresh_from_db()
    assert posting.hidden_from == [world.school.pk]
    assert "恢复显示" in see(world, posting, Role.SCHOOL_ADMIN).content.decode()
    take(world, posting, "show", Role.SCHOOL_ADMIN)
    posting.refresh_from_db()
    assert posting.hidden_from == []
    assert take(world, posting, "hide", Role.PROVINCE).status_code == 403


def test_a_school_that_may_not_review_for_the_province_reads_why(world: World) -> None:
    posting = waiting()
    page = see(world, posting, Role.SCHOOL_ADMIN).content.decode()
    assert "面向全省的职位由省级或受托的学校审核。" in page
    assert 'data-key="approve"' not in page
    assert take(world, posting, "approve", Role.SCHOOL_ADMIN).status_code == 409
    posting.refresh_from_db()
    assert posting.state == PostingState.WAITING


def test_another_schools_posting_is_not_found(world: World) -> None:
    posting = waiting(school_ids=(factories.make_school().pk,))
    assert see(world, posting, Role.SCHOOL_ADMIN).status_code == 404
    assert take(world, posting, "approve", Role.SCHOOL_ADMIN).status_code == 404


def test_a_step_that_does_not_exist_is_not_found(world: World) -> None:
    assert take(world, waiting(), "delete").status_code == 404


def test_a_counsellor_opens_none_of_the_pages(world: World) -> None:
    posting = waiting()
    assert see(world, posting, Role.COUNSELLOR).status_code == 403
    assert take(world, posting, "approve", Role.COUNSELLOR).status_code == 403
    client = world.client(Role.COUNSELLOR)
    assert client.get(reverse("console:postings")).status_code == 403
    assert client.post(reverse("console:postings-approve")).status_code == 403


def approve_many(world: World, picked: list[str], role: str = Role.PROVINCE) -> str:
    address = reverse("console:postings-approve")
    return world.client(role).post(address, {"pick": picked}).content.decode()


def pick(posting: Posting) -> str:
    return f"{posting.pk}:{posting.version}"


def test_many_are_approved_and_each_is_answered(world: World) -> None:
    plain, warned, changed = waiting(), waiting(requirements="年龄18-30岁"), waiting()
    picked = [pick(plain), pick(warned), pick(changed), "x", "1:", ""]
    Posting.objects.filter(pk=changed.pk).update(version=changed.version + 1)
    page = approve_many(world, picked)
    assert "共 3 条，成功 1 条" in page
    assert "有提示的职位须逐个打开审核。" in page
    assert "<th>职位</th>" in page
    states = [Posting.objects.get(pk=p.pk).state for p in (plain, warned, changed)]
    assert states == [PostingState.PUBLISHED, PostingState.WAITING, PostingState.WAITING]


def test_a_guessed_id_shows_no_title_of_another_schools_posting(world: World) -> None:
    foreign = waiting(title="他校专属岗位", school_ids=(factories.make_school().pk,))
    draft = scene.make_posting(scene.make_recruiter(), title="还是草稿岗位")
    page = approve_many(world, [pick(foreign), pick(draft)], Role.SCHOOL_ADMIN)
    assert "他校专属岗位" not in page
    assert "还是草稿岗位" not in page
    assert "没有选择任何记录。" in page


def test_more_than_fifty_at_once_are_refused(world: World) -> None:
    first = waiting()
    Posting.objects.bulk_create(
        Posting(
            **{f.attname: getattr(first, f.attname)
               for f in Posting._meta.concrete_fields if f.attname != "id"}
        )
        for _ in range(posting_review.MOST_AT_ONCE)
    )  # fmt: skip
    page = approve_many(world, [pick(p) for p in Posting.objects.all()])
    assert "一次最多通过50个职位。" in page
    assert not Posting.objects.filter(state=PostingState.PUBLISHED).exists()
