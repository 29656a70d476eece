"""The graduate's card and the pages of a recruiter who scans it (DOMAIN §4)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from core.models import Event, OutboxMessage
from employers.models import UnitMember
from esign.actions import cards, drafts
from esign.fields import IMAGES, SIGNATURE, STEPS, of_step
from esign.models import Card, Draft, Invitation
from graduates.models import Graduate
from schools.actions import school
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.pictures import blank_picture
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
MOBILE = "13900000001"


@pytest.fixture
def graduate() -> Graduate:
    clear_own_cache()
    return factories.make_graduate(factories.make_world())


@pytest.fixture
def card(graduate: Graduate) -> Card:
    return cards.new_card(graduate=graduate, by=signing.account_of(graduate))


@pytest.fixture
def draft(card: Card) -> Draft:
    """A draft whose recruiter has proved the phone."""
    found = drafts.begin_from_card(card=card, address=signing.ADDRESS)
    drafts.send_code(draft=found, mobile=MOBILE, address=signing.ADDRESS)
    return drafts.prove_phone(draft=found, mobile=MOBILE, code=signing.last_code(MOBILE))


def landing(token: str) -> str:
    return f"/card/{token}/"


def text_of(response: Any) -> str:
    return response.content.decode()


def typed_in(step: int, **changes: str) -> dict[str, str]:
    terms = signing.typed_terms()
    return {f.key: terms[f.key] for f in of_step(STEPS[step - 1])} | changes


# --- the card ----------------------------------------------------------------------------------


def test_the_landing_page_names_the_graduate_and_shows_no_number(card: Card) -> None:
    page = text_of(Client().get(landing(card.token)))
    g = card.graduate
    for shown in (g.name, g.school.name, "本科", g.major_name):
        assert shown in page, shown
    for hidden in (g.student_no, g.exam_no, g.mobile, g.person.id_number, g.person.id_number[-6:]):
        assert hidden not in page


def test_a_token_is_random_and_long(graduate: Graduate) -> None:
    user = signing.account_of(graduate)
    tokens = {cards.new_card(graduate=graduate, by=user).token for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(t) >= 32 for t in tokens)
    assert Card.objects.filter(graduate=graduate, revoked_at=None).count() == 1


@pytest.mark.parametrize("guess", ["x", "a" * 32, "../../login", "%00"])
def test_a_guessed_card_is_not_found(card: Card, guess: str) -> None:
    answer = Client().get(f"/card/{guess}/")
    assert answer.status_code == 404
    assert card.graduate.name not in text_of(answer)


def test_an_expired_card_is_not_found(card: Card) -> None:
    Card.objects.filter(pk=card.pk).update(expires_at=timezone.now())
    answer = Client().get(landing(card.token))
    assert answer.status_code == 404
    assert "二维码已失效" in text_of(answer)
    assert Client().post(landing(card.token)).status_code == 404
    assert not Draft.objects.exists()


def test_replaced_and_revoked_cards_are_not_found(card: Card) -> None:
    client = factories.client_of(signing.account_of(card.graduate))
    assert client.post("/my-card/new/").status_code == 302
    assert Client().get(landing(card.token)).status_code == 404
    newer = cards.live_card(card.graduate)
    assert newer is not None
    assert Client().get(landing(newer.token)).status_code == 200
    assert client.post("/my-card/revoke/").status_code == 302
    assert Client().get(landing(newer.token)).status_code == 404
    assert cards.live_card(card.graduate) is None
    assert "生成二维码名片" in text_of(client.get("/my-card/"))
    assert Event.objects.filter(action="esign.revoke_card").count() == 2


def test_a_card_of_a_closed_school_is_not_found(card: Card) -> None:
    province = factories.make_staff(Role.PROVINCE)
    school.close(school_id=card.graduate.school_id, by=province)
    assert Client().get(landing(card.token)).status_code == 404


def test_a_draft_of_a_revoked_card_cannot_be_sent(card: Card, draft: Draft) -> None:
    signing.fill_draft(draft)
    cards.revoke_cards(graduate=card.graduate, by=signing.account_of(card.graduate))
    answer = signing.browser_of(draft).post(f"/invite/{draft.key}/preview/")
    assert answer.status_code == 409
    assert "已停用此二维码" in text_of(answer)
    assert not Invitation.objects.exists()


# --- the phone ---------------------------------------------------------------------------------


def test_no_step_opens_before_the_phone_is_proved(card: Card) -> None:
    client = Client()
    where = client.post(landing(card.token))["Location"]
    key = where.split("/")[2]
    assert len(key) >= 32
    for page in ("1/", "4/", "preview/"):
        assert client.get(f"/invite/{key}/{page}")["Location"] == where
    assert client.post(f"/invite/{key}/save/", {"unit_name": "抢先"}).status_code == 409
    upload = {"image": SimpleUploadedFile("a.jpg", factories.make_photo())}
    assert client.post(f"/invite/{key}/upload/certificate/", upload).status_code == 409
    page = text_of(client.post(where, {"mobile": MOBILE, "send": "1"}))
    assert f'value="{MOBILE}"' in page
    right = signing.last_code(MOBILE)
    wrong = client.post(where, {"mobile": MOBILE, "code": f"{(int(right) + 1) % 10**6:06d}"})
    assert wrong.status_code == 422
    assert "还可以试 4 次" in text_of(wrong)
    done = client.post(where, {"mobile": MOBILE, "code": right})
    assert done["Location"] == f"/invite/{key}/1/"


def test_a_code_for_one_card_is_refused_for_another(card: Card) -> None:
    other = factories.make_graduate(factories.make_world())
    second = cards.new_card(graduate=other, by=signing.account_of(other))
    first, there = (drafts.begin_from_card(card=c, address="10.0.0.1") for c in (card, second))
    drafts.send_code(draft=first, mobile=MOBILE, address="10.0.0.1")
    code = signing.last_code(MOBILE)
    answer = Client().post(f"/invite/{there.key}/phone/", {"mobile": MOBILE, "code": code})
    assert answer.status_code == 422
    there.refresh_from_db()
    assert there.mobile_proved_at is None


# --- the four steps ----------------------------------------------------------------------------


def test_four_steps_and_the_preview_send_one_invitation(draft: Draft) -> None:
    client, base = signing.browser_of(draft), f"/invite/{draft.key}"
    for step in (1, 2, 3):
        answer = client.post(f"{base}/{step}/", typed_in(step))
        assert answer["Location"] == f"{base}/{step + 1}/"
    pictures = {s: SimpleUploadedFile(f"{s}.jpg", factories.make_photo()) for s in IMAGES}
    ink = SimpleUploadedFile("ink.png", signing.make_signature())
    last = client.post(f"{base}/4/", {**typed_in(4), **pictures, SIGNATURE: ink})
    assert last["Location"] == f"{base}/preview/"
    preview = text_of(client.get(f"{base}/preview/"))
    for words in (draft.graduate.name, "工程师", "虚构信息技术有限公司"):
        assert words in preview
    assert not Invitation.objects.exists(), "the preview sends nothing"
    # A double click sends one invitation and one message, and both requests go to the same page.
    for _ in range(2):
        assert client.post(f"{base}/preview/")["Location"] == f"{base}/sent/"
    sent = Invitation.objects.get()
    assert sent.graduate == draft.graduate
    assert OutboxMessage.objects.filter(dedupe_key=f"invitation:{sent.pk}:sent").count() == 1
    assert UnitMember.objects.get().user.login == MOBILE
    assert "已发送给" in text_of(client.get(f"{base}/sent/"))
    # A sent draft can't be changed.
    assert client.post(f"{base}/save/", {"wage": "1"}).status_code == 409
    draft.refresh_from_db()
    assert draft.values["wage"] == "6000"


def test_an_error_is_shown_beside_its_field_and_typed_values_stay(draft: Draft) -> None:
    answer = signing.browser_of(draft).post(
        f"/invite/{draft.key}/1/", typed_in(1, unit_code="91340100MA2N0ABC70")
    )
    page = text_of(answer)
    assert answer.status_code == 422
    assert "有 1 项需要修改" in page
    assert 'value="91340100MA2N0ABC70"' in page
    assert 'value="虚构信息技术有限公司"' in page
    assert page.index('id="id_unit_code"') < page.index('class="error"')


def test_typed_values_are_saved_while_typing(draft: Draft) -> None:
    client = signing.browser_of(draft)
    kept = client.post(f"/invite/{draft.key}/save/", {"unit_name": "半个", "evil": "x"})
    assert kept.status_code == 204
    draft.refresh_from_db()
    assert draft.values["unit_name"] == "半个"
    assert "evil" not in draft.values
    assert 'value="半个"' in text_of(client.get(f"/invite/{draft.key}/1/"))
    later = timezone.now() - drafts.LIFETIME - datetime.timedelta(seconds=1)
    Draft.objects.filter(pk=draft.pk).update(created_at=later)
    assert client.get(f"/invite/{draft.key}/1/").status_code == 404


def test_the_preview_of_an_incomplete_draft_leads_back_to_the_step(draft: Draft) -> None:
    signing.fill_draft(draft)
    drafts.save(draft=draft, typed={"wage": ""})
    client = signing.browser_of(draft)
    for ask in (client.get, client.post):
        assert ask(f"/invite/{draft.key}/preview/")["Location"] == f"/invite/{draft.key}/2/"
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("slot", "content", "says"),
    [
        ("certificate", b"%PDF-1.7 renamed", "图片"),
        ("id_front", b"", "图片"),
        (SIGNATURE, None, "签名"),
    ],
)
def test_a_hostile_or_empty_picture_is_refused_with_a_sentence(
    draft: Draft, slot: str, content: bytes | None, says: str
) -> None:
    if content is None:
        content = blank_picture()
    upload = {"image": SimpleUploadedFile("a.jpg", content)} if content else {}
    answer = signing.browser_of(draft).post(f"/invite/{draft.key}/upload/{slot}/", upload)
    assert answer.status_code == 422
    assert says in answer.json()["error"]
    draft.refresh_from_db()
    assert getattr(draft, slot) is None


def test_suggested_units_contain_nothing_about_their_people(draft: Draft) -> None:
    member = factories.make_member(factories.make_unit(name="虚构钢铁集团"))
    found = (
        signing.browser_of(draft)
        .get(f"/invite/{draft.key}/units/", {"q": "虚构钢"})
        .json()["items"]
    )
    assert [i["unit_code"] for i in found] == [member.unit.code]
    assert set(found[0]) == {
        "unit_name", "unit_code", "unit_property", "unit_industry", "unit_division", "unit_address",
    }  # fmt: skip


def test_a_guessed_draft_is_not_found() -> None:
    for page in ("phone/", "1/", "preview/", "sent/", "units/", "image/id_front/"):
        assert Client().get(f"/invite/{'a' * 32}/{page}").status_code == 404
