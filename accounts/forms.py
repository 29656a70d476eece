"""Forms for choosing a password, the same in every realm."""

from __future__ import annotations

from typing import Any

from core.forms import PlatformForm, fields


class NewPasswordForm(PlatformForm):
    """A new password, twice."""

    use_required_attribute = True

    new_password = fields.Password(
        "新密码",
        autocomplete="new-password",
        help_text="至少8位，不能全是数字，不能包含姓名、学号或手机号码。",
    )
    repeated = fields.Password("再输入一次", autocomplete="new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "%s"} | kwargs)


class OwnPasswordForm(NewPasswordForm):
    """For signed-in people who change their password. The old one is asked for, unless `ask_old` is
    False because the account has none yet or the person signed in with a code."""

    old_password = fields.Password("原密码")
    field_order = ("old_password", "new_password", "repeated")

    def __init__(self, *args: Any, ask_old: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_old:
            del self.fields["old_password"]
