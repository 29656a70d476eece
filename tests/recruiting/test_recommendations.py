"""就业推荐表: who writes, recommends and seals, what is frozen, when a form becomes void."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import Message, User
from core.errors import DomainError, Invalid
from core.models import Event, StoredFile
from graduates.actions import account, standing
from graduates.models import Graduate
from recruiting import invariants, queries, recommendation_text, snapshots
from recruiting.actions import recommendations
from recruiting.models import Recommendation, ResumeEntry
from recruiting.states import EntryKind, RecommendationState
from schools.models import Cohort
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
S = RecommendationState


def refused(code: str, call: Any, *args: Any, **values: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code, refusal.value
    return refusal.value.message


def made(world: World, state: str, **more: Any) -> Recommendation:
    return scene.make_recommendation(world, state, **more)


def now(form: Recommendation) -> Recommendation:
    return scene.read_form(form.pk)


def recommend(form: Recommendation, by: User, **more: Any) -> Recommendation:
    values = {"opinion": "同意推荐", "version": scene.version_of(form)} | more
    return recommendations.recommend(form_id=form.pk, by=by, **values)


def seal(form: Recommendation, by: User, **more: Any) -> Recommendation:
    values = {"opinion": "同意推荐", "version": scene.version_of(form)} | more
    return recommendations.seal(form_id=form.pk, by=by, **values)


def give_back(form: Recommendation, by: User, reason: str = "请补充成绩") -> Recommendation:
    return recommendations.give_back(
        form_id=form.pk, reason=reason, version=scene.version_of(form), by=by
    )


def told(graduate: Graduate) -> list[str]:
    rows = Message.objects.filter(to=f"person:{graduate.person_id}").order_by("pk")
    return [f"{m.title} {m.text}" for m in rows]


# --- the graduate -----------------------------------------------------------------------------


def test_a_form_goes_from_the_graduate_to_the_department_and_the_school(world: World) -> None:
    form = made(world, S.DRAFT)
    graduate = form.graduate
    recommendations.submit(form_id=form.pk, by=scene.account_of(graduate))
    assert now(form).state == S.WAITING_DEPARTMENT
    recommend(form, world.counsellor)
    assert now(form).state == S.WAITING_SCHOOL
    seal(form, world.school_admin)
    valid = now(form)
    assert valid.state == S.VALID
    assert valid.number == f"{world.school.code}{world.cohort.year}00001"
    assert valid.text_hash == snapshots.digest(valid.text)
    assert len(valid.token or "") == 43
    said = recommendation_text.read(valid.text)
    assert said["studies"] == scene.typed_recommendation()["studies"]
    assert said["number"] == valid.number
    basics = dict(said["basics"])
    assert basics["姓名"] == graduate.name
    assert (basics["民族"], basics["学制"], basics["培养方式"]) == ("汉族", "4年", "非定向")
    assert "肥西" in basics["生源地"] or basics["生源地"]
    assert graduate.person.id_number not in valid.text
    assert graduate.mobile not in valid.text
    assert any("盖章生效" in line and valid.number in line for line in told(graduate))


def test_only_the_graduate_writes_submits_and_withdraws(world: World) -> None:
    form = made(world, S.DRAFT)
    other = signing.confirm_origin(factories.make_graduate(world))
    typed = scene.typed_recommendation(studies="代写")
    for by, code in ((other, "not_yours"), (world.counsellor, "role")):
        refused(code, recommendations.edit, graduate=form.graduate, typed=typed, by=by,
                version=scene.version_of(form))  # fmt: skip
        refused(code, recommendations.submit, form_id=form.pk, by=by)
    recommendations.submit(form_id=form.pk, by=scene.account_of(form.graduate))
    for by, code in ((other, "not_yours"), (world.counsellor, "role")):
        refused(code, recommendations.withdraw, form_id=form.pk, by=by)


def test_gaps_and_too_long_texts_are_said_beside_their_fields(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = signing.confirm_origin(graduate)
    with pytest.raises(Invalid) as long:
        recommendations.edit(
            graduate=graduate, typed=scene.typed_recommendation(practice="长" * 501), version="",
            by=user,
        )  # fmt: skip
    assert list(long.value.errors) == ["practice"]
    assert not Recommendation.objects.exists()
    form = scene.write_recommendation(graduate, studies=" \u200b ", strengths="好🎉")
    with pytest.raises(Invalid) as gaps:
        recommendations.submit(form_id=form.pk, by=user)
    assert set(gaps.value.errors) == {"studies", "strengths"}
    assert now(form).state == S.DRAFT
    scene_typed = scene.typed_recommendation(studies="一" * 500)
    recommendations.edit(
        graduate=graduate, typed=scene_typed, version=scene.version_of(form), by=user
    )
    recommendations.submit(form_id=form.pk, by=user)


def test_a_record_that_is_not_confirmed_gets_a_sentence_at_every_step(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = scene.account_of(graduate)
    form = recommendations.edit(
        graduate=graduate, typed=scene.typed_recommendation(), version="", by=user
    )
    assert "确认" in refused("not_confirmed", recommendations.submit, form_id=form.pk, by=user)
    waiting, sealing = made(world, S.WAITING_DEPARTMENT), made(world, S.WAITING_SCHOOL)
    Graduate.objects.filter(pk__in=[waiting.graduate_id, sealing.graduate_id]).update(
        confirmation="unsubmitted"
    )
    refused("not_confirmed", recommend, waiting, world.counsellor)
    refused("not_confirmed", seal, sealing, world.school_admin)
    assert now(sealing).number is None


def test_a_second_tab_does_not_overwrite_the_first(world: World) -> None:
    form = made(world, S.DRAFT)
    user, graduate = scene.account_of(form.graduate), form.graduate
    seen = scene.version_of(form)
    typed = scene.typed_recommendation(studies="第一个窗口")
    recommendations.edit(graduate=graduate, typed=typed, version=seen, by=user)
    again = recommendations.edit(graduate=graduate, typed=typed, version=seen, by=user)
    assert again.pk == form.pk, "a double click saves once"
    second = scene.typed_recommendation(studies="第二个窗口")
    refused("stale", recommendations.edit, graduate=graduate, typed=second, version=seen, by=user)
    assert now(form).studies == "第一个窗口"
    edits = Event.objects.filter(action="recruiting.edit_recommendation", object_id=form.pk)
    assert edits.count() == 2


def test_a_submitted_form_changes_no_more_until_it_is_withdrawn(world: World) -> None:
    form = made(world, S.WAITING_DEPARTMENT)
    user, graduate = scene.account_of(form.graduate), form.graduate
    typed = scene.typed_recommendation(studies="改")
    version = scene.version_of(form)
    refused("state", recommendations.edit, graduate=graduate, typed=typed, version=version, by=user)
    refused("state", recommendations.set_transcript, graduate=graduate,
            content=factories.make_photo(), by=user)  # fmt: skip
    recommendations.withdraw(form_id=form.pk, by=user)
    refused("state", recommendations.withdraw, form_id=form.pk, by=user)
    recommendations.edit(graduate=graduate, typed=typed, version=scene.version_of(form), by=user)
    assert now(form).studies == "改"
    assert Recommendation.objects.count() == 1


def test_a_new_form_begins_with_the_resume_and_the_next_one_with_the_last(world: World) -> None:
    graduate = scene.make_applicant(world)
    ResumeEntry.objects.create(
        graduate=graduate, kind=EntryKind.AWARD, name="校一等奖学金",
        begun=datetime.date(2025, 10, 1), text="前5%",
    )  # fmt: skip
    ResumeEntry.objects.create(
        graduate=graduate, kind=EntryKind.CAMPUS, sort=3, name="班长",
        begun=datetime.date(2024, 9, 1), text="组织活动" * 60,
    )  # fmt: skip
    draft = recommendation_text.first_draft(graduate)
    assert "校一等奖学金：前5%" in draft["studies"]
    assert "虚构学院" in draft["studies"]
    assert draft["practice"].startswith("2024.09 至今 班长：组织活动")
    assert draft["strengths"] == "英语六级\n二级\n写作\n踏实认真。"
    assert all(len(text) <= 500 for text in draft.values())
    made(world, S.VALID, graduate=graduate)
    assert recommendation_text.first_draft(graduate) == scene.typed_recommendation()


def test_the_transcript_is_a_checked_picture_and_stays_with_the_form(world: World) -> None:
    form = made(world, S.DRAFT)
    user, graduate = scene.account_of(form.graduate), form.graduate
    for content in (b"", b"%PDF-1.7 no picture", b"x" * (20 * 1024 * 1024 + 1)):
        refused("invalid", recommendations.set_transcript, graduate=graduate, content=content,
                by=user)  # fmt: skip
    recommendations.set_transcript(graduate=graduate, content=factories.make_photo(), by=user)
    file = now(form).transcript
    assert file is not None
    assert (file.purpose, file.content_type) == ("transcript", "image/jpeg")
    recommendations.drop_transcript(graduate=graduate, by=user)
    assert now(form).transcript is None
    recommendations.set_transcript(graduate=graduate, content=factories.make_photo(), by=user)
    recommendations.submit(form_id=form.pk, by=user)
    recommend(form, world.counsellor)
    seal(form, world.school_admin)
    kept = now(form)
    assert kept.transcript is not None
    assert recommendation_text.read(kept.text)["transcript"] == kept.transcript.sha256


# --- the department and the school ------------------------------------------------------------


def test_each_level_acts_in_its_own_scope_alone(world: World) -> None:
    other_department = factories.make_graduate(world, department=1)
    foreign, elsewhere = made(world, S.WAITING_DEPARTMENT), factories.make_world()
    outside = scene.write_recommendation(other_department)
    recommendations.submit(form_id=outside.pk, by=scene.account_of(other_department))
    for by in (world.counsellor, world.department_admin):
        refused("scope", recommend, outside, by)
        refused("scope", give_back, outside, by)
        assert outside.pk not in queries.recommendations_for(by).values_list("pk", flat=True)
    for by in (elsewhere.counsellor, elsewhere.school_admin):
        refused("scope", recommend, foreign, by)
        assert not queries.recommendations_for(by).exists()
    refused("role", recommend, foreign, world.user(Role.PROVINCE))
    recommend(outside, world.school_admin)
    one_class = factories.make_staff(
        Role.COUNSELLOR, world, cohorts=[world.cohort], classes=[world.classes[0][1]]
    )
    refused("scope", recommend, foreign, one_class)


def test_only_the_school_seals_returns_from_its_wait_and_voids(world: World) -> None:
    form, valid = made(world, S.WAITING_SCHOOL), made(world, S.VALID)
    for by in (world.counsellor, world.department_admin):
        refused("role", seal, form, by)
        refused("state", give_back, form, by)
        refused("role", recommendations.void, form_id=valid.pk, reason="错", by=by)
    elsewhere = factories.make_world()
    refused("scope", seal, form, elsewhere.school_admin)
    refused("scope", recommendations.void, form_id=valid.pk, reason="错",
            by=elsewhere.school_admin)  # fmt: skip
    refused("role", seal, form, world.user(Role.PROVINCE))
    assert now(form).state == S.WAITING_SCHOOL
    give_back(form, world.school_admin, "请补充社会实践")
    back = now(form)
    assert (back.state, back.reason, back.department_opinion) == (S.DRAFT, "请补充社会实践", "")
    assert back.department_at is None
    assert "请补充社会实践" in told(form.graduate)[-1]


def test_whoever_reset_the_graduates_account_neither_recommends_nor_seals(world: World) -> None:
    form = made(world, S.WAITING_DEPARTMENT)
    account.reset_account(graduate_id=form.graduate_id, by=world.school_admin)
    refused("reset_by_you", recommend, form, world.school_admin)
    recommend(form, world.counsellor)
    refused("reset_by_you", seal, form, world.school_admin)
    seal(form, factories.make_staff(Role.SCHOOL_ADMIN, world))


def test_where_the_school_asks_for_two_persons_nobody_seals_after_the_own_opinion(
    world: World,
) -> None:
    world.school.two_person_review = True
    world.school.save()
    form = made(world, S.WAITING_DEPARTMENT)
    recommend(form, world.school_admin)
    refused("same_person", seal, form, world.school_admin)
    second = factories.make_staff(Role.SCHOOL_ADMIN, world)
    User.objects.filter(pk=second.pk).update(created_at=factories.month_ago())
    seal(form, User.objects.get(pk=second.pk))


@pytest.mark.parametrize("opinion", ["", " \n ", "好" * 201, "同意🎉"])
def test_an_opinion_is_needed_short_and_printable(world: World, opinion: str) -> None:
    form, sealing = made(world, S.WAITING_DEPARTMENT), made(world, S.WAITING_SCHOOL)
    for call in (
        lambda: recommend(form, world.counsellor, opinion=opinion),
        lambda: seal(sealing, world.school_admin, opinion=opinion),
    ):
        with pytest.raises(Invalid) as wrong:
            call()
        assert list(wrong.value.errors) == ["opinion"]
    assert now(form).state == S.WAITING_DEPARTMENT


def test_an_opinion_on_what_changed_meanwhile_is_refused(world: World) -> None:
    form = made(world, S.WAITING_DEPARTMENT)
    user, seen = scene.account_of(form.graduate), scene.version_of(form)
    recommendations.withdraw(form_id=form.pk, by=user)
    recommendations.edit(
        graduate=form.graduate, typed=scene.typed_recommendation(studies="换成别的"),
        version=scene.version_of(form), by=user,
    )  # fmt: skip
    recommendations.submit(form_id=form.pk, by=user)
    refused("stale", recommend, form, world.counsellor, version=seen)
    refused("stale", recommendations.give_back, form_id=form.pk, reason="退", version=seen,
            by=world.counsellor)  # fmt: skip
    recommend(form, world.counsellor)
    seen = scene.version_of(form)
    Graduate.objects.filter(pk=form.graduate_id).update(version=9)
    refused("stale", seal, form, world.school_admin, version=seen)
    assert now(form).state == S.WAITING_SCHOOL


def test_nobody_who_left_and_no_ended_cohort_gets_a_form(world: World) -> None:
    form, sealing = made(world, S.WAITING_DEPARTMENT), made(world, S.WAITING_SCHOOL)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=yesterday)
    refused("cohort_ended", recommend, form, world.counsellor)
    refused("cohort_ended", seal, sealing, world.school_admin)
    assert not queries.recommendations_waiting(world.school_admin).exists()
    later = timezone.localdate() + datetime.timedelta(days=30)
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=later)
    assert queries.recommendations_waiting(world.school_admin).get() == sealing
    standing.end_enrolment(
        graduate_id=form.graduate_id, standing="withdrawn", reason="退学", by=world.school_admin
    )
    refused("standing", recommend, form, world.counsellor)


# --- numbers, freezing, void ------------------------------------------------------------------


def test_serials_run_without_gaps_for_each_school_and_cohort(world: World) -> None:
    numbers = [made(world, S.VALID).number for _ in range(3)]
    prefix = f"{world.school.code}{world.cohort.year}"
    assert numbers == [f"{prefix}0000{n}" for n in (1, 2, 3)]
    other = factories.make_world()
    assert made(other, S.VALID).number == f"{other.school.code}{other.cohort.year}00001"
    failing = made(world, S.WAITING_SCHOOL)
    with pytest.raises(RuntimeError), transaction.atomic():
        seal(failing, world.school_admin)
        raise RuntimeError
    assert made(world, S.VALID).number == f"{prefix}00004"
    assert not list(invariants.SERIALS.faults())


def test_a_new_form_makes_the_one_before_void_when_it_is_sealed(world: World) -> None:
    first = made(world, S.VALID)
    second = scene.write_recommendation(first.graduate, studies="新获国家奖学金。")
    recommendations.submit(form_id=second.pk, by=scene.account_of(first.graduate))
    recommend(second, world.counsellor)
    assert now(first).state == S.VALID, "until the new one is sealed"
    seal(second, world.school_admin)
    old, new = now(first), now(second)
    assert (old.state, new.state) == (S.VOID, S.VALID)
    assert new.number in old.reason
    assert (old.serial, new.serial) == (1, 2)


def test_a_sealed_form_is_changed_by_nothing_in_the_database(world: World) -> None:
    form = made(world, S.VALID)
    rows = Recommendation.objects.filter(pk=form.pk)
    changes: list[dict[str, Any]] = [
        {"text": "{}"}, {"text_hash": "0" * 64}, {"number": "1"}, {"serial": 9}, {"token": "t"},
        {"studies": "改"}, {"department_opinion": "改"}, {"school_by": "改"},
        {"state": S.WAITING_SCHOOL, "valid_at": None, "number": None}, {"transcript": 1},
        {"graduate": factories.make_graduate(world)}, {"valid_at": timezone.now()},
    ]  # fmt: skip
    for values in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.delete()
    recommendations.void(form_id=form.pk, reason="姓名有误", by=world.school_admin)
    for values in ({"state": S.VALID, "void_at": None}, {"reason": "另一原因"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.update(**values)


def test_the_school_declares_a_form_void_once_and_the_graduate_reads_why(world: World) -> None:
    form = made(world, S.VALID)
    refused("invalid", recommendations.void, form_id=form.pk, reason=" ", by=world.school_admin)
    recommendations.void(form_id=form.pk, reason="专业有误", by=world.school_admin)
    refused("state", recommendations.void, form_id=form.pk, reason="再次", by=world.school_admin)
    gone = now(form)
    assert (gone.state, gone.reason) == (S.VOID, "专业有误")
    assert "专业有误" in told(form.graduate)[-1]
    assert recommendation_text.is_intact(gone)


def test_at_the_end_of_the_cohort_and_of_the_studies_valid_forms_become_void(world: World) -> None:
    stays, left, moves = (made(world, S.VALID) for _ in range(3))
    assert recommendations.void_ended() == 0
    standing.end_enrolment(
        graduate_id=left.graduate_id, standing="transferred", reason="转学", by=world.school_admin
    )
    next_year = factories.make_cohort(world.school, world.cohort.year + 1)
    standing.defer(
        graduate_id=moves.graduate_id, to=next_year, reason="延期", by=world.school_admin
    )
    assert recommendations.void_ended() == 2
    assert (now(left).state, now(moves).state, now(stays).state) == (S.VOID, S.VOID, S.VALID)
    assert "转出" in now(left).reason
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=yesterday)
    reopened = made_reopened(world, stays)
    assert recommendations.void_ended() == 0, "the province reopened the record"
    Graduate.objects.filter(pk=reopened.pk).update(reopened_until=None)
    assert recommendations.void_ended() == 1
    assert now(stays).state == S.VOID
    assert "已截止" in told(stays.graduate)[-1]
    assert recommendations.void_ended() == 0


def made_reopened(world: World, form: Recommendation) -> Graduate:
    until = timezone.localdate() + datetime.timedelta(days=5)
    Graduate.objects.filter(pk=form.graduate_id).update(reopened_until=until)
    return form.graduate


def test_an_altered_text_is_never_shown_as_valid_and_is_found(world: World) -> None:
    form = made(world, S.VALID)
    assert recommendation_text.public_facts(form) == {
        "name": form.graduate.name[0] + "*" * (len(form.graduate.name) - 1),
        "school": world.school.name, "major": "计算机科学与技术", "valid": True,
    }  # fmt: skip
    honest = form.text
    form.text = honest.replace("计算机", "金融学")
    assert recommendation_text.public_facts(form) is None
    form.text_hash = snapshots.digest(form.text)
    form.text = form.text.replace(str(form.number), "10001202700009")
    form.text_hash = snapshots.digest(form.text)
    assert recommendation_text.public_facts(form) is None, "another form's text"
    for broken in ("", "[]", "{}", "no json"):
        form.text, form.text_hash = broken, snapshots.digest(broken)
        assert recommendation_text.public_facts(form) is None


# --- several at once --------------------------------------------------------------------------


def seen_of(*forms: Recommendation) -> list[tuple[int, str]]:
    return [(form.pk, scene.version_of(form)) for form in forms]


def test_one_bad_row_does_not_stop_the_others(world: World) -> None:
    good = [made(world, S.WAITING_DEPARTMENT) for _ in range(2)]
    withdrawn, outside = made(world, S.WAITING_DEPARTMENT), factories.make_graduate(
        world, department=1
    )  # fmt: skip
    foreign = scene.write_recommendation(outside)
    recommendations.submit(form_id=foreign.pk, by=scene.account_of(outside))
    seen = seen_of(good[0], withdrawn, foreign, good[1])
    recommendations.withdraw(form_id=withdrawn.pk, by=scene.account_of(withdrawn.graduate))
    answers = recommendations.recommend_many(
        seen=[*seen, (2**40, "x")], opinion="同意推荐", by=world.counsellor
    )
    assert [a.ok for a in answers] == [True, False, False, True]
    assert [now(f).state for f in good] == [S.WAITING_SCHOOL] * 2
    assert now(foreign).state == S.WAITING_DEPARTMENT
    sealed = recommendations.seal_many(
        seen=[*seen_of(*good), *seen], opinion="同意", by=world.school_admin
    )
    assert [a.ok for a in sealed] == [True, True, False, False, False, False]
    assert {now(f).serial for f in good} == {1, 2}
    assert now(good[0]).number in sealed[0].message


def test_a_bulk_step_has_an_opinion_and_at_most_a_hundred_rows(world: World) -> None:
    form = made(world, S.WAITING_DEPARTMENT)
    with pytest.raises(Invalid):
        recommendations.recommend_many(seen=seen_of(form), opinion="好" * 201, by=world.counsellor)
    with pytest.raises(Invalid):
        recommendations.seal_many(
            seen=[(n, "x") for n in range(101)], opinion="同意", by=world.school_admin
        )
    assert now(form).state == S.WAITING_DEPARTMENT


def test_moving_to_another_cohort_takes_an_open_form_along(world: World) -> None:
    form = made(world, S.WAITING_DEPARTMENT)
    next_year = factories.make_cohort(world.school, world.cohort.year + 1)
    standing.defer(graduate_id=form.graduate_id, to=next_year, reason="延期", by=world.school_admin)
    assert now(form).cohort_id == next_year.pk


def test_files_of_forms_are_kept_by_the_sweep(world: World) -> None:
    from core.files import sweeps

    form = made(world, S.DRAFT)
    user = scene.account_of(form.graduate)
    for _ in range(2):
        recommendations.set_transcript(
            graduate=form.graduate, content=factories.make_photo(), by=user
        )
    StoredFile.objects.filter(purpose="transcript").update(created_at=factories.month_ago())
    sweeps.sweep_orphans()
    kept = StoredFile.objects.filter(purpose="transcript")
    assert list(kept) == [now(form).transcript]
