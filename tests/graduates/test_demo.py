"""The demo's graduates have archives, so that the pages and the export of archives show some."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from accounts.models import Realm, User
from graduates import demo
from graduates.models import ArchiveTransfer
from schools.demo import DEMO_CODE, make_schools
from tests.factories import client_of

pytestmark = pytest.mark.django_db
PASSWORD = "demo-password-1"


def test_the_demo_shows_archives_in_every_state() -> None:
    make_schools(PASSWORD)
    demo.make_graduates(PASSWORD)
    client = client_of(User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}admin"))
    page = client.get("/console/archives/").content.decode()
    for state in ("未填写去处", "待寄出", "已寄出"):
        assert f">{state}</span>" in page, state
    book = load_workbook(io.BytesIO(client.get("/console/archives/export/").content))
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    sent = [row for row in rows if row[header.index("机要/EMS单号")]]
    assert sent
    assert all(row[header.index("寄出日期")] for row in sent)
    assert "示例县人才服务中心" in {row[header.index("档案转寄单位名称")] for row in rows}


def test_making_the_demo_again_changes_no_archive() -> None:
    make_schools(PASSWORD)
    demo.make_graduates(PASSWORD)
    before = list(ArchiveTransfer.objects.order_by("pk").values())
    demo.make_graduates(PASSWORD)
    assert list(ArchiveTransfer.objects.order_by("pk").values()) == before
