"""Hostile pictures, workbooks and PDFs are refused with a sentence, at little cost to the process that
takes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core import rate
from destinations.models import DestinationImport
from graduates.models import ArchiveImport, RosterImport
from tests.access_table import Objects
from tests.attack.hostile import everything
from tests.attack.uploads import uploads_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db


def test_no_hostile_file_stops_the_process_or_fills_its_memory(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(rate, "limit", lambda *_, **__: None)
    files = everything()
    assert len(files) >= 60
    assert len({file.content for file in files}) >= len(files) - 3, "three are empty"
    objects = Objects()
    clients: dict[int | None, Client] = {}
    Path("/proc/self/clear_refs").write_text("5")  # the kernel forgets the peak so far
    before = peak_mb()
    broken = []
    for number, file in enumerate(files):
        # The forms take turns here; `bin/bench attack` sends each file to all of them.
        forms = uploads_of(objects, file)
        upload = forms[number % len(forms)]
        key = upload.user.pk if upload.user else None
        if key not in clients:
            clients[key] = client_of(upload.user) if upload.user else Client()
        clients[key].raise_request_exception = False
        sent = SimpleUploadedFile(file.name, file.content)
        answer = clients[key].post(upload.path, {upload.field: sent})
        if answer.status_code >= 500:
            broken.append((file.name, upload.path, answer.status_code))
        upload.finish()
    assert broken == []
    for model in (RosterImport, DestinationImport, ArchiveImport):
        unfinished = model._default_manager.filter(state__in=["uploaded", "checking"])
        assert not unfinished.exists(), model
        parked = model._default_manager.filter(parked_at__isnull=False)
        assert list(parked.values_list("file__name", "problem")) == []
    assert peak_mb() - before < 150, "megabytes that the files cost this process"


def peak_mb() -> float:
    """The most memory that this process used since the peak was forgotten."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
