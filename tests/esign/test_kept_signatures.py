"""Drawn signatures are kept as soon as the pen is lifted, and used only for the terms they are under."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import OneTimeCode
from core.errors import DomainError
from core.files import sweeps
from core.models import StoredFile
from esign.actions.reading import drop_old_drawings
from esign.models import Agreement, AgreementVersion, Reading
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


def post_signature(client: Client, invitation: Any, content: bytes | None = None) -> Any:
    image = SimpleUploadedFile("s.png", content or signing.make_signature(), "image/png")
    return client.post(f"/signatures/{invitation.terms_hash}/", {"image": image})


def post_acceptance(client: Client, invitation: Any, code: str, **more: Any) -> Any:
    typed = {"terms_hash": invitation.terms_hash, "code": code, **more}
    return client.post(f"/invitations/{invitation.pk}/accept/", typed)


def test_a_wrong_code_does_not_ask_for_the_signature_again(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    client = client_of(user)
    kept = post_signature(client, invitation).json()["id"]
    wrong = "000000" if code != "000000" else "111111"
    page = post_acceptance(client, invitation, wrong, kept=kept)
    assert page.status_code == 422
    assert f'name="kept" value="{kept}"' in page.content.decode()
    assert client.get(f"/signatures/{invitation.terms_hash}/").status_code == 200
    assert post_acceptance(client, invitation, code, kept=kept).status_code == 302
    assert AgreementVersion.objects.get().graduate_signature_id == kept


def test_a_signature_that_was_replaced_is_not_used(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    client = client_of(user)
    first = post_signature(client, invitation).json()["id"]
    second = post_signature(client, invitation, signing.make_signature(3)).json()["id"]
    for named in ("", str(first), "9" * 9, "x"):
        page = post_acceptance(client, invitation, code, kept=named)
        assert (page.status_code, "请在框内手写签名" in page.content.decode()) == (409, True)
    assert not Agreement.objects.exists()
    assert OneTimeCode.objects.get(purpose="accept").tries == 0, "it costs no try"
    assert post_acceptance(client, invitation, code, kept=second).status_code == 302


def test_a_signature_kept_under_other_terms_is_not_used(graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    kept = post_signature(client_of(user), invitation).json()["id"]
    # As when the unit changed the terms: another hash, and another reading.
    Reading.objects.update(terms_hash="0" * 64)
    signing.read_notice(invitation, user)
    with pytest.raises(DomainError, match="手写签名"):
        signing.accept_invitation(invitation, user, code, signature=b"", kept_id=kept)
    assert not Agreement.objects.exists()


def test_a_signature_is_kept_only_under_terms_that_the_graduate_opened(
    world: World, graduate: Graduate
) -> None:
    invitation, _, _ = signing.prepare_acceptance(graduate)
    other = factories.activate(factories.make_graduate(world))
    assert post_signature(client_of(other), invitation).status_code == 404
    assert post_signature(world.client("school_admin"), invitation).status_code in (302, 403)
    assert not Reading.objects.filter(signature__isnull=False).exists()


def test_a_picture_that_is_no_signature_is_refused_with_a_sentence(graduate: Graduate) -> None:
    invitation, user, _ = signing.prepare_acceptance(graduate)
    client = client_of(user)
    answer = post_signature(client, invitation, b"MZ" * 100)
    assert (answer.status_code, "图片" in answer.json()["error"]) == (422, True)
    assert client.post(f"/signatures/{invitation.terms_hash}/").status_code == 422
    assert client.get(f"/signatures/{invitation.terms_hash}/").status_code == 404


def test_unused_signatures_are_deleted_and_used_ones_stay(world: World, graduate: Graduate) -> None:
    invitation, user, code = signing.prepare_acceptance(graduate)
    signed = post_signature(client_of(user), invitation).json()["id"]
    signing.accept_invitation(invitation, user, code, signature=b"", kept_id=signed)
    other, owner, _ = signing.prepare_acceptance(factories.make_graduate(world), "13900000002")
    unsent = post_signature(client_of(owner), other).json()["id"]
    Reading.objects.update(drawn_at=timezone.now() - timedelta(days=2))
    assert drop_old_drawings() == 2
    StoredFile.objects.update(created_at=timezone.now() - timedelta(days=2))
    sweeps.sweep_orphans()
    assert StoredFile.objects.filter(pk=signed).exists()
    assert not StoredFile.objects.filter(pk=unsent).exists()
