"""What graduates plug into core and schools."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import User
from core.demo import demo_accounts, demo_data, demo_exists
from core.errors import Refused
from graduates import demo, hooks
from graduates.models import Graduate
from schools.hooks import class_guards
from schools.models import Phase, School, SchoolClass
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


@class_guards.plug()
def nobody_in_it(*, school_class: SchoolClass) -> None:
    """By school and cohort, as the indexes have it: never a scan of every graduate."""
    inside = Graduate.objects.filter(
        school_id=school_class.school_id,
        cohort_id=school_class.cohort_id,
        school_class_id=school_class.pk,
    )
    if inside.exists():
        raise Refused("in_use", f"班级“{school_class.name}”中还有毕业生, 不能删除。")


@hooks.detail_links.plug()
def link_to_reopening(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """Past the cohort's end, for the province."""
    if graduate.cohort.phase() != Phase.ENDED or not user.has_perm("province.schools"):
        return []
    return [("重新开放", reverse("console:reopen", args=[graduate.pk]))]
