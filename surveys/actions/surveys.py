"""What publishers do with surveys, and what the clock does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from accounts.models import User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, Invalid, NotPermitted
from schools.models import Department, School
from schools.roles import Level
from schools.scope import staff_of
from surveys import audience, flow, questions, tokens
from surveys.actions import answers, invitations
from surveys.models import Invitation, Survey, SurveyKey, Version
from surveys.questions import Question
from surveys.states import Audience, InvitationState, SurveyState
from surveys.steps import SURVEY

LONGEST_TITLE, LONGEST_INTRODUCTION, LONGEST_REASON = 60, 1000, 200
STALE = "状态已变化，请刷新后再试，没有保存。"
_FIELDS = (
    "title", "introduction", "audience", "school_ids", "years", "levels", "department_ids", "groups",
    "opens_at", "closes_at",
)  # fmt: skip
_S = SurveyState


def write(*, typed: Mapping[str, Any], by: User) -> Survey:
    """Write a new draft without questions. `typed` has the fields of a survey by name. Raises
    `Invalid`."""
    staff = staff_of(by)
    if staff is None or not by.has_perm("surveys.edit"):
        raise NotPermitted("role", "您的角色不能编制问卷。")
    values = _checked(typed, by)
    with transaction.atomic():
        survey = Survey.objects.create(
            school_id=staff.school_id, created_by=by, created_by_label=by.label, **values
        )
        audit.record("surveys.write", by=by, obj=survey)
    return survey


def edit(*, survey_id: int, typed: Mapping[str, Any], edition: int, by: User) -> Survey:
    """Change title, audience and times of a draft. Raises `Invalid`, and `Conflict` if it has changed
    since the page with this edition."""
    values = _checked(typed, by)
    with _step("edit", survey_id, by, edition=edition) as survey:
        for key, value in values.items():
            setattr(survey, key, value)
        _save(survey)
        audit.record("surveys.edit", by=by, obj=survey)
    return survey


def copy(*, survey: Survey, by: User) -> Survey:
    """A new draft with the text, the audience and the questions of a survey that one manages."""
    staff = staff_of(by)
    if staff is None or staff.school_id != survey.school_id:
        raise NotPermitted("other_publisher", "只能复制本单位的问卷。")
    with transaction.atomic():
        made = Survey.objects.create(
            school_id=staff.school_id, created_by=by, created_by_label=by.label,
            questions=survey.questions, **{key: getattr(survey, key) for key in _FIELDS},
        )  # fmt: skip
        audit.record("surveys.write", by=by, obj=made, data={"copy_of": survey.pk})
    return made


def discard(*, survey_id: int, by: User) -> None:
    with _step("discard", survey_id, by) as survey:
        audit.record("surveys.discard", by=by, obj=survey)
        survey.delete()


def set_questions(
    *, survey_id: int, change: Callable[[list[Question]], list[Question]], edition: int | None, by: User
) -> Survey:  # fmt: skip
    """Change the questions of a draft: `change` gets them and returns what they become. Raises what
    `change` raises, and `Conflict`."""
    with _step("edit", survey_id, by, edition=edition) as survey:
        made = change(questions.load(survey.questions))
        if len(made) > questions.MOST_QUESTIONS:
            raise Invalid({"text": [f"题目最多{questions.MOST_QUESTIONS}个。"]})
        survey.questions = questions.dump(made)
        _save(survey)
        audit.record("surveys.edit_questions", by=by, obj=survey)
    return survey


def publish(*, survey_id: int, edition: int, by: User) -> Survey:
    """Freeze the questions as the first version and draw the invitations. The survey begins at its time;
    if that has come, at once."""
    with _step("publish", survey_id, by, edition=edition) as survey:
        survey.state, survey.number = _S.PUBLISHED, 1
        survey.published_at, survey.published_by = database_now(), by.label
        _freeze(survey, by)
        key = SurveyKey(survey=survey, sealed=tokens.new_key())
        _save(survey)
        key.save(force_insert=True)
        invitations.draw(survey, tokens.open_key(key))
        survey.save(update_fields=["invited", "strata"])
        audit.record("surveys.publish", by=by, obj=survey, data={"invited": survey.invited})
        if SURVEY.can("open", survey, None):
            _open(survey)
    return survey


def _freeze(survey: Survey, by: User) -> None:
    Version.objects.create(
        survey=survey, number=survey.number, questions=survey.questions, created_by_label=by.label
    )


def _open(survey: Survey) -> None:
    SURVEY.check("open", survey, None)
    survey.state = _S.RUNNING
    _save(survey)
    invitations.tell_all(survey)
    audit.record("surveys.open", by=None, obj=survey)


def reword(
    *, survey_id: int, words: Mapping[str, Mapping[str, Any]], edition: int, by: User
) -> Survey:
    """Correct the wording of a running survey: `words` has the new words of questions by their keys. The
    result is the next version; questions, options and rows stay as many as they are."""
    with _step("reword", survey_id, by, edition=edition) as survey:
        before = questions.load(survey.questions)
        made = [questions.reworded(one, words.get(one.key, {})) for one in before]
        errors: dict[str, list[str]] = {}
        for number, (old, new) in enumerate(zip(before, made, strict=True)):
            for name in ("options", "rows"):
                if len(getattr(old, name)) != len(getattr(new, name)):
                    errors[f"{new.key}-{name}"] = ["只能改措辞，不能增减。"]
            for name, sentences in flow.problems_of(new, made[:number]).items():
                errors.setdefault(f"{new.key}-{name}", sentences)
        if errors:
            raise Invalid(errors)
        if made == before:
            return survey
        survey.questions, survey.number = questions.dump(made), survey.number + 1
        _freeze(survey, by)
        _save(survey)
        audit.record("surveys.reword", by=by, obj=survey, data={"number": survey.number})
    return survey


def end(*, survey_id: int, reason: str, by: User) -> Survey:
    """End a survey before its time. No answer is taken any more."""
    reason = texts.clean_lines(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [f"请填写提前结束的原因，最多{LONGEST_REASON}个字。"]})
    with _step("end", survey_id, by) as survey:
        survey.end_reason = reason
        _end(survey)
        audit.record("surveys.end", by=by, obj=survey, reason=reason)
    return survey


def _end(survey: Survey) -> None:
    survey.state, survey.ended_at = _S.ENDED, database_now()
    _save(survey)
    Invitation.objects.filter(survey=survey, state=InvitationState.PARTIAL).update(
        state=InvitationState.UNFINISHED
    )
    survey_id = survey.pk
    transaction.on_commit(lambda: answers.collect(survey_id), robust=True)


def move_due() -> int:
    """Open, close and archive the surveys whose time has come; returns how many steps were taken."""
    now = database_now()
    due = [
        ("close", Survey.objects.filter(state__in=(_S.PUBLISHED, _S.RUNNING), closes_at__lte=now)),
        ("open", Survey.objects.filter(state=_S.PUBLISHED, opens_at__lte=now)),
        ("archive", Survey.objects.filter(state=_S.ENDED)),
    ]
    done = 0
    for action, rows in due:
        for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
            done += _move(action, pk)
    return done


def _move(action: str, survey_id: int) -> bool:
    with transaction.atomic():
        survey = _locked(survey_id)
        if survey is None or not SURVEY.can(action, survey, None):
            return False
        if action == "open":
            _open(survey)
        elif action == "close":
            _end(survey)
            audit.record("surveys.close", by=None, obj=survey)
        else:
            _archive(survey)
    return True


def _archive(survey: Survey) -> None:
    """Delete the key of the links and the hashes of their tokens: nobody can tell any more who was
    invited by which link."""
    survey.state, survey.archived_at = _S.ARCHIVED, database_now()
    SurveyKey.objects.filter(survey=survey).delete()
    Invitation.objects.filter(survey=survey).update(token_hash=None)
    _save(survey)
    audit.record("surveys.archive", by=None, obj=survey)


# --- steps ---------------------------------------------------------------------------------------


def _locked(survey_id: int) -> Survey | None:
    rows = Survey.objects.select_for_update(no_key=True, of=("self",)).select_related("school")
    return rows.filter(pk=survey_id).first()


@contextmanager
def _step(action: str, survey_id: int, by: User, *, edition: int | None = None) -> Iterator[Survey]:
    """A transaction for one step: lock the survey and ask the transition table. Raises `Conflict` if it
    has changed since the page with this edition."""
    with transaction.atomic():
        survey = _locked(survey_id)
        if survey is None:
            raise Conflict("stale", STALE)  # discarded meanwhile
        SURVEY.check(action, survey, by)
        if edition is not None and edition != survey.edition:
            raise Conflict("stale", STALE)
        yield survey


def _save(survey: Survey) -> None:
    survey.edition += 1
    survey.save()


# --- what was typed ------------------------------------------------------------------------------


def _checked(typed: Mapping[str, Any], by: User) -> dict[str, Any]:
    values = {key: typed[key] for key in _FIELDS}
    values["title"] = texts.clean(values["title"])
    values["introduction"] = texts.clean_lines(values["introduction"])
    errors: dict[str, list[str]] = {}
    if not values["title"] or len(values["title"]) > LONGEST_TITLE:
        errors["title"] = [f"请填写标题，最多{LONGEST_TITLE}个字。"]
    if len(values["introduction"]) > LONGEST_INTRODUCTION:
        errors["introduction"] = [f"说明最多{LONGEST_INTRODUCTION}个字。"]
    if values["audience"] not in Audience.values:
        errors["audience"] = ["请选择调查对象。"]
    for key, label in (("opens_at", "开始时间"), ("closes_at", "截止时间")):
        if values[key] is None:
            errors[key] = [f"请填写{label}。"]
    if not errors and values["closes_at"] <= values["opens_at"]:
        errors["closes_at"] = ["截止时间应晚于开始时间。"]
    _limit_audience(values, by)
    if errors:
        raise Invalid(errors)
    return values


def _limit_audience(values: dict[str, Any], by: User) -> None:
    staff = staff_of(by)
    assert staff is not None
    to_graduates = values["audience"] == Audience.GRADUATES
    values["years"] = sorted(values["years"])
    values["levels"] = sorted(values["levels"]) if to_graduates else []
    known = set(audience.all_groups())
    values["groups"] = sorted(known & set(values["groups"])) if to_graduates else []
    schools, departments = values["school_ids"], values["department_ids"]
    values["school_ids"], values["department_ids"] = [], []
    if staff.role_level == Level.PROVINCE:
        found = School.objects.filter(pk__in=schools)
        values["school_ids"] = sorted(found.values_list("pk", flat=True))
    elif to_graduates:
        own = Department.objects.filter(school=staff.school_id, pk__in=departments)
        values["department_ids"] = sorted(own.values_list("pk", flat=True))
