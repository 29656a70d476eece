"""The pages of findings, runs and rules."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from core import spreadsheets
from quality.models import Finding, Rule, Run
from quality.states import FindingState, RunState
from schools.roles import Role
from tests.factories import World, make_world
from tests.quality import scene

pytestmark = pytest.mark.django_db
S = FindingState
FINDINGS = "/console/quality/findings/"


def page(client: Client, path: str, **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200, response
    return response.content.decode()


def test_the_list_shows_the_scope_with_its_filters(world: World) -> None:
    other = make_world()
    mine, settled = scene.make_finding(world), scene.make_finding(world, S.TRUE, rule="burst")
    foreign = scene.make_finding(other)
    client = world.client(Role.SCHOOL_ADMIN)
    every = page(client, FINDINGS)
    assert f"{FINDINGS}{mine.pk}/" in every
    assert f"{FINDINGS}{settled.pk}/" in every
    assert f"{FINDINGS}{foreign.pk}/" not in every
    for query, shown in (
        ({"rule": "burst"}, settled), ({"state": "unsettled"}, mine), ({"state": "true"}, settled),
        ({"owner": "school"}, settled), ({"due": "week"}, mine),
        ({"department": str(world.departments[0].pk), "state": "open"}, mine),
    ):  # fmt: skip
        found = page(client, FINDINGS, **query)
        assert f"{FINDINGS}{shown.pk}/" in found, query
        assert f"{FINDINGS}{(settled if shown is mine else mine).pk}/" not in found, query


def test_a_finding_without_a_graduate_is_in_the_list(world: World) -> None:
    finding = scene.make_finding(world, rule="late_wave", evidence={"late": 3})
    Finding.objects.filter(pk=finding.pk).update(graduate=None)
    client = world.client(Role.SCHOOL_ADMIN)
    assert world.school.name in page(client, FINDINGS)
    shown = page(client, f"{FINDINGS}{finding.pk}/")
    assert "3人" in shown


def test_the_export_has_no_formulas_and_is_not_kept(world: World) -> None:
    scene.make_finding(world, sentence="=HYPERLINK(1)")
    response = world.client(Role.SCHOOL_ADMIN).get(FINDINGS, {"export": "1"})
    assert response.headers["Content-Type"] == spreadsheets.CONTENT_TYPE
    assert "no-store" in response.headers["Cache-Control"]


def test_the_page_of_a_finding_names_those_in_the_scope_and_counts_the_others(world: World) -> None:
    other = make_world()
    first, second, foreign = (
        scene.make_finding(w, subject="s" * 64, evidence={"contact": "13811112222", "count": 3})
        for w in (world, world, other)
    )
    shown = page(world.client(Role.SCHOOL_ADMIN), f"{FINDINGS}{first.pk}/")
    assert str(second.graduate) in shown
    assert str(foreign.graduate) not in shown
    assert "另有 1 条" in shown
    assert "138****2222" in shown
    assert "13811112222" not in shown


def test_pictures_stand_side_by_side_within_the_scope(world: World) -> None:
    other = make_world()
    graduates = [scene.make_job(w) for w in (world, world, other)]
    rows = [scene.show_picture(g, b"one picture") for g in graduates]
    scene.run(world)
    finding = Finding.objects.get(rule="file_same", graduate=graduates[0])
    shown = page(world.client(Role.SCHOOL_ADMIN), f"{FINDINGS}{finding.pk}/")
    addresses = [reverse("console:evidence", args=[row.pk]) for row in rows]
    assert [a in shown for a in addresses] == [True, True, False]
    assert "另有 1 张" in shown


def test_steps_are_taken_on_the_page_and_refusals_stand_beside_the_field(world: World) -> None:
    finding = scene.make_finding(world)
    client = world.client(Role.DEPARTMENT_ADMIN)
    address = f"{FINDINGS}{finding.pk}/"
    refused = client.post(f"{address}confirm/", {"version": "1", "note": ""})
    assert refused.status_code == 422
    assert "请填写属实的说明" in refused.content.decode()
    assert client.post(f"{address}begin/", {"version": "1"}).status_code == 302
    stale = client.post(f"{address}confirm/", {"version": "1", "note": "有误"})
    assert stale.status_code == 409
    text = stale.content.decode()
    assert "状态已变化" in text
    assert "有误" in text
    assert client.post(f"{address}confirm/", {"version": "2", "note": "有误"}).status_code == 302
    assert "已电话" not in page(client, address)
    assert "重新核实" in page(client, address)
    assert (
        client.post(f"{address}pass-school/", {"version": "3", "note": "转交"}).status_code == 409
    )
    finding.refresh_from_db()
    assert (finding.state, finding.note) == (S.TRUE, "有误")


def test_whose_turn_it_is_not_reads_why(world: World) -> None:
    finding = scene.make_finding(world, owner="school")
    shown = page(world.client(Role.DEPARTMENT_ADMIN), f"{FINDINGS}{finding.pk}/")
    assert "这条问题由学校核实" in shown
    assert "按误报" not in shown


def test_ticked_findings_are_dismissed_with_one_note(world: World) -> None:
    mine, foreign = scene.make_finding(world), scene.make_finding(make_world())
    client = world.client(Role.SCHOOL_ADMIN)
    asked = {"pick": [mine.pk, foreign.pk], "note": ""}
    assert client.post(f"{FINDINGS}dismiss/", asked).status_code == 302
    done = client.post(f"{FINDINGS}dismiss/", asked | {"note": "已核实"})
    assert done.status_code == 200
    states = dict(Finding.objects.values_list("pk", "state"))
    assert states == {mine.pk: S.FALSE_ALARM, foreign.pk: S.OPEN}


def test_every_row_that_a_list_shows_is_dismissed_by_a_job(world: World) -> None:
    scene.make_finding(world)
    client = world.client(Role.SCHOOL_ADMIN)
    asked = client.post(
        f"{FINDINGS}dismiss/", {"all": "1", "from": f"{FINDINGS}?state=unsettled", "note": "统一"}
    )
    assert asked.status_code == 200
    assert "误报" in asked.content.decode()


def test_a_run_is_begun_and_shows_what_it_found(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert "还没有核查过" in page(client, "/console/quality/runs/")
    year = str(world.cohort.year)
    made = client.post("/console/quality/runs/", {"kind": "screening", "year": year})
    assert made.status_code == 302
    run = Run.objects.get()
    assert run.school == world.school
    again = client.post("/console/quality/runs/", {"kind": "screening", "year": year})
    assert again.status_code in (302, 409)
    if run.state != RunState.DONE:
        waiting = page(client, made.headers["Location"])
        assert "hx-get" in waiting
    missing = client.post("/console/quality/runs/", {"kind": "roll", "year": year})
    assert missing.status_code == 422
    assert "请选择要比对的文件" in missing.content.decode()
    nothing = client.post("/console/quality/runs/", {})
    assert nothing.status_code == 422


def test_the_result_of_a_run_leads_to_its_findings(world: World) -> None:
    scene.set_rule("wage_same", least=2)
    code = scene.units(1)[0]
    for _ in range(2):
        scene.make_job(world, unit_code=code, monthly_wage=5001)
    run = scene.run(world)
    client = world.client(Role.SCHOOL_ADMIN)
    shown = page(client, f"/console/quality/runs/{run.pk}/")
    address = f"{FINDINGS}?cohort={run.year}&amp;rule=wage_same"
    assert address in shown
    listed = page(client, FINDINGS, cohort=str(run.year), rule="wage_same")
    assert listed.count(f'href="{FINDINGS}') >= 2


def test_the_province_sets_a_rule(world: World) -> None:
    client = world.client(Role.PROVINCE)
    assert "短时间内集中录入" in page(client, "/console/quality/rules/")
    address = "/console/quality/rules/burst/"
    typed = {
        "enabled": "on", "owner": "province", "due_days": "3", "least": "30", "minutes": "10",
        "version": "-",
    }  # fmt: skip
    wrong = client.post(address, typed | {"least": "1", "minutes": "", "due_days": "99"})
    assert wrong.status_code == 422
    text = wrong.content.decode()
    assert text.count('class="error"') == 3
    assert client.post(address, typed).status_code == 302
    rule = Rule.objects.get(pk="burst")
    assert (rule.thresholds, rule.owner, rule.due_days) == (
        {"least": 30, "minutes": 10},
        "province",
        3,
    )
    stale = client.post(address, typed)
    assert stale.status_code == 409
    assert "20 → 30" in page(client, address)
    bad = {
        "enabled": "on",
        "owner": "school",
        "due_days": "3",
        "least": "3",
        "campus": "校园网",
        "version": "-",
    }
    refused = client.post("/console/quality/rules/confirm_device/", bad)
    assert "不是网络地址段" in refused.content.decode()


def test_lists_need_no_more_queries_for_more_rows(
    world: World, django_assert_max_num_queries: object
) -> None:
    from tests.test_query_counts import cost

    client = world.client(Role.DEPARTMENT_ADMIN)
    scene.make_finding(world)
    few = cost(client, FINDINGS)
    for _ in range(5):
        scene.make_finding(world)
    assert cost(client, FINDINGS) == few
    assert few <= 17
