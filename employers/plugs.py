"""What employers plug into core: a demo account."""

from __future__ import annotations

from accounts.models import Realm, User
from core.demo import demo_accounts, demo_data, demo_exists

_MOBILE = "13900009999"


@demo_exists.plug()
def employer_exists() -> bool:
    return User.objects.filter(realm=Realm.EMPLOYER, login=_MOBILE).exists()


@demo_data.plug(order=25)
def make_employer(*, password: str) -> None:
    if not employer_exists():
        User.objects.create_user(
            Realm.EMPLOYER, _MOBILE, password, label="示例单位招聘人员", mobile=_MOBILE
        )


@demo_accounts.plug(order=25)
def show_employer() -> list[tuple[str, str, str]]:
    return [("用人单位", "/employer/", _MOBILE)] if employer_exists() else []
