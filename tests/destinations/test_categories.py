"""Every category on the graduate's pages: which fields it requires and hides; and its rules."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from codes import lookup
from core.models import Event
from destinations import catalogue as source
from destinations.actions import catalogue as actions
from destinations.catalogue import Leaf, catalogue
from destinations.fields import FORMS, KEYS, empty_value
from destinations.models import CategoryField, DestinationEvent, Evidence, Requirement
from destinations.rules import Registration, check_registration
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import UNIT, World, client_of, destination_of, make_unit_code

pytestmark = pytest.mark.django_db
FORM = "/destination/form/"

# Written by hand from DOMAIN §3 and the manuals: the categories a graduate may choose.
GRADUATES = """10 11 12 271 272 46 501 502 503 511 512 513 514 515 519 751 752 753 754 76
801 802 803 85 70-2 70-3 70-4 70-5 70-6 70-7 71 72-1 72-2""".split()


@pytest.fixture(autouse=True)
def shipped_catalogue():
    """Read the shipped catalogue again before and after a test that edits it."""
    source.announce_change()
    yield
    source.announce_change()


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(factories.activate(graduate))


def choices() -> list[tuple[str, str]]:
    """(category, local form) of every leaf, and of each local form of category 10."""
    found = [(code, "") for code in GRADUATES if code != "10"]
    return found + [("10", form) for form in FORMS]


def required(leaf: Leaf, form: str) -> list[str]:
    return [k for k in KEYS if leaf.requirement(k, form) == Requirement.REQUIRED]


def minimal(leaf: Leaf, form: str) -> dict[str, str]:
    return {"category": leaf.code, "form": form} | {
        key: factories.sample_values(key) for key in required(leaf, form)
    }


def test_graduates_can_choose_the_categories_of_the_manual() -> None:
    offered = {leaf.code for leaf in catalogue().for_graduates()}
    assert set(GRADUATES) <= offered
    assert "70-1" not in offered
    assert {leaf.top_code for leaf in catalogue().leaves.values()} == set(
        "10 11 12 27 46 50 51 70 71 72 75 76 80 85".split()
    )
    assert offered == set(GRADUATES)


@pytest.mark.parametrize(("category", "form"), choices())
def test_a_category_accepts_its_required_fields_and_names_each_missing_one(
    category: str, form: str, world: World, graduate: Graduate, client: Client
) -> None:
    leaf = catalogue().leaves[category]
    typed = minimal(leaf, form)
    if leaf.needs_evidence(form):
        response = client.post(FORM, typed)
        assert response.status_code == 422
        assert "请上传证明材料" in response.content.decode()
        factories.attach(graduate, world.counsellor, category)
    for key in required(leaf, form):
        response = client.post(FORM, {k: v for k, v in typed.items() if k != key})
        assert response.status_code == 422, key
        sentence = f"{leaf.declared(key).label}不能为空"
        assert response.context["form"].errors == {key: [sentence]}, key
        assert sentence in response.content.decode()
    untouched = destination_of(graduate)
    assert (untouched.state, untouched.category, untouched.version) == ("unsubmitted", "70-1", 1)
    assert not DestinationEvent.objects.filter(graduate_id=graduate.pk).exists()

    # A value sent for a hidden field is not stored.
    hidden = [k for k in KEYS if leaf.requirement(k, form) == Requirement.HIDDEN]
    extra = {key: factories.sample_values(key) for key in hidden}
    assert client.post(FORM, typed | extra).status_code == 302
    d = destination_of(graduate)
    assert (d.state, d.category, d.form) == ("pending", category, form)
    assert {k: getattr(d, k) for k in hidden} == {k: empty_value(k) for k in hidden}
    for key in required(leaf, form):
        assert getattr(d, key) not in ("", None), key
    assert not Evidence.objects.filter(graduate=graduate, submitted_at=None).exists()


@pytest.mark.parametrize(("category", "form"), choices())
def test_the_form_shows_what_the_category_asks_for(
    category: str, form: str, client: Client
) -> None:
    leaf = catalogue().leaves[category]
    response = client.get(FORM, {"category": category, "form": form})
    assert response.status_code == 200
    fields = [f for _, group in response.context["form"].groups() for f in group]
    assert {f.name for f in fields} == set(leaf.shown(form))
    needed = {f.name for f in fields if f.is_required}
    assert needed == set(required(leaf, form))


@pytest.mark.parametrize("query", [{}, {"category": "999"}, {"category": "10"}, {"category": "27"}])
def test_a_form_without_a_category_leads_back_to_the_choice(
    query: dict[str, str], client: Client
) -> None:
    for path in (FORM, "/destination/materials/"):
        assert client.get(path, query)["Location"] == "/destination/choose/"


def test_graduates_cannot_choose_the_initial_category(client: Client) -> None:
    response = client.post(FORM, {"category": "70-1"})
    assert response.status_code == 422
    assert response.context["form"].top_errors


def test_a_refused_form_shows_again_what_was_typed(
    world: World, graduate: Graduate, client: Client
) -> None:
    typed = minimal(catalogue().leaves["11"], "") | {"unit_name": "保留的公司", "contact_name": ""}
    page = client.post(FORM, typed).content.decode()
    assert "保留的公司" in page


# --- the province edits the catalogue -------------------------------------------------------------


def edit_category(world: World, code: str, **changes: str) -> None:
    """Post the page's form as it is shown, with `changes`. `code` may name a form: `10/abroad`."""
    client = world.client(Role.PROVINCE)
    page = client.get(f"/console/catalogue/{code}/")
    assert page.status_code == 200
    values = {field.name: field.value() for field in page.context["form"]}
    typed: dict[str, Any] = {k: v for k, v in values.items() if k not in actions.FLAGS}
    typed |= {k: "on" for k in actions.FLAGS if values.get(k)}
    typed |= changes
    typed = {k: v for k, v in typed.items() if v != "(off)"}
    assert client.post(f"/console/catalogue/{code}/", typed).status_code == 302


def test_editing_a_field_changes_form_and_validation(
    world: World, graduate: Graduate, client: Client, django_capture_on_commit_callbacks
) -> None:
    factories.attach(graduate, world.counsellor)
    leaf = catalogue().leaves["11"]
    assert leaf.requirement("unit_address") != Requirement.REQUIRED
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(
            world, "11",
            **{"requirement-unit_address": "required", "condition-unit_address": "写到门牌号"},
        )  # fmt: skip
    form = client.get(FORM, {"category": "11"}).context["form"]
    assert form["unit_address"].help_text == "写到门牌号"
    response = client.post(FORM, minimal(leaf, ""))
    assert response.context["form"].errors == {"unit_address": ["单位地址不能为空"]}
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(world, "11", **{"requirement-unit_address": "hidden"})
    assert client.post(FORM, minimal(leaf, "")).status_code == 302


def test_editing_evidence_and_flags(
    world: World, client: Client, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(world, "11", **{"requirement-evidence": "optional"})
    assert client.post(FORM, minimal(catalogue().leaves["11"], "")).status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(world, "71", for_graduates="(off)", definition="改过的界定")
    assert "71" not in {leaf.code for leaf in catalogue().for_graduates()}
    assert client.post(FORM, {"category": "71"}).status_code == 422
    assert "改过的界定" in Client().get("/categories/").content.decode()


def test_a_local_form_may_ask_for_other_fields_than_its_category(
    world: World, client: Client, django_capture_on_commit_callbacks
) -> None:
    def save(code: str, **changes: str) -> Leaf:
        with django_capture_on_commit_callbacks(execute=True):
            edit_category(world, code, **changes)
        return catalogue().leaves["10"]

    changes = {"requirement-unit_fax": "required", "condition-unit_fax": "传真收函"}
    leaf = save("10/letter", **changes)
    assert leaf.requirement("unit_fax", "letter") == Requirement.REQUIRED
    assert leaf.requirement("unit_fax", "agreement") == Requirement.OPTIONAL
    form = client.get(FORM, {"category": "10", "form": "letter"}).context["form"]
    assert form["unit_fax"].help_text == "传真收函"
    event = Event.objects.get(action="destinations.catalogue")
    assert event.data["changes"] == {"field:letter:unit_fax": ["", "required 传真收函"]}
    # A form that is set back follows the category again.
    leaf = save("10/letter", **{"requirement-unit_fax": "", "condition-unit_fax": ""})
    assert leaf.requirement("unit_fax", "letter") == Requirement.OPTIONAL
    leaf = save("10", **{"requirement-unit_fax": "hidden"})
    assert leaf.requirement("unit_fax", "letter") == Requirement.HIDDEN


def test_a_shipped_exception_that_was_removed_is_not_loaded_again(
    world: World, django_capture_on_commit_callbacks
) -> None:
    assert catalogue().leaves["10"].requirement("country", "abroad") == Requirement.REQUIRED
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(world, "10/abroad", **{"requirement-country": ""})
    source.load_shipped_catalogue()
    assert catalogue().leaves["10"].requirement("country", "abroad") == Requirement.HIDDEN


def test_saving_a_local_form_unchanged_changes_nothing(world: World) -> None:
    before = list(CategoryField.objects.order_by("pk").values())
    for form in FORMS:
        edit_category(world, f"10/{form}")
    assert list(CategoryField.objects.order_by("pk").values()) == before
    assert not Event.objects.filter(action="destinations.catalogue").exists()


def test_an_unknown_requirement_changes_nothing(
    world: World, django_capture_on_commit_callbacks
) -> None:
    before = set(CategoryField.objects.filter(category="11").values_list("field", "requirement"))
    with django_capture_on_commit_callbacks(execute=True):
        edit_category(world, "11", **{"requirement-unit_name": "nonsense"})
    after = set(CategoryField.objects.filter(category="11").values_list("field", "requirement"))
    assert after == before


def test_every_category_page_opens(world: World) -> None:
    client = world.client(Role.PROVINCE)
    for code in catalogue().leaves:
        assert client.get(f"/console/catalogue/{code}/").status_code == 200, code
    assert client.get("/console/catalogue/27/").status_code == 404  # not a leaf


# --- rules ----------------------------------------------------------------------------------------


def check_values(category: str, **values: Any) -> Registration:
    leaf = catalogue().leaves[category]
    typed = minimal(leaf, "") | values
    return check_registration(typed, evidence=1, for_graduate=True)


def errors(category: str, **values: Any) -> set[str]:
    return {i.code for i in check_values(category, **values).issues if i.is_error}


def warnings(category: str, **values: Any) -> set[str]:
    return {i.code for i in check_values(category, **values).issues if not i.is_error}


@pytest.mark.parametrize("category", ["12", "76", "271"])
def test_a_wage_below_the_minimum_is_refused(category: str) -> None:
    factories.set_minimum_wage("340000", 1870)
    factories.set_minimum_wage("340100", 2060)
    place = {"unit_division": "340111"}
    assert "minimum_wage" not in errors(category, monthly_wage="2060", **place)
    assert "minimum_wage" in errors(category, monthly_wage="2059", **place)
    assert "minimum_wage" not in errors(category, monthly_wage="1900", unit_division="340202")
    factories.set_minimum_wage("340111", 2500)
    assert "minimum_wage" in errors(category, monthly_wage="2400", **place)
    found = [i for i in check_values(category, monthly_wage="1", **place).issues if i.is_error]
    assert "2500" in found[0].message


def test_a_later_minimum_wage_applies_from_its_day() -> None:
    factories.set_minimum_wage("340000", 2000)
    factories.set_minimum_wage("340000", 9000, "2090-01-01")
    assert errors("12", monthly_wage="2000") == set()


def test_other_categories_have_no_minimum_wage() -> None:
    factories.set_minimum_wage("340000", 2000)
    assert errors("11", monthly_wage="1") == set()


def test_staff_may_override_the_wage_with_a_reason(world: World, graduate: Graduate) -> None:
    factories.set_minimum_wage("340000", 2000)
    typed = minimal(catalogue().leaves["12"], "") | {"monthly_wage": "1500"}
    path = f"/console/destinations/{graduate.pk}/enter/"
    staff = world.client(Role.SCHOOL_ADMIN)
    version = str(destination_of(graduate).version)
    response = staff.post(path, typed | {"version": version})
    assert response.status_code == 422
    typed |= {"version": version, "wage_override": "试用期减半，已核实"}
    assert staff.post(path, typed).status_code == 302
    assert destination_of(graduate).wage_override == "试用期减半，已核实"


def test_employment_lasts_six_months_after_leaving_school() -> None:
    year = factories.school_year()
    start = f"{year}-07-01"
    assert "hired_six_months" in errors("12", hired_from=start, hired_to=f"{year}-11-30")
    assert errors("12", hired_from=start, hired_to=f"{year + 1}-01-01") == set()
    assert "hired_order" in errors("12", hired_from=start, hired_to=start)


def test_six_months_are_counted_from_leaving_school_when_work_began_earlier(
    world: World, graduate: Graduate, client: Client
) -> None:
    factories.attach(graduate, world.counsellor, "12")
    year = world.cohort.year  # graduates on 30 June
    typed = minimal(catalogue().leaves["12"], "")
    typed |= {"hired_from": f"{year}-01-01", "hired_to": f"{year}-09-30"}
    response = client.post(FORM, typed)
    assert set(response.context["form"].errors) == {"hired_to"}
    typed["hired_to"] = f"{year + 1}-01-10"
    assert client.post(FORM, typed).status_code == 302


@pytest.mark.parametrize(
    ("category", "form", "needed"),
    [("11", "", True), ("10", "agreement", True), ("10", "military", False),
     ("10", "international", False), ("10", "abroad", False), ("46", "", False)],
)  # fmt: skip
def test_a_unit_code_is_required_by_category_and_form(
    category: str, form: str, needed: bool
) -> None:
    leaf = catalogue().leaves[category]
    assert (leaf.requirement("unit_code", form) == Requirement.REQUIRED) == needed


@pytest.mark.parametrize(
    ("code", "finding"),
    [("91340100MA2N0ABC9X", "unit_code_check"), ("123", "unit_code_length"),
     ("9134010IMA2N0ABC00", "unit_code_characters")],
)  # fmt: skip
def test_wrong_unit_codes_are_refused(code: str, finding: str) -> None:
    assert errors("11", unit_code=code) == {finding}


def test_unit_codes_are_read_as_people_write_them() -> None:
    code = make_unit_code()
    spaced = f" {code[:4]} {code[4:].lower()} "
    assert check_values("11", unit_code=spaced).values["unit_code"] == code


@pytest.mark.parametrize(
    ("category", "values", "finding"),
    [
        ("11", {"unit_code": make_unit_code("12"), "unit_property": "39"}, "unit_property_code"),
        ("753", {"unit_code": make_unit_code("91")}, "unit_code_sole"),
        ("11", {"unit_property": "40"}, "unit_property_military"),
        ("11", {"job_category": "80"}, "job_military"),
        ("11", {"job_category": "10"}, "job_official"),
        ("11", {"unit_industry": "80"}, "industry_military"),
    ],
)
def test_values_that_hardly_go_together_are_only_warned_of(
    category: str, values: dict[str, str], finding: str
) -> None:
    assert finding in warnings(category, **values)
    assert errors(category, **values) == set()


def test_a_fitting_unit_gives_no_warning() -> None:
    assert warnings("11", unit_code=make_unit_code("91"), unit_property="39") == set()
    assert warnings("753", unit_code=make_unit_code("92"), unit_property="33") == set()


@pytest.mark.parametrize(
    ("key", "value", "finding"),
    [
        ("unit_division", "341402", "place_abolished"),
        ("unit_division", "340100", "place_not_county"),
        ("unit_industry", "没有这行", "code_unknown"),
        ("contact_phone", "12", "phone"),
        ("unit_name", "长" * 101, "too_long"),
    ],
)
def test_a_wrong_value_is_refused(key: str, value: str, finding: str) -> None:
    assert finding in errors("11", **{key: value})


def test_names_are_read_as_well_as_codes() -> None:
    name = lookup.name("unit_industry", UNIT["unit_industry"])
    registration = check_values("11", unit_industry=name, unit_division="安徽省合肥市包河区")
    assert registration.ok
    assert (registration.values["unit_industry"], registration.values["unit_division"]) == (
        "34",
        "340111",
    )


def test_the_migration_widens_the_punctuation_of_conditions_that_nobody_edited() -> None:
    widen = importlib.import_module("destinations.migrations.0008_conditions_in_full_width").widen
    rows = CategoryField.objects.filter(field="unit_code", category_id__in=("10", "11"), form="")
    rows.filter(category_id="11").update(condition="境外单位没有统一社会信用代码, 可不填")
    rows.filter(category_id="10").update(condition="本省要求: 必填")
    widen(apps, None)
    assert dict(rows.values_list("category_id", "condition")) == {
        "11": "境外单位没有统一社会信用代码，可不填", "10": "本省要求: 必填",
    }  # fmt: skip


def test_shipped_sentences_have_full_width_punctuation() -> None:
    for condition in CategoryField.objects.values_list("condition", flat=True):
        assert not re.search(r"[\u4e00-\u9fff][,:;()]|[,:;()][\u4e00-\u9fff]", condition), condition
