"""The graduate's store of résumé entries and what the graduate looks for: fill in, add, change, delete.
Each change computes anew how complete the résumé is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from core.errors import Conflict, Invalid, Refused
from graduates.models import Graduate
from recruiting import completeness
from recruiting.actions.posting_base import STALE
from recruiting.fields import ENTRY, INTENTION, STORE, RecruitingField, read_all
from recruiting.models import Intention, Resume, ResumeEntry, ResumeStore
from recruiting.rules import identity
from recruiting.states import EntryKind

_DEFAULT_TITLE = "默认简历"
# Many more than a résumé has room for; it keeps a script from filling the table.
MOST_ENTRIES = 30
# What is shown only if the graduate ticks it.
SHOWN_IF_TICKED = ("show_ethnicity", "show_politics", "show_native_place", "show_health")
# The sections that may be left empty. Everybody has an education.
MAY_BE_EMPTY = (EntryKind.CAMPUS, EntryKind.AWARD, EntryKind.SKILL)


def save_store(
    *, graduate: Graduate, typed: Mapping[str, Any], shown: Collection[str],
    nothing_in: Collection[str], by: User,
) -> ResumeStore:  # fmt: skip
    """Save the fields that are not entries.

    `shown` names the ticked ones of `SHOWN_IF_TICKED`, `nothing_in` the sections of `MAY_BE_EMPTY`
    of which the graduate says that there is nothing to enter. Raises `Invalid` for values that do
    not hold.
    """
    values = _read(STORE, typed)
    with own_store(graduate, by) as store:
        for key, value in values.items():
            setattr(store, key, value)
        for key in SHOWN_IF_TICKED:
            setattr(store, key, key in shown)
        store.nothing_in = [kind for kind in MAY_BE_EMPTY if kind in nothing_in]
        audit.record("recruiting.save_resume", by=by, obj=store)
    return store


def add_entry(*, graduate: Graduate, kind: str, typed: Mapping[str, Any], by: User) -> ResumeEntry:
    """Add an entry to a section and to the default résumé. The same entry sent twice is added once."""
    values = _read_entry(kind, typed)
    with own_store(graduate, by):
        entries = ResumeEntry.objects.filter(graduate=graduate, kind=kind)
        twin = entries.filter(**values).first()
        if twin is not None:
            return twin
        if entries.count() >= MOST_ENTRIES:
            raise Refused("too_many", f"{EntryKind(kind).label}最多填写{MOST_ENTRIES}条。")
        entry = ResumeEntry.objects.create(graduate=graduate, kind=kind, **values)
        for resume in Resume.objects.filter(graduate=graduate, is_default=True):
            resume.entries.add(entry)
        audit.record("recruiting.add_resume_entry", by=by, obj=entry, data={"kind": kind})
    return entry


def change_entry(
    *, graduate: Graduate, entry_id: int, typed: Mapping[str, Any], by: User
) -> ResumeEntry:
    """Change an entry of the graduate's. Applications keep the résumé as it was when they were sent."""
    with own_store(graduate, by):
        entry = _own_entry(graduate, entry_id)
        for key, value in _read_entry(entry.kind, typed).items():
            setattr(entry, key, value)
        entry.save()
        audit.record("recruiting.change_resume_entry", by=by, obj=entry, data={"kind": entry.kind})
    return entry


def delete_entry(*, graduate: Graduate, entry_id: int, by: User) -> None:
    """Delete an entry of the graduate's from the store and from every résumé."""
    with own_store(graduate, by):
        entry = _own_entry(graduate, entry_id)
        audit.record("recruiting.delete_resume_entry", by=by, obj=entry, data={"kind": entry.kind})
        entry.delete()


def save_intention(
    *, graduate: Graduate, typed: Mapping[str, Any], version: str, by: User
) -> Intention:
    """Save what the graduate looks for.

    `version` is the `version_of` the intention that the page showed. Raises `Conflict` if another one was
    saved since; the same values sent twice are saved once.
    """
    values = _read(INTENTION, typed)
    with own_store(graduate, by):
        present = Intention.objects.filter(graduate=graduate).first()
        if present is not None and all(getattr(present, k) == v for k, v in values.items()):
            return present
        if version_of(present) != version:
            raise Conflict("stale", STALE)
        intention = present or Intention(graduate=graduate)
        for key, value in values.items():
            setattr(intention, key, value)
        intention.updated_at = database_now()
        intention.save()
        audit.record("recruiting.save_intention", by=by, obj=intention)
    return intention


def version_of(row: Intention | Resume | None) -> str:
    """When the row was last saved, as the form that changes it holds it; "" for a row to be made."""
    return row.updated_at.isoformat() if row is not None else ""


@contextmanager
def own_store(graduate: Graduate, by: User) -> Iterator[ResumeStore]:
    """A transaction for one change of the graduate's own store, which is made with a default résumé if
    there is none. The store is saved at its end, with its new completeness."""
    with transaction.atomic():
        rows = Graduate.objects.select_for_update(no_key=True, of=("self",))
        locked = rows.select_related("person").get(pk=graduate.pk)
        if locked.person.user_id != by.pk:
            raise Refused("not_yours", "只有毕业生本人可以填写简历。")
        store, _ = ResumeStore.objects.get_or_create(
            graduate=locked,
            defaults={"school_id": locked.school_id, "cohort_id": locked.cohort_id},
        )
        if not Resume.objects.filter(graduate=locked, is_default=True).exists():
            resume = Resume.objects.create(graduate=locked, title=_DEFAULT_TITLE, is_default=True)
            resume.entries.set(ResumeEntry.objects.filter(graduate=locked))
        yield store
        store.completeness = completeness.completeness_of(shares_of(store, locked))
        store.updated_at = timezone.now()
        store.save()


def shares_of(store: ResumeStore, graduate: Graduate) -> dict[str, float]:
    """How much of each section of the graduate's résumé is filled, from 0 to 1."""
    kinds = set(ResumeEntry.objects.filter(graduate=graduate).values_list("kind", flat=True))
    wanted = Intention.objects.filter(graduate=graduate).exists()
    return completeness.filled_shares(store, graduate, kinds, has_intention=wanted)


def completeness_of(resume: Resume, store: ResumeStore) -> int:
    """How complete a résumé is: the store, less the sections of which the résumé has no entry although
    the store has some."""
    of_store = ResumeEntry.objects.filter(graduate=resume.graduate_id)
    filled = set(of_store.values_list("kind", flat=True))
    if not filled:
        return store.completeness
    left_out = filled - set(resume.entries.values_list("kind", flat=True))
    return completeness.completeness_without(store.completeness, left_out)


def typed_texts(row: ResumeStore | ResumeEntry) -> dict[str, str]:
    """What was typed freely in a row of the store, by field."""
    declared = STORE if isinstance(row, ResumeStore) else ENTRY[row.kind]
    free = [field.key for field in declared if field.kind in ("text", "long")]
    return {key: getattr(row, key) for key in free}


def doubtful_places(graduate: Graduate) -> list[str]:
    """The names of the sections whose text holds a number of a document. `graduate` is read with
    person."""
    store = ResumeStore.objects.filter(graduate=graduate).first()
    places = []
    if store is not None and identity.doubts(typed_texts(store), graduate):
        places.append("基本资料和自我评价")
    for entry in ResumeEntry.objects.filter(graduate=graduate).order_by("kind", "pk"):
        if identity.doubts(typed_texts(entry), graduate):
            places.append(f"{EntryKind(entry.kind).label}“{entry.name}”")
    return places


def _own_entry(graduate: Graduate, entry_id: int) -> ResumeEntry:
    entry = ResumeEntry.objects.filter(graduate=graduate, pk=entry_id).first()
    if entry is None:
        raise Refused("gone", "这一条已被删除。")
    return entry


def _read(declared: Iterable[RecruitingField], typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values to store of the fields; raises `Invalid` with everything that is wrong."""
    values, errors = read_all(declared, typed)
    if errors:
        raise Invalid(errors)
    return values


def _read_entry(kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an entry: it begins before it ends, and neither is a month to come."""
    values, errors = read_all(ENTRY[kind], typed)
    labels = {field.key: field.label for field in ENTRY[kind]}
    begun, ended, today = values.get("begun"), values.get("ended"), timezone.localdate()
    for key, month in (("begun", begun), ("ended", ended)):
        if month is not None and month > today:
            errors[key] = [f"{labels[key]}不能晚于本月"]
    if begun is not None and ended is not None and ended < begun:
        errors.setdefault("ended", [f"{labels['ended']}不能早于{labels['begun']}"])
    if errors:
        raise Invalid(errors)
    return values
