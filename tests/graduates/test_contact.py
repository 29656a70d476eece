"""联系方式: the graduate's own page of contact fields."""

from __future__ import annotations

import pytest
from django.test import Client

from core.models import Event
from graduates.actions import origin
from graduates.fields import CONTACT_KEYS
from graduates.models import Graduate
from graduates.records import is_confirmation_current
from tests import factories
from tests.esign.signing import confirm_origin
from tests.factories import World

pytestmark = pytest.mark.django_db
PAGE = "/contact/"


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return factories.client_of(factories.activate(graduate))


def form(graduate: Graduate, **typed: str) -> dict[str, str]:
    version = Graduate.objects.get(pk=graduate.pk).version
    return {"version": str(version)} | typed


def test_the_page_shows_the_contact_fields_and_no_others(
    client: Client, graduate: Graduate
) -> None:
    page = client.get(PAGE).content.decode()
    for key in CONTACT_KEYS:
        assert f'id="field-{key}"' in page
    assert f'value="{graduate.mobile}"' in page
    assert 'id="field-student_no"' not in page


def test_a_saved_contact_is_shown_and_its_history_is_kept(
    client: Client, graduate: Graduate
) -> None:
    typed = form(graduate, email="shi@example.com", wechat="shi_2027", home_postcode="230000")
    answer = client.post(PAGE, typed, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "已保存" in answer.content.decode()
    saved = Graduate.objects.get(pk=graduate.pk)
    assert (saved.email, saved.wechat, saved.home_postcode) == (
        "shi@example.com", "shi_2027", "230000",
    )  # fmt: skip
    assert saved.confirmation == "unsubmitted", "saving confirms nothing"
    event = Event.objects.filter(object_type="graduate", object_id=graduate.pk).latest("pk")
    assert event.data["changes"]["email"] == ["", "shi@example.com"]


def test_a_graduates_own_change_keeps_the_confirmation_current(
    client: Client, graduate: Graduate
) -> None:
    confirm_origin(graduate)
    assert client.post(PAGE, form(graduate, qq="123456")).status_code == 302
    saved = Graduate.objects.select_related(*origin.RELATED).get(pk=graduate.pk)
    assert saved.qq == "123456"
    assert is_confirmation_current(saved)


@pytest.mark.parametrize(
    ("key", "typed"),
    [("mobile", "123"), ("mobile", ""), ("email", "nobody"), ("home_postcode", "2")],
)
def test_a_mistake_is_marked_beside_its_field(
    client: Client, graduate: Graduate, key: str, typed: str
) -> None:
    answer = client.post(PAGE, form(graduate, wechat="kept_words", **{key: typed}))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'class="field has-error" id="field-' + key in page
    assert 'value="kept_words"' in page
    saved = Graduate.objects.get(pk=graduate.pk)
    assert (saved.mobile, saved.wechat) == (graduate.mobile, "")


@pytest.mark.parametrize("page", [PAGE, "/origin/"])
def test_a_new_mobile_number_takes_the_password(
    client: Client, graduate: Graduate, page: str
) -> None:
    """Codes for signing go to it. What was typed besides stays on the page."""
    typed = form(graduate, mobile="13700000009", qq="123456")
    for password, words in (("", "请填写登录密码"), ("wrong-secret-1", "登录密码不正确")):
        answer = client.post(page, typed | {"password": password})
        assert answer.status_code == 422
        assert answer.context["form"].errors["password"] == [f"{words}，未作改动。"]
        assert 'value="123456"' in answer.content.decode()
        saved = Graduate.objects.get(pk=graduate.pk)
        assert (saved.mobile, saved.qq) == (graduate.mobile, "")
    assert client.post(page, typed | {"password": factories.PASSWORD}).status_code == 302
    assert Graduate.objects.get(pk=graduate.pk).mobile == "13700000009"


def test_the_same_mobile_number_takes_no_password(client: Client, graduate: Graduate) -> None:
    typed = form(graduate, mobile=f" {graduate.mobile} ", qq="123456")
    assert client.post(PAGE, typed).status_code == 302


def test_other_fields_cannot_be_changed_on_this_page(client: Client, graduate: Graduate) -> None:
    client.post(PAGE, form(graduate, qq="123456", politics="群众", name="别人"))
    saved = Graduate.objects.get(pk=graduate.pk)
    assert (saved.qq, saved.politics, saved.name) == ("123456", graduate.politics, graduate.name)


def test_an_outdated_page_overwrites_nothing(
    world: World, client: Client, graduate: Graduate
) -> None:
    stale = form(graduate, qq="123456")
    origin.edit(graduate_id=graduate.pk, typed={"qq": "654321"}, by=world.school_admin)
    answer = client.post(PAGE, stale)
    assert answer.status_code == 422
    assert Graduate.objects.get(pk=graduate.pk).qq == "654321"


def test_a_locked_record_shows_its_contact_fields_grey(
    world: World, client: Client, graduate: Graduate
) -> None:
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    page = client.get(PAGE).content.decode()
    assert "保存</button>" not in page
    client.post(PAGE, form(graduate, qq="123456"))
    assert Graduate.objects.get(pk=graduate.pk).qq == ""
