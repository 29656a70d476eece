"""Initial codes (初始码) by class: the list, the PDF of slips, who may see them, and the log."""

import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from core import pdf
from core.models import Event
from graduates import slips
from schools.roles import Role
from tests.factories import (
    World,
    activate,
    code_of,
    make_classes,
    make_graduate,
    make_staff,
    make_world,
)

pytestmark = pytest.mark.django_db


def pdf_text(content: bytes, tmp_path: Path) -> str:
    (tmp_path / "slips.pdf").write_bytes(content)
    argv = ["pdftotext", "-layout", str(tmp_path / "slips.pdf"), "-"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_the_page_lists_the_codes_of_graduates_without_an_account(world: World) -> None:
    waiting, active = make_graduate(world), make_graduate(world)
    activate(active)
    client = world.client(Role.COUNSELLOR)
    chooser = client.get(reverse("console:initial-codes")).content.decode()
    assert "甲学院一班" in chooser
    assert "乙学院" not in chooser
    pk = world.classes[0][0].pk
    answer = client.post(reverse("console:class-codes", args=[pk]))
    page = answer.content.decode()
    code = code_of(waiting)
    assert f"{code[:4]} {code[4:]}" in page
    assert active.student_no not in page
    assert "no-store" in answer["Cache-Control"]
    event = Event.objects.get(action="graduates.class_codes")
    assert event.data == {"kind": "page", "graduates": [waiting.pk]}
    assert event.school_id == world.school.pk


def test_the_pdf_has_a_slip_for_each_graduate(world: World, tmp_path: Path) -> None:
    people = [make_graduate(world) for _ in range(15)]
    answer = world.client(Role.COUNSELLOR).post(
        reverse("console:class-slips", args=[world.classes[0][0].pk])
    )
    assert answer["Content-Type"] == "application/pdf"
    assert "attachment" in answer["Content-Disposition"]
    text = pdf_text(answer.content, tmp_path)
    for person in people:
        code = code_of(person)
        assert person.student_no in text
        assert f"{code[:4]} {code[4:]}" in text
    assert people[0].name in text
    assert world.school.name in text
    assert slips.sign_in_address() in text
    assert Event.objects.get(action="graduates.class_codes").data["kind"] == "pdf"


def test_making_the_pdf_loads_nothing_from_the_network(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Markup in a name is escaped; and even if it were not, nothing would be loaded."""
    person = make_graduate(world)
    opened: list[str] = []
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *a, **k: opened.append(a[1]))
    html = '<img src="file:///etc/hostname"><link rel="stylesheet" href="http://127.0.0.1:1/x">'
    monkeypatch.setattr(pdf, "render_to_string", lambda *a: html)
    content = slips.make_pdf(
        world.classes[0][0], slips.slips_of(world.counsellor, person.school_class)
    )
    assert content.startswith(b"%PDF")
    assert opened == []


def test_a_class_outside_the_scope_is_not_found(world: World) -> None:
    make_graduate(world, department=1)
    other = make_world()
    outside = world.classes[1][0].pk
    for client in (world.client(Role.COUNSELLOR), other.client(Role.SCHOOL_ADMIN)):
        for name in ("class-codes", "class-slips"):
            assert client.post(reverse(f"console:{name}", args=[outside])).status_code == 404
    assert (
        world.client(Role.SCHOOL_ADMIN)
        .post(reverse("console:class-codes", args=[outside]))
        .content.decode()
    )
    assert Event.objects.filter(action="graduates.class_codes").count() == 1


def test_a_class_scope_shows_only_that_class(world: World) -> None:
    make_graduate(world)
    mine = make_graduate(world, school_class=1)
    user = make_staff(Role.COUNSELLOR, world, cohorts=[world.cohort], classes=[world.classes[0][1]])
    assert [s.graduate_id for s in slips.slips_of(user, world.classes[0][1])] == [mine.pk]
    assert slips.slips_of(user, world.classes[0][0]) == []


def test_an_empty_class_has_no_page_and_an_empty_list_says_why(world: World) -> None:
    (empty,) = make_classes(world.cohort, world.departments[0], "空班")
    client = world.client(Role.SCHOOL_ADMIN)
    assert client.post(reverse("console:class-codes", args=[empty.pk])).status_code == 404
    listing = reverse("console:initial-codes")
    assert "没有等待激活的毕业生" in client.get(listing).content.decode()
    nobody = make_staff(Role.COUNSELLOR, world, cohorts=[])
    client = Client()
    client.force_login(nobody, backend="accounts.backends.RealmBackend")
    assert "还没有管理范围" in client.get(listing).content.decode()


def test_codes_are_shown_only_by_a_post_with_the_permission(world: World) -> None:
    make_graduate(world)
    pk = world.classes[0][0].pk
    for name in ("class-codes", "class-slips"):
        address = reverse(f"console:{name}", args=[pk])
        assert world.client(Role.COUNSELLOR).get(address).status_code == 405
        assert world.client(Role.PROVINCE).post(address).status_code == 403
    assert world.client(Role.PROVINCE).get(reverse("console:initial-codes")).status_code == 403
