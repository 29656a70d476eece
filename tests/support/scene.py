"""Listed graduates and the help they get, built by the actions that the pages call."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from core import spreadsheets
from graduates.models import Graduate
from recruiting.models import Posting
from recruiting.states import PostingState
from schools.roles import Role
from support.actions import group_imports, helping, proposals, recommending, records
from support.models import GroupImport, JobRecommendation, Listing, Proposal, Record
from support.states import ImportMode
from tests import factories
from tests.factories import World
from tests.recruiting import scene as recruiting_scene
from workbooks.states import ImportState

TEXT = "了解求职进展，讨论了简历和面试准备。"
REASON = "家庭收入低于当地低保标准，已取得低保证。"
_forms = itertools.count(1)


def row_of(graduate: Graduate, groups: str = "低保家庭", **changes: str) -> dict[str, str]:
    """A row of the province's workbook about a graduate."""
    return {
        "届": str(graduate.cohort.year), "学校代码": graduate.school.code, "考生号": graduate.exam_no,
        "证件号码": "", "姓名": graduate.name, "类型": groups, "认定日期": "2026-09-01",
    } | changes  # fmt: skip


def workbook(rows: Sequence[dict[str, str]]) -> bytes:
    lines = [[row.get(header, "") for header in group_imports.HEADER] for row in rows]
    return spreadsheets.write(group_imports.HEADER, lines, title="困难群体")


def preview(
    world: World, rows: Sequence[dict[str, str]], mode: str = ImportMode.ADD, year: int = 0
) -> GroupImport:
    """Upload a workbook and check it."""
    uploaded = group_imports.upload(
        content=workbook(rows), name="困难群体.xlsx", year=year or world.cohort.year, mode=mode,
        by=world.user(Role.PROVINCE),
    )  # fmt: skip
    group_imports.check(uploaded.pk)
    uploaded.refresh_from_db()
    return uploaded


def import_rows(
    world: World, rows: Sequence[dict[str, str]], mode: str = ImportMode.ADD, reason: str = ""
) -> GroupImport:
    """Upload, check, confirm and apply."""
    imported = preview(world, rows, mode)
    assert imported.state == ImportState.PREVIEWED, imported.problem
    group_imports.confirm(imported, reason=reason, by=world.user(Role.PROVINCE))
    group_imports.apply(imported.pk)
    imported.refresh_from_db()
    assert imported.state == ImportState.DONE, imported.problem
    return imported


def make_listing(
    world: World, graduate: Graduate | None = None, groups: str = "低保家庭",
    responsible: User | None = None,
) -> Listing:  # fmt: skip
    """A listed graduate whose 责任人 is the world's counsellor, unless somebody else is named."""
    graduate = graduate or factories.make_graduate(world)
    graduate = Graduate.objects.select_related("cohort", "school").get(pk=graduate.pk)
    import_rows(world, [row_of(graduate, groups)])
    listing = Listing.objects.get(graduate=graduate)
    helping.assign(
        listing_id=listing.pk, user_id=(responsible or world.counsellor).pk, by=world.school_admin
    )
    return Listing.objects.get(pk=listing.pk)


def list_only(world: World, graduate: Graduate | None = None, groups: str = "低保家庭") -> Listing:
    """A listed graduate without a 责任人."""
    graduate = graduate or factories.make_graduate(world)
    graduate = Graduate.objects.select_related("cohort", "school").get(pk=graduate.pk)
    import_rows(world, [row_of(graduate, groups)])
    return Listing.objects.get(graduate=graduate)


def write_profile(listing: Listing, by: User, **changes: Any) -> None:
    typed = {
        "wish": "work",
        "family": "父亲患病，家中只有一人有收入。",
        "difficulty": "缺少面试经验。",
    }
    helping.save_profile(listing_id=listing.pk, typed=typed | changes, version=0, by=by)


def write_plan(listing: Listing, by: User, aims: str = "每月面谈一次，推荐三个职位。") -> None:
    review_on = timezone.localdate() + datetime.timedelta(days=60)
    helping.save_plan(listing_id=listing.pk, aims=aims, review_on=review_on, by=by)


def typed_record(way: str = "talk", **changes: Any) -> dict[str, Any]:
    """Valid, made-up values of a record."""
    return {
        "on": timezone.localdate(), "way": way, "text": TEXT, "helper": "试用辅导员", "result": "",
        "next_on": None, "subsidy": "", "subsidy_amount": None, "about": "",
    } | changes  # fmt: skip


def add_record(listing: Listing, by: User, way: str = "talk", **changes: Any) -> Record:
    return records.add(
        listing_id=listing.pk, typed=typed_record(way, **changes), evidence=[],
        form_key=f"form-{next(_forms)}", by=by,
    )  # fmt: skip


def make_posting(world: World, **changes: Any) -> Posting:
    member = recruiting_scene.make_recruiter()
    return recruiting_scene.make_posting(member, PostingState.PUBLISHED, by=world, **changes)


def recommend(listing: Listing, posting: Posting, by: User) -> JobRecommendation:
    return recommending.send(
        listing_id=listing.pk, posting_id=posting.pk, note="专业相符，可以试试。", by=by
    )


def propose(world: World, graduate: Graduate | None = None, by: User | None = None) -> Proposal:
    graduate = graduate or factories.make_graduate(world)
    return proposals.propose(
        graduate_id=graduate.pk, groups=["low_income"], reason=REASON, evidence=[],
        by=by or world.counsellor,
    )  # fmt: skip


def correct(record: Record, by: User) -> Record:
    """A later record that corrects this one."""
    return records.add(
        listing_id=record.listing_id, typed=typed_record("guidance"), evidence=[],
        form_key=f"form-{next(_forms)}", by=by, corrects=record.pk,
    )  # fmt: skip
