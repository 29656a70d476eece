"""Import a roster workbook from the command line: check it, then apply it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import files
from core.audit import Actor
from graduates.actions import roster
from graduates.models import RosterImport
from schools.models import School
from workbooks.states import ImportState


class Command(BaseCommand):
    help = "Import a school's roster (.xlsx or .xls). Exit status 1 when the file is refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("school", help="the school's code, e.g. 99001")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only check, change nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--annotated", type=Path, metavar="OUT.xlsx",
                            help="write the workbook with refused cells marked")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        school = School.objects.filter(code=options["school"]).first()
        if school is None:
            raise CommandError(f"没有代码为{options['school']}的学校")
        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"不能读取{path}：{error.strerror}") from error
        out: Path | None = options["annotated"]
        if out is not None and not out.parent.is_dir():
            raise CommandError(f"不能写入{out}：没有这个文件夹")
        actor = Actor(None, "system", "命令行")
        imported = roster.upload(school=school, content=content, name=path.name, by=actor)
        imported = roster.check(imported.pk)
        if imported.state == ImportState.PREVIEWED and not options["dry_run"]:
            roster.confirm(roster_import=imported, by=actor)
            imported = roster.apply(imported.pk, actor=actor)
        self._write_annotated(imported, out)
        if options["dry_run"] and imported.state == ImportState.PREVIEWED:
            roster.cancel(roster_import=imported, by=actor)
        self._report(imported, as_json=options["json"])

    def _write_annotated(self, imported: RosterImport, out: Path | None) -> None:
        if out is not None and imported.annotated is not None:
            with files.open_file(imported.annotated) as source:
                out.write_bytes(source.read())

    def _report(self, imported: RosterImport, *, as_json: bool) -> None:
        if imported.state == ImportState.FAILED:
            if as_json:
                self.stdout.write(json.dumps({"error": imported.problem}, ensure_ascii=False))
            raise CommandError(imported.problem)
        keys = ("row", "column", "code", "message", "is_error")
        issues: list[dict[str, Any]] = [dict(i) for i in imported.issues.values(*keys)]
        result: dict[str, Any] = {"rows": imported.rows}
        for key in ("created", "updated", "unchanged"):
            result[key] = imported.counts[key]
        result["rejected"] = _issues_to_print(issues, is_error=True)
        result["warnings"] = _issues_to_print(issues, is_error=False)
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            return
        self.stdout.write(
            f"共{imported.rows}行：新增{result['created']}，修改{result['updated']}，"
            f"未变{result['unchanged']}，未导入{imported.counts['rejected']}"
        )
        for issue in result["rejected"]:
            self.stdout.write(f"  第{issue['row']}行 {issue['column']}：{issue['message']}")


def _issues_to_print(issues: list[dict[str, Any]], *, is_error: bool) -> list[dict[str, Any]]:
    keys = ("row", "column", "code", "message")
    return [{k: i[k] for k in keys} for i in issues if i["is_error"] == is_error]
