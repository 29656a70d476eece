"""Compare with what the national system holds. Exit status 1 while there are differences."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from national_sync.connection import is_configured, mapping, open_transport
from national_sync.reconciliation import Compared, compare
from national_sync.states import Part
from schools.models import School

_KINDS = {"differs": "不一致", "missing_there": "全国系统缺少", "unknown_here": "本平台没有"}


class Command(BaseCommand):
    help = "Record by record, field by field: ours against the national system's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--school", help="school code; without it every school")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_configured():
            raise CommandError("NATIONAL_URL, NATIONAL_CLIENT and NATIONAL_SECRET must be set")
        schools = School.objects.filter(is_open=True)
        if options["school"]:
            schools = schools.filter(code=options["school"])
            if not schools:
                raise CommandError(f"no school {options['school']}")
        with open_transport() as transport:
            mapped = mapping()
            found = [compare(school, transport, mapped) for school in schools]
        if options["json"]:
            self.stdout.write(json.dumps([c.as_json() for c in found], ensure_ascii=False))
        else:
            for comparison in found:
                self._say(comparison)
        if not all(c.clean for c in found):
            sys.exit(1)

    def _say(self, c: Compared) -> None:
        self.stdout.write(
            f"{c.school.code} {c.school.name}：本平台 {c.ours}，全国 {c.theirs}，一致 {c.equal}，"
            f"差异 {len(c.differences)}{'' if c.adds_up else ' （合计不符）'}"
        )
        for record in c.unreadable:
            self.stdout.write(f"  无法读取 {record.exam_no or '考生号不明'} {record.reason}")
        for d in c.differences:
            fields = "；".join(f"{label}：{a or '空'} ≠ {b or '空'}" for label, a, b in d.fields)
            self.stdout.write(f"  {_KINDS[d.kind]} {Part(d.part).label} {d.exam_no} {fields}")
