"""What employers plug into core: a demo account and its unit; the letter's table for the docs."""

from __future__ import annotations

from accounts.models import Realm, User
from core.demo import demo_accounts, demo_data, demo_exists
from core.generated_docs import MACHINES
from employers import letter_steps
from employers.demo import make_unit, unit_code
from employers.models import UnitMember

_MOBILE = "13900009999"
MACHINES.append((letter_steps.LETTER, letter_steps.ROLE_LABELS))


@demo_exists.plug()
def employer_exists() -> bool:
    return UnitMember.objects.filter(user__login=_MOBILE, unit__code=unit_code()).exists()


@demo_data.plug(order=25)
def make_employer(*, password: str) -> None:
    user = User.objects.filter(realm=Realm.EMPLOYER, login=_MOBILE).first()
    if user is None:
        user = User.objects.create_user(
            Realm.EMPLOYER, _MOBILE, password, label="示例单位招聘人员", mobile=_MOBILE
        )
    make_unit(user)


@demo_accounts.plug(order=25)
def show_employer() -> list[tuple[str, str, str]]:
    return [("用人单位", "/employer/", _MOBILE)] if employer_exists() else []
