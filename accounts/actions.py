"""Actions on an account: password and sessions."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from core import audit
from core.audit import Actor
from core.errors import Invalid


def check_new_password(password: str, repeated: str, user: User | None = None) -> None:
    """Raises `Invalid` with a sentence for every rule that the new password breaks."""
    errors: dict[str, list[str]] = {}
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["new_password"] = list(error.messages)
    if password != repeated:
        errors["repeated"] = ["两次输入的密码不一致。"]
    if errors:
        raise Invalid(errors)


def change_password(*, user: User, password: str, repeated: str, by: User | Actor) -> None:
    """Set a new password, which must not be the present one: a one-time password that another
    person handed over would otherwise stay. Every other session of the user ends."""
    check_new_password(password, repeated, user)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.check_password(password):
            raise Invalid({"new_password": ["新密码不能与现在的密码相同。"]})
        locked.set_password(password)
        locked.must_change_password, locked.password_expires_at = False, None
        locked.session_epoch += 1
        locked.save(
            update_fields=[
                "password", "must_change_password", "password_expires_at", "session_epoch",
            ]
        )  # fmt: skip
        audit.record("accounts.change_password", by=by, obj=locked)
    user.password, user.session_epoch = locked.password, locked.session_epoch
    user.must_change_password, user.password_expires_at = False, None


def end_sessions(*, user: User, by: User | Actor) -> None:
    """解除绑定: every session of the user ends."""
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.session_epoch += 1
        locked.save(update_fields=["session_epoch"])
        audit.record("accounts.end_sessions", by=by, obj=locked)
