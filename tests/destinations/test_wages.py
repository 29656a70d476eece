"""最低工资标准: the province's page of minimum wages."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from codes import lookup
from core.errors import DomainError, Invalid
from core.models import Event
from destinations import catalogue
from destinations.actions import enter, wages
from destinations.models import MinimumWage
from destinations.rules.wage import minimum_wage
from graduates.models import Graduate
from schools.roles import Role
from tests.factories import CONTRACT, World, today

pytestmark = pytest.mark.django_db
LINE = {"place": "安徽省合肥市", "valid_from": "2026-01-01", "amount": "2320"}


@pytest.fixture
def province(world: World) -> Client:
    """Signed in as the province. The wages that the platform ships are deleted."""
    MinimumWage.objects.all().delete()
    return world.client(Role.PROVINCE)


def test_the_wage_of_a_city_applies_to_its_counties(province: Client) -> None:
    assert province.post(reverse("console:wages"), LINE).status_code == 302
    wage = MinimumWage.objects.get()
    assert (wage.division, wage.amount) == ("340100", 2320)
    assert minimum_wage("340111", datetime.date(2026, 2, 1)) == 2320
    assert minimum_wage("340111", datetime.date(2025, 2, 1)) is None
    assert Event.objects.get(action="destinations.wage_add").data["amount"] == 2320
    page = province.get(reverse("console:wages")).content.decode()
    assert "安徽省合肥市" in page
    province.post(reverse("console:wage-delete", args=[wage.pk]))
    assert not MinimumWage.objects.exists()
    assert Event.objects.get(action="destinations.wage_delete").object_id == wage.pk


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"place": "某某地"}, "没有这个地区"),
        ({"valid_from": ""}, "请填写起始日期"),
        ({"valid_from": "2026-13-01"}, "日期不正确"),
        ({"amount": "两千"}, "请填写每月元数"),
        ({"amount": "12"}, "请填写每月元数"),
    ],
)
def test_a_refused_wage_shows_again_what_was_typed(
    province: Client, change: dict[str, str], sentence: str
) -> None:
    answer = province.post(reverse("console:wages"), {**LINE, **change})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert next(v for k, v in {**LINE, **change}.items() if k not in change) in page
    assert not MinimumWage.objects.exists()


def test_a_second_wage_from_the_same_day_is_refused(province: Client) -> None:
    province.post(reverse("console:wages"), LINE)
    again = province.post(reverse("console:wages"), {**LINE, "amount": "2400"})
    assert "同日已有标准" in again.content.decode()
    assert MinimumWage.objects.get().amount == 2320


def test_the_list_says_which_wage_is_in_force(province: Client) -> None:
    for year in (today().year - 2, today().year - 1, today().year + 1):
        province.post(reverse("console:wages"), LINE | {"valid_from": f"{year}-01-01"})
    page = province.get(reverse("console:wages")).content.decode()
    assert [page.count(word) for word in ("以后生效", "已被取代", ">有效<")] == [1, 1, 1]


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_schools_have_no_right_here(world: World, role: str) -> None:
    client = world.client(role)
    assert client.post(reverse("console:wages"), LINE).status_code == 403
    assert client.post(reverse("console:wage-delete", args=[1])).status_code == 403
    with pytest.raises(DomainError) as refusal:
        wages.add(place="340100", valid_from=today(), amount=2000, by=world.user(role))
    assert refusal.value.code == "role"


def test_every_region_has_a_wage_out_of_the_box_which_the_rule_applies(
    world: World, graduate: Graduate
) -> None:
    """Without Hong Kong, Macao and Taiwan, which have no wage of this kind."""
    regions = {code for code in lookup.places() if code.endswith("0000")}
    assert set(MinimumWage.objects.values_list("division", flat=True)) == regions - {
        "710000", "810000", "820000",
    }  # fmt: skip
    assert all(MinimumWage.objects.values_list("source", flat=True))
    typed = {**CONTRACT, "category": "12", "unit_division": "340111", "monthly_wage": "900"}
    with pytest.raises(Invalid) as refusal:
        enter.enter(graduate_id=graduate.pk, typed=typed, by=world.counsellor)
    assert "低于当地最低工资标准" in refusal.value.errors["monthly_wage"][0]


def test_shipped_wages_are_not_added_again_once_the_province_keeps_its_own(world: World) -> None:
    shipped = MinimumWage.objects.count()
    MinimumWage.objects.filter(division="340000").delete()
    catalogue.load_shipped_wages()
    assert MinimumWage.objects.count() == shipped
    wages.delete(
        wage_id=MinimumWage.objects.get(division="340000").pk, by=world.user(Role.PROVINCE)
    )
    catalogue.load_shipped_wages()
    assert MinimumWage.objects.count() == shipped - 1


def test_the_page_names_the_source_of_each_wage(world: World) -> None:
    client = world.client(Role.PROVINCE)
    client.post(reverse("console:wages"), LINE)
    page = client.get(reverse("console:wages")).content.decode()
    assert "全国各地区最低工资标准情况" in page
    assert "省级新增" in page
