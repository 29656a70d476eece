"""Records that a screening looks at, and screenings."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from core import files
from destinations.models import Destination, Evidence
from graduates.models import Graduate
from quality.actions import runs, samples
from quality.models import CallBack, EvidencePrint, Finding, Rule, Run, Sample
from quality.states import FindingState, PrintState, RunKind
from schools.roles import Role
from tests import factories
from tests.factories import World

JOB = {
    "category": "11", "state": "school_approved", "unit_name": "虚构软件有限公司",
    "unit_division": "340111", "job_category": "13", "job_title": "工程师",
}  # fmt: skip


def make_job(world: World, graduate: Graduate | None = None, **values: Any) -> Graduate:
    """A graduate with an approved destination that has these values."""
    graduate = graduate or factories.make_graduate(world, department=values.pop("department", 0))
    Destination.objects.filter(pk=graduate.pk).update(**JOB | values)
    return graduate


def units(count: int) -> list[str]:
    """So many different, valid unit codes."""
    return [factories.make_unit_code(body=f"MA7{n:05d}") for n in range(count)]


def show_picture(
    graduate: Graduate, content: bytes, *, dhash: int | None = None, name: str = "材料.jpg"
) -> Evidence:
    """Evidence with this content, whose print is known if `dhash` is given."""
    file = files.store(
        content, name=name, content_type="image/jpeg", purpose="evidence",
        school_id=graduate.school_id,
    )  # fmt: skip
    if dhash is not None:
        signed = dhash - (1 << 64) if dhash >= 1 << 63 else dhash
        EvidencePrint.objects.get_or_create(
            sha256=file.sha256, defaults={"dhash": signed, "state": PrintState.DONE}
        )
    return Evidence.objects.create(graduate=graduate, file=file, category="11")


def set_rule(key: str, **thresholds: Any) -> Rule:
    rule = Rule.objects.get(pk=key)
    rule.thresholds |= thresholds
    rule.save()
    return rule


def only(*keys: str) -> None:
    """Switch every other rule off."""
    Rule.objects.exclude(pk__in=keys).update(enabled=False)


def run(world: World, kind: str = RunKind.SCREENING, *, by: User | None = None, **more: Any) -> Run:
    """Do one run over the world's school."""
    made = runs.ask(
        kind=kind, school=more.pop("school", world.school), year=world.cohort.year,
        by=by or world.user(Role.SCHOOL_ADMIN), **more,
    )  # fmt: skip
    assert runs.do(made.pk)
    made.refresh_from_db()
    return made


def found(rule: str) -> set[int]:
    """The graduates about whom there are findings of a rule that are not closed."""
    rows = Finding.objects.filter(rule=rule, closed_at=None)
    return set(rows.values_list("graduate_id", flat=True))


def make_finding(
    world: World,
    state: str = FindingState.OPEN,
    *,
    graduate: Graduate | None = None,
    rule: str = "contact_self",
    **values: Any,
) -> Finding:
    """A finding in this state, as its rule makes it, without a run."""
    graduate = graduate or make_job(world)
    stored = Rule.objects.get(pk=rule)
    number = next(factories._numbers)
    if state in (FindingState.TRUE, FindingState.FALSE_ALARM):
        values.setdefault("note", "已电话核实")
    if state in (FindingState.CORRECTED, FindingState.FALSE_ALARM, FindingState.GONE):
        values.setdefault("closed_at", factories.timezone.now())
    return Finding.objects.create(**{
        "rule": stored, "graduate": graduate, "school_id": graduate.school_id,
        "cohort_id": graduate.cohort_id, "fingerprint": f"{number:064d}", "subject": f"{number:064d}",
        "sentence": "单位“虚构软件有限公司”的联系方式与毕业生本人的相同。", "evidence": {"whose": "毕业生本人"},
        "state": state, "owner": stored.owner, "due_on": factories.today(),
    } | values)  # fmt: skip


def sample_typed(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "name": "六月抽查", "year": world.cohort.year, "categories": [], "department_ids": [],
        "only_flagged": False, "divided_by": ["department"], "percent": 5.0, "number": None,
        "blind": False,
    } | changes  # fmt: skip


def make_sample(world: World, by: User, **changes: Any) -> Sample:
    return samples.create(typed=sample_typed(world, **changes), by=by)


def make_call(world: World) -> CallBack:
    """A call of a drawn sample that was given to the counsellor."""
    make_job(world)
    sample = make_sample(world, by=world.school_admin)
    drawn = samples.draw(sample_id=sample.pk, version=sample.version, by=world.school_admin)
    samples.assign(
        sample_id=sample.pk, user_ids=[world.counsellor.pk], version=drawn.version,
        by=world.school_admin,
    )  # fmt: skip
    return CallBack.objects.filter(sample=sample, caller=world.counsellor).order_by("pk")[0]
