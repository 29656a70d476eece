"""就业单位核查: codes by their check digits, names and dates by the registry file, and what goes together."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from codes import text, validators
from codes.fields import FieldDeclaration
from destinations.catalogue import catalogue
from destinations.models import Destination
from destinations.rules import unit as unit_rules
from destinations.states import State
from graduates.states import Standing
from quality.actions.runs import Work
from quality.comparing.workbook import lines
from quality.models import RegistryUnit
from quality.states import UnitStatus

_CHUNK = 2000
_FIELDS = {
    "code": FieldDeclaration("code", "统一社会信用代码", "unit_code", "", max_length=18),
    "name": FieldDeclaration("name", "单位名称", "text", "", max_length=200),
    "registered_on": FieldDeclaration("registered_on", "成立日期", "date", ""),
    "status": FieldDeclaration("status", "登记状态", "text", "", max_length=20),
    "ended_on": FieldDeclaration("ended_on", "注销日期", "date", ""),
}  # fmt: skip
_COLUMNS = {
    "信用代码": "code", "统一社会信用代码": "code", "名称": "name", "企业名称": "name", "单位名称": "name",
    "注册日期": "registered_on", "成立日期": "registered_on", "经营状态": "status", "登记状态": "status",
    "吊销日期": "ended_on", "注销或吊销日期": "ended_on", "注销日期": "ended_on",
}  # fmt: skip


def check(work: Work) -> None:
    if work.run.file is not None:
        _take_in(work)
    last = 0
    while chunk := list(_rows(work).filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1].pk
        work.progress.tell(min(95, 40 + work.counts["checked"] // 10_000), "核对单位")
        work.counts["checked"] += len(chunk)
        known = RegistryUnit.objects.in_bulk([d.unit_code for d in chunk])
        for key, rows in _findings(chunk, known).items():
            work.write(key, rows)


def _rows(work: Work) -> QuerySet[Destination]:
    rows = Destination.objects.filter(
        cohort_id__in=work.cohorts, graduate__standing=Standing.ENROLLED
    ).exclude(unit_code="")
    return rows.exclude(state__in=[State.UNSUBMITTED, State.REJECTED]).order_by("pk")


def _take_in(work: Work) -> None:
    """Keep what the registry file says of each unit, in place of what an earlier one said."""
    for number, chunk in enumerate(lines(work, _FIELDS, _COLUMNS)):
        work.progress.tell(min(35, 5 + number), "读入登记名录")
        units: dict[str, RegistryUnit] = {}
        for line in chunk:
            if not line.get("code") or not line.get("name"):
                work.note_bad_row(line.number, "没有统一社会信用代码或单位名称")
                continue
            units[line.get("code")] = RegistryUnit(
                code=line.get("code"), name=line.get("name"),
                registered_on=line.get("registered_on"), ended_on=line.get("ended_on"),
                status=_status(line.get("status") or ""), updated_at=timezone.now(),
            )  # fmt: skip
        RegistryUnit.objects.bulk_create(
            units.values(), update_conflicts=True, unique_fields=["code"],
            update_fields=["name", "registered_on", "ended_on", "status", "updated_at"],
        )  # fmt: skip


def _status(words: str) -> str:
    if "注销" in words:
        return UnitStatus.CANCELLED
    return UnitStatus.REVOKED if "吊销" in words else UnitStatus.OPEN


def _findings(
    chunk: list[Destination], known: dict[str, RegistryUnit]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}

    def add(key: str, d: Destination, matter: str, sentence: str, **facts: Any) -> None:
        evidence = {"unit": d.unit_name, "unit_code": d.unit_code, **facts}
        found.setdefault(key, []).append({
            "graduate_id": d.pk, "matter": matter, "subject": f"{d.unit_code}|{matter}",
            "sentence": sentence, "evidence": evidence,
        })  # fmt: skip

    for d in chunk:
        for one in validators.check_unit_code(d.unit_code):
            if one.is_error:
                add("unit_code", d, d.unit_code, f"{one.message}。")
        registered = known.get(d.unit_code)
        if registered is not None:
            if _plain(registered.name) != _plain(d.unit_name):
                sentence = f"单位名称为“{d.unit_name}”，登记名录中为“{registered.name}”。"
                add("unit_name", d, d.unit_code, sentence, theirs=registered.name)
            day = _signed_on(d)
            if _had_ended(registered, day):
                word = UnitStatus(registered.status).label
                sentence = f"单位“{d.unit_name}”在签约前已经{word}。"
                ended = registered.ended_on.isoformat() if registered.ended_on else ""
                add("unit_closed", d, d.unit_code, sentence, unit_status=word, ended_on=ended,
                    signed_on=day.isoformat())  # fmt: skip
        leaf = catalogue().leaves.get(d.category)
        values = {k: getattr(d, k) for k in _JUDGED}
        for one in unit_rules.check(leaf, d.form, values) if leaf is not None else ():
            add("unit_kind", d, one.code, f"{one.message}。")
    return found


_JUDGED = ("unit_code", "unit_property", "unit_industry", "job_category")


def _signed_on(d: Destination) -> datetime.date:
    return d.signed_on or d.hired_from or timezone.localdate(d.submitted_at)


def _had_ended(registered: RegistryUnit, day: datetime.date) -> bool:
    if registered.status == UnitStatus.OPEN:
        return False
    return registered.ended_on is None or registered.ended_on <= day


def _plain(name: str) -> str:
    """A name without what is written now this way, now that: blanks, kinds of brackets, capitals."""
    return text.clean_code(name).replace("(", "（").replace(")", "）").replace(" ", "")
