"""Rules of the architecture that the import linter cannot check."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from destinations.models import Destination
from tests import factories
from tests.graduates.workbooks import import_rows

ROOT = Path(settings.BASE_DIR)
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
_ORDER = _PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
# Position in the order of layers, the top one first. Relations may point only to lower layers. Apps
# that share a layer stand in one line with a | between them.
LAYERS = {app: number for number, line in enumerate(_ORDER) for app in line.split(" | ")}
OURS = set(LAYERS)


def python_files() -> list[Path]:
    """The project's Python files that git tracks or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def test_every_app_has_a_layer() -> None:
    ours = {c.name for c in apps.get_app_configs() if (ROOT / c.name).is_dir()}
    assert ours | {"config"} == OURS
    inside = _PROJECT["tool"]["importlinter"]["contracts"][1]["containers"]
    assert ours == set(inside)


def test_relations_point_downwards() -> None:
    upwards, seen = [], 0
    for model in apps.get_models(include_auto_created=True):
        here = model._meta.app_label
        if here not in OURS:
            continue
        for field in model._meta.get_fields():
            if not field.is_relation or field.auto_created or field.related_model is None:
                continue
            there = field.related_model._meta.app_label
            seen += 1
            if there in OURS and there != here and LAYERS[there] <= LAYERS[here]:
                upwards.append(f"{model.__name__}.{field.name} -> {there}")
    assert upwards == []
    assert seen > 20


def test_no_module_is_called_utils_or_the_like() -> None:
    names = {"utils", "util", "helpers", "helper", "common", "services", "service", "misc"}
    found = [
        str(p.relative_to(ROOT))
        for p in python_files()
        if {p.stem, p.parent.name} & names and "tests" not in p.relative_to(ROOT).parts
    ]
    assert found == []


def test_no_file_has_more_than_400_lines() -> None:
    long = {}
    for path in python_files():
        parts = path.relative_to(ROOT).parts
        if "tests" in parts or "migrations" in parts:
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            long["/".join(parts)] = lines
    assert long == {}


@pytest.mark.django_db
def test_the_columns_copied_to_a_destination_equal_the_graduates() -> None:
    world = factories.make_world()
    factories.make_graduate(world)
    second = factories.make_cohort(world.school, world.cohort.year + 1)
    year = str(second.year)
    import_rows(
        world,
        factories.typed_record(world),
        factories.typed_record(world) | {"year": year, "graduates_on": f"{year}0630"},
    )
    rows = list(
        Destination.objects.filter(graduate__school=world.school).values_list(
            "school_id", "cohort_id", "graduate__school_id", "graduate__cohort_id"
        )
    )
    assert len(rows) == 3
    assert {r[1] for r in rows} == {world.cohort.pk, second.pk}
    assert [r for r in rows if r[:2] != r[2:]] == []
