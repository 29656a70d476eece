"""What graduates plug into core: demo people."""

from __future__ import annotations

from core.demo import demo_accounts, demo_data, demo_exists
from graduates import demo
from graduates.models import Graduate
from schools.models import School
from schools.plugs import DEMO_CODE


@demo_exists.plug()
def graduates_exist() -> bool:
    return Graduate.objects.filter(school__code=DEMO_CODE, student_no=demo.ACTIVE_NUMBER).exists()


@demo_data.plug(order=20)
def make_demo_graduates(*, password: str) -> None:
    demo.make_graduates(password)


@demo_accounts.plug(order=20)
def show_graduate() -> list[tuple[str, str, str]]:
    return [
        ("毕业生", "/login/", f"{school.name} 学号 {demo.ACTIVE_NUMBER}")
        for school in School.objects.filter(code=DEMO_CODE)
    ]
