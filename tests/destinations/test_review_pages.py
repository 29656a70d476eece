"""The review queue, the review page, bulk review, and the figures with the lists they link to."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from destinations import reports
from destinations.actions import enter, register, review
from destinations.models import Destination, DestinationEvent
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import CONTRACT, SEEKING, World, client_of, destination_of, make_world

pytestmark = pytest.mark.django_db
QUEUE = "/console/destinations/queue/"


def registered(world: World, **changes: Any) -> Graduate:
    """A graduate whose registration waits for review."""
    graduate = factories.make_graduate(world, **changes)
    factories.register_contract(graduate, factories.activate(graduate))
    return graduate


def numbers(page: str) -> list[str]:
    return re.findall(r"S20\d{2}\d{5}", re.sub(r"<(title|h1).*?</\1>", "", page, flags=re.S))


def act(client: Client, graduate: Graduate, action: str, **typed: Any):
    typed = {"version": destination_of(graduate).version} | typed
    return client.post(f"/console/destinations/{graduate.pk}/{action}/", typed)


# --- queue and workspace --------------------------------------------------------------------------


def test_the_queue_shows_the_oldest_of_the_users_scope_first(world: World) -> None:
    first, second = registered(world), registered(world)
    hidden = registered(world, department=1)
    foreign = registered(make_world())
    factories.make_graduate(world)  # has not registered
    page = world.client(Role.COUNSELLOR).get(QUEUE).content.decode()
    assert numbers(page) == [first.student_no, second.student_no]
    page = world.client(Role.SCHOOL_ADMIN).get(QUEUE).content.decode()
    assert numbers(page) == [first.student_no, second.student_no, hidden.student_no]
    assert foreign.student_no not in page


def test_a_destination_that_the_department_approved_waits_only_for_the_school(world: World) -> None:
    graduate = registered(world)
    review.approve(graduate_id=graduate.pk, by=world.counsellor)
    for role, waits in ((Role.DEPARTMENT_ADMIN, False), (Role.SCHOOL_ADMIN, True)):
        page = world.client(role).get(QUEUE).content.decode()
        assert (graduate.student_no in page) == waits
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    page = world.client(Role.SCHOOL_ADMIN).get(QUEUE).content.decode()
    assert graduate.student_no not in page
    assert "没有等待审核的去向" in page


def test_the_menu_counts_the_queue(world: World) -> None:
    registered(world)
    registered(world, department=1)
    for role, count in ((Role.COUNSELLOR, "1"), (Role.SCHOOL_ADMIN, "2")):
        page = world.client(role).get("/console/counts/").content.decode()
        assert re.search(rf">\s*{count}\s*<", page)


def test_the_review_page_shows_values_evidence_and_warnings(world: World) -> None:
    graduate = registered(world)
    image = graduate.evidence.get()
    page = world.client(Role.COUNSELLOR).get(f"/console/destinations/{graduate.pk}/")
    text = page.content.decode()
    assert f"/console/evidence/{image.pk}/" in text
    assert CONTRACT["unit_name"] in text
    assert "单位名称与合同一致" in text  # from the rule of the category
    assert set(page.context["can"]) == {"enter", "approve", "reject", "propose_release"}


def test_a_registration_cannot_be_taken_back_once_staff_opened_it(world: World) -> None:
    graduate = registered(world)
    province = world.client(Role.PROVINCE)
    province.get(f"/console/destinations/{graduate.pk}/")
    assert (
        destination_of(graduate).opened_at is None
    )  # the page of somebody who may not review does not count as opening
    world.client(Role.COUNSELLOR).get(f"/console/destinations/{graduate.pk}/")
    assert destination_of(graduate).opened_at is not None


def test_values_changed_by_the_last_submission_are_marked(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.register_contract(graduate, user, unit_name="先前公司")
    review.reject(graduate_id=graduate.pk, reason="名称不符", by=world.counsellor)
    factories.register_contract(graduate, user, unit_name="后来公司")
    page = world.client(Role.COUNSELLOR).get(f"/console/destinations/{graduate.pk}/")
    changed = [v for v in page.context["values"] if v["changed"]]
    assert [(v["key"], v["words"], v["old"]) for v in changed] == [
        ("unit_name", "后来公司", "先前公司")
    ]


def test_approving_leads_to_the_next_destination(world: World) -> None:
    first, second, third = registered(world), registered(world), registered(world)
    client = world.client(Role.COUNSELLOR)
    page = client.get(f"/console/destinations/{second.pk}/")
    assert (page.context["previous"], page.context["following"]) == (first.pk, third.pk)
    assert act(client, second, "approve")["Location"] == f"/console/destinations/{third.pk}/"
    assert destination_of(second).state == "department_approved"
    page = client.get(f"/console/destinations/{first.pk}/")
    assert (page.context["previous"], page.context["following"]) == (None, third.pk)
    response = act(client, third, "reject", reason="缺盖章")
    assert response["Location"] == f"/console/destinations/{third.pk}/"  # there is no next one
    assert (destination_of(third).state, destination_of(third).reason) == ("rejected", "缺盖章")


def test_rejecting_without_a_reason_is_refused(world: World) -> None:
    graduate = registered(world)
    response = act(world.client(Role.COUNSELLOR), graduate, "reject", reason=" ")
    assert response.status_code == 409
    assert "请填写理由" in response.content.decode()
    assert destination_of(graduate).state == "pending"


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_the_second_of_two_reviewers_is_told(action: str, world: World) -> None:
    graduate = registered(world)
    seen = destination_of(graduate).version
    review.approve(graduate_id=graduate.pk, by=world.department_admin)
    response = act(
        world.client(Role.SCHOOL_ADMIN), graduate, action, version=seen, reason="我写的理由"
    )
    page = response.content.decode()
    assert response.status_code == 409
    assert f"{world.staff[Role.DEPARTMENT_ADMIN].label}已于" in page
    assert "您的操作没有执行" in page
    if action == "reject":
        assert "我写的理由" in page  # what was typed is shown again
    assert destination_of(graduate).state == "department_approved"


@pytest.mark.parametrize("version", ["", "0", "abc", "²", "-1", "9" * 40])
def test_a_wrong_version_is_refused_as_outdated(version: str, world: World) -> None:
    graduate = registered(world)
    response = act(world.client(Role.COUNSELLOR), graduate, "approve", version=version)
    assert response.status_code == 409
    assert destination_of(graduate).state == "pending"


def test_releasing_a_destination_changed_meanwhile_is_refused(world: World) -> None:
    graduate = registered(world)
    seen = destination_of(graduate).version
    review.approve(graduate_id=graduate.pk, by=world.school_admin)
    response = world.client(Role.COUNSELLOR).post(
        f"/console/destinations/{graduate.pk}/release/",
        {"reason": "解约", "version": seen, "images": io.BytesIO(factories.make_photo())},
    )
    assert response.status_code == 409
    assert destination_of(graduate).release_proposed_at is None


def test_entering_over_a_destination_changed_meanwhile_is_refused(world: World) -> None:
    graduate = factories.make_graduate(world)
    seen = destination_of(graduate).version
    enter.enter(graduate_id=graduate.pk, typed=SEEKING, by=world.school_admin)
    path = f"/console/destinations/{graduate.pk}/enter/"
    response = world.client(Role.SCHOOL_ADMIN).post(path, {**CONTRACT, "version": seen})
    assert response.status_code == 422
    assert "您的操作没有执行" in response.content.decode()
    assert destination_of(graduate).category == "70-2"


def test_an_unknown_action_does_nothing(world: World) -> None:
    graduate = registered(world)
    response = act(world.client(Role.COUNSELLOR), graduate, "sign")
    assert response.status_code == 302
    assert destination_of(graduate).state == "pending"


# --- bulk -----------------------------------------------------------------------------------------


def picks(*graduates: Graduate) -> dict[str, Any]:
    return {"pick": [str(g.pk) for g in graduates]}


def confirmed(preview: Any) -> dict[str, Any]:
    """The fields that the form of the preview sends."""
    seen = re.findall(r'name="seen" value="([^"]*)"', preview.content.decode())
    return {"seen": seen, "action": preview.context["action"], "sure": "1"}


def test_a_bulk_review_shows_a_preview_and_then_a_result_for_each_row(world: World) -> None:
    one, two, done = registered(world), registered(world), registered(world)
    hidden, foreign = registered(world, department=1), registered(make_world())
    bare = factories.make_graduate(world)
    review.approve(graduate_id=done.pk, by=world.counsellor)
    client, path = world.client(Role.COUNSELLOR), "/console/destinations/review/"
    picked = picks(one, two, done, hidden, foreign, bare)
    preview = client.post(path, picked | {"action": "approve"})
    page = preview.content.decode()
    assert preview.context["able"] == 2
    shown = [r.graduate_id for r in preview.context["rows"]]
    assert shown == sorted(g.pk for g in (one, two, done, bare))
    assert "待审核 → 初审通过" in page
    assert "不能通过" in page
    for absent in (hidden, foreign):
        assert absent.name not in page
    assert destination_of(one).state == "pending"  # the preview changes nothing

    # Somebody else reviews the second one between preview and confirmation.
    review.reject(graduate_id=two.pk, reason="不符", by=world.department_admin)
    result = client.post(path, confirmed(preview))
    answers = {r.graduate_id: (r.ok, r.message) for r in result.context["results"]}
    late, why = answers.pop(two.pk)
    assert not late
    assert re.match("试用院系管理员.*“不通过”，现为“审核不通过”。您的操作没有执行", why)
    assert answers == {
        one.pk: (True, "初审通过"),
        done.pk: (False, "当前状态为“初审通过”，不能通过。"),
        bare.pk: (False, "当前状态为“未提交”，不能通过。"),
    }
    assert [destination_of(g).state for g in (one, two, done, hidden, foreign, bare)] == [
        "department_approved", "rejected", "department_approved", "pending", "pending",
        "unsubmitted",
    ]  # fmt: skip


def test_a_bulk_rejection_needs_a_reason(world: World) -> None:
    one, two = registered(world), registered(world)
    client, path = world.client(Role.SCHOOL_ADMIN), "/console/destinations/review/"
    typed = confirmed(client.post(path, picks(one, two) | {"action": "reject"}))
    result = client.post(path, typed)
    assert [(r.ok, r.message) for r in result.context["results"]] == [(False, "请填写理由。")] * 2
    result = client.post(path, typed | {"reason": "缺盖章"})
    assert [r.ok for r in result.context["results"]] == [True, True]
    events = DestinationEvent.objects.filter(graduate_id__in=[one.pk, two.pk], action="reject")
    assert {e.reason for e in events} == {"缺盖章"}


def test_a_bulk_review_ignores_picks_that_are_no_numbers(world: World) -> None:
    client, path = world.client(Role.COUNSELLOR), "/console/destinations/review/"
    odd = ["x", "²", "-1", str(2**70), "", "1:", ":1", "1:2:3", "1:x"]
    response = client.post(path, {"pick": odd, "action": "approve"})
    assert (response.status_code, response.context["rows"]) == (200, [])
    response = client.post(path, {"seen": odd, "action": "approve", "sure": "1"})
    assert (response.status_code, response.context["results"]) == (200, [])


def test_a_bulk_review_skips_versions_that_the_preview_did_not_show(world: World) -> None:
    """A registration submitted after the preview is another version."""
    one, two = registered(world), registered(world)
    client, path = world.client(Role.COUNSELLOR), "/console/destinations/review/"
    typed = confirmed(client.post(path, picks(one, two) | {"action": "approve"}))
    user = Graduate.objects.get(pk=one.pk).person.user
    assert user is not None
    register.take_back(graduate_id=one.pk, by=user)
    factories.register_contract(one, user)
    result = client.post(path, typed)
    answers = {r.graduate_id: (r.ok, r.message) for r in result.context["results"]}
    assert answers[two.pk] == (True, "初审通过")
    assert not answers[one.pk][0]
    assert "您的操作没有执行" in answers[one.pk][1]
    assert destination_of(one).state == "pending"


# --- figures --------------------------------------------------------------------------------------


def study(world: World) -> dict[str, Graduate]:
    """Ten graduates, whose rates the test below has worked out by hand."""
    admin, adviser = world.school_admin, world.counsellor
    names = "contract waiting refused seeking startup study bare inactive flexible away".split()
    people = {n: factories.make_graduate(world, department=i % 2) for i, n in enumerate(names)}
    unit = {k: v for k, v in CONTRACT.items() if k != "category"}

    def entered(name: str, typed: dict[str, str]) -> None:
        enter.enter(graduate_id=people[name].pk, typed=typed, by=admin)

    entered("contract", dict(CONTRACT))
    factories.register_contract(people["waiting"], factories.activate(people["waiting"]))
    factories.register_contract(people["refused"], factories.activate(people["refused"]))
    review.reject(graduate_id=people["refused"].pk, reason="不符", by=adviser)
    entered("seeking", dict(SEEKING))
    entered("startup", {"category": "751", **unit})
    entered("study", {"category": "801", **unit, "admitted_major": "软件工程"})
    entered("inactive", {"category": "71"})
    entered("flexible", {"category": "76", "occupation": "写作", "monthly_wage": "9000", **unit})
    entered("away", dict(CONTRACT))
    Graduate.objects.filter(pk=people["away"].pk).update(standing="withdrawn")
    return people


# Nine are 在籍. Those who are not approved count as 待就业, whatever they registered.
EXPECTED = {
    "employed_rate": {"contract", "startup", "study", "flexible"},
    "contract_rate": {"contract"},
    "startup_rate": {"startup"},
    "flexible_rate": {"flexible"},
    "study_rate": {"study"},
    "seeking_rate": {"waiting", "refused", "seeking", "bare"},
    "inactive_rate": {"inactive"},
    "registered": {"contract", "waiting", "startup", "study", "flexible"},
}


def test_rates_worked_out_by_hand(world: World) -> None:
    study(world)
    whole = reports.total_row(reports.rate_table(rows_of(world), by="department"))
    assert whole.total == 9
    assert whole.counts == {key: len(names) for key, names in EXPECTED.items()}
    assert whole.percent("employed_rate") == 44.44
    assert whole.percent("seeking_rate") == 44.44
    assert whole.percent("inactive_rate") == 11.11
    parts = ("contract_rate", "startup_rate", "flexible_rate", "study_rate")
    assert sum(whole.counts[p] for p in parts) == whole.counts["employed_rate"]


def rows_of(world: World) -> Any:
    return Destination.objects.filter(school=world.school)


def test_incomplete_studies_are_counted_as_the_cohorts_setting_says(world: World) -> None:
    people = study(world)
    Graduate.objects.filter(pk=people["contract"].pk).update(conclusion="J")
    assert incomplete_codes() == "J"
    world.cohort.count_incomplete = True
    world.cohort.save()
    assert reports.total_row(reports.rate_table(rows_of(world), by="department")).total == 9
    world.cohort.count_incomplete = False
    world.cohort.save()
    whole = reports.total_row(reports.rate_table(rows_of(world), by="department"))
    assert (whole.total, whole.counts["employed_rate"]) == (8, 3)


def incomplete_codes() -> str:
    from codes import lookup

    return lookup.table("graduation_conclusion").by_text["结业"]


@pytest.mark.parametrize("by", ["department", "major"])
@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.DEPARTMENT_ADMIN, Role.PROVINCE])
def test_every_rate_links_to_the_list_of_what_it_counts(role: str, by: str, world: World) -> None:
    people = study(world)
    # A major with two names, and a second school, which must be counted apart.
    Graduate.objects.filter(pk=people["study"].pk).update(major_name="计算机科学")
    study(make_world())
    client = world.client(role)
    page = client.get("/console/figures/", {"by": by})
    wrong = []
    head, table = page.content.decode().split('class="table grid"')
    for row, html in zip(
        page.context["rows"], re.findall(r"<tr.*?</tr>", table, re.S)[1:], strict=True
    ):
        links = [unescape(h) for h in re.findall(r'<a\s+href="([^"]+)"', html)]
        expected = [row.total, *[n for _, n, _ in row.cells()]]
        wrong += mismatches(client, links, expected, row.label)
    links = [unescape(h) for h in re.findall(r'href="(/console/destinations/\?[^"]+)"', head)]
    whole = page.context["whole"]
    settled, *parts = (n for _, n, _ in whole.cells())
    wrong += mismatches(
        client, links, [settled, settled, whole.total, *parts], "headline and parts"
    )
    assert wrong == []


def mismatches(client: Client, links: list[str], expected: list[int], label: str) -> list[str]:
    assert len(links) == len(expected)
    found = []
    for link, count in zip(links, expected, strict=True):
        listed = client.get(link).context["page"].count
        if listed != count:
            found.append(f"{label}: {link} lists {listed} of {count}")
    return found


def test_the_list_of_a_figure_names_the_right_people(world: World) -> None:
    people = study(world)
    client = world.client(Role.SCHOOL_ADMIN)
    for key, names in EXPECTED.items():
        page = client.get("/console/destinations/", {"rate": key}).content.decode()
        assert set(numbers(page)) == {people[n].student_no for n in names}, key


def test_figures_count_only_graduates_in_the_scope(world: World) -> None:
    study(world)
    page = world.client(Role.COUNSELLOR).get("/console/figures/")
    assert page.context["whole"].total == 5
    assert page.context["whole"].counts["employed_rate"] == 3


def test_figures_without_graduates_say_so(world: World) -> None:
    page = world.client(Role.SCHOOL_ADMIN).get("/console/figures/")
    assert "还没有可统计的毕业生" in page.content.decode()


def test_a_graduate_sees_the_reason_of_a_rejection(world: World) -> None:
    """The pages show the state and the reason."""
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    register.register(graduate_id=graduate.pk, typed=SEEKING, by=user)
    review.reject(graduate_id=graduate.pk, reason="请补充", by=world.counsellor)
    client = client_of(user)
    page = client.get("/destination/").content.decode()
    assert "审核不通过" in page
    assert "请补充" in page
