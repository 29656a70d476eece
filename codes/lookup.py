"""The code tables and divisions, which each process keeps in memory.

They change only by `load_codes` and by the province's mapping page, and both call `forget`.
"""

from __future__ import annotations

import functools
import re
import time
from dataclasses import dataclass, field
from typing import Any, TypeVar

from codes import text
from codes.models import Code, Division

_MAX_AGE = 300  # seconds until a process notices what another one loaded
_loaded_at = 0.0


@dataclass(frozen=True)
class Table:
    """One code table in its order, as mappings. `names` has all codes, `offered` those in force.
    `by_text` finds a code by code, name or alias; `by_choice` finds it by any of these after
    `text.clean_choice`."""

    names: dict[str, str]
    offered: dict[str, str]
    by_text: dict[str, str]
    by_choice: dict[str, str] = field(default_factory=dict)
    extra: dict[str, dict[str, str]] = field(default_factory=dict)
    national: dict[str, str | None] = field(default_factory=dict)

    def choices(self) -> list[tuple[str, str]]:
        return list(self.offered.items())


@dataclass(frozen=True)
class Place:
    """An administrative division. `level` is 1 for a province, 2 for a city, 3 for a county."""

    code: str
    name: str
    full_name: str
    level: int
    selectable: bool
    parent_code: str
    successor_code: str


_Cached = TypeVar("_Cached", bound="functools._lru_cache_wrapper[Any]")
_caches: list[functools._lru_cache_wrapper[Any]] = []


def forgotten_with_tables(cached: _Cached) -> _Cached:
    """Decorate a cached function whose results follow from the tables."""
    _caches.append(cached)
    return cached


def forget() -> None:
    """Read the tables again when they are needed next."""
    global _loaded_at
    _loaded_at = 0.0
    for cached in _caches:
        cached.cache_clear()


def refresh() -> None:
    """Forget the tables if they were read more than five minutes ago. Called for each request."""
    global _loaded_at
    now = time.monotonic()
    if now - _loaded_at > _MAX_AGE:
        forget()
        _loaded_at = now


@forgotten_with_tables
@functools.cache
def table(name: str) -> Table:
    names: dict[str, str] = {}
    offered: dict[str, str] = {}
    by_text: dict[str, str] = {}
    aliases: dict[str, str] = {}
    extra, national = {}, {}
    for row in Code.objects.filter(table=name).order_by("position"):
        names[row.code] = row.name
        extra[row.code] = row.extra
        national[row.code] = row.national_code
        if row.status != "current":
            continue
        offered[row.code] = row.name
        by_text[row.code] = row.code
        by_text[row.name] = row.code
        for alias in row.aliases:
            aliases.setdefault(alias, row.code)
    by_text = aliases | by_text
    by_choice = {text.clean_choice(key): code for key, code in by_text.items()}
    return Table(names, offered, by_text, by_choice, extra, national)


def name(table_name: str, code: str) -> str:
    """The name of a code. An unknown code is its own name, and "" has the name ""."""
    return table(table_name).names.get(code, code)


@forgotten_with_tables
@functools.cache
def places() -> dict[str, Place]:
    fields = ["code", "name", "full_name", "level", "selectable", "parent_code", "successor_code"]
    return {row[0]: Place(*row) for row in Division.objects.values_list(*fields)}


def place_name(code: str) -> str:
    """安徽省合肥市巢湖市 for 340181."""
    place = places().get(code)
    return place.full_name if place else code


@forgotten_with_tables
@functools.cache
def place_names() -> dict[str, list[str]]:
    """The ways to write a place → the codes of the places that are written so: with province and
    city, without one of them, or without both.

    A way to write several places has all their codes, so that the caller can say that it is
    ambiguous. Abolished places are included, so that the caller can name their successor.
    """
    codes_by_form: dict[str, list[str]] = {}
    every = places()
    # A province or a city is in force while it has a county in force.
    in_force = {p.code for p in every.values() if p.selectable}
    for code in list(in_force):
        current = every[code]
        while current.parent_code in every:
            current = every[current.parent_code]
            in_force.add(current.code)
    rank = {p.code: (not p.selectable, p.code not in in_force) for p in every.values()}
    for place in sorted(every.values(), key=lambda p: (rank[p.code], p.code)):
        for form in _forms(place, every):
            codes = codes_by_form.setdefault(form, [])
            # An abolished place does not make the name of one in force ambiguous.
            if not codes or rank[codes[0]] == rank[place.code]:
                codes.append(place.code)
    return codes_by_form


def _forms(place: Place, every: dict[str, Place]) -> set[str]:
    """All the ways to write a place. `every` has all places by code."""
    path = [place.name]
    current = place
    while current.parent_code in every:
        current = every[current.parent_code]
        path.insert(0, current.name)
    forms = {"".join(path), place.name}
    if place.level == 2:
        forms |= _city_forms(place.name, place.code)
    elif place.level == 1:
        forms.add(_bare(place.name))
    province = path[0]
    # Counties in force are also written without 市, 区 or 县, if their city or province is named.
    bare = place.name if not place.selectable else _bare_county(place.name)
    provinces = (province, _bare(province))
    if len(path) == 3:
        _, city, county = path
        cities = _city_forms(city, every[place.parent_code].code)
        forms |= {p + county for p in provinces}
        forms |= {p + m + c for p in (*provinces, "") for m in cities for c in {county, bare}}
    elif len(path) == 2:
        name = path[1]
        forms |= {p + n for p in provinces for n in {name, bare, _bare(name)}}
        # Districts of Beijing are also written 北京市市辖区东城区 or 北京市北京市东城区.
        forms |= {province + container + name for container in (*_CONTAINERS, province)}
    return forms


# Former names of prefectures that kept their code.
_FORMER_NAMES = {
    "420600": ("襄樊市", "襄樊"),
    "422800": ("鄂西土家族苗族自治州", "鄂西州"),
    "530800": ("思茅市", "思茅地区", "思茅"),
    "652700": ("博州",),
    "652800": ("巴州",),
    "653000": ("克州",),
}
_PEOPLES = re.compile(
    r"(土家族|苗族|侗族|布依族|藏族|羌族|彝族|白族|傣族|景颇族|傈僳族|哈尼族|壮族|朝鲜族|回族|哈萨克"
    r"|蒙古族?|柯尔克孜)+自治州$"
)


@functools.cache
def _city_forms(city: str, code: str) -> frozenset[str]:
    """The ways to write a city or prefecture: 恩施土家族苗族自治州, 恩施州 and 恩施; 毕节市, 毕节地区
    and 毕节."""
    forms = {city, _bare(city), *_FORMER_NAMES.get(code, ())}
    short = _PEOPLES.sub("", city)
    if short != city:
        forms |= {short, f"{short}州", f"{short}自治州"}
    elif city.endswith("市"):
        forms.add(f"{_bare(city)}地区")
    elif city.endswith("盟"):
        forms.add(city.removesuffix("盟"))
    return frozenset(forms)


_CONTAINERS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
_PROVINCE_TAILS = (
    "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "省", "市", "地区",
)  # fmt: skip


@functools.cache
def _bare(name: str) -> str:
    """安徽 for 安徽省, 合肥 for 合肥市."""
    for tail in _PROVINCE_TAILS:
        if name.endswith(tail):
            return name.removesuffix(tail)
    return name


def _bare_county(name: str) -> str:
    """肥东 for 肥东县. Names of two characters such as 和县 stay as they are."""
    tail = "新区" if name.endswith("新区") else name[-1]
    bare = name.removesuffix(tail)
    if tail not in ("新区", "区", "县", "市", "旗") or len(bare) < 2 or bare.endswith("自治"):
        return name
    return bare


def levels_of_group(groups: list[str]) -> list[str]:
    """The codes of the education levels in these groups (本科, 硕士研究生 …)."""
    extra = table("education_level").extra
    return [code for code, e in extra.items() if e.get("level_group") in groups]


def level_groups() -> list[str]:
    """The groups of education levels, in the order of the code table."""
    extra = table("education_level").extra
    return list(dict.fromkeys(e["level_group"] for e in extra.values() if "level_group" in e))
