"""The platform's own password rule."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User


class NotPersonalValidator:
    """Refuses passwords that contain the person's name, login, student number or phone number."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None:
            return
        for number in {user.login, user.login.partition(":")[2], user.mobile, user.label}:
            if len(number) >= 4 and number.lower() in password.lower():
                raise ValidationError("密码不能包含姓名、学号、手机号码或用户名。", code="personal")

    def get_help_text(self) -> str:
        return "密码不能包含姓名、学号、手机号码或用户名。"
