"""Samples (抽样核查): create, draw, assign, publish, declare void, and a school's reply.

The draw is provable. The hash of the seed is on the page before anybody draws, so that the seed can't be
chosen afterwards; the seed is published with the results, so that everybody can draw again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts import inbox
from accounts.models import Realm, User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.db.bulk import update_rows
from core.errors import Conflict, Invalid, NotPermitted, Refused
from destinations.catalogue import catalogue
from destinations.models import DestinationEvent
from destinations.states import APPROVED
from quality import drawing
from quality.models import CallBack, Sample, SampleReply, Stratum
from quality.queries import samples_for
from quality.sample_steps import SAMPLE
from quality.states import TO_CALL, UNSETTLED, SampleState
from schools.models import Department, School, StaffMember
from schools.roles import Level, roles_at
from schools.scope import staff_of

LONGEST_NAME, LONGEST_REASON, LONGEST_REPLY = 40, 300, 1000
MOST = 20_000
# What a population can be divided by, and the SQL of it.
DIVISIONS = {
    "school": "学校",
    "department": "院系",
    "category": "毕业去向",
    "flagged": "有无核查问题",
}
_SQL = {
    "school": "g.school_id::text",
    "department": "g.department_id::text",
    "category": "d.category",
    "flagged": "(EXISTS (SELECT 1 FROM quality_finding f WHERE f.graduate_id = g.id AND f.state = ANY(%(open)s)))::text",
}
_STALE = "状态已变化，请刷新后再办理。"


def create(*, typed: Mapping[str, Any], by: User) -> Sample:
    """A draft. `typed` has name, year, categories, department_ids, only_flagged, divided_by, percent or
    number, and blind. Raises `Invalid`."""
    staff = staff_of(by)
    if staff is None or not by.has_perm("quality.sample"):
        raise NotPermitted("role", "您的角色不能创建抽样。")
    values = _checked(typed, staff)
    seed = secrets.token_hex(32)
    with transaction.atomic():
        sample = Sample.objects.create(
            school_id=staff.school_id, seed=seed, seed_hash=drawing.hash_of(seed), created_by=by,
            created_by_label=by.label, **values,
        )  # fmt: skip
        audit.record("quality.sample", by=by, obj=sample, data={"seed_hash": sample.seed_hash})
    return sample


def _checked(typed: Mapping[str, Any], staff: StaffMember) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    name = texts.clean(typed["name"])
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = [f"请填写名称，最多{LONGEST_NAME}个字。"]
    percent, number = typed.get("percent"), typed.get("number")
    if (percent is None) == (number is None):
        errors["percent"] = ["比例和人数填写一项。"]
    elif percent is not None and not 0 < percent <= 100:
        errors["percent"] = ["比例应大于0，不超过100。"]
    elif number is not None and not 1 <= number <= MOST:
        errors["number"] = [f"人数应为1至{MOST}。"]
    by_province = staff.role_level == Level.PROVINCE
    if typed["blind"] and not by_province:
        errors["blind"] = ["跨校盲访由省级组织。"]
    departments = Department.objects.filter(
        school=staff.school_id, pk__in=typed.get("department_ids") or []
    )
    if errors:
        raise Invalid(errors)
    return {
        "name": name, "year": typed["year"], "only_flagged": bool(typed["only_flagged"]),
        "categories": [c for c in typed["categories"] if c in catalogue().leaves],
        "department_ids": sorted(departments.values_list("pk", flat=True)),
        "divided_by": [key for key in DIVISIONS if key in typed["divided_by"]],
        "share": None if percent is None else round(percent * 100), "number": number,
        "blind": bool(typed["blind"]),
    }  # fmt: skip


@contextmanager
def _step(action: str, sample_id: int, by: User, version: int | None = None) -> Iterator[Sample]:
    """A transaction for one step: lock the sample and ask the table."""
    with transaction.atomic():
        sample = locked(sample_id)
        if sample is None or (version is not None and version != sample.version):
            raise Conflict("stale", _STALE)
        SAMPLE.check(action, sample, by)
        yield sample


def locked(sample_id: int) -> Sample | None:
    rows = Sample.objects.select_for_update(no_key=True, of=("self",)).select_related("created_by")
    return rows.filter(pk=sample_id).first()


def save(sample: Sample) -> None:
    sample.version += 1
    sample.save()


def discard(*, sample_id: int, by: User) -> None:
    with _step("discard", sample_id, by) as sample:
        audit.record("quality.sample_discard", by=by, obj=sample)
        sample.delete()


# --- the draw -----------------------------------------------------------------------------------


def population(sample: Sample) -> tuple[str, dict[str, Any]]:
    """The query of (key of the stratum, graduate_id, school_id) of everybody who may be drawn."""
    conditions = [
        "d.state = ANY(%(approved)s)", "g.standing = 'enrolled'", "c.year = %(year)s",
        "d.disputed_at IS NULL",
    ]  # fmt: skip
    if sample.school_id is not None:
        conditions.append("g.school_id = %(school)s")
    if sample.categories:
        conditions.append("d.category = ANY(%(categories)s)")
    if sample.department_ids:
        conditions.append("g.department_id = ANY(%(departments)s)")
    if sample.only_flagged:
        conditions.append(f"({_SQL['flagged']})::boolean")
    parts = ", ".join(_SQL[key] for key in sample.divided_by)
    key = f"json_build_array({parts})::text" if parts else "'[]'"
    school = "g.school_id" if "school" in sample.divided_by or sample.school_id else "NULL::bigint"
    sql = (
        f"SELECT {key} AS key, {school} AS school_id, g.id AS graduate_id"
        " FROM destinations_destination d JOIN graduates_graduate g ON g.id = d.graduate_id"
        " JOIN schools_cohort c ON c.id = g.cohort_id"
        f" WHERE {' AND '.join(conditions)}"
    )
    return sql, {
        "approved": list(APPROVED), "year": sample.year, "school": sample.school_id,
        "categories": sample.categories, "departments": sample.department_ids,
        "open": list(UNSETTLED),
    }  # fmt: skip


def draw(*, sample_id: int, version: int, by: User) -> Sample:
    """Freeze the population by stratum and draw. Raises `Refused` if there is nobody."""
    with _step("draw", sample_id, by, version) as sample:
        sql, params = population(sample)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO quality_stratum (sample_id, label, school_id, graduate_ids, size, drawn)"
                " SELECT %(sample)s, key, min(school_id),"
                " array_agg(graduate_id ORDER BY graduate_id), count(*), 0"
                f" FROM ({sql}) AS p GROUP BY key ORDER BY key",
                params | {"sample": sample.pk},
            )
        strata = list(Stratum.objects.filter(sample=sample).defer("graduate_ids"))
        if not strata:
            raise Refused("nobody", "没有符合条件、审核通过的去向，不能抽取。")
        drawn = drawing.how_many(
            {s.label: s.size for s in strata}, share=sample.share, number=sample.number
        )
        names = _names_of(sample, [s.label for s in strata])
        for stratum in strata:
            stratum.drawn = drawn[stratum.label]
            stratum.label = names[stratum.label]
        update_rows(strata, ["label", "drawn"])
        _write_calls(sample)
        sample.state, sample.drawn_at = SampleState.DRAWN, database_now()
        save(sample)
        audit.record(
            "quality.sample_draw", by=by, obj=sample,
            data={"population": sum(s.size for s in strata), "drawn": sum(drawn.values())},
        )  # fmt: skip
    return sample


def _write_calls(sample: Sample) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO quality_callback (sample_id, stratum_id, graduate_id, school_id, cohort_id,
                place, registered, state, caller_label, new_number, answers, outcome, note, version)
            SELECT r.sample_id, r.stratum_id, g.id, g.school_id, g.cohort_id, r.place,
                jsonb_build_object('category', d.category, 'form', d.form, 'unit_name', d.unit_name,
                    'job_title', d.job_title, 'unit_division', d.unit_division),
                'waiting', '', '', '{}', '', '', 1
            FROM (SELECT s.sample_id, s.id AS stratum_id, s.drawn, m.id AS graduate_id,
                    row_number() OVER (PARTITION BY s.id
                        ORDER BY sha256(convert_to(%s || m.id::text, 'UTF8'))) AS place
                  FROM quality_stratum s, unnest(s.graduate_ids) AS m(id)
                  WHERE s.sample_id = %s) r
            JOIN graduates_graduate g ON g.id = r.graduate_id
            JOIN destinations_destination d ON d.graduate_id = g.id
            WHERE r.place <= r.drawn ORDER BY r.stratum_id, r.place""",
            [sample.seed, sample.pk],
        )


def _names_of(sample: Sample, keys: Sequence[str]) -> dict[str, str]:
    """The words for the keys of strata."""
    values = {key: json.loads(key) for key in keys}
    ids: dict[str, set[int]] = {"school": set(), "department": set()}
    for parts in values.values():
        for division, value in zip(sample.divided_by, parts, strict=True):
            if division in ids:
                ids[division].add(int(value))
    schools = dict(School.objects.filter(pk__in=ids["school"]).values_list("pk", "name"))
    departments = dict(
        Department.objects.filter(pk__in=ids["department"]).values_list("pk", "name")
    )
    leaves = catalogue().names

    def word(division: str, value: str) -> str:
        if division == "school":
            return schools.get(int(value), value)
        if division == "department":
            return departments.get(int(value), value)
        if division == "category":
            return leaves.get(value, value)
        return "有核查问题" if value == "true" else "无核查问题"

    words = {
        key: " ".join(word(d, v) for d, v in zip(sample.divided_by, parts, strict=True)) or "全部"
        for key, parts in values.items()
    }
    return {key: text[:160] for key, text in words.items()}


def replay(sample: Sample) -> list[str]:
    """Draw a published sample again, apart from the database; returns what does not agree, as
    sentences."""
    wrong = []
    if drawing.hash_of(sample.seed) != sample.seed_hash:
        wrong.append("种子与抽取前公布的SHA-256不符。")
    for stratum in sample.strata.all():
        order = drawing.order_of(sample.seed, stratum.graduate_ids)[: stratum.drawn]
        calls = stratum.calls.order_by("place").values_list("graduate_id", flat=True)
        if order != list(calls):
            wrong.append(f"“{stratum.label}”抽取的名单与种子不符。")
    return wrong


# --- who calls ----------------------------------------------------------------------------------


def callers_for(sample: Sample) -> QuerySet[StaffMember]:
    """The staff among whom the calls can be divided: of the school, or for a sample of the province its
    own accounts and school admins."""
    rows = StaffMember.objects.filter(user__is_active=True).select_related("user", "school")
    if sample.school_id is not None:
        return rows.filter(school=sample.school_id)
    if sample.blind:
        return rows.filter(role__in=roles_at(Level.SCHOOL))
    return rows.filter(Q(school__isnull=True) | Q(role__in=roles_at(Level.SCHOOL)))


def assign(*, sample_id: int, user_ids: Sequence[int], version: int, by: User) -> tuple[int, int]:
    """Divide the calls that nobody has begun among these staff, in turn. Nobody gets a record that they
    entered or reviewed, and in a blind sample nobody one of their own school. Returns how many were
    given out, and how many are left for nobody."""
    with _step("assign", sample_id, by, version) as sample:
        chosen = list(callers_for(sample).filter(user_id__in=user_ids).order_by("pk"))
        if not chosen:
            raise Invalid({"callers": ["请选择回访人。"]})
        calls = list(CallBack.objects.filter(sample=sample, state__in=TO_CALL).order_by("pk"))
        handlers = _handlers_of([call.graduate_id for call in calls])
        turns, given = cycle(chosen), 0
        for call in calls:
            call.caller, call.caller_label = None, ""
            for member in (next(turns) for _ in range(len(chosen))):
                own_school = sample.blind and member.school_id == call.school_id
                if own_school or member.user_id in handlers.get(call.graduate_id, ()):
                    continue
                call.caller, call.caller_label, given = member.user, member.user.label, given + 1
                break
            call.version += 1
        update_rows(calls, ["caller_id", "caller_label", "version"])
        sample.state = SampleState.CALLING
        save(sample)
        audit.record(
            "quality.sample_assign", by=by, obj=sample,
            data={"callers": [m.user_id for m in chosen], "calls": given},
        )  # fmt: skip
        inbox.deliver(
            inbox.message(
                f"user:{m.user_id}", "有回访等待您办理", key=f"sample:{sample.pk}:{sample.version}",
                text=sample.name, link=reverse("console:callbacks"),
            )
            for m in chosen
        )  # fmt: skip
    return given, len(calls) - given


def _handlers_of(graduate_ids: Sequence[int]) -> dict[int, set[int]]:
    """The staff who did anything with the destinations of these graduates."""
    rows = DestinationEvent.objects.filter(
        graduate_id__in=graduate_ids, actor_realm=Realm.STAFF, actor_id__isnull=False
    )
    found: dict[int, set[int]] = {}
    for graduate_id, actor_id in rows.values_list("graduate_id", "actor_id").distinct():
        if actor_id is not None:
            found.setdefault(graduate_id, set()).add(actor_id)
    return found


# --- what follows -------------------------------------------------------------------------------


def note_ended_calls(sample: Sample) -> None:
    """The sample is done once no call is left to be made, and goes on if one is to be made again. Its
    row is locked by the caller."""
    left = CallBack.objects.filter(sample=sample, state__in=TO_CALL).exists()
    action = "reopen" if left else "end"
    if SAMPLE.can(action, sample, None):
        sample.state = SampleState.CALLING if left else SampleState.DONE
        save(sample)
        audit.record(f"quality.sample_{action}", by=None, obj=sample)


def publish(*, sample_id: int, version: int, by: User) -> Sample:
    """Show the results and the seed to the schools whose graduates were drawn."""
    with _step("publish", sample_id, by, version) as sample:
        sample.state, sample.published_at = SampleState.PUBLISHED, database_now()
        sample.published_by = by.label
        save(sample)
        audit.record("quality.sample_publish", by=by, obj=sample, data={"seed": sample.seed})
        schools = (
            CallBack.objects.filter(sample=sample).values_list("school_id", flat=True).distinct()
        )
        inbox.deliver(
            inbox.message(
                f"school:{pk}", f"抽样核查“{sample.name}”的结果已公布", key=f"sample:{sample.pk}:published",
                link=reverse("console:sample", args=[sample.pk]),
            )
            for pk in schools.order_by("school_id")
        )  # fmt: skip
    return sample


def void(*, sample_id: int, reason: str, by: User) -> Sample:
    """Declare a sample void; a new one is drawn with another seed."""
    reason = texts.clean_lines(reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [f"请填写作废的原因，最多{LONGEST_REASON}个字。"]})
    with _step("void", sample_id, by) as sample:
        sample.state, sample.reason = SampleState.VOID, reason
        save(sample)
        audit.record("quality.sample_void", by=by, obj=sample, reason=reason)
    return sample


def reply(*, sample_id: int, text: str, by: User) -> SampleReply:
    """A school says once what it has to say to the published results."""
    staff = staff_of(by)
    if staff is None or staff.school is None or staff.role_level != Level.SCHOOL:
        raise Refused("role", "由学校系统管理员提交说明。")
    text = texts.clean_lines(text)
    if not text or len(text) > LONGEST_REPLY:
        raise Invalid({"text": [f"请填写说明，最多{LONGEST_REPLY}个字。"]})
    with transaction.atomic():
        sample = locked(sample_id)
        if sample is None or not samples_for(by).filter(pk=sample_id).exists():
            raise NotPermitted("scope", "这次抽样没有抽到本校毕业生。")
        if sample.state != SampleState.PUBLISHED:
            raise Refused("state", "结果公布以后才能提交说明。")
        if SampleReply.objects.filter(sample=sample, school=staff.school).exists():
            raise Refused("said", "本校已经提交过说明。")
        made = SampleReply.objects.create(
            sample=sample, school=staff.school, text=text, by_label=by.label
        )
        audit.record("quality.sample_reply", by=by, obj=sample, reason=text)
    return made
