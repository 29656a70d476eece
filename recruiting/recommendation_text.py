"""What a 就业推荐表 says: the canonical text that is frozen when the school seals it, the same facts for
a preview, the first draft from the résumé, and what the public may see."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from codes import lookup
from codes.validators import id_birth_date
from core.masking import mask_name
from graduates.models import Graduate
from recruiting import snapshots
from recruiting.models import Recommendation, ResumeEntry, ResumeStore
from recruiting.states import EntryKind, RecommendationState

LONGEST, LONGEST_OPINION = 500, 200
# What the graduate writes: field and label.
WRITTEN = (("studies", "学习与获奖"), ("practice", "社会实践"), ("strengths", "特长与自我评价"))
# What is read of a form before its facts are composed.
RELATED = (
    "graduate__person", "graduate__school", "graduate__cohort", "graduate__department",
    "graduate__school_class", "school", "cohort", "transcript",
)  # fmt: skip
_FORMAT = 1
_RESIDENT_CARD = "01"


def facts_of(form: Recommendation) -> dict[str, Any]:
    """What the form says: of a sealed one the frozen text, of another one as it stands now. `form` is
    read with `RELATED`."""
    return read(form.text) if form.valid_at is not None else _compose(form)


def compose(form: Recommendation) -> str:
    """The canonical text of a form that is about to be sealed: its number and opinions are set."""
    return json.dumps(_compose(form), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _compose(form: Recommendation) -> dict[str, Any]:
    graduate, transcript = form.graduate, form.transcript
    return {
        "format": _FORMAT,
        "number": form.number or "",
        "school": graduate.school.name,
        "cohort": str(graduate.cohort),
        "name": graduate.name,
        "major": graduate.major_name,
        "basics": _basics(graduate),
        **{key: getattr(form, key) for key, _ in WRITTEN},
        "department_opinion": form.department_opinion,
        "department_by": form.department_by,
        "department_on": _day(form.department_at),
        "school_opinion": form.school_opinion,
        "school_by": form.school_by,
        "school_on": _day(form.valid_at),
        "transcript": transcript.sha256 if transcript is not None else "",
    }


def read(text: str) -> dict[str, Any]:
    """The facts in a canonical text, with the keys that `compose` gives them."""
    return json.loads(text) if text else {}


def is_intact(form: Recommendation) -> bool:
    """Whether a sealed form still says what was sealed, under its own number."""
    if not form.text or snapshots.digest(form.text) != form.text_hash:
        return False
    try:
        return bool(json.loads(form.text)["number"] == form.number)
    except (ValueError, KeyError, TypeError):
        return False


def _day(at: Any) -> str:
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local.year}年{local.month}月{local.day}日"


def _basics(graduate: Graduate) -> list[list[str]]:
    """(label, words) in the order of the printed form. A line that is unknown stays empty."""
    name, person = lookup.name, graduate.person
    born = id_birth_date(person.id_number) if person.id_type == _RESIDENT_CARD else None
    return [
        ["姓名", graduate.name],
        ["性别", name("gender", graduate.gender)],
        ["民族", name("ethnicity", graduate.ethnicity)],
        ["政治面貌", name("politics", graduate.politics)],
        ["出生年月", f"{born.year}年{born.month}月" if born else ""],
        ["生源地", lookup.place_name(graduate.origin)],
        ["院系", graduate.department.name],
        ["专业", graduate.major_name],
        ["学历", name("education_level", graduate.level)],
        ["学制", f"{float(graduate.duration):g}年"],
        ["培养方式", name("training_mode", graduate.training_mode)],
        ["毕业时间", f"{graduate.graduates_on.year}年{graduate.graduates_on.month}月"],
        ["学号", graduate.student_no],
    ]


def address_of(form: Recommendation) -> str:
    """The address of the page that verifies a sealed form. The printed QR code holds it."""
    return f"{settings.PUBLIC_ORIGIN}{reverse('recommendation-verify', args=[form.token])}"


def public_facts(form: Recommendation | None) -> dict[str, Any] | None:
    """What anybody with the address may see: masked name, school, major, whether it is valid. None
    for a form that does not exist, was never sealed or was altered."""
    if form is None or form.valid_at is None or not is_intact(form):
        return None
    said = read(form.text)
    return {
        "name": mask_name(said["name"]),
        "school": said["school"],
        "major": said["major"],
        "valid": form.state == RecommendationState.VALID,
    }


# --- the first draft ----------------------------------------------------------------------------


def first_draft(graduate: Graduate) -> dict[str, str]:
    """What a new form begins with: the graduate's last form, otherwise the résumé's entries."""
    last = Recommendation.objects.filter(graduate=graduate).order_by("-id").first()
    if last is not None:
        return {key: getattr(last, key) for key, _ in WRITTEN}
    entries = list(ResumeEntry.objects.filter(graduate=graduate).order_by("begun", "id"))
    store = ResumeStore.objects.filter(graduate=graduate).first()
    said = {
        "studies": [_line(e) for k in (EntryKind.EDUCATION, EntryKind.AWARD)
                    for e in entries if e.kind == k],
        "practice": [_line(e) for e in entries if e.kind == EntryKind.CAMPUS],
        "strengths": [_line(e) for e in entries if e.kind == EntryKind.SKILL],
    }  # fmt: skip
    if store is not None:
        of_store = (store.foreign_language, store.computer, store.strengths, store.self_evaluation)
        said["strengths"] += [words for words in of_store if words]
    return {key: _fitting(lines) for key, lines in said.items()}


def _line(entry: ResumeEntry) -> str:
    words = f"{snapshots.period_of(entry)} {entry.name}"
    return f"{words}：{entry.text}" if entry.text else words


def _fitting(lines: list[str]) -> str:
    """As many whole lines as fit into one field."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if len(longer) > LONGEST:
            break
        text = longer
    return text
