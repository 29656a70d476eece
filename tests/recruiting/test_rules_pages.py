"""The province's pages of the rules of recruiting: what they change takes effect at once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Message
from core.errors import Conflict, DomainError, Invalid, NotPermitted
from core.models import Event
from recruiting import shipped_rules
from recruiting.actions import applications, posting_review, postings, rules
from recruiting.models import Application, Posting, RecruitingRules, ReviewingSchool, WordingRule
from recruiting.rules import wording
from recruiting.states import PauseCause, PostingState
from schools.models import School
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return factories.make_world()


def typed_rule(**changes: Any) -> dict[str, Any]:
    return {
        "label": "限定星座", "patterns": "处女座\n天蝎座*勿投", "harmless": "", "basis": "平台规则",
        "message": "请勿限定星座", "is_error": "on", "is_active": "on", "tried": "",
    } | changes  # fmt: skip


def post_rule(world: World, pk: int | None = None, do: str = "save", **changes: Any) -> Any:
    address = (
        reverse("console:wording-rule", args=[pk]) if pk else reverse("console:wording-rule-new")
    )
    typed = typed_rule(**changes) | {"do": do}
    if pk and "version" not in typed:
        typed["version"] = rules.version_of(WordingRule.objects.get(pk=pk))
    return world.client(Role.PROVINCE).post(address, typed)


def page(world: World, name: str, *args: Any) -> str:
    return world.client(Role.PROVINCE).get(reverse(name, args=args)).content.decode()


# --- checks of wording ------------------------------------------------------------------------


def test_the_list_shows_every_rule_with_its_level_and_who_edited_it(world: World) -> None:
    shown = page(world, "console:recruiting-rules")
    for words in (
        "限定院校层次",
        "妇女权益保障法第四十三条",
        "不得发布",
        "提示",
        "平台自带",
        "启用",
    ):
        assert words in shown
    rule = WordingRule.objects.get(key="age")
    post_rule(world, rule.pk, label="年龄")
    shown = page(world, "console:recruiting-rules")
    assert world.user(Role.PROVINCE).label in shown
    assert timezone.localdate().isoformat() in shown


def test_without_rules_the_list_says_what_to_do(world: World) -> None:
    WordingRule.objects.all().delete()
    assert "还没有用语规则" in page(world, "console:recruiting-rules")


def test_a_new_rule_is_asked_at_once_and_logged(world: World) -> None:
    assert wording.check_wording({"duties": "处女座优先"}) == []
    assert post_rule(world).status_code == 302
    found = wording.check_wording({"duties": "处女座优先"})
    assert [(w.found, w.is_error, w.message) for w in found] == [("处女座", True, "请勿限定星座")]
    draft = scene.make_posting(scene.make_recruiter(), duties="天蝎座的朋友勿投")
    with pytest.raises(Invalid) as refusal:
        postings.submit(posting_id=draft.pk, by=draft.member)
    assert "请勿限定星座" in refusal.value.errors["duties"][0]
    rule = WordingRule.objects.get(label="限定星座")
    event = Event.objects.get(action="recruiting.save_wording_rule", object_id=rule.pk)
    assert event.data["changes"]["patterns"] == [None, ["处女座", "天蝎座*勿投"]]


def test_an_edit_is_logged_with_what_was_before_and_shown_on_the_page(world: World) -> None:
    post_rule(world)
    rule = WordingRule.objects.get(label="限定星座")
    post_rule(world, rule.pk, patterns="处女座\n白羊座", is_error="")
    event = Event.objects.filter(object_type="wordingrule", object_id=rule.pk).latest("pk")
    assert event.data["changes"] == {
        "patterns": [["处女座", "天蝎座*勿投"], ["处女座", "白羊座"]], "is_error": [True, False],
    }  # fmt: skip
    shown = page(world, "console:wording-rule", rule.pk)
    for words in (
        "增加“白羊座”",
        "去掉“天蝎座*勿投”",
        "不得发布：是 → 否",
        world.user(Role.PROVINCE).label,
    ):
        assert words in shown
    assert not wording.check_wording({"duties": "白羊座"})[0].is_error


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"label": " "}, "label", "请填写名称。"),
        ({"basis": ""}, "basis", "请填写依据。"),
        ({"message": "长" * 201}, "message", "提示不能超过200个字。"),
        ({"patterns": "\n \n"}, "patterns", "请填写要查的字词，每行一个。"),
        ({"patterns": "男\n限男"}, "patterns", "“男”太短"),
        ({"patterns": "*#*"}, "patterns", "“*#*”太短"),
        ({"patterns": "限*男*女*生*勿投"}, "patterns", "的“*”过多"),
        ({"patterns": "限**男"}, "patterns", "的“*”过多"),
        ({"patterns": "长" * 61}, "patterns", "每行不能超过60个字"),
        ({"patterns": "\n".join(f"字词{n:03d}" for n in range(301))}, "patterns", "最多300行，现在有301行"),
        ({"harmless": "座"}, "harmless", "“座”太短"),
        ({"harmless": "处女座"}, "harmless", "无害用语使“处女座”永远查不到"),
        ({"is_error": "", "may_justify": "on"}, "may_justify", "只有“不得发布”的规则"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(
    world: World, changes: dict[str, Any], field: str, words: str
) -> None:
    before = WordingRule.objects.count()
    response = post_rule(world, **changes)
    assert response.status_code == 422
    assert words in "".join(response.context["form"].errors[field])
    assert words in response.content.decode()
    assert WordingRule.objects.count() == before


def test_every_shipped_rule_may_be_saved_as_it_is(world: World) -> None:
    shipped_rules.load_wording_rules()
    refused = []
    for rule in WordingRule.objects.all():
        typed = {key: getattr(rule, key) for key in rules.WORDING_KEYS}
        typed |= {key: "\n".join(typed[key]) for key in ("patterns", "harmless")}
        version = rules.version_of(rule)
        try:
            rules.save_wording_rule(
                rule_id=rule.pk, typed=typed, version=version, by=world.user(Role.PROVINCE)
            )
        except DomainError as refusal:
            refused.append((rule.key, str(refusal)))
    assert refused == []
    assert not Event.objects.filter(action="recruiting.save_wording_rule").exists()


def test_a_text_is_tried_before_the_rule_is_saved(world: World) -> None:
    response = post_rule(world, do="try", tried="天蝎座请勿投，限男性，须交押金")
    shown = response.content.decode()
    assert response.status_code == 200
    for words in ("“天蝎座请勿投”：请勿限定星座", "其他启用的规则", "妇女权益保障法"):
        assert words in shown
    assert not WordingRule.objects.filter(label="限定星座").exists()
    missing = post_rule(world, do="try")
    assert missing.context["form"].errors["tried"] == ["请填写要试的文字。"]
    nothing = post_rule(world, do="try", tried="负责接口文档")
    assert "没有查到。" in nothing.content.decode()


def test_a_changed_rule_is_tried_as_typed_and_not_as_stored(world: World) -> None:
    rule = WordingRule.objects.get(key="sex")
    response = post_rule(world, rule.pk, do="try", tried="限男性")
    assert response.context["tried"]["own"] == []
    assert [w.rule for w in response.context["tried"]["others"]] == []


def test_a_text_is_tried_on_all_rules_in_force(world: World) -> None:
    client, address = world.client(Role.PROVINCE), reverse("console:recruiting-rules")
    shown = client.post(address, {"tried": "限男性，电话13912345678"}).content.decode()
    assert "“限男”" in shown
    assert "“13912345678”" in shown
    as_message = {"tried": "电话13912345678", "as_message": "on"}
    assert "没有查到问题" in client.post(address, as_message).content.decode()
    assert "请填写要试的文字" in client.post(address, {"tried": ""}).content.decode()


def test_markup_in_a_rule_and_in_a_tried_text_is_shown_as_text(world: World) -> None:
    post_rule(world, label="<b>粗</b>", patterns="<script>x", message="<i>不行</i>")
    rule = WordingRule.objects.latest("pk")
    response = post_rule(
        world, rule.pk, do="try", patterns="<script>x", tried="有<script>x</script>"
    )
    for shown in (response.content.decode(), page(world, "console:recruiting-rules")):
        assert "<b>粗" not in shown
        assert "<script>x" not in shown


def test_an_outdated_form_changes_nothing_and_keeps_what_was_typed(world: World) -> None:
    rule = WordingRule.objects.get(key="age")
    version = rules.version_of(rule)
    post_rule(world, rule.pk, label="第一个人", version=version)
    response = post_rule(world, rule.pk, label="第二个人", version=version)
    shown = response.content.decode()
    assert response.status_code == 409
    assert "其他人刚刚修改过" in shown
    assert 'value="第二个人"' in shown
    rule.refresh_from_db()
    assert rule.label == "第一个人"
    # The page has the present version, so that saving again is meant.
    assert f'name="version" value="{rules.version_of(rule)}"' in shown


def test_a_rule_is_switched_off_and_on_and_stays_a_shipped_one(world: World) -> None:
    rule = WordingRule.objects.get(key="sex")
    client, address = (
        world.client(Role.PROVINCE),
        reverse("console:wording-rule-turn", args=[rule.pk]),
    )
    client.post(address, {"active": "0"})
    assert wording.check_wording({"duties": "限男性"}) == []
    shipped_rules.load_wording_rules()
    rule.refresh_from_db()
    assert (rule.is_active, rule.edited_at) == (False, None)
    assert "启用：是 → 否" in page(world, "console:wording-rule", rule.pk)
    client.post(address, {"active": "1"})
    assert wording.check_wording({"duties": "限男性"})
    client.post(address, {"active": "1"})
    assert Event.objects.filter(object_type="wordingrule", object_id=rule.pk).count() == 2


def test_a_pattern_with_the_most_gaps_is_asked_quickly() -> None:
    slow = WordingRule(patterns=["人*人*人*狗"], harmless=[])
    started = datetime.datetime.now()
    wording.try_rule(slow, "人" * 2000)
    assert datetime.datetime.now() - started < datetime.timedelta(seconds=2)


# --- limits -----------------------------------------------------------------------------------


def typed_limits(**changes: Any) -> dict[str, Any]:
    return {
        "min_completeness": "60", "most_deliveries": "30", "most_postings": "20", "unread_days": "30",
        "silent_days": "60", "confirm_days": "60", "absences": "2", "hotline": "12333",
    } | changes  # fmt: skip


def post_limits(world: World, **changes: Any) -> Any:
    typed = {"version": rules.version_of(RecruitingRules.current())} | typed_limits(**changes)
    return world.client(Role.PROVINCE).post(reverse("console:recruiting-limits"), typed)


def test_the_page_shows_the_limits_in_force_with_their_units(world: World) -> None:
    shown = page(world, "console:recruiting-limits")
    for words in ("单位每天新增职位上限（个）", 'value="20"', "1至500", "没有修改过"):
        assert words in shown


def test_saved_limits_are_logged_with_what_was_before(world: World) -> None:
    assert post_limits(world, most_postings="3", post_review="on", hotline="").status_code == 302
    event = Event.objects.get(action="recruiting.set_limits")
    assert event.data["changes"] == {
        "post_review": [False, True], "most_postings": [20, 3], "hotline": ["12333", ""],
    }  # fmt: skip
    shown = page(world, "console:recruiting-limits")
    assert "单位每天新增职位上限：20 → 3" in shown
    assert "举报电话：12333 → 空" in shown
    post_limits(world, most_postings="3", post_review="on", hotline="")
    assert Event.objects.filter(action="recruiting.set_limits").count() == 1


@pytest.mark.parametrize("key", sorted(rules.LIMITS))
def test_a_limit_out_of_bounds_is_refused_beside_its_field(world: World, key: str) -> None:
    least, most = rules.LIMITS[key]
    for typed in (str(least - 1), str(most + 1), "", "三", "1.5"):
        response = post_limits(world, **{key: typed})
        assert response.status_code == 422, typed
        assert f"请填写{least}至{most}的整数。" in response.content.decode()
    assert not RecruitingRules.objects.exists()
    for typed in (str(least), str(most)):
        assert post_limits(world, **{key: typed}).status_code == 302


def test_a_hotline_without_a_number_is_refused(world: World) -> None:
    assert "请填写电话号码" in post_limits(world, hotline="请打电话").content.decode()
    assert "不能超过60个字" in post_limits(world, hotline="1" * 61).content.decode()


def test_limits_that_somebody_else_changed_meanwhile_are_not_overwritten(world: World) -> None:
    version = rules.version_of(RecruitingRules.current())
    post_limits(world, most_postings="3")
    response = post_limits(world, most_postings="4", version=version)
    assert response.status_code == 409
    assert 'value="4"' in response.content.decode()
    assert RecruitingRules.current().most_postings == 3
    with pytest.raises(Conflict):
        rules.set_limits(
            values={k: int(v) if v.isdigit() and k != "hotline" else v for k, v in typed_limits().items()}
            | {"post_review": False},
            version=version, by=world.user(Role.PROVINCE),
        )  # fmt: skip


def test_the_limit_of_new_postings_a_day_holds_at_once(world: World) -> None:
    post_limits(world, most_postings="1")
    member = scene.make_recruiter()
    scene.make_posting(member)
    with pytest.raises(DomainError) as refusal:
        scene.make_posting(member)
    assert refusal.value.message == "每个单位每天最多新增1个职位，请明天再试。"
    post_limits(world, most_postings="2")
    scene.make_posting(member)


def test_the_completeness_and_the_deliveries_a_day_hold_at_once(world: World) -> None:
    first, second = (
        scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
        for _ in range(2)
    )
    graduate = scene.make_applicant(world)
    post_limits(world, min_completeness="86")
    with pytest.raises(DomainError) as refusal:
        scene.apply(graduate, first)
    assert "86%" in refusal.value.message
    post_limits(world, min_completeness="85", most_deliveries="1")
    scene.apply(graduate, first)
    with pytest.raises(DomainError) as refusal:
        scene.apply(graduate, second)
    assert "1" in refusal.value.message


def test_the_days_until_an_application_lapses_hold_for_new_ones(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    old = scene.apply(scene.make_applicant(world), posting)
    post_limits(world, unread_days="7", silent_days="8")
    new = scene.apply(scene.make_applicant(world), posting)
    days = [(a.lapses_at - a.created_at).days for a in (old, new) if a.lapses_at]
    assert days == [30, 7]
    Application.objects.filter(pk=new.pk).update(lapses_at=timezone.now())
    applications.lapse_due()
    assert Application.objects.get(pk=new.pk).state == "lapsed"


def test_the_days_until_a_posting_is_confirmed_hold_at_once(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    week_ago = timezone.now() - datetime.timedelta(days=8)
    Posting.objects.filter(pk=posting.pk).update(confirmed_at=week_ago)
    assert postings.hold_unconfirmed() == 0
    post_limits(world, confirm_days="7")
    assert postings.hold_unconfirmed() == 1
    posting.refresh_from_db()
    assert posting.pause_causes == [PauseCause.UNCONFIRMED]


# --- schools that review for the province -----------------------------------------------------


def delegate(world: World, school: School) -> Any:
    address = reverse("console:reviewing-schools")
    return world.client(Role.PROVINCE).post(address, {"school": school.pk})


def test_a_delegated_school_reviews_the_provinces_postings_at_once_and_loses_it_again(
    world: World,
) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.WAITING, title="面向全省岗位")
    school, listing = world.client(Role.SCHOOL_ADMIN), reverse("console:postings")
    assert "面向全省岗位" not in school.get(listing, {"state": "mine"}).content.decode()
    assert delegate(world, world.school).status_code == 302
    assert "面向全省岗位" in school.get(listing, {"state": "mine"}).content.decode()
    remove = reverse("console:reviewing-school-remove", args=[world.school.pk])
    assert "data-confirm" in page(world, "console:reviewing-schools")
    world.client(Role.PROVINCE).post(remove)
    assert "面向全省岗位" not in school.get(listing, {"state": "mine"}).content.decode()
    step = reverse("console:posting-step", args=[posting.pk, "approve"])
    assert school.post(step, {"version": posting.version}).status_code == 409
    delegate(world, world.school)
    approved = posting_review.approve(
        posting_id=posting.pk, version=posting.version, by=world.school_admin
    )
    assert approved.state == PostingState.PUBLISHED


def test_the_school_is_told_of_both_and_both_are_logged(world: World) -> None:
    delegate(world, world.school)
    rules.remove_reviewing_school(school_id=world.school.pk, by=world.user(Role.PROVINCE))
    told = Message.objects.filter(to=f"school:{world.school.pk}").order_by("pk")
    assert [m.title for m in told] == [
        "省级委托贵校审核面向全省的职位", "省级已取消对贵校审核全省职位的委托",
    ]  # fmt: skip
    events = Event.objects.filter(object_type="reviewingschool", object_id=world.school.pk)
    assert [e.action for e in events.order_by("pk")] == [
        "recruiting.add_reviewing_school", "recruiting.remove_reviewing_school",
    ]  # fmt: skip


def test_a_school_that_can_not_be_delegated_is_refused_beside_the_field(world: World) -> None:
    address, client = reverse("console:reviewing-schools"), world.client(Role.PROVINCE)
    assert "没有委托学校" in client.get(address).content.decode()
    for typed in ("", "abc", str(2**40)):
        response = client.post(address, {"school": typed})
        assert response.status_code == 422, typed
        assert response.context["form"].errors["school"] == ["请选择学校。"]
    delegate(world, world.school)
    assert "已受委托" in delegate(world, world.school).content.decode()
    closed = factories.make_school()
    School.objects.filter(pk=closed.pk).update(is_open=False, closed_at=timezone.now())
    with pytest.raises(Invalid):
        rules.add_reviewing_school(school_id=closed.pk, by=world.user(Role.PROVINCE))
    assert [r.school_id for r in ReviewingSchool.objects.all()] == [world.school.pk]


def test_a_delegation_that_somebody_else_took_back_is_not_found(world: World) -> None:
    delegate(world, world.school)
    rules.remove_reviewing_school(school_id=world.school.pk, by=world.user(Role.PROVINCE))
    with pytest.raises(DomainError) as refusal:
        rules.remove_reviewing_school(school_id=world.school.pk, by=world.user(Role.PROVINCE))
    assert refusal.value.code == "not_delegated"
    remove = reverse("console:reviewing-school-remove", args=[world.school.pk])
    assert world.client(Role.PROVINCE).post(remove).status_code == 404


def test_only_the_province_changes_rules(world: World) -> None:
    rule = WordingRule.objects.earliest("pk")
    for role in (Role.SCHOOL_ADMIN, Role.COUNSELLOR):
        by = world.user(role)
        for call in (
            lambda by=by: rules.set_active(rule_id=rule.pk, active=False, by=by),
            lambda by=by: rules.save_wording_rule(
                rule_id=None, typed=typed_rule(), version="", by=by
            ),
            lambda by=by: rules.set_limits(values={}, version="", by=by),
            lambda by=by: rules.add_reviewing_school(school_id=world.school.pk, by=by),
            lambda by=by: rules.remove_reviewing_school(school_id=world.school.pk, by=by),
        ):
            with pytest.raises(NotPermitted):
                call()
