"""No signed document shows a box: every character has a glyph, or the document waits for a font."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from core import jobs, pdf
from core.errors import Invalid
from destinations.actions import review
from esign import documents
from esign.actions import documents as making
from esign.actions import invite, printing
from esign.models import Agreement, Document
from esign.rules import check_terms
from esign.states import DocumentState
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.test_documents import make_content, read_text
from tests.factories import World

pytestmark = pytest.mark.django_db
# Of Extension B, E and F. The fonts of the set-up have these.
RARE = "𠮷𫠣𭤫"
# Of Extension G, which no font of the set-up has.
UNKNOWN = "\U00030000"


def approve_agreement(world: World, name: str = "试安柏", **terms: Any) -> Agreement:
    """An agreement that the department has approved, so that its document waits to be made."""
    made = signing.sign_agreement(factories.make_graduate(world, name=name), **terms)
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    return made


def test_characters_of_the_extensions_are_printed_with_a_font_that_has_them(
    world: World, signing_key: Path, tmp_path: Path
) -> None:
    content = make_content(approve_agreement(world, f"试{RARE}"))
    assert f"试{RARE}" in read_text(content)
    (tmp_path / "a.pdf").write_bytes(content)
    fonts = subprocess.run(["pdffonts", tmp_path / "a.pdf"], capture_output=True, text=True).stdout
    assert "HanaMin" in fonts
    assert len(content) < 150 * 1024


def test_a_document_with_a_missing_glyph_is_parked_and_names_it(
    world: World, signing_key: Path
) -> None:
    made = approve_agreement(world, f"试{UNKNOWN}", job_title="𱀀匠")
    assert making.make_waiting() == 0
    document = Document.objects.get()
    assert (document.state, document.file, document.attempts) == (DocumentState.PARKED, None, 1)
    assert making.current_document(made) is None
    assert "已转省级管理员处理" in (printing.print_refusal(made) or "")
    problem = document.problem
    assert f"毕业生姓名“试{UNKNOWN}”中的“{UNKNOWN}”（U+30000）" in problem
    assert "职位名称“𱀀匠”中的“𱀀”（U+31000）" in problem
    assert jobs.figures(making.DOCUMENTS).reasons == [(problem, 1)]
    assert making.DOCUMENTS.owner == "省级管理员"
    page = world.client(Role.PROVINCE).get("/console/province/documents/")
    assert f"（U+{ord(UNKNOWN):X}）" in page.content.decode()


def test_a_document_that_was_parked_for_a_glyph_is_made_once_there_is_a_font(
    world: World, signing_key: Path, monkeypatch: Any
) -> None:
    made = approve_agreement(world)

    def raise_missing(*args: Any) -> None:
        raise pdf.MissingGlyphs(["试"])

    with monkeypatch.context() as patch:
        patch.setattr(pdf, "require_glyphs", raise_missing)
        making.make_waiting()
    assert Document.objects.get().state == DocumentState.PARKED
    making.unpark()
    assert make_content(made)


def test_what_a_browser_calls_itself_never_parks_a_document(
    world: World, signing_key: Path
) -> None:
    invitation, user, code = signing.prepare_acceptance(factories.make_graduate(world))
    agent = f"browser {UNKNOWN}🎉"
    made = signing.accept_invitation(invitation, user, code, agent=agent)
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    assert "browser ??" in read_text(make_content(made))


def test_the_check_costs_next_to_nothing(world: World, signing_key: Path) -> None:
    """A document takes 50 ms and more to draw; the check of what was drawn takes microseconds."""
    version = approve_agreement(world).versions.get()
    spent = []

    def measure(document: Any, file: Any) -> None:
        begun = time.perf_counter()
        pdf.require_glyphs(document, file)
        spent.append(time.perf_counter() - begun)

    context = documents.template_context(version, {})
    pdf.render(documents.TEMPLATE, context, stylesheet=documents.STYLESHEET, finisher=measure)
    assert 0 < spent[0] < 0.001


def test_missing_characters_are_found_in_any_text() -> None:
    assert pdf.missing_characters("") == set()
    assert pdf.missing_characters("试安柏·Nguyễn Thị Bình 㛃䶮" + RARE) == set()
    assert pdf.missing_characters(f"{UNKNOWN}试{RARE}\ue863🎉\x00") == {UNKNOWN, "\ue863", "🎉"}
    assert pdf.missing_characters("一\ufe00e\u0301\u200b") == set()


def test_a_sign_that_cannot_be_printed_is_refused_before_anybody_signs(world: World) -> None:
    """Chinese characters may belong to a name: of these the recruiter is only warned."""
    checked = check_terms(
        signing.typed_terms(penalty_notes="按🎉办理", contact_name=f"试{UNKNOWN}", job_title="𠮷匠")
    )
    assert checked.errors() == {
        "penalty_notes": ["“🎉”（U+1F389）无法打印在协议书上，请删除或改用文字"]
    }
    assert [(w.field, w.code) for w in checked.warnings()] == [("contact_name", "no_glyph")]
    draft = signing.begin_draft(factories.make_graduate(world))
    signing.fill_draft(draft, signing_notes="包住🎉")
    with pytest.raises(Invalid) as refusal:
        invite.send(draft=draft)
    assert list(refusal.value.errors) == ["signing_notes"]
