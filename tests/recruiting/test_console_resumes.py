"""毕业生简历维护情况: what staff see of résumés in their scope, the tally of classes, and reminders."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.models import Event
from graduates.models import Graduate
from recruiting.models import Intention, ResumeStore
from recruiting.states import PostingState, RecommendationState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
LIST = "console:resumes"


@pytest.fixture
def world() -> World:
    return factories.make_world()


def with_resume(world: World, completeness: int = 85, **values: Any) -> Graduate:
    graduate = scene.make_applicant(world, **values)
    ResumeStore.objects.filter(graduate=graduate).update(completeness=completeness)
    return graduate


def with_intention(graduate: Graduate) -> Graduate:
    Intention.objects.create(
        graduate=graduate, work_kind=1, job_categories=["13"], pay=1, major_match=3, available=1
    )
    return graduate


def listed(world: World, role: str = Role.SCHOOL_ADMIN, **query: Any) -> str:
    return world.client(role).get(reverse(LIST), query).content.decode()


def names(world: World, role: str = Role.SCHOOL_ADMIN, **query: Any) -> set[str]:
    page = listed(world, role, **query)
    return {g.name for g in Graduate.objects.all() if f">{g.name}<" in page}


# --- the list ---------------------------------------------------------------------------------


def test_a_row_says_how_far_the_resume_is_and_nothing_of_its_content(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    graduate = with_intention(with_resume(world, 85, name="张测试"))
    ResumeStore.objects.filter(graduate=graduate).update(self_evaluation="踏实认真又谦虚")
    scene.apply(graduate, posting)
    scene.make_recommendation(world, RecommendationState.WAITING_SCHOOL, graduate)
    factories.make_graduate(world, name="李没有")
    page = listed(world)
    for words in ("张测试", "85%", "已填写", "待学校盖章", "李没有", "没有简历", "没有填写"):
        assert words in page
    row = page[page.index("张测试") :]
    assert '<td class="right num">1</td><td class="right num">0</td>' in row[: row.index("</tr>")]
    for words in ("踏实认真又谦虚", graduate.mobile, graduate.person.id_number):
        assert words not in page


def test_of_several_forms_the_newest_one_counts(world: World) -> None:
    form = scene.make_recommendation(world, RecommendationState.VALID)
    assert "有效" in listed(world)
    scene.write_recommendation(form.graduate)
    page = listed(world)
    assert "草稿" in page


def test_the_list_is_cut_to_the_scope(world: World) -> None:
    mine = with_resume(world, name="张本系")
    hidden = with_resume(world, name="李他系", department=1)
    foreign = with_resume(factories.make_world(), name="王他校")
    assert names(world, Role.COUNSELLOR) == {mine.name}
    assert names(world, Role.SCHOOL_ADMIN) == {mine.name, hidden.name}
    assert foreign.name not in names(world, Role.SCHOOL_ADMIN)
    assert world.client(Role.PROVINCE).get(reverse(LIST)).status_code == 403


BANDS = {
    "none": {"没有简历"}, "any": {"零分", "五九", "六十", "满分"}, "0": {"零分"}, "1-59": {"五九"},
    "60-99": {"六十"}, "100": {"满分"}, "enough": {"六十", "满分"},
    "below": {"没有简历", "零分", "五九"}, "x": {"没有简历", "零分", "五九", "六十", "满分"},
}  # fmt: skip


@pytest.mark.parametrize("band", BANDS)
def test_the_list_narrows_to_a_band_of_completeness(world: World, band: str) -> None:
    factories.make_graduate(world, name="没有简历")
    for name, completeness in (("零分", 0), ("五九", 59), ("六十", 60), ("满分", 100)):
        with_resume(world, completeness, name=name)
    found = {row["name"] for row in rows_of(world, completeness=band)}
    assert found == BANDS[band]


def rows_of(world: World, **query: str) -> list[dict[str, Any]]:
    from recruiting.filters import ResumeFilter
    from recruiting.views.console_resumes import ResumeList

    client = world.client(Role.SCHOOL_ADMIN)
    request = client.get(reverse(LIST), query).wsgi_request
    page = ResumeList()
    page.setup(request)
    assert isinstance(page.filterset_class, type) and page.filterset_class is ResumeFilter
    return list(page.filtered()[0].values("name", "deliveries"))


def test_the_list_narrows_to_intentions_and_deliveries_and_to_words(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    wants, applied = (
        with_intention(with_resume(world, name="张意向")),
        with_resume(world, name="李投递"),
    )
    scene.apply(applied, posting)
    assert names(world, intention="yes") == {wants.name}
    assert names(world, intention="no") == {applied.name}
    assert names(world, applied="yes") == {applied.name}
    assert names(world, applied="no") == {wants.name}
    assert names(world, q=wants.student_no) == {wants.name}


def test_without_graduates_and_without_a_match_the_list_says_why(world: World) -> None:
    assert "还没有毕业生" in listed(world)
    with_resume(world)
    assert "没有符合条件的记录" in listed(world, completeness="none")


def test_the_export_has_the_rows_of_the_filter_without_numbers_of_people(world: World) -> None:
    graduate = with_resume(world, 85)
    Graduate.objects.filter(pk=graduate.pk).update(name="=张公式")
    factories.make_graduate(world, name="李没有")
    client = world.client(Role.COUNSELLOR)
    response = client.get(reverse(LIST), {"export": "1", "completeness": "any"})
    assert "no-store" in response["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    rows = [[c.value for c in row] for row in sheet.rows]
    assert rows[0][:5] == ["姓名", "学号", "院系", "班级", "完整度"]
    assert [r[0] for r in rows[1:]] == ["'=张公式"]
    text = "".join(str(cell) for row in rows for cell in row)
    assert graduate.mobile not in text
    assert graduate.person.id_number not in text
    assert Event.objects.filter(action="core.export", object_type="resumes").exists()


def test_more_rows_need_no_more_queries(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    client = world.client(Role.COUNSELLOR)

    def cost(name: str) -> int:
        """The fewest of two: now and then the session's last use is noted, too."""
        costs = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse(name)).status_code == 200
            costs.append(len(captured))
        return min(costs)

    scene.apply(with_resume(world), posting)
    names = (LIST, "console:resume-classes")
    few = [cost(name) for name in names] and [cost(name) for name in names]
    for _ in range(6):
        scene.apply(with_resume(world), posting)
    assert [cost(name) for name in names] == few
    assert max(few) <= 17


# --- the tally of classes ---------------------------------------------------------------------


def test_the_tally_counts_each_class_and_each_figure_leads_to_what_it_counts(world: World) -> None:
    posting = scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    scene.apply(with_intention(with_resume(world, 85)), posting)
    with_resume(world, 30)
    factories.make_graduate(world)
    with_resume(world, 100, department=1)
    client = world.client(Role.SCHOOL_ADMIN)
    response = client.get(reverse("console:resume-classes"))
    first, second = ([n for n, _ in cells] for _, cells in response.context["rows"])
    assert sorted([first, second]) == [[1, 1, 1, 0, 0], [3, 2, 1, 1, 1]]
    assert [n for n, _ in response.context["total"]] == [4, 3, 2, 1, 1]
    page = response.content.decode()
    year = world.cohort.year
    for row, cells in response.context["rows"]:
        for number, query in cells:
            address = f"{reverse(LIST)}?cohort={year}&{query}"
            assert address.replace("&", "&amp;") in page
            shown = client.get(address).content.decode()
            assert f"共 {number} 条" in shown or not number, (row, query)


def test_the_tally_of_a_counsellor_has_the_own_classes_alone(world: World) -> None:
    with_resume(world)
    with_resume(world, department=1)
    response = world.client(Role.COUNSELLOR).get(reverse("console:resume-classes"))
    assert [n for n, _ in response.context["total"]] == [1, 1, 1, 0, 0]


def test_the_tally_without_graduates_and_of_an_unknown_cohort(world: World) -> None:
    client, address = world.client(Role.SCHOOL_ADMIN), reverse("console:resume-classes")
    assert "还没有毕业生" in client.get(address).content.decode()
    with_resume(world)
    for typed in ("1999", "x", "", str(world.cohort.year)):
        assert client.get(address, {"cohort": typed}).context["year"] == world.cohort.year
