"""What this app plugs into the hooks of lower apps, and into its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.errors import Refused
from graduates import archive, home, hooks, placement  # noqa: F401 - home fills a hook
from graduates.actions import archive as archive_actions
from graduates.actions import origin
from graduates.fields import ALL as ALL_FIELDS
from graduates.fields import BY_KEY, OriginField
from graduates.hooks import CorrectionEffect, CorrectionTarget
from graduates.models import ArchiveTransfer, Graduate
from graduates.permissions import editable_keys, why_grey
from graduates.records import RELATED, record_of
from graduates.rules import check_record
from graduates.states import Confirmation, CorrectionKind, Standing
from schools.hooks import before_sealing, class_guards
from schools.models import Cohort, Phase, SchoolClass


@class_guards.plug()
def refuse_class_in_use(*, school_class: SchoolClass) -> None:
    """Refuse to delete a class that has graduates. School and cohort are named so that the planner
    uses an index."""
    graduates = Graduate.objects.filter(
        school_id=school_class.school_id,
        cohort_id=school_class.cohort_id,
        school_class_id=school_class.pk,
    )
    if graduates.exists():
        raise Refused("in_use", f"班级“{school_class.name}”中还有毕业生，不能删除。")


@before_sealing.plug()
def unlocked_origins(*, cohort: Cohort) -> list[tuple[str, str]]:
    """How many records are not locked, with a link to the list of them. Refuses to seal a cohort in
    which the province has reopened a record until a later date."""
    rows = Graduate.objects.filter(school_id=cohort.school_id, cohort=cohort)
    if rows.filter(reopened_until__gte=timezone.localdate()).exists():
        sentence = f"{cohort}还有省级重新开放的记录没有到期，到期或提前结束以后才能封存。"
        raise Refused("reopened", sentence)
    unlocked = rows.filter(standing=Standing.ENROLLED).exclude(confirmation=Confirmation.LOCKED)
    count = unlocked.count()
    address = f"{reverse('console:origins')}?cohort={cohort.year}"
    return [(f"{count}人的生源信息没有锁定", address)] if count else []


@hooks.detail_links.plug()
def link_to_reopening(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """A link for the province, once the cohort has ended."""
    if graduate.cohort.phase() != Phase.ENDED or not user.has_perm("province.schools"):
        return []
    return [("重新开放", reverse("console:reopen", args=[graduate.pk]))]


@hooks.detail_links.plug(order=110)
def link_to_archive(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    return [("档案转寄", reverse("console:archive", args=[graduate.pk]))]


@hooks.correction_targets.plug(order=10)
def origin_target() -> CorrectionTarget:
    return CorrectionTarget(
        kind=CorrectionKind.ORIGIN,
        label="生源信息",
        fields=lambda graduate: [_correctable(f, graduate) for f in ALL_FIELDS],
        current=lambda graduate, key: BY_KEY[key].show(record_of(_with_relations(graduate))[key]),
        check=_check_origin,
        apply=_apply_origin,
        why_not=_why_not_origin,
        effect=_effect_on_origin,
    )


def _why_not_origin(graduate: Graduate, key: str, by: User) -> str:
    whole = _with_relations(graduate)
    if key == "year" or key in editable_keys(whole, by):
        return ""
    return f"您不能修改“{BY_KEY[key].label}”：{why_grey(BY_KEY[key], whole, by)}。"


def _effect_on_origin(
    graduate: Graduate, key: str, words: str, by: User, pictures: int
) -> CorrectionEffect:
    whole = _with_relations(graduate)
    old = BY_KEY[key].show(record_of(whole)[key])
    notes = []
    if whole.confirmed_at is not None:
        notes.append("更正后毕业生须重新确认生源信息，才能签约")
    return CorrectionEffect([(BY_KEY[key].label, old, words)] if old != words else [], notes)


@dataclass(frozen=True)
class _OfCohort(OriginField):
    """The department or the class of a graduate: one that the school has in the graduate's cohort."""

    offered: placement.Choices = ()

    def choices(self) -> placement.Choices:
        return self.offered


def _correctable(field: OriginField, graduate: Graduate) -> OriginField:
    if field.key not in ("department", "school_class"):
        return field
    whole = _with_relations(graduate)
    first = (str(whole.cohort.year), whole.department.name)
    offered = (
        placement.department_choices(whole.school_id)
        if field.key == "department"
        else placement.class_choices([whole.cohort], first=first)
    )
    return _OfCohort(
        field.key,
        field.label,
        field.kind,
        field.group,
        max_length=field.max_length,
        offered=offered,
    )


def _is_offered(graduate: Graduate, key: str, value: Any) -> bool:
    choices = _correctable(BY_KEY[key], graduate).choices() or ()
    return any(value in _names_in(choice) for choice in choices)


def _names_in(choice: tuple[str, Any]) -> list[str]:
    """The names in a choice, which is a group of classes or one department."""
    value, content = choice
    return [name for name, _ in content] if isinstance(content, list) else [value]


def _apply_origin(*, graduate_id: int, field: str, value: str, by: User, **_: Any) -> None:
    """Store an accepted value. The cohort is no value to edit: the record is moved by 延期."""
    if field == "year":
        graduate = Graduate.objects.select_related("cohort").get(pk=graduate_id)
        if value != str(graduate.cohort.year):
            raise Refused(
                "defer_first",
                "年度不能直接更改：请学校系统管理员先在生源信息页的“学籍变动”中办理延期，再采纳此反馈。",
                field="answer",
            )
        return
    origin.edit(graduate_id=graduate_id, typed={field: value}, by=by)


def _check_origin(graduate: Graduate, key: str, value: Any) -> list[str]:
    if key in ("department", "school_class") and not _is_offered(graduate, key, value):
        return [f"本校本届没有“{value}”，请从列表中选择。"]
    issues = check_record(record_of(_with_relations(graduate)) | {key: value})
    return [issue.message for issue in issues if issue.is_error and issue.field == key]


def _with_relations(graduate: Graduate) -> Graduate:
    return Graduate.objects.select_related(*RELATED).get(pk=graduate.pk)


@hooks.correction_targets.plug(order=30)
def archive_target() -> CorrectionTarget:
    def current_words(graduate: Graduate, key: str) -> str:
        row = ArchiveTransfer.objects.filter(pk=graduate.pk).first()
        return archive.BY_KEY[key].show(getattr(row, key)) if row is not None else ""

    def check_value(graduate: Graduate, key: str, value: Any) -> list[str]:
        row = ArchiveTransfer.objects.filter(pk=graduate.pk).first()
        typed = {k: getattr(row, k) for k in archive.OWN_KEYS} if row is not None else {}
        _, issues = archive.read_fields(typed | {key: value}, archive.OWN_KEYS)
        return [issue.message for issue in issues if issue.field == key]

    def apply_correction(*, graduate_id: int, field: str, value: str, by: User, **_: Any) -> None:
        row = ArchiveTransfer.objects.filter(pk=graduate_id).first()
        typed = {k: getattr(row, k) for k in archive.OWN_KEYS} if row is not None else {}
        archive_actions.save(graduate_id=graduate_id, typed=typed | {field: value}, by=by)

    def why_not_archive(graduate: Graduate, key: str, by: User) -> str:
        row = ArchiveTransfer.objects.filter(pk=graduate.pk).first()
        sentence = archive_actions.why_grey(_with_relations(graduate), row, by)
        return f"{sentence}。" if sentence else ""

    def effect_on_archive(
        graduate: Graduate, key: str, words: str, by: User, pictures: int
    ) -> CorrectionEffect:
        old = current_words(graduate, key)
        return CorrectionEffect([(archive.BY_KEY[key].label, old, words)] if old != words else [])

    return CorrectionTarget(
        kind=CorrectionKind.ARCHIVE,
        label="档案转寄",
        fields=lambda graduate: [archive.BY_KEY[k] for k in archive.OWN_KEYS],
        current=current_words,
        check=check_value,
        apply=apply_correction,
        why_not=why_not_archive,
        effect=effect_on_archive,
    )
