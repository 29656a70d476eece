"""Postings by workbook: each row is read and checked as the form is, good ones are made, bad ones explained."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from core import files, jobs, spreadsheets
from core.errors import DomainError
from core.models import Event
from employers.models import Membership, UnitMember
from recruiting import tasks
from recruiting.actions import posting_imports, postings
from recruiting.actions.posting_imports import EXAMPLE_TITLE, HEADER
from recruiting.fields import POSTING_BY_KEY, WORDED
from recruiting.models import Posting, PostingImport, Recruiter, RecruitingRules
from recruiting.states import PostingState
from tests import factories
from tests.factories import client_of
from tests.recruiting import scene
from tests.recruiting.posting_workbooks import (
    bring_in,
    check,
    check_workbook,
    confirm,
    make_row,
    make_workbook,
    sentences,
    upload,
)
from workbooks.states import ImportState

pytestmark = pytest.mark.django_db
LIST = "/employer/postings/workbook/"


@pytest.fixture
def member() -> UnitMember:
    return scene.make_recruiter()


def label(key: str) -> str:
    return POSTING_BY_KEY[key].label


def page(member: UnitMember, made: PostingImport) -> str:
    return client_of(member.user).get(f"{LIST}{made.pk}/").content.decode()


def annotated(made: PostingImport) -> Any:
    """The sheet of the workbook that is given back."""
    assert made.annotated is not None
    with files.open_file(made.annotated) as content:
        return openpyxl.load_workbook(io.BytesIO(content.read())).active


def test_good_rows_become_drafts_with_the_values_that_the_form_would_store(
    member: UnitMember,
) -> None:
    typed = scene.typed_posting(duties="第一行\n第二行")
    by_form = postings.save_draft(member=member, typed=typed, school_ids=[])
    made = bring_in(member, make_row(duties="第一行\n第二行"))
    posting = Posting.objects.exclude(pk=by_form.pk).get()
    assert postings.content_of(posting) == postings.content_of(by_form)
    assert posting.duties == "第一行\n第二行"
    assert (posting.state, posting.member_id) == (PostingState.DRAFT, member.pk)
    assert made.counts["made"] == {"2": posting.pk}


def test_confirmed_for_review_the_rows_wait_for_it(member: UnitMember) -> None:
    bring_in(member, make_row(), make_row(title="测试工程师", majors="年龄18-30岁"), submits=True)
    assert [p.state for p in Posting.objects.all()] == [PostingState.WAITING] * 2
    assert Posting.objects.get(title="测试工程师").warnings
    assert Event.objects.filter(action="recruiting.submit_posting").count() == 2


def test_real_numbers_dates_and_words_of_the_lists_are_read(member: UnitMember) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(HEADER))
    day = timezone.localdate() + datetime.timedelta(days=30)
    numbers = {"work_kind": 1, "headcount": 5, "education": 3.0, "pay_from": 6000, "pay_to": 9000.0,
               "pay_months": 13, "contract_years": 3, "probation_months": 2}  # fmt: skip
    sheet.append(make_row(**numbers, valid_until=day))
    sheet.append(make_row(work_kind="实习", education="本科", job_category="工程技术人员",
                          major_match="不限", title="实习生"))  # fmt: skip
    buffer = io.BytesIO()
    book.save(buffer)
    made = check_workbook(member, buffer.getvalue())
    assert (made.counts["able"], sentences(made)) == (2, [])
    posting_imports.confirm(made, member=member, submits=False, by=member.user)
    posting_imports.apply(made.pk)
    first, second = Posting.objects.order_by("pk")
    assert (first.education, first.pay_to, first.valid_until) == (3, 9000, day)
    assert (second.work_kind, second.education, second.job_category) == (2, 2, "13")


def test_every_error_is_told_with_its_row_and_column_and_marked_in_the_workbook(
    member: UnitMember,
) -> None:
    bad = make_row(
        title="985管培生", places="不存在市", pay_from="", duties="限男性", headcount="0"
    )
    made = check(member, make_row(), bad)
    assert (made.counts["able"], made.counts["rejected"]) == (1, 1)
    told = {(row, column) for row, column, _ in sentences(made)}
    keys = ("title", "places", "pay_from", "duties", "headcount")
    assert told == {(3, label(key)) for key in keys}
    words = "".join(sentence for *_, sentence in sentences(made))
    for part in ("三严禁", "没有找到“不存在市”", "面议", "妇女权益保障法", "不能小于1"):
        assert part in words
    sheet = annotated(made)
    assert sheet.max_row == 2
    marked = {sheet.cell(1, c.column).value for c in sheet[2] if c.comment}
    assert marked == {label(key) for key in keys}
    last = [c.value for c in sheet[2]][-2:]
    assert last[1] == 3
    assert "三严禁" in last[0]


def test_the_workbook_given_back_can_be_mended_and_uploaded_again(member: UnitMember) -> None:
    made = bring_in(member, make_row(duties="限男性\n-负责接口", requirements="=1+1的计算能力"))
    sheet = annotated(made)
    header = [c.value for c in sheet[1]]
    cells = [c.value for c in sheet[2]]
    cells[header.index(label("duties"))] = cells[header.index(label("duties"))].replace(
        "限男性\n", ""
    )
    again = check_workbook(member, make_workbook([cells], header))
    assert (again.counts["able"], sentences(again)) == (1, [])
    posting_imports.confirm(again, member=member, submits=False, by=member.user)
    posting_imports.apply(again.pk)
    posting = Posting.objects.get()
    assert (posting.duties, posting.requirements) == ("-负责接口", "=1+1的计算能力")


@pytest.mark.parametrize("key", WORDED)
@pytest.mark.parametrize("text", ["请电13912345678联系", "https://x.cn/a", "加微信了解"])
def test_phone_numbers_and_links_are_pointed_out_in_every_text(
    member: UnitMember, key: str, text: str
) -> None:
    made = check(member, make_row(**{key: text}))
    assert made.counts["able"] == 1
    assert any(
        c == label(key) and "请勿在文字中留电话" in s for _, c, s in sentences(made, warnings=True)
    )
    assert "请勿在文字中留电话" in page(member, made)


@pytest.mark.parametrize("key", WORDED)
def test_fees_are_refused_in_every_text(member: UnitMember, key: str) -> None:
    made = check(member, make_row(**{key: "须交押金500元"}))
    assert [(c, "劳动合同法第九条" in s) for _, c, s in sentences(made)] == [(label(key), True)]


@pytest.mark.parametrize("key", WORDED)
def test_markup_and_formulas_stay_text(member: UnitMember, key: str) -> None:
    for text in ("<script>x</script>", '=HYPERLINK("x")', "@SUM(A1)", "+1"):
        made = bring_in(member, make_row(**{key: text}))
        posting = Posting.objects.get()
        assert key == "majors" or getattr(posting, key) == text  # majors are split at blanks and /
        client = client_of(member.user)
        shown = client.get(reverse("employer-posting", args=[posting.pk])).content.decode()
        assert "<script>x" not in shown + page(member, made)
        posting.delete()


def test_a_formula_that_failed_and_a_failed_lookup_are_named(member: UnitMember) -> None:
    made = check(member, make_row(headcount="#N/A", title="#REF!"), make_row(benefits="0"))
    told = sentences(made)
    assert {c for _, c, _ in told} == {label("headcount"), label("title")}
    assert all("错误值" in s for *_, s in told)


def test_a_huge_text_is_refused_by_its_row_and_a_longer_cell_with_the_workbook(
    member: UnitMember,
) -> None:
    made = check(member, make_row(duties="长" * 2001), make_row(title="短" * 51))
    assert [(row, column) for row, column, _ in sentences(made)] == [
        (2, label("duties")), (3, label("title")),
    ]  # fmt: skip
    assert made.counts["rejected"] == 2
    refused = check(member, make_row(duties="长" * 32767), make_row(duties="长" * 40000))
    assert refused.state in (ImportState.FAILED, ImportState.PREVIEWED)
    assert refused.problem or refused.counts["rejected"] == 2


def test_a_workbook_without_the_columns_or_with_too_many_rows_is_refused(
    member: UnitMember,
) -> None:
    part = [h for h in HEADER if h != label("duties")]
    made = check_workbook(member, make_workbook([["x"] * len(part)], part))
    assert (made.state, made.problem) == (ImportState.FAILED, "工作簿缺少这些列：岗位职责")
    assert "工作簿缺少这些列：岗位职责" in page(member, made)
    rows = [make_row(title=f"岗位{n}") for n in range(201)]
    assert "超过200行" in check(member, *rows).problem
    assert "不是Excel工作簿" in check_workbook(member, b"no").problem
    assert check_workbook(member, make_workbook([])).counts["able"] == 0


def test_two_hundred_bad_postings_are_all_told_and_given_back(member: UnitMember) -> None:
    rows = [make_row(title=f"岗位{n}限男", pay_from="1", pay_to="9", places="") for n in range(200)]
    made = check(member, *rows)
    assert (made.counts["able"], made.counts["rejected"]) == (0, 200)
    assert {row for row, *_ in sentences(made)} == set(range(2, 202))
    assert annotated(made).max_row == 201
    shown = page(member, made)
    assert "没有可以导入的行" in shown
    assert "导入并提交审核" not in shown


def test_the_example_row_of_the_template_is_not_read(member: UnitMember) -> None:
    template = client_of(member.user).get(f"{LIST}template/").content
    sheet = openpyxl.load_workbook(io.BytesIO(template)).active
    assert sheet.cell(2, 1).value == EXAMPLE_TITLE
    made = check_workbook(member, template)
    assert made.counts["rows"] == 0
    example = [c.value for c in sheet[2]]
    example[0] = "软件开发工程师"
    again = check_workbook(member, make_workbook([example]))
    assert (again.counts["able"], again.issues) == (1, [])


def test_schools_are_read_by_their_names(member: UnitMember) -> None:
    first, second = factories.make_school(), factories.make_school()
    names = f"{first.name}、{second.name}"
    made = bring_in(member, make_row(schools=names), make_row(title="乙", schools="没有这所大学"))
    assert sentences(made) == [(3, "可见范围", "没有找到学校“没有这所大学”，请填写全称。")]
    assert Posting.objects.get().school_ids == sorted([first.pk, second.pk])


def test_the_limit_of_a_day_is_told_before_and_holds_afterwards(member: UnitMember) -> None:
    RecruitingRules.objects.create(most_postings=3)
    scene.make_posting(member)
    rows = [make_row(title=f"岗位{n}") for n in range(4)]
    made = check(member, *rows)
    assert "今天还能新增2个职位，超出的2行不会导入" in page(member, made)
    posting_imports.confirm(made, member=member, submits=False, by=member.user)
    posting_imports.apply(made.pk)
    made.refresh_from_db()
    assert (made.counts["able"], made.counts["rejected"]) == (2, 2)
    assert {s for *_, s in sentences(made)} == {"每个单位每天最多新增3个职位，请明天再试。"}
    assert annotated(made).max_row == 3
    assert Posting.objects.count() == 3


def test_rows_like_others_are_pointed_out(member: UnitMember) -> None:
    scene.make_posting(member, title="已有岗位")
    made = check(member, make_row(title="甲"), make_row(title="甲"), make_row(title="已有岗位"))
    told = {row: sentence for row, _, sentence in sentences(made, warnings=True)}
    assert told[3] == "与第2行的岗位名称、职位类别、工作地点相同"
    assert told[4] == "本单位已有相同的职位（草稿），确认后会再新增一个"


def test_a_rule_that_changed_since_the_preview_holds(member: UnitMember) -> None:
    from recruiting.models import WordingRule

    made = confirm(member, make_row(duties="星座不限"))
    WordingRule.objects.create(
        key="own", label="星座", patterns=["星座"], basis="平台规则", message="勿写", is_error=True
    )
    posting_imports.apply(made.pk)
    made.refresh_from_db()
    assert (made.state, made.counts["able"]) == (ImportState.DONE, 0)
    assert not Posting.objects.exists()


def test_a_unit_that_may_not_recruit_imports_drafts_alone(member: UnitMember) -> None:
    Recruiter.objects.filter(unit=member.unit_id).update(
        valid_until=timezone.localdate() - datetime.timedelta(days=1)
    )
    made = check(member, make_row())
    shown = page(member, made)
    assert "现在只能存为草稿：招聘资格已于" in shown
    assert "导入并提交审核" not in shown
    client = client_of(member.user)
    answer = client.post(f"{LIST}{made.pk}/confirm/", {"do": "submit"}, follow=True)
    assert "招聘资格已于" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == ImportState.PREVIEWED
    client.post(f"{LIST}{made.pk}/confirm/", {"do": "draft"})
    posting_imports.apply(made.pk)
    assert Posting.objects.get().state == PostingState.DRAFT


# --- the pages --------------------------------------------------------------------------------


def test_from_the_upload_to_the_result_on_the_pages(member: UnitMember) -> None:
    client = client_of(member.user)
    postings_page = client.get(reverse("employer-postings")).content.decode()
    assert reverse("employer-posting-workbooks") in postings_page
    content = make_workbook([make_row(), make_row(title="限男")])
    file = SimpleUploadedFile("春招.xlsx", content, content_type=spreadsheets.CONTENT_TYPE)
    address = client.post(LIST, {"file": file})["Location"]
    made = PostingImport.objects.get()
    assert address == f"{LIST}{made.pk}/"
    tasks.check_posting_import(made.pk)
    shown = client.get(address).content.decode()
    for words in ("春招.xlsx", "导入并提交审核", "导入为草稿", "没有导入的原因", "妇女权益保障法"):
        assert words in shown
    client.post(f"{address}confirm/", {"do": "submit"})
    tasks.apply_posting_import(made.pk)
    posting = Posting.objects.get()
    shown = client.get(address).content.decode()
    for words in ("导入完成", "已新增并提交审核", reverse("employer-posting", args=[posting.pk])):
        assert words in shown
    assert "已新增1个" in client.get(LIST).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="import"')


def test_a_running_import_shows_its_progress(member: UnitMember) -> None:
    made = upload(member, make_workbook([make_row()]))
    shown = page(member, made)
    assert "等待检查" in shown
    assert 'hx-trigger="every 1s"' in shown


def test_a_cancelled_import_makes_nothing(member: UnitMember) -> None:
    made = check(member, make_row())
    client = client_of(member.user)
    client.post(f"{LIST}{made.pk}/cancel/")
    assert "已取消，没有新增职位。" in page(member, made)
    answer = client.post(f"{LIST}{made.pk}/confirm/", {"do": "draft"}, follow=True)
    assert "不能确认" in answer.content.decode()
    posting_imports.apply(made.pk)
    assert not Posting.objects.exists()


def test_a_double_click_confirms_once_and_keeps_the_first_choice(member: UnitMember) -> None:
    made = check(member, make_row())
    for choice in (True, False):
        posting_imports.confirm(made, member=member, submits=choice, by=member.user)
    posting_imports.apply(made.pk)
    assert [p.state for p in Posting.objects.all()] == [PostingState.WAITING]


def test_a_form_without_a_workbook_says_so_and_the_same_one_twice_is_one_import(
    member: UnitMember,
) -> None:
    client = client_of(member.user)
    assert "请选择要导入的工作簿" in client.post(LIST).content.decode()
    content = make_workbook([make_row()])
    assert upload(member, content).pk == upload(member, content).pk


def test_only_verified_people_import_and_only_their_units(member: UnitMember) -> None:
    made = check(member, make_row())
    stranger = client_of(scene.make_recruiter().user)
    for step in ("", "confirm/", "cancel/", "annotated/"):
        send = stranger.post if step in ("confirm/", "cancel/") else stranger.get
        assert send(f"{LIST}{made.pk}/{step}").status_code == 404
    claimed = factories.make_member(member.unit)
    client = client_of(claimed.user)
    assert client.get(f"{LIST}{made.pk}/").status_code == 404
    assert "只有单位的已认证人员" in client.get(LIST).content.decode()
    with pytest.raises(DomainError) as refusal:
        upload(claimed, make_workbook([make_row()]))
    assert refusal.value.code == "member_not_verified"


def test_a_colleague_confirms_and_answers_for_it_when_the_uploader_has_left(
    member: UnitMember,
) -> None:
    made = check(member, make_row())
    colleague = factories.make_member(member.unit, state=Membership.VERIFIED)
    UnitMember.objects.filter(pk=member.pk).update(state=Membership.ENDED, ended_at=timezone.now())
    client = client_of(colleague.user)
    client.post(f"{LIST}{made.pk}/confirm/", {"do": "submit"})
    posting_imports.apply(made.pk)
    assert Posting.objects.get().member_id == colleague.pk


def test_a_person_who_left_after_confirming_makes_nothing(member: UnitMember) -> None:
    made = confirm(member, make_row())
    UnitMember.objects.filter(pk=member.pk).update(state=Membership.ENDED, ended_at=timezone.now())
    posting_imports.apply(made.pk)
    made.refresh_from_db()
    assert made.state == ImportState.FAILED
    assert "已认证人员" in made.problem
    assert not Posting.objects.exists()


# --- workers ----------------------------------------------------------------------------------


def test_a_worker_that_lost_its_lease_writes_nothing(member: UnitMember) -> None:
    made = confirm(member, make_row(), make_row(title="乙"))
    (stopped,) = jobs.claim(posting_imports.POSTING_IMPORTS, pk=made.pk)
    PostingImport.objects.update(leased_until=timezone.now() - datetime.timedelta(seconds=1))
    posting_imports.apply(made.pk)
    assert Posting.objects.count() == 2
    content = posting_imports.postings.content_of(Posting.objects.earliest("pk"))
    row = posting_imports.PostingRow(2, [], {}, content=content)
    with pytest.raises(jobs.LeaseLost):
        posting_imports.make_row(stopped, row, member)
    assert Posting.objects.count() == 2


def test_the_sweep_goes_on_where_a_run_ended_and_makes_nothing_twice(
    member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = confirm(member, *(make_row(title=f"岗位{n}") for n in range(3)), submits=True)
    make_row_of, calls = posting_imports.make_row, []

    def die_at_the_second(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise SystemExit
        make_row_of(*args)

    monkeypatch.setattr(posting_imports, "make_row", die_at_the_second)
    with pytest.raises(SystemExit):
        posting_imports.apply(made.pk)
    assert Posting.objects.count() == 1
    past = timezone.now() - datetime.timedelta(minutes=2)
    PostingImport.objects.update(leased_until=past)
    tasks.sweep_posting_imports()
    made.refresh_from_db()
    assert (made.state, made.counts["able"], made.counts["rejected"]) == (ImportState.DONE, 3, 0)
    assert sorted(p.title for p in Posting.objects.all()) == ["岗位0", "岗位1", "岗位2"]
    assert len(made.counts["made"]) == 3


def test_an_import_that_was_given_up_and_released_makes_nothing_twice(
    member: UnitMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = confirm(member, make_row(title="甲"), make_row(title="乙"))
    make_row_of = posting_imports.make_row

    def die_at_the_second(leased: Any, row: Any, by: Any) -> None:
        if row.number == 3:
            raise SystemExit
        make_row_of(leased, row, by)

    past = timezone.now() - datetime.timedelta(minutes=2)
    with monkeypatch.context() as dying:
        dying.setattr(posting_imports, "make_row", die_at_the_second)
        for _ in range(3):
            with pytest.raises(SystemExit):
                posting_imports.apply(made.pk)
            PostingImport.objects.update(leased_until=past)
    posting_imports.apply(made.pk)  # the fourth attempt parks it
    made.refresh_from_db()
    assert made.state == ImportState.FAILED
    assert jobs.release_parked(posting_imports.POSTING_IMPORTS) == 1
    posting_imports.check(made.pk)
    made.refresh_from_db()
    posting_imports.confirm(made, member=member, submits=False, by=member.user)
    posting_imports.apply(made.pk)
    assert sorted(p.title for p in Posting.objects.all()) == ["乙", "甲"]


def test_old_imports_are_deleted_and_their_postings_stay(member: UnitMember) -> None:
    bring_in(member, make_row())
    past = timezone.now() - datetime.timedelta(days=31)
    PostingImport.objects.update(created_at=past)
    tasks.sweep_posting_imports()
    assert not PostingImport.objects.exists()
    assert Posting.objects.count() == 1
