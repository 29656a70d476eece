"""The console's pages of 困难群体帮扶 and the graduate's own page."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.models import Event
from destinations.states import State
from graduates import hooks
from graduates.models import Graduate
from recruiting.models import Application
from schools.roles import Role
from support import figures
from support.actions import group_imports
from support.models import (
    GroupImport,
    JobRecommendation,
    Listing,
    Plan,
    Proposal,
    Quota,
    Record,
    Way,
)
from support.states import ImportMode, ListingState, ProposalState
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene as recruiting_scene
from tests.support import scene

pytestmark = pytest.mark.django_db


def get(client: Client, name: str, *args: Any, **query: str) -> str:
    answer = client.get(reverse(f"console:{name}", args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def rows_in(client: Client, **query: str) -> int:
    """How many rows the list of 帮扶对象 shows."""
    return get(client, "support", **query).count("<tr data-key=")


# --- who sees what ------------------------------------------------------------------------------


def test_a_counsellor_sees_only_those_whose_responsible_person_they_are(world: World) -> None:
    mine, other = scene.make_listing(world), scene.list_only(world)
    client = world.client(Role.COUNSELLOR)
    page = get(client, "support")
    assert mine.graduate.name in page
    assert other.graduate.student_no not in page
    assert (
        client.get(reverse("console:support-person", args=[other.graduate_id])).status_code == 404
    )
    assert rows_in(world.client(Role.DEPARTMENT_ADMIN)) == 2
    origin = reverse("console:origin", args=[other.graduate_id])
    assert (
        "就业帮扶</a>"
        in client.get(reverse("console:origin", args=[mine.graduate_id])).content.decode()
    )
    link = reverse("console:support-person", args=[other.graduate_id])
    assert link not in client.get(origin).content.decode(), "nobody else learns of it"


def test_the_province_reads_the_list_but_no_profile_plan_or_record(world: World) -> None:
    listing = scene.make_listing(world)
    scene.write_profile(listing, world.counsellor)
    scene.write_plan(listing, world.counsellor)
    scene.add_record(listing, world.counsellor)
    page = get(world.client(Role.PROVINCE), "support-person", listing.graduate_id)
    assert listing.graduate.name in page
    assert "省级导入" in page
    for words in (scene.TEXT, "父亲患病", "每月面谈一次"):
        assert words not in page
    page = get(world.client(Role.SCHOOL_ADMIN), "support-person", listing.graduate_id)
    for words in (scene.TEXT, "父亲患病", "每月面谈一次"):
        assert words in page


def test_every_opening_is_logged(world: World) -> None:
    listing = scene.make_listing(world)
    get(world.client(Role.COUNSELLOR), "support-person", listing.graduate_id)
    event = Event.objects.get(action="support.open")
    assert (event.object_id, event.actor_id) == (listing.pk, world.counsellor.pk)


# --- helping ------------------------------------------------------------------------------------


def test_a_counsellor_writes_profile_plan_and_record(world: World) -> None:
    listing, client = scene.make_listing(world), world.client(Role.COUNSELLOR)
    person = reverse("console:support-person", args=[listing.graduate_id])
    typed = {"wish": "work", "family": "父亲患病", "difficulty": "", "version": "0"}
    answer = client.post(reverse("console:support-profile", args=[listing.graduate_id]), typed)
    assert (answer.status_code, answer["Location"]) == (302, person)
    review = timezone.localdate() + datetime.timedelta(days=30)
    typed = {"aims": "每月面谈", "review_on": review.isoformat()}
    client.post(reverse("console:support-plan", args=[listing.graduate_id]), typed)
    page = get(client, "support-record", listing.graduate_id)
    key = re.search(r'name="form_key" value="(\w+)"', page)
    assert key is not None
    photo = SimpleUploadedFile("照片.jpg", factories.make_photo(), "image/jpeg")
    typed = {
        "on": timezone.localdate().isoformat(), "way": "talk", "helper": "试用辅导员",
        "text": "太短", "result": "attended", "form_key": key[1],
    }  # fmt: skip
    address = reverse("console:support-record", args=[listing.graduate_id])
    refused = client.post(address, typed | {"images": photo})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "内容至少10个字" in shown
    assert "已收到1张" in shown
    kept = re.search(r'name="kept" value="([^"]+)"', shown)
    assert kept is not None
    for _ in range(2):
        client.post(address, typed | {"text": scene.TEXT, "kept": kept[1]})
    record = Record.objects.get()
    assert record.images.count() == 1, "the picture that came with the refused form"
    page = get(client, "support-person", listing.graduate_id)
    for words in ("父亲患病", "每月面谈", scene.TEXT):
        assert words in page
    image = record.images.get()
    picture = client.get(
        reverse("console:support-record-image", args=[listing.graduate_id, image.pk])
    )
    assert picture["Content-Type"] == "image/jpeg"


def test_a_refused_form_stands_on_the_page_with_what_was_typed(world: World) -> None:
    listing, client = scene.make_listing(world), world.client(Role.COUNSELLOR)
    address = reverse("console:support-plan", args=[listing.graduate_id])
    answer = client.post(address, {"aims": "每月面谈", "review_on": "2001-01-01"})
    assert answer.status_code == 409
    assert "请先填写帮扶档案" in answer.content.decode()
    assert "每月面谈" in answer.content.decode()
    assert not Plan.objects.exists()


def test_a_record_is_corrected_and_deleted_from_the_page(world: World) -> None:
    listing, client = scene.make_listing(world), world.client(Role.COUNSELLOR)
    old = scene.add_record(listing, world.counsellor)
    args = [listing.graduate_id, old.pk]
    page = client.get(reverse("console:support-record-correct", args=args)).content.decode()
    assert scene.TEXT in page
    typed = {
        "on": timezone.localdate().isoformat(), "way": "guidance", "helper": "试用辅导员",
        "text": "当天做的是就业指导，不是谈话。", "form_key": "abc",
    }  # fmt: skip
    client.post(reverse("console:support-record-correct", args=args), typed)
    new = Record.objects.get(corrects=old)
    page = get(client, "support-person", listing.graduate_id)
    assert "已更正" in page
    assert f"编号{old.pk}）" in page
    third = scene.add_record(listing, world.counsellor)
    client.post(reverse("console:support-record-delete", args=[listing.graduate_id, third.pk]))
    assert set(Record.objects.values_list("pk", flat=True)) == {old.pk, new.pk}


def test_a_posting_is_found_sent_opened_applied_for_and_shown(world: World) -> None:
    graduate = recruiting_scene.make_applicant(world)
    listing, client = scene.make_listing(world, graduate), world.client(Role.COUNSELLOR)
    posting = scene.make_posting(world, title="数据标注工程师")
    other = scene.make_posting(world, title="仓库管理员")
    page = get(client, "support-recommend", graduate.pk, q="数据标注")
    assert f'value="{posting.pk}"' in page
    assert f'value="{other.pk}"' not in page
    address = reverse("console:support-recommend", args=[graduate.pk])
    answer = client.post(address, {"posting": str(posting.pk), "note": "专业相符。"})
    assert answer.status_code == 302
    again = client.post(address, {"posting": str(posting.pk), "note": ""})
    assert again.status_code == 409
    assert "没有重复发送" in again.content.decode()
    phone = client_of(scene.recruiting_scene.account_of(graduate))
    phone.get(reverse("job", args=[posting.pk]))
    sent = JobRecommendation.objects.get()
    assert sent.opened_at is not None, "the posting's page was opened after it"
    recruiting_scene.apply(graduate, posting)
    assert Application.objects.count() == 1
    page = get(client, "support-person", listing.graduate_id)
    assert "已投递" in page
    assert rows_in(client, recommended="applied") == 1
    assert rows_in(client, recommended="interviewed") == 0


def test_the_school_names_a_responsible_person_for_several(world: World) -> None:
    listings = [scene.list_only(world) for _ in range(2)]
    client = world.client(Role.SCHOOL_ADMIN)
    address = reverse("console:support-assign")
    picked = {"pick": [str(row.pk) for row in listings]}
    page = client.post(address, picked).content.decode()
    assert "共 2 人" in page
    picked["sure"] = ["1"]
    done = client.post(address, picked | {"responsible": str(world.counsellor.pk)}).content.decode()
    assert "成功 2 条" in done
    assert rows_in(world.client(Role.COUNSELLOR)) == 2
    refused = client.post(address, picked | {"responsible": ""})
    assert refused.status_code == 422
    assert world.client(Role.COUNSELLOR).post(address, picked).status_code == 403


# --- list and export ----------------------------------------------------------------------------


def test_the_filters_of_the_list(world: World) -> None:
    bare = scene.list_only(world, groups="残疾")
    planned = scene.make_listing(world)
    scene.write_profile(planned, world.counsellor)
    scene.write_plan(planned, world.counsellor)
    scene.add_record(planned, world.counsellor, "guidance")
    Quota.objects.update(guidance=1, recommend=0, training=0)
    client = world.client(Role.SCHOOL_ADMIN)
    for query, names in (
        ({}, {bare, planned}), ({"group": "disabled"}, {bare}), ({"plan": "yes"}, {planned}),
        ({"plan": "no"}, {bare}), ({"record": "yes"}, {planned}), ({"record": "no"}, {bare}),
        ({"quota": "met"}, {planned}), ({"quota": "unmet"}, {bare}), ({"quota": "no-guidance"}, {bare}),
        ({"outcome": "no"}, {bare, planned}), ({"outcome": "yes"}, set()),
        ({"responsible": "none"}, {bare}), ({"responsible": "mine"}, set()),
        ({"recommended": "sent"}, set()), ({"state": "removed"}, set()), ({"state": "all"}, {bare, planned}),
    ):  # fmt: skip
        page = get(client, "support", **query)
        shown = {row for row in (bare, planned) if row.graduate.student_no in page}
        assert shown == names, query


def test_a_removed_person_is_found_and_can_only_be_read(world: World) -> None:
    gone = scene.make_listing(world)
    scene.import_rows(
        world, [scene.row_of(factories.make_graduate(world))], ImportMode.FULL, "民政名单更新"
    )
    client = world.client(Role.SCHOOL_ADMIN)
    assert gone.graduate.student_no not in get(client, "support")
    assert gone.graduate.student_no in get(client, "support", state="removed")
    page = get(client, "support-person", gone.graduate_id)
    assert "已移出" in page
    assert reverse("console:support-record", args=[gone.graduate_id]) not in page


def test_an_export_masks_and_a_typed_reason_unmasks(world: World) -> None:
    listing = scene.make_listing(world)
    client = world.client(Role.SCHOOL_ADMIN)
    name, number = listing.graduate.name, listing.graduate.student_no

    def cells(content: bytes) -> str:
        sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
        return " ".join(str(c) for row in sheet.iter_rows(values_only=True) for c in row)

    masked = cells(client.get(reverse("console:support"), {"export": "all"}).content)
    assert name not in masked
    assert number not in masked
    assert f"{name[0]}**" in masked
    address = reverse("console:support-export")
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": "要"}).status_code == 422
    whole = cells(client.post(address, {"reason": "报送省人社厅核对"}).content)
    assert name in whole
    assert number in whole
    events = Event.objects.filter(action="core.export").order_by("pk")
    assert [event.reason for event in events] == ["", "报送省人社厅核对"]


def test_the_list_asks_no_more_for_more_rows(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)

    def cost(name: str) -> int:
        client.get(reverse(f"console:{name}"))
        with CaptureQueriesContext(connection) as caught:
            assert client.get(reverse(f"console:{name}")).status_code == 200
        return len(caught)

    names = ("support", "support-proposals", "support-figures")
    scene.add_record(scene.make_listing(world), world.counsellor)
    scene.propose(world)
    few = [cost(name) for name in names]
    for _ in range(4):
        scene.add_record(scene.make_listing(world), world.counsellor)
        scene.propose(world)
    assert [cost(name) for name in names] == few


# --- proposals, imports, rules ------------------------------------------------------------------


def test_a_proposal_goes_its_way_over_the_pages(world: World) -> None:
    graduate, client = factories.make_graduate(world), world.client(Role.COUNSELLOR)
    found = client.post(
        reverse("console:support-proposal-new"), {"student_no": graduate.student_no}
    )
    address = reverse("console:support-propose", args=[graduate.pk])
    assert found["Location"] == address
    lost = client.post(reverse("console:support-proposal-new"), {"student_no": "nobody"})
    assert lost.status_code == 422
    photo = SimpleUploadedFile("低保证.jpg", factories.make_photo(), "image/jpeg")
    typed: dict[str, Any] = {"groups": ["low_income"], "reason": scene.REASON, "images": photo}
    assert client.post(address, typed | {"groups": []}).status_code == 422
    client.post(
        address,
        typed | {"images": SimpleUploadedFile("证.jpg", factories.make_photo(), "image/jpeg")},
    )
    proposal = Proposal.objects.get()
    assert proposal.images.count() == 1
    page = get(world.client(Role.PROVINCE), "support-proposal", proposal.pk)
    assert "同意，列入名单" in page
    decide = reverse("console:support-proposal-decide", args=[proposal.pk])
    province = world.client(Role.PROVINCE)
    assert province.post(decide, {"do": "refuse", "answer": ""}).status_code == 422
    assert province.post(decide, {"do": "accept", "answer": ""}).status_code == 302
    assert province.post(decide, {"do": "refuse", "answer": "不行"}).status_code == 409
    assert world.client(Role.SCHOOL_ADMIN).post(decide, {"do": "accept"}).status_code == 403
    assert Listing.objects.get().state == ListingState.LISTED
    image = reverse("console:support-proposal-image", args=[proposal.pk, proposal.images.get().pk])
    assert province.get(image)["Content-Type"] == "image/jpeg"
    again = scene.propose(world)
    client.post(reverse("console:support-proposal-withdraw", args=[again.pk]))
    again.refresh_from_db()
    assert again.state == ProposalState.WITHDRAWN


def test_the_province_counts_waiting_proposals_and_schools_people_without_plan(
    world: World,
) -> None:
    scene.propose(world)
    scene.make_listing(world)
    page = get(world.client(Role.PROVINCE), "support-proposals", waiting="1")
    assert page.count("<tr data-key=") == 1
    home = world.client(Role.SCHOOL_ADMIN).get("/console/").content.decode()
    assert "还没有方案的帮扶对象" in home
    assert "plan=no" in home


def test_the_province_uploads_previews_and_confirms(world: World) -> None:
    people = [factories.make_graduate(world) for _ in range(3)]
    scene.import_rows(world, [scene.row_of(g) for g in people])
    client = world.client(Role.PROVINCE)
    assert get(client, "support-imports").count("<tr>") >= 1
    assert client.get(reverse("console:support-import-template")).status_code == 200
    refused = client.post(reverse("console:support-imports"), {"mode": "", "year": ""})
    assert refused.status_code == 422
    rows = [
        scene.row_of(people[0]),
        scene.row_of(people[1], 姓名="试错了", 考生号="27340101999999"),
    ]
    workbook = SimpleUploadedFile("名单.xlsx", scene.workbook(rows))
    typed = {"mode": "full", "year": str(world.cohort.year), "file": workbook}
    client.post(reverse("console:support-imports"), typed)
    imported = GroupImport.objects.latest("pk")
    group_imports.check(imported.pk)
    page = get(client, "support-import", imported.pk)
    assert "将移出（2人）" in page
    assert people[1].name in page
    assert "查无此人" in page
    confirm = reverse("console:support-import-confirm", args=[imported.pk])
    refused = client.post(confirm, {"reason": ""})
    assert refused.status_code == 422
    assert "请填写原因" in refused.content.decode()
    client.post(confirm, {"reason": "民政部门更新了名单"})
    group_imports.apply(imported.pk)
    assert Listing.objects.filter(state=ListingState.REMOVED).count() == 2
    assert "民政部门更新了名单" in get(client, "support-import", imported.pk)


def test_the_province_edits_ways_and_quota(world: World) -> None:
    client = world.client(Role.PROVINCE)
    assert get(client, "support-rules").count("/console/support-rules/ways/") == 14
    way = Way.objects.get(code="other")
    page = get(client, "support-way", way.pk)
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert version is not None
    typed = {"name": "其他服务", "counts_as": "guidance", "is_active": "on"}
    address = reverse("console:support-way", args=[way.pk])
    assert client.post(address, typed | {"version": "old"}).status_code == 409
    assert client.post(address, typed | {"version": version[1]}).status_code == 302
    new = reverse("console:support-way-new")
    assert (
        client.post(new, {"name": "走访企业", "counts_as": "none", "is_active": "on"}).status_code
        == 302
    )
    assert Way.objects.filter(name="走访企业", counts_as="none").exists()
    quota = {"year": "0", "guidance": "1", "recommend": "5", "training": "1", "policy": "1"}
    assert client.post(reverse("console:support-quota"), quota).status_code == 302
    assert Quota.objects.get(year=0).recommend == 5
    refused = client.post(reverse("console:support-quota"), quota | {"policy": "99"})
    assert refused.status_code == 422
    assert "政策宣传应为0至20次" in refused.content.decode()


# --- figures ------------------------------------------------------------------------------------


def test_figures_count_people_once_and_every_number_opens_its_list(world: World) -> None:
    two = scene.make_listing(world, groups="低保家庭；残疾")
    scene.write_profile(two, world.counsellor)
    scene.write_plan(two, world.counsellor)
    settled = scene.list_only(world)
    factories.put_in_state(
        settled.graduate, State.SCHOOL_APPROVED, world, factories.activate(settled.graduate)
    )
    scene.list_only(world, factories.make_graduate(world, department=1))
    Quota.objects.update(guidance=1, recommend=0, training=0)
    scene.add_record(two, world.counsellor, "guidance")
    lines, total = figures.figures(world.school_admin, world.cohort.year, figures.DEPARTMENT)
    assert sorted(line.counts["listed"] for line in lines) == [1, 2]
    assert total.counts == {
        "listed": 3,
        "planned": 1,
        "helped": 1,
        "open": 2,
        "met": 1,
        "settled": 1,
    }
    assert total.rates == ["33.33%", "33.33%", "50.00%", "33.33%"]
    groups, total = figures.figures(world.school_admin, world.cohort.year, figures.GROUP)
    assert {line.label: line.counts["listed"] for line in groups} == {"低保家庭": 3, "残疾": 1}
    assert total.counts["listed"] == 3
    client = world.client(Role.SCHOOL_ADMIN)
    for by in ("department", "group"):
        page = get(client, "support-figures", by=by)
        links = re.findall(r'href="/console/support/\?([^"]+)">(\d+)</a>', page)
        assert len(links) >= 12
        for query, number in links:
            shown = client.get(f"/console/support/?{query.replace('&amp;', '&')}").content.decode()
            assert shown.count("<tr data-key=") == int(number), query
    export = client.get(reverse("console:support-figures"), {"export": "1", "by": "group"})
    assert export["Content-Type"].startswith("application/vnd.openxml")


# --- the graduate -------------------------------------------------------------------------------


def test_the_graduate_reads_what_was_written_and_opens_recommendations(world: World) -> None:
    graduate = factories.make_graduate(world)
    phone = client_of(scene.recruiting_scene.account_of(graduate))
    page = phone.get(reverse("employment-services")).content.decode()
    assert "还没有记录" in page
    assert reverse("employment-services") in phone.get(reverse("services")).content.decode()
    listing = scene.make_listing(world, graduate)
    scene.write_profile(listing, world.counsellor)
    scene.write_plan(listing, world.counsellor)
    scene.add_record(listing, world.counsellor)
    sent = scene.recommend(listing, scene.make_posting(world), world.counsellor)
    page = phone.get(reverse("employment-services")).content.decode()
    for words in (scene.TEXT, "每月面谈一次", "父亲患病", sent.posting.title):
        assert words in page
    titles = " ".join(re.findall(r"<(?:h1|h2|title|summary)[^>]*>(.*?)</", page))
    for word in ("困难", "低保", "贫困", "脱贫", "残疾", "帮扶"):
        assert word not in titles
    answer = phone.get(reverse("support-recommended", args=[sent.pk]))
    assert answer["Location"] == reverse("job", args=[sent.posting_id])
    sent.refresh_from_db()
    assert sent.opened_at is not None


def test_classmates_and_units_see_nothing(world: World) -> None:
    listing = scene.make_listing(world)
    sent = scene.recommend(listing, scene.make_posting(world), world.counsellor)
    classmate = client_of(scene.recruiting_scene.account_of(factories.make_graduate(world)))
    assert classmate.get(reverse("support-recommended", args=[sent.pk])).status_code == 404
    assert sent.posting.title not in classmate.get(reverse("employment-services")).content.decode()
    person = reverse("console:support-person", args=[listing.graduate_id])
    assert classmate.get(person).status_code == 403
    unit = client_of(recruiting_scene.make_recruiter().user)
    assert unit.get(person).status_code == 403


def test_a_graduate_who_moves_to_another_year_takes_the_listing_along(world: World) -> None:
    listing = scene.make_listing(world)
    later = factories.make_cohort(world.school, world.cohort.year + 1)
    classes = factories.make_classes(later, world.departments[0], "后届1班")
    Graduate.objects.filter(pk=listing.graduate_id).update(cohort=later, school_class=classes[0])
    hooks.moved.run(graduate=Graduate.objects.get(pk=listing.graduate_id))
    listing.refresh_from_db()
    assert listing.cohort_id == later.pk
