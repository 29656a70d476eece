"""Several résumés over one store, which of them is delivered, and their PDFs."""

from __future__ import annotations

import json
import re
from typing import Any

import pypdfium2
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from core.errors import Conflict, Invalid, Refused
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import consent, resume_pdf
from recruiting.actions import applications, interviews, resume_choices, resumes
from recruiting.actions.resume_choices import Choice
from recruiting.models import (
    MOST_RESUMES,
    Application,
    Posting,
    Resume,
    ResumeEntry,
    ResumeReading,
    ResumeStore,
)
from recruiting.states import EntryKind, PostingState
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
AWARD = {"name": "虚构奖", "begun": "2025-05", "text": ""}
AGREED = {"consent": "on", "version": str(consent.CURRENT.version)}


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def graduate(world: World) -> Graduate:
    graduate = scene.make_applicant(world, mobile="13440837476", email="a@example.com")
    by = scene.account_of(graduate)
    resumes.add_entry(graduate=graduate, kind=EntryKind.AWARD, typed=AWARD, by=by)
    return graduate


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


@pytest.fixture
def member() -> UnitMember:
    return scene.make_recruiter()


@pytest.fixture
def posting(world: World, member: UnitMember) -> Posting:
    return scene.make_posting(member, PostingState.PUBLISHED, by=world)


def entry(graduate: Graduate, kind: str) -> ResumeEntry:
    return ResumeEntry.objects.get(graduate=graduate, kind=kind)


def make(graduate: Graduate, title: str = "技术岗", **changes: Any) -> Resume:
    entries = [entry(graduate, EntryKind.EDUCATION).pk]
    values: dict[str, Any] = {"title": title, "layout": 1, "entries": entries, "facts": ()}
    return resume_choices.make(
        graduate=graduate, choice=Choice(**values | changes), by=scene.account_of(graduate)
    )


def test_a_new_resume_begins_with_everything_and_keeps_what_is_chosen(
    graduate: Graduate, client: Client
) -> None:
    address = reverse("resume-choice-new")
    form = client.get(address).context["form"]
    assert form.initial["award"] == [entry(graduate, EntryKind.AWARD).pk]
    studied = entry(graduate, EntryKind.EDUCATION).pk
    answer = client.post(address, {"title": " 技术岗 ", "layout": "2", "education": [studied]})
    made = Resume.objects.get(graduate=graduate, title="技术岗")
    assert answer["Location"] == reverse("resume-choice", args=[made.pk])
    assert (made.layout, made.is_default) == (2, False)
    page = client.get(answer["Location"]).content.decode()
    assert "虚构奖" not in page[page.index("<h2>预览</h2>") :]
    assert "虚构学院" in page[page.index("<h2>预览</h2>") :]


def test_facts_are_shown_by_the_resumes_that_choose_them(
    graduate: Graduate, client: Client
) -> None:
    resumes.save_store(
        graduate=graduate, typed={"native_place": "虚构县", "health": "健康"}, nothing_in=(),
        shown=("show_native_place", "show_health"), by=scene.account_of(graduate),
    )  # fmt: skip
    made = make(graduate, facts=("show_health",))
    page = client.get(reverse("resume-choice", args=[made.pk])).content.decode()
    assert "虚构县" not in page
    assert "健康" in page[page.index("<h2>预览</h2>") :]
    default = Resume.objects.get(graduate=graduate, is_default=True)
    assert "虚构县" in client.get(reverse("resume-choice", args=[default.pk])).content.decode()
    # What the store does not show stands nowhere.
    resumes.save_store(
        graduate=graduate, typed={"native_place": "虚构县"}, nothing_in=(), shown=(),
        by=scene.account_of(graduate),
    )  # fmt: skip
    assert "虚构县" not in client.get(reverse("resume-choice", args=[default.pk])).content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"title": "", "layout": "1"}, "请填写简历名称"),
        ({"title": "长" * 21, "layout": "1"}, "不能超过20个字"),
        ({"title": "默认简历", "layout": "1"}, "已有名为“默认简历”的简历"),
        ({"title": "技术岗", "layout": ""}, "请选择"),
        ({"title": "技术岗", "layout": "9"}, "请选择"),
        ({"title": "技术岗", "layout": "1", "award": ["999999"]}, "其中有内容刚被删除"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_is_kept(
    graduate: Graduate, client: Client, typed: dict[str, Any], words: str
) -> None:
    answer = client.post(reverse("resume-choice-new"), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert f'value="{typed["title"]}"' in page or not typed["title"]
    assert Resume.objects.filter(graduate=graduate).count() == 1


def test_entries_of_others_are_never_chosen(graduate: Graduate, world: World) -> None:
    other = scene.make_applicant(world, student_no="S2")
    made = make(graduate, entries=[entry(other, EntryKind.EDUCATION).pk])
    assert not made.entries.exists()


def test_there_are_at_most_five(graduate: Graduate, client: Client) -> None:
    for number in range(MOST_RESUMES - 1):
        make(graduate, f"第{number}份")
    with pytest.raises(Refused, match="最多5份"):
        make(graduate, "第六份")
    assert "最多5份简历，请先删除" in client.get(reverse("resume-choice-new")).content.decode()
    assert reverse("resume-choice-new") not in client.get(reverse("resume")).content.decode()


def test_a_resume_saved_elsewhere_meanwhile_is_not_overwritten(
    graduate: Graduate, client: Client
) -> None:
    made = make(graduate)
    address = reverse("resume-choice", args=[made.pk])
    version = client.get(address).context["form"].initial["version"]
    typed = {"title": "运维岗", "layout": "1", "version": version}
    assert client.post(address, typed).status_code == 302
    again = client.post(address, typed | {"title": "测试岗"})
    assert again.status_code == 409
    made.refresh_from_db()
    assert made.title == "运维岗"
    with pytest.raises(Conflict):
        resume_choices.change(
            graduate=graduate, resume_id=made.pk, version=version, by=scene.account_of(graduate),
            choice=Choice(title="又一", layout=1, entries=(), facts=()),
        )  # fmt: skip


def test_another_one_becomes_the_default_and_the_last_one_stays(
    graduate: Graduate, client: Client
) -> None:
    first = Resume.objects.get(graduate=graduate)
    made = make(graduate)
    for _ in range(2):
        assert client.post(reverse("resume-choice-default", args=[made.pk])).status_code == 302
    assert Resume.objects.get(graduate=graduate, is_default=True) == made
    client.post(reverse("resume-choice-delete", args=[made.pk]))
    assert Resume.objects.get(graduate=graduate, is_default=True) == first
    assert entry(graduate, EntryKind.EDUCATION).pk
    assert client.post(reverse("resume-choice-delete", args=[made.pk])).status_code == 404
    client.post(reverse("resume-choice-delete", args=[first.pk]))
    assert Resume.objects.get(graduate=graduate) == first
    with pytest.raises(Refused, match="至少保留一份"):
        resume_choices.delete(graduate=graduate, resume_id=first.pk, by=scene.account_of(graduate))


def test_nobody_changes_another_ones_resumes(graduate: Graduate, world: World) -> None:
    other = scene.make_applicant(world, student_no="S2")
    mine, by = Resume.objects.get(graduate=graduate), scene.account_of(other)
    for name in ("resume-choice-default", "resume-choice-delete", "resume-choice"):
        address = reverse(name, args=[mine.pk])
        assert client_of(by).post(address, {"title": "x", "layout": "1"}).status_code == 404
    for step in (resume_choices.make_default, resume_choices.delete):
        with pytest.raises(Refused):
            step(graduate=other, resume_id=mine.pk, by=by)
        with pytest.raises(Refused):
            step(graduate=graduate, resume_id=mine.pk, by=by)


def test_a_document_number_in_the_title_is_warned_of(graduate: Graduate, client: Client) -> None:
    made = make(graduate, title=graduate.person.id_number)
    page = client.get(reverse("resume-choice", args=[made.pk])).content.decode()
    assert "建议删去" in page[page.index('id="field-title"') :]


# Delivery


def test_one_of_several_is_delivered_and_the_default_is_preselected(
    graduate: Graduate, client: Client, posting: Posting
) -> None:
    address = reverse("job-apply", args=[posting.pk])
    assert "投递哪份简历" not in client.get(address).content.decode()
    made = make(graduate)
    page = client.get(address).content.decode()
    checked = re.findall(r'name="resume" value="(\d+)"[^>]* checked', page)
    assert checked == [str(Resume.objects.get(graduate=graduate, is_default=True).pk)]
    answer = client.post(address, AGREED | {"resume": str(made.pk)})
    assert answer.status_code == 302
    text = json.loads(Application.objects.get().snapshot)
    assert text["title"] == "技术岗"
    assert [s["entries"] for s in text["sections"] if s["title"] == "获奖"] == [[]]
    # Deleting it leaves what was sent.
    resume_choices.delete(graduate=graduate, resume_id=made.pk, by=scene.account_of(graduate))
    assert Application.objects.get().snapshot == json.dumps(
        text, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


@pytest.mark.parametrize("chosen", ["", "999999", "x"])
def test_without_a_choice_nothing_is_delivered(
    graduate: Graduate, client: Client, posting: Posting, chosen: str
) -> None:
    make(graduate)
    answer = client.post(
        reverse("job-apply", args=[posting.pk]), AGREED | ({"resume": chosen} if chosen else {})
    )
    assert answer.status_code in (409, 422)
    assert not Application.objects.exists()
    assert 'class="error"' in answer.content.decode()


def test_another_ones_resume_is_not_delivered(
    graduate: Graduate, world: World, posting: Posting
) -> None:
    other = scene.make_applicant(world, student_no="S2")
    with pytest.raises(Refused, match="请选择一份简历"):
        applications.deliver(
            graduate=graduate, posting_id=posting.pk, shows_phone=False,
            resume_id=Resume.objects.get(graduate=other).pk, by=scene.account_of(graduate),
            consent_version=consent.CURRENT.version,
        )  # fmt: skip


def test_a_resume_that_leaves_too_much_out_is_not_delivered(
    graduate: Graduate, client: Client, posting: Posting
) -> None:
    made = make(graduate, entries=())
    ResumeStore.objects.filter(graduate=graduate).update(completeness=65)
    answer = client.post(reverse("job-apply", args=[posting.pk]), AGREED | {"resume": str(made.pk)})
    assert answer.status_code == 409
    assert "简历“技术岗”只写入了部分内容，完整度为45%" in answer.content.decode()


# The PDF


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join(page.get_textpage().get_text_range() for page in document)


@pytest.mark.parametrize("layout", [1, 2])
def test_the_graduate_downloads_a_pdf_in_either_layout(
    graduate: Graduate, client: Client, layout: int
) -> None:
    scene.upload_photo(graduate)
    made = make(graduate, layout=layout)
    answer = client.get(reverse("resume-choice-pdf", args=[made.pk]))
    assert answer["Content-Type"] == "application/pdf"
    words = text_of(answer.content)
    for held in (graduate.name, "13440837476", "a@example.com", "虚构学院", "踏实认真"):
        assert held in words
    assert graduate.person.id_number not in words
    assert (b"/Image" in answer.content) == (layout == 2)


def test_markup_in_a_resume_is_text_in_the_pdf(graduate: Graduate, client: Client) -> None:
    resumes.save_store(
        graduate=graduate, typed={"self_evaluation": '<img src="file:///etc/passwd">&amp;'},
        shown=(), nothing_in=(), by=scene.account_of(graduate),
    )  # fmt: skip
    answer = client.get(reverse("resume-choice-pdf", args=[make(graduate).pk]))
    assert "<img src" in text_of(answer.content)


def test_a_character_that_no_font_has_is_named_and_no_box_is_drawn(
    graduate: Graduate, client: Client
) -> None:
    resumes.save_store(
        graduate=graduate, typed={"hobbies": "写\U00013000字"}, shown=(), nothing_in=(),
        by=scene.account_of(graduate),
    )  # fmt: skip
    made = make(graduate)
    answer = client.get(reverse("resume-choice-pdf", args=[made.pk]))
    assert answer["Location"] == reverse("resume-choice", args=[made.pk])
    page = client.get(answer["Location"]).content.decode()
    assert "爱好中的“\U00013000”打印不出来，没有生成PDF" in page


def test_pdfs_of_one_person_are_limited(
    graduate: Graduate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resume_pdf, "render", lambda *_, **__: b"%PDF-")
    address = reverse("resume-choice-pdf", args=[make(graduate).pk])
    cache.set(f"rate:resume-pdf:{scene.account_of(graduate).pk}", 29, timeout=60)
    assert [client.get(address).status_code for _ in range(2)] == [200, 429]


def test_the_unit_prints_with_its_name_and_the_time_and_without_a_hidden_phone(
    graduate: Graduate, posting: Posting, member: UnitMember
) -> None:
    made = scene.apply(graduate, posting)
    address = reverse("employer-application-print", args=[made.pk])
    unit = client_of(member.user)
    shown = unit.get(reverse("employer-application", args=[made.pk])).content.decode()
    assert address in shown
    words = text_of(unit.get(address).content)
    assert f"仅供{member.unit.name}招聘使用" in words.replace("\r\n", "")
    assert member.name in words
    assert "13440837476" not in words
    assert ResumeReading.objects.filter(reader__endswith=f"{member.name}（打印）").count() == 1
    invited = interviews.invite(application_id=made.pk, typed=scene.typed_interview(), by=member)
    interviews.accept(interview_id=invited.pk, by=scene.account_of(graduate))
    assert "13440837476" in text_of(unit.get(address).content)


def test_nothing_is_printed_after_recall_or_without_consent_to_printing(
    graduate: Graduate, posting: Posting, member: UnitMember, world: World
) -> None:
    made = scene.apply(graduate, posting)
    unit = client_of(member.user)
    address = reverse("employer-application-print", args=[made.pk])
    assert client_of(scene.make_recruiter().user).get(address).status_code == 404
    applications.withdraw(application_id=made.pk, by=scene.account_of(graduate))
    assert unit.get(address).status_code == 404
    older = Application.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        unit=member.unit, posting=scene.make_posting(member, PostingState.PUBLISHED, by=world),
        snapshot=made.snapshot, snapshot_hash=made.snapshot_hash, consent_version=1,
    )  # fmt: skip
    assert unit.get(reverse("employer-application-print", args=[older.pk])).status_code == 404
    page = unit.get(reverse("employer-application", args=[older.pk])).content.decode()
    assert "打印简历" not in page
    assert "踏实认真" in page


def test_a_title_is_checked_by_the_action_too(graduate: Graduate) -> None:
    for title in ("", "长" * 21, "默认简历"):
        with pytest.raises(Invalid):
            make(graduate, title)
