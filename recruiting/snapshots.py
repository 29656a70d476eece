"""The résumé as one canonical text: what a preview, a PDF and an application show.

An application keeps the text as it was at delivery, with its hash. The text holds neither document
number nor 考生号 nor anything of the family (DOMAIN-AROUND §1.4).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from codes import lookup
from codes.validators import id_birth_date
from core.models import StoredFile
from graduates.models import Graduate
from recruiting.fields import ENTRY, INTENTION
from recruiting.models import Application, Intention, Resume, ResumeEntry, ResumeStore
from recruiting.states import EntryKind

# 2 has the hashes of photo and attachments.
_FORMAT = 2
_RESIDENT_CARD = "01"


def compose(graduate: Graduate, resume: Resume, store: ResumeStore) -> str:
    """The text of one of the graduate's résumés. `graduate` is read with school and person."""
    entries = list(resume.entries.order_by("-begun", "-id"))
    return json.dumps(
        {
            "format": _FORMAT,
            "title": resume.title,
            "layout": resume.layout,
            "photo": store.photo.sha256 if store.photo is not None else "",
            "basics": _basics(graduate, store, resume),
            "contact": {"mobile": graduate.mobile, "email": graduate.email},
            "intention": intention_words(Intention.objects.filter(graduate=graduate).first()),
            "sections": [_section(kind, entries) for kind in EntryKind],
            "self_evaluation": store.self_evaluation,
            "attachments": [
                list(pair) for pair in resume.attachments.order_by("id").values_list("name", "file__sha256")
            ],
        },
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip


def digest(text: str) -> str:
    """SHA-256 of the text, as hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str) -> dict[str, Any]:
    """The résumé in a canonical text, with the keys that `compose` gives it; {} if it was erased."""
    return json.loads(text) if text else {}


def has_files(text: str, hashes: set[str]) -> bool:
    """Whether photo and attachments with these hashes are those that the résumé was delivered with. A
    text of format 1 says nothing of them."""
    resume = read(text)
    if resume.get("format", 1) < _FORMAT:
        return True
    known = {resume["photo"], *(sha256 for _, sha256 in resume["attachments"])}
    return hashes == known - {""}


def delivered_photo(application: Application) -> StoredFile | None:
    """The photo that the application was sent with. None without one, and for a file that is not the one
    whose hash the delivered résumé holds."""
    photo = application.photo
    known = read(application.snapshot).get("photo", "")
    return photo if photo is not None and photo.sha256 == known else None


def _basics(graduate: Graduate, store: ResumeStore, resume: Resume) -> list[list[str]]:
    """(label, words) of what the record and the graduate say; empty and unticked ones are left out."""
    name = lookup.name
    shown = {
        key: words
        for key, words in (
            ("show_ethnicity", name("ethnicity", graduate.ethnicity)),
            ("show_politics", name("politics", graduate.politics)),
            ("show_native_place", store.native_place),
            ("show_health", store.health),
        )
        if getattr(store, key) and key not in resume.hidden_facts
    }
    person = graduate.person
    born = id_birth_date(person.id_number) if person.id_type == _RESIDENT_CARD else None
    pairs = [
        ("姓名", graduate.name),
        ("性别", name("gender", graduate.gender)),
        ("出生年", f"{born.year}年" if born else ""),
        ("学校", graduate.school.name),
        ("专业", graduate.major_name),
        ("学历", name("education_level", graduate.level)),
        ("毕业时间", f"{graduate.graduates_on.year}年{graduate.graduates_on.month}月"),
        ("民族", shown.get("show_ethnicity", "")),
        ("政治面貌", shown.get("show_politics", "")),
        ("籍贯", shown.get("show_native_place", "")),
        ("健康状况", shown.get("show_health", "")),
        ("外语水平", store.foreign_language),
        ("计算机水平", store.computer),
        ("爱好", store.hobbies),
        ("特长", store.strengths),
    ]
    return [[label, words] for label, words in pairs if words]


# The order in which a résumé names what the graduate looks for. How exactly the major has to match is
# the graduate's own search and no unit's business.
_WANTED_KEYS = (
    "work_kind", "job_categories", "places", "unit_properties", "industries", "pay", "available",
)  # fmt: skip


def intention_words(wanted: Intention | None) -> list[list[str]]:
    """(label, words) of what the graduate looks for; [] for nobody's."""
    if wanted is None:
        return []
    declared = {field.key: field for field in INTENTION}
    pairs = [(declared[k].label, declared[k].show(getattr(wanted, k))) for k in _WANTED_KEYS]
    return [[label, words] for label, words in pairs if words]


def _section(kind: EntryKind, entries: list[ResumeEntry]) -> dict[str, Any]:
    """One section with its entries, as {"title", "entries": [{"name", "when", "facts", "text"}]}."""
    return {"title": kind.label, "entries": [_entry(e) for e in entries if e.kind == kind]}


def _entry(entry: ResumeEntry) -> dict[str, Any]:
    facts = [
        declared.show(getattr(entry, declared.key))
        for declared in ENTRY[entry.kind]
        if declared.key in ("sort", "level", "organisation")
    ]
    return {
        "name": entry.name,
        "when": period_of(entry),
        "facts": [words for words in facts if words],
        "text": entry.text,
    }


def period_of(entry: ResumeEntry) -> str:
    """The months of an entry: 2023.09–2027.06, 2023.09 至今, or one month."""
    begun = f"{entry.begun:%Y.%m}"
    if entry.kind in (EntryKind.AWARD, EntryKind.SKILL):
        return begun
    return f"{begun}–{entry.ended:%Y.%m}" if entry.ended else f"{begun} 至今"
