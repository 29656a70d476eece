"""The unit's pages of postings: what is typed is kept, and everything wrong is said at once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from recruiting.models import Posting
from recruiting.states import PostingState
from tests import factories
from tests.factories import client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit() -> Client:
    return client_of(scene.make_recruiter().user)


def test_a_complete_posting_is_handed_in_from_the_form(unit: Client) -> None:
    answer = unit.post(reverse("employer-posting-new"), scene.typed_posting() | {"do": "submit"})
    posting = Posting.objects.get()
    assert answer.headers["Location"] == reverse("employer-posting", args=[posting.pk])
    assert posting.state == PostingState.WAITING


def test_everything_wrong_is_said_at_once_beside_its_field(unit: Client) -> None:
    typed = scene.typed_posting(
        title="985管培生", places="不存在市", pay_from="", duties="限男性", headcount=""
    )
    answer = unit.post(reverse("employer-posting-new"), typed | {"do": "submit"})
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("三严禁", "没有找到“不存在市”", "面议", "妇女权益保障法", "招聘人数不能为空"):
        assert words in page
    assert "985管培生" in page
    assert not Posting.objects.exists()


def test_a_readable_posting_that_is_refused_is_kept_as_a_draft_and_handed_in_once_mended(
    unit: Client,
) -> None:
    wrong = scene.typed_posting(requirements="男士优先")
    answer = unit.post(reverse("employer-posting-new"), wrong | {"do": "submit"})
    draft = Posting.objects.get()
    page = answer.content.decode()
    assert (draft.state, answer.status_code) == (PostingState.DRAFT, 422)
    assert "草稿已保存" in page
    assert "妇女权益保障法" in page
    # The page is the draft's own, with its version.
    edit = reverse("employer-posting-edit", args=[draft.pk])
    assert edit in page
    mended = scene.typed_posting() | {"do": "submit", "version": str(draft.version)}
    assert unit.post(edit, mended).status_code == 302
    assert Posting.objects.get().state == PostingState.WAITING


def test_an_outdated_form_changes_nothing_and_keeps_what_was_typed(unit: Client) -> None:
    unit.post(reverse("employer-posting-new"), scene.typed_posting() | {"do": "save"})
    draft = Posting.objects.get()
    edit = reverse("employer-posting-edit", args=[draft.pk])
    first = scene.typed_posting(title="第一次修改") | {"do": "save", "version": str(draft.version)}
    assert unit.post(edit, first).status_code == 302
    second = first | {"title": "第二次修改"}
    answer = unit.post(edit, second)
    assert answer.status_code == 409
    assert "第二次修改" in answer.content.decode()
    assert Posting.objects.get().title == "第一次修改"


def test_a_school_that_is_not_known_is_named(unit: Client) -> None:
    typed = scene.typed_posting() | {"do": "save", "schools": "没有这所大学"}
    answer = unit.post(reverse("employer-posting-new"), typed)
    assert answer.status_code == 422
    assert "没有找到学校“没有这所大学”" in answer.content.decode()


def test_a_link_to_a_posting_of_another_own_unit_changes_to_that_unit() -> None:
    member = scene.make_recruiter()
    other = scene.make_recruiter()
    factories.make_member(other.unit, member.user, state="verified")
    posting = scene.make_posting(other)
    client = client_of(member.user)
    assert client.get(reverse("employer-posting", args=[posting.pk])).status_code == 200
    stranger = client_of(scene.make_recruiter().user)
    assert stranger.get(reverse("employer-posting", args=[posting.pk])).status_code == 404


def test_a_step_sent_twice_is_taken_once(unit: Client) -> None:
    unit.post(reverse("employer-posting-new"), scene.typed_posting() | {"do": "submit"})
    step = reverse("employer-posting-step", args=[Posting.objects.get().pk, "withdraw"])
    assert unit.post(step).status_code == 302
    again = unit.post(step, follow=True)
    assert "当前状态为“草稿”，不能撤回" in again.content.decode()
