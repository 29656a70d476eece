"""What a graduate looks for: the form, its limits, and two browsers at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from core.errors import Conflict, Refused
from core.models import Event
from graduates.models import Graduate
from recruiting.actions import resumes
from recruiting.models import Intention, ResumeStore
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def beginner(world: World) -> Graduate:
    graduate = factories.make_graduate(world)
    factories.activate(graduate)
    return graduate


def send(graduate: Graduate, **changes: Any) -> Any:
    """The answer to the form; `version` is that of a page loaded now unless it is given."""
    present = Intention.objects.filter(graduate=graduate).first()
    typed = scene.typed_intention() | {"version": resumes.version_of(present)} | changes
    return client_of(scene.account_of(graduate)).post(reverse("intention"), typed)


def test_an_intention_is_saved_and_fills_its_section(beginner: Graduate) -> None:
    client = client_of(scene.account_of(beginner))
    assert "填写求职意向" in client.get(reverse("resume")).content.decode()
    assert send(beginner).status_code == 302
    wanted = Intention.objects.get(graduate=beginner)
    assert (wanted.job_categories, wanted.places) == (["13", "21"], ["340000", "340200"])
    assert ResumeStore.objects.get(graduate=beginner).completeness >= 15
    shown = client.get(reverse("resume")).content.decode()
    assert "工程技术人员、经济业务人员" in shown
    assert "还没有填完" in shown
    assert "求职意向、" not in shown
    assert Event.objects.filter(action="recruiting.save_intention").count() == 1


def test_the_form_shows_what_was_chosen(beginner: Graduate) -> None:
    send(beginner)
    shown = client_of(scene.account_of(beginner)).get(reverse("intention")).content.decode()
    assert "已选：安徽省（全部）、芜湖市" in shown
    assert shown.count(" checked") == 5
    assert 'type="text"' not in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"job_categories": []}, "请选择职位类别"),
        ({"job_categories": ["10", "11", "13", "17", "19", "21"]}, "职位类别最多选择5个，现在选了6个"),
        ({"places": ["340100", "340200", "340300", "340400", "340500", "340600"]}, "工作地点最多选择5个"),
        ({"places": ["999999"]}, "请选择工作地点"),
        ({"places": ["合肥市"]}, "请选择工作地点"),
        ({"unit_properties": ["25"]}, "请选择单位性质"),  # a code that is no longer given
        ({"pay": "0"}, "请选择期望月薪"),
        ({"pay": ""}, "请选择期望月薪"),
        ({"available": "10"}, "请选择到岗时间"),
        ({"work_kind": ""}, "请选择工作类型"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(
    beginner: Graduate, changes: dict[str, Any], words: str
) -> None:
    answer = send(beginner, **changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Intention.objects.exists()


def test_a_stale_form_is_refused_and_keeps_what_was_chosen(beginner: Graduate) -> None:
    seen_before = {"version": ""}
    send(beginner)
    answer = send(beginner, **seen_before, job_categories=["24"])
    assert answer.status_code == 409
    assert "状态已变化，请刷新" in answer.content.decode()
    assert "已选：教学人员" in answer.content.decode()
    assert Intention.objects.get().job_categories == ["13", "21"]


def test_a_double_click_saves_once(beginner: Graduate) -> None:
    assert [send(beginner, version="").status_code for _ in range(2)] == [302, 302]
    assert Event.objects.filter(action="recruiting.save_intention").count() == 1


def test_an_intention_is_changed(beginner: Graduate) -> None:
    send(beginner)
    assert send(beginner, places=[], pay="7").status_code == 302
    wanted = Intention.objects.get()
    assert (wanted.places, wanted.pay) == ([], 7)


def test_nobody_saves_for_another_one(beginner: Graduate, world: World) -> None:
    other = factories.make_graduate(world)
    factories.activate(other)
    values = scene.typed_intention()
    with pytest.raises(Refused):
        resumes.save_intention(
            graduate=beginner, typed=values, version="", by=scene.account_of(other)
        )
    by = scene.account_of(beginner)
    resumes.save_intention(graduate=beginner, typed=values, version="", by=by)
    with pytest.raises(Conflict):
        resumes.save_intention(graduate=beginner, typed=values | {"pay": "1"}, version="", by=by)
