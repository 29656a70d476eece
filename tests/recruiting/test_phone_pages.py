"""The graduate's pages: the résumé, the search of postings, applying, and the own applications."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Invalid, Refused
from core.models import Event
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import consent, queries
from recruiting.actions import applications, postings, resumes, unit_applications
from recruiting.models import (
    Application,
    Favourite,
    Posting,
    Recruiter,
    Resume,
    ResumeEntry,
    ResumeStore,
    UnitFigures,
)
from recruiting.states import ApplicationState, EntryKind, PostingState, RejectReason
from recruiting.views.phone_applications import STATE_WORDS
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db

STUDIED = {
    "name": "虚构学院", "level": "31", "begun": "2023-09", "ended": "", "text": "数据结构",
}  # fmt: skip
AGREED = {"consent": "on", "version": str(consent.CURRENT.version)}


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def member() -> UnitMember:
    return scene.make_recruiter()


@pytest.fixture
def posting(world: World, member: UnitMember) -> Posting:
    return scene.make_posting(member, PostingState.PUBLISHED, by=world)


@pytest.fixture
def applicant(world: World) -> Graduate:
    return scene.make_applicant(world)


@pytest.fixture
def beginner(world: World) -> Graduate:
    """A graduate without a résumé."""
    graduate = factories.make_graduate(world)
    factories.activate(graduate)
    return graduate


def client_for(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def page(graduate: Graduate, address: str, /, *args: Any, query: str = "") -> str:
    response = client_for(graduate).get(reverse(address, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def status(graduate: Graduate, address: str, /, *args: Any, **typed: Any) -> int:
    """The status of the answer to a POST."""
    return client_for(graduate).post(reverse(address, args=args), typed).status_code


# The résumé


def test_the_first_save_makes_the_store_and_one_default_resume(beginner: Graduate) -> None:
    assert "完整度 0%" in page(beginner, "resume")
    assert (
        status(beginner, "resume-edit", self_evaluation="踏实认真。", nothing_in=["award"]) == 302
    )
    store = ResumeStore.objects.get(graduate=beginner)
    assert store.nothing_in == ["award"]
    assert Resume.objects.get(graduate=beginner).title == "默认简历"
    assert store.completeness > 0
    assert f"完整度 {store.completeness}%" in page(beginner, "resume")
    assert Event.objects.filter(action="recruiting.save_resume").exists()


def test_every_entry_belongs_to_the_default_resume_and_counts(beginner: Graduate) -> None:
    assert status(beginner, "resume-entry-new", "education", **STUDIED) == 302
    entry = ResumeEntry.objects.get(graduate=beginner)
    assert list(Resume.objects.get(graduate=beginner).entries.all()) == [entry]
    filled = ResumeStore.objects.get(graduate=beginner).completeness
    assert "虚构学院" in page(beginner, "resume")
    assert status(beginner, "resume-entry-delete", entry.pk) == 302
    assert ResumeStore.objects.get(graduate=beginner).completeness == filled - 15


def test_an_entry_is_changed(beginner: Graduate) -> None:
    status(beginner, "resume-entry-new", "education", **STUDIED)
    entry = ResumeEntry.objects.get(graduate=beginner)
    assert "2023-09" in page(beginner, "resume-entry", entry.pk)
    assert status(beginner, "resume-entry", entry.pk, **STUDIED | {"name": "虚构大学"}) == 302
    entry.refresh_from_db()
    assert entry.name == "虚构大学"


def test_a_double_click_adds_an_entry_once(beginner: Graduate) -> None:
    for _ in range(2):
        assert status(beginner, "resume-entry-new", "education", **STUDIED) == 302
    assert ResumeEntry.objects.filter(graduate=beginner).count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"begun": "2023-09", "ended": "2022-01"}, "毕业年月不能早于入学年月"),
        ({"begun": "2099-01"}, "入学年月不能晚于本月"),
        ({"begun": ""}, "入学年月"),
        ({"name": ""}, "学校"),
        ({"text": "长" * 251}, "250"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(
    beginner: Graduate, changes: dict[str, str], words: str
) -> None:
    address = reverse("resume-entry-new", args=["education"])
    response = client_for(beginner).post(address, STUDIED | changes)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ResumeEntry.objects.exists()


def test_this_month_is_no_month_to_come(beginner: Graduate) -> None:
    typed = {"name": "虚构奖", "begun": f"{timezone.localdate():%Y-%m}", "text": ""}
    assert status(beginner, "resume-entry-new", "award", **typed) == 302


def test_what_is_not_ticked_is_not_in_the_preview(beginner: Graduate) -> None:
    status(beginner, "resume-edit", native_place="虚构县")
    assert "虚构县" not in page(beginner, "resume")
    status(beginner, "resume-edit", native_place="虚构县", shown=["show_native_place"])
    assert "虚构县" in page(beginner, "resume")


def test_too_long_a_text_of_the_store_is_refused_and_nothing_saved(beginner: Graduate) -> None:
    assert status(beginner, "resume-edit", hobbies="长" * 151) == 422
    assert not ResumeStore.objects.exists()


def test_education_cannot_be_declared_empty(beginner: Graduate) -> None:
    saved = resumes.save_store(
        graduate=beginner, typed={}, shown=(), nothing_in=["education", "award"],
        by=scene.account_of(beginner),
    )  # fmt: skip
    assert saved.nothing_in == ["award"]


def test_nobody_writes_another_ones_resume(applicant: Graduate, beginner: Graduate) -> None:
    entry = ResumeEntry.objects.get(graduate=applicant)
    for name in ("resume-entry", "resume-entry-delete"):
        assert status(beginner, name, entry.pk, **STUDIED) == 404
    other = scene.account_of(beginner)
    with pytest.raises(Refused):
        resumes.add_entry(graduate=applicant, kind="education", typed=STUDIED, by=other)
    with pytest.raises(Refused):
        resumes.change_entry(graduate=beginner, entry_id=entry.pk, typed=STUDIED, by=other)
    with pytest.raises(Refused):
        resumes.delete_entry(graduate=beginner, entry_id=entry.pk, by=other)
    with pytest.raises(Refused):
        resumes.save_store(graduate=applicant, typed={}, shown=(), nothing_in=(), by=other)
    assert ResumeEntry.objects.filter(pk=entry.pk).exists()


def test_a_section_has_at_most_thirty_entries(beginner: Graduate) -> None:
    by, typed = scene.account_of(beginner), {"begun": "2024-05", "text": ""}
    for number in range(resumes.MOST_ENTRIES):
        resumes.add_entry(
            graduate=beginner, kind=EntryKind.AWARD, typed=typed | {"name": f"奖{number}"}, by=by
        )
    with pytest.raises(Refused):
        resumes.add_entry(
            graduate=beginner, kind=EntryKind.AWARD, typed=typed | {"name": "又一奖"}, by=by
        )
    with pytest.raises(Invalid):
        resumes.add_entry(graduate=beginner, kind=EntryKind.AWARD, typed={}, by=by)


# The search


def test_a_list_without_postings_says_what_to_do(beginner: Graduate) -> None:
    assert "还没有职位" in page(beginner, "jobs")
    assert "没有符合条件的职位" in page(beginner, "jobs", query="?q=厨师")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True), ("?q=软件开发", True), ("?q=开发工程 软件", True), ("?q=软件工程师", False),
        ("?q=厨师", False), ("?places=合肥市", True), ("?places=安徽省", True),
        ("?places=江苏省", False), ("?job_category=13", True), ("?job_category=24", False),
        ("?work_kind=1", True), ("?work_kind=2", False), ("?kept=on", False),
        ("?work_kind=x&before=abc", True),
    ],
)  # fmt: skip
def test_postings_are_found_by_the_filters_in_the_address(
    posting: Posting, beginner: Graduate, query: str, found: bool
) -> None:
    assert (posting.title in page(beginner, "jobs", query=query)) is found


def test_a_posting_that_one_applied_for_says_so_in_both_lists(
    posting: Posting, applicant: Graduate
) -> None:
    resumes.save_intention(
        graduate=applicant, typed=scene.typed_intention(job_categories=["13"], places=[]), version="",
        by=scene.account_of(applicant),
    )  # fmt: skip
    for name in ("jobs", "jobs-matching"):
        assert posting.title in page(applicant, name)
        assert "已投递" not in page(applicant, name)
    application = scene.apply(applicant, posting)
    for name in ("jobs", "jobs-matching"):
        assert "已投递" in page(applicant, name)
    applications.withdraw(application_id=application.pk, by=scene.account_of(applicant))
    assert "已投递" not in page(applicant, "jobs")


def test_one_character_is_too_short_a_keyword(posting: Posting, beginner: Graduate) -> None:
    assert "至少2个字" in page(beginner, "jobs", query="?q=软")


def test_pages_of_postings_have_each_posting_once(posting: Posting, beginner: Graduate) -> None:
    # All published at the same moment: the id decides.
    for number in range(24):
        Posting.objects.create(
            **{f.attname: getattr(posting, f.attname) for f in Posting._meta.fields if not f.primary_key}
            | {"title": f"岗位{number}号"}
        )  # fmt: skip
    client, seen, address = client_for(beginner), [], reverse("jobs")
    response = client.get(address)
    seen += [posting.pk for posting, _ in response.context["cards"]]
    response = client.get(address, {"before": response.context["following"]})
    seen += [posting.pk for posting, _ in response.context["cards"]]
    assert response.context["following"] == ""
    assert seen == list(
        Posting.objects.order_by("-published_at", "-pk").values_list("pk", flat=True)
    )


@pytest.mark.parametrize("newest", [2000, 10, 1, 0])
def test_a_word_is_found_in_new_and_in_old_postings(
    posting: Posting, beginner: Graduate, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    """However many of the newest postings are read before the index of words is asked."""
    monkeypatch.setattr(queries, "_NEWEST", newest)
    values = {
        f.attname: getattr(posting, f.attname) for f in Posting._meta.fields if not f.primary_key
    }
    made = [
        Posting.objects.create(
            **values
            | {
                "title": f"岗位{number}",
                "search_text": "化验员" if number in (0, 9) else "司炉工",
                "published_at": timezone.now() - datetime.timedelta(hours=number),
            }
        ).pk
        for number in range(12)
    ]
    rows = queries.search_open(beginner)
    assert [p.pk for p in queries.newest_with(rows, ["化验"], 21)] == [made[0], made[9]]
    assert [p.pk for p in queries.newest_with(rows, ["司炉"], 4)] == made[1:5]
    assert queries.newest_with(rows, ["化验", "司炉"], 21) == []


def test_a_posting_of_another_school_a_hidden_one_and_a_draft_are_404(
    world: World, member: UnitMember, beginner: Graduate
) -> None:
    other = scene.make_posting(
        member, PostingState.PUBLISHED, by=world, school_ids=(factories.make_world().school.pk,)
    )
    hidden = scene.make_posting(member, PostingState.PUBLISHED, by=world)
    Posting.objects.filter(pk=hidden.pk).update(hidden_from=[beginner.school_id])
    for row in (other, hidden, scene.make_posting(member)):
        for name in ("job", "job-apply"):
            assert client_for(beginner).get(reverse(name, args=[row.pk])).status_code == 404
        assert status(beginner, "job-favourite", row.pk, keep="1") == 404


def test_an_ended_posting_stays_for_those_who_applied(
    posting: Posting, member: UnitMember, applicant: Graduate, beginner: Graduate
) -> None:
    scene.apply(applicant, posting)
    postings.close(posting_id=posting.pk, by=member)
    assert "职位已停止招聘" in page(applicant, "job", posting.pk)
    assert client_for(beginner).get(reverse("job", args=[posting.pk])).status_code == 404


def test_the_page_of_a_posting_has_content_figures_and_refusals(
    posting: Posting, beginner: Graduate
) -> None:
    shown = page(beginner, "job", posting.pk)
    assert scene.DUTIES in shown
    assert "虚构的软件公司" in shown
    assert "近30天答复" not in shown
    assert "简历完整度为0%" in shown
    assert reverse("job-apply", args=[posting.pk]) not in shown
    UnitFigures.objects.create(unit=posting.unit, due=4, answered=3, median_days=2.5)
    assert "应答复4份，已答复3份" in page(beginner, "job", posting.pk)


def test_what_a_unit_typed_is_escaped_and_no_link(posting: Posting, beginner: Graduate) -> None:
    Recruiter.objects.filter(unit=posting.unit).update(
        introduction="<script>1</script>", website="https://example.com"
    )
    shown = page(beginner, "job", posting.pk)
    assert "<script>1" not in shown
    assert 'href="https://example.com' not in shown


def test_a_favourite_is_kept_once_and_given_up(posting: Posting, beginner: Graduate) -> None:
    for _ in range(2):
        assert status(beginner, "job-favourite", posting.pk, keep="1") == 302
    assert Favourite.objects.count() == 1
    assert posting.title in page(beginner, "jobs", query="?kept=on")
    assert status(beginner, "job-favourite", posting.pk, keep="0") == 302
    assert not Favourite.objects.exists()


# Applying


def test_a_graduate_reads_the_consent_and_applies(posting: Posting, applicant: Graduate) -> None:
    shown = page(applicant, "job-apply", posting.pk)
    assert f"向{posting.unit.name}（联系方式：试用招聘 0551-60000000）" in shown
    assert status(applicant, "job-apply", posting.pk, **AGREED) == 302
    made = Application.objects.get()
    assert (made.graduate_id, made.shows_phone) == (applicant.pk, False)
    assert posting.title in page(applicant, "applications")
    assert "还没有人打开过" in page(applicant, "application", made.pk)


def test_the_phone_is_shown_if_ticked(posting: Posting, applicant: Graduate) -> None:
    status(applicant, "job-apply", posting.pk, shows_phone="on", **AGREED)
    assert Application.objects.get().shows_phone


@pytest.mark.parametrize(
    "typed", [{"version": "1"}, {"consent": "on"}, {"consent": "on", "version": "999"}]
)
def test_nobody_applies_without_consent_to_the_present_text(
    posting: Posting, applicant: Graduate, typed: dict[str, str]
) -> None:
    assert status(applicant, "job-apply", posting.pk, **typed) == 409
    assert not Application.objects.exists()


def test_a_double_click_applies_once(posting: Posting, applicant: Graduate) -> None:
    assert status(applicant, "job-apply", posting.pk, **AGREED) == 302
    assert status(applicant, "job-apply", posting.pk, **AGREED) == 409
    assert Application.objects.count() == 1


def test_an_incomplete_resume_is_not_delivered(posting: Posting, beginner: Graduate) -> None:
    assert "请先完善简历" in page(beginner, "job-apply", posting.pk)
    assert status(beginner, "job-apply", posting.pk, **AGREED) == 409


# The own applications


def test_the_graduate_sees_who_opened_the_resume_and_why_it_was_refused(
    posting: Posting, member: UnitMember, applicant: Graduate
) -> None:
    made = scene.apply(applicant, posting)
    unit_applications.open_application(application_id=made.pk, by=member)
    assert f"{member.unit.name} {member.name}" in page(applicant, "application", made.pk)
    unit_applications.reject(
        application_id=made.pk, reason=RejectReason.OTHER, reason_text="岗位已调整", by=member
    )
    shown = page(applicant, "application", made.pk)
    assert "其他：岗位已调整" in shown
    assert reverse("application-withdraw", args=[made.pk]) not in shown


@pytest.mark.parametrize("state", ApplicationState.values)
def test_every_state_is_said_in_words(state: str) -> None:
    assert STATE_WORDS[state].endswith("。")


def test_an_application_is_withdrawn_and_then_erased(posting: Posting, applicant: Graduate) -> None:
    made = scene.apply(applicant, posting)
    assert status(applicant, "application-erase", made.pk) == 302
    made.refresh_from_db()
    assert made.snapshot  # still going on
    for _ in range(2):
        assert status(applicant, "application-withdraw", made.pk) == 302
    assert status(applicant, "application-erase", made.pk) == 302
    made.refresh_from_db()
    assert (made.state, made.snapshot) == (ApplicationState.WITHDRAWN, "")
    assert "已删除" in page(applicant, "application", made.pk)


def test_another_ones_application_is_404(
    posting: Posting, applicant: Graduate, beginner: Graduate
) -> None:
    made = scene.apply(applicant, posting)
    assert client_for(beginner).get(reverse("application", args=[made.pk])).status_code == 404
    for name in ("application-withdraw", "application-erase"):
        assert status(beginner, name, made.pk) == 404
    assert "还没有投递" in page(beginner, "applications")
    made.refresh_from_db()
    assert made.state == ApplicationState.DELIVERED


def test_a_lapsed_application_says_so(posting: Posting, applicant: Graduate) -> None:
    made = scene.apply(applicant, posting)
    Application.objects.filter(pk=made.pk).update(
        lapses_at=timezone.now() - datetime.timedelta(hours=1)
    )
    applications.lapse_due()
    assert "没有答复" in page(applicant, "application", made.pk)


def test_the_page_of_services_leads_here(beginner: Graduate) -> None:
    shown = page(beginner, "services")
    for name in ("jobs", "resume", "applications"):
        assert f'href="{reverse(name)}"' in shown
