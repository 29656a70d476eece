"""The PDF of 就业推荐表: what it says, and the job that draws a class's."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from core import files, jobs
from core.errors import DomainError, Refused
from core.models import StoredFile
from recruiting import recommendation_pdf, snapshots
from recruiting.actions import recommendation_prints, recommendations
from recruiting.models import Recommendation, RecommendationPrint
from recruiting.states import PrintState, RecommendationState
from schools.models import StaffMember
from schools.roles import Role
from tests import factories
from tests.esign.test_documents import read_text
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
S = RecommendationState


def plain(content: bytes) -> str:
    """The text of a PDF without blanks, since columns break it anywhere."""
    return re.sub(r"\s", "", read_text(content))


def with_transcript(world: World) -> Recommendation:
    form = scene.make_recommendation(world)
    user = scene.account_of(form.graduate)
    recommendations.set_transcript(graduate=form.graduate, content=factories.make_photo(), by=user)
    recommendations.submit(form_id=form.pk, by=user)
    recommendations.recommend(
        form_id=form.pk, opinion="表现良好", version=scene.version_of(form), by=world.counsellor
    )
    recommendations.seal(
        form_id=form.pk, opinion="同意", version=scene.version_of(form), by=world.school_admin
    )
    return scene.read_form(form.pk)


def test_the_pdf_says_what_was_sealed(world: World) -> None:
    graduate = factories.make_graduate(world, id_number=factories.make_id_number(7))
    form = scene.make_recommendation(world, S.VALID, graduate=graduate)
    said = plain(recommendation_pdf.render([form]))
    typed = scene.typed_recommendation()
    today = timezone.localdate()
    for part in (
        "毕业生就业推荐表", f"编号：{form.number}", form.graduate.name, "共青团员", "2004年2月",
        "计算机科学与技术", "非定向", world.school.name, form.graduate.student_no, *typed.values(),
        "表现良好，同意推荐。", "同意推荐", world.counsellor.label, world.school_admin.label,
        f"{today.year}年{today.month}月{today.day}日", form.text_hash, "盖章处",
    ):  # fmt: skip
        assert part in said, part
    for secret in (form.graduate.person.id_number, form.graduate.mobile, form.graduate.exam_no):
        assert secret not in said


def test_a_change_of_the_record_changes_nothing_in_print(world: World) -> None:
    form = scene.make_recommendation(world, S.VALID)
    form.graduate.major_name = "金融学"
    form.graduate.save()
    said = plain(recommendation_pdf.render([scene.read_form(form.pk)]))
    assert "计算机科学与技术" in said
    assert "金融学" not in said


def test_the_longest_texts_fit_one_sheet_and_the_transcript_has_its_own(world: World) -> None:
    long = "专业成绩名列前茅，" * 55
    form = scene.write_recommendation(
        factories.make_graduate(world), studies=long, practice=long, strengths=long
    )
    recommendations.submit(form_id=form.pk, by=scene.account_of(form.graduate))
    recommendations.recommend(
        form_id=form.pk, opinion="好" * 200, version=scene.version_of(form), by=world.counsellor
    )
    recommendations.seal(
        form_id=form.pk, opinion="同" * 200, version=scene.version_of(form), by=world.school_admin
    )
    pages = read_text(recommendation_pdf.render([scene.read_form(form.pk)])).split("\f")
    assert len(pages) == 2, "one page and what stands behind the last break"
    both = recommendation_pdf.render([scene.read_form(form.pk), with_transcript(world)])
    pages = read_text(both).split("\f")
    assert len(pages) == 4
    assert "成绩单" in pages[2]


def test_what_is_not_valid_or_was_altered_is_not_printed(world: World) -> None:
    form = with_transcript(world)
    form.text = form.text.replace("计算机", "金融学")
    with pytest.raises(Refused):
        recommendation_pdf.render([form])
    form = scene.read_form(form.pk)
    assert form.transcript is not None
    form.transcript.sha256 = "0" * 64
    with pytest.raises(Refused):
        recommendation_pdf.render([form])
    for state in (S.WAITING_DEPARTMENT, S.WAITING_SCHOOL):
        with pytest.raises(Refused):
            recommendation_pdf.render([scene.make_recommendation(world, state)])


def test_an_altered_form_is_refused_on_its_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = scene.make_recommendation(world, S.VALID)
    monkeypatch.setattr(snapshots, "digest", lambda text: "0" * 64)
    client = client_of(scene.account_of(form.graduate))
    assert client.get(reverse("recommendation-pdf", args=[form.pk])).status_code == 302
    shown = client.get(reverse("recommendation")).content.decode()
    assert "与盖章时不一致" in shown
    answer = client.get(reverse("recommendation-verify", args=[form.token]))
    assert answer.status_code == 404
    assert "有效</h2>" not in answer.content.decode()


# --- many at once -----------------------------------------------------------------------------


def ask(world: World, *forms: Recommendation, **more: Any) -> RecommendationPrint:
    values = {"form_ids": [f.pk for f in forms], "by": world.counsellor} | more
    return recommendation_prints.request(**values)


def test_a_class_is_printed_in_one_pdf_by_the_job(world: World) -> None:
    forms = [scene.make_recommendation(world, S.VALID) for _ in range(3)]
    client = world.client(Role.COUNSELLOR)
    answer = client.post(reverse("console:recommendations-print"), {"pick": [f.pk for f in forms]})
    assert answer["Location"] == reverse("console:recommendation-prints")
    assert "等待生成" in client.get(answer["Location"]).content.decode()
    assert recommendation_prints.make_waiting() == 1
    job = RecommendationPrint.objects.get()
    html = client.get(answer["Location"]).content.decode()
    assert "已生成" in html
    download = reverse("console:recommendation-printed", args=[job.pk])
    assert download in html
    content = b"".join(client.get(download).streaming_content)  # type: ignore[attr-defined]
    pages = read_text(content).split("\f")
    assert len(pages) == 4
    for form, text in zip(forms, pages, strict=False):
        assert str(form.number) in text
    for role in (Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN):
        assert world.client(role).get(download).status_code == 404, "only who asked for it"


def test_only_forms_of_the_own_scope_are_taken(world: World) -> None:
    outside = factories.make_graduate(world, department=1)
    form = scene.write_recommendation(outside)
    foreign = scene.make_recommendation(factories.make_world(), S.VALID)
    with pytest.raises(DomainError) as refusal:
        ask(world, form, foreign)
    assert refusal.value.code == "none"
    mine = scene.make_recommendation(world, S.VALID)
    assert ask(world, mine, foreign).forms == [mine.pk]
    with pytest.raises(DomainError):
        ask(world, mine, by=world.user(Role.PROVINCE))
    with pytest.raises(DomainError):
        recommendation_prints.request(form_ids=range(101), by=world.counsellor)


def test_forms_that_became_void_meanwhile_are_left_out_with_a_sentence(world: World) -> None:
    stays, ends = (scene.make_recommendation(world, S.VALID) for _ in range(2))
    job = ask(world, stays, ends)
    recommendations.void(form_id=ends.pk, reason="有误", by=world.school_admin)
    recommendation_prints.make_waiting()
    job.refresh_from_db()
    assert (job.state, job.printed, len(job.left_out)) == (PrintState.READY, 1, 1)
    assert "已作废" in job.left_out[0]
    job = ask(world, ends)
    recommendation_prints.make_waiting()
    job.refresh_from_db()
    assert (job.state, job.file_id) == (PrintState.PARKED, None)
    assert "都不能打印" in job.problem


def test_who_lost_the_scope_meanwhile_gets_nothing(world: World) -> None:
    job = ask(world, scene.make_recommendation(world, S.VALID))
    StaffMember.objects.get(user=world.counsellor).departments.clear()
    recommendation_prints.make_waiting()
    job.refresh_from_db()
    assert job.state == PrintState.PARKED


def test_a_worker_that_died_or_slept_leaves_one_pdf(world: World) -> None:
    job = ask(world, scene.make_recommendation(world, S.VALID))
    (asleep,) = jobs.claim(recommendation_prints.PRINTS, related=("user",))
    past = timezone.now() - datetime.timedelta(hours=1)
    RecommendationPrint.objects.filter(pk=job.pk).update(leased_until=past)
    assert recommendation_prints.sweep()
    assert recommendation_prints.make_waiting() == 1
    assert not recommendation_prints.make(asleep), "its lease is another worker's"
    assert StoredFile.objects.filter(purpose="recommendation-print").count() == 1


def test_a_fault_is_tried_again_and_then_parked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(world, scene.make_recommendation(world, S.VALID))

    def fail(*_: Any) -> bytes:
        raise OSError("disk")

    monkeypatch.setattr(recommendation_pdf, "render", fail)
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            recommendation_prints.make_waiting()
    recommendation_prints.make_waiting()
    job.refresh_from_db()
    assert job.state == PrintState.PARKED
    assert "disk" in job.problem


def test_prints_are_deleted_after_a_day_and_one_person_does_not_fill_the_queue(
    world: World,
) -> None:
    form = scene.make_recommendation(world, S.VALID)
    for _ in range(3):
        ask(world, form)
    with pytest.raises(DomainError) as refusal:
        ask(world, form)
    assert refusal.value.code == "waiting"
    recommendation_prints.make_waiting()
    assert not recommendation_prints.sweep()
    assert RecommendationPrint.objects.count() == 3
    RecommendationPrint.objects.update(created_at=factories.month_ago())
    kept = StoredFile.objects.get(pk=RecommendationPrint.objects.first().file_id)  # type: ignore[union-attr]
    with files.open_file(kept) as f:
        assert f.read(5) == b"%PDF-"
    recommendation_prints.sweep()
    assert not RecommendationPrint.objects.exists()
    assert not StoredFile.objects.filter(purpose="recommendation-print").exists()
