"""The platform's own password rule."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.models import User

# As many characters as are judged: a longer password is no easier to guess, and judging takes time.
_JUDGED = 24
# Of zxcvbn's 0 to 4: below 2, a million guesses find it.
_WEAKEST = 2
# Words of Chinese passwords that the package's English lists lack.
_CHINESE_WORDS = (
    "woaini", "woaiwo", "aini", "5201314", "1314520", "1314", "520", "laopo", "laogong", "baobao",
    "baobei", "mima", "wode", "zhongguo", "beijing", "anhui", "hefei", "daxue", "xuexiao", "biye",
    "wangyi", "taobao", "weixin", "wanghao", "zhangwei", "wangwei", "lina", "zhangsan", "lisi",
)  # fmt: skip


class NotBreachedValidator:
    """Refuses passwords that stand near the top of lists of breached ones, also with a year, digits or
    swapped letters added. Nothing is sent anywhere: the lists come with the package zxcvbn."""

    def validate(self, password: str, user: User | None = None) -> None:
        from zxcvbn import zxcvbn

        if zxcvbn(password[:_JUDGED], user_inputs=[*_CHINESE_WORDS])["score"] < _WEAKEST:
            raise ValidationError(self.get_help_text(), code="breached")

    def get_help_text(self) -> str:
        return "这个密码常见于泄露的密码，很容易被猜中。请换一个，例如几个不相干的词加数字。"


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
