"""Names of codes and codes of names, from a cache each process keeps.

The tables change only by `load_codes` and the province's mapping page; both call `forget`.
"""

from __future__ import annotations

import functools
import re
import time
from dataclasses import dataclass, field

from codes import text
from codes.models import Code, Division

_MAX_AGE = 300  # seconds until a process notices what another one loaded
_loaded_at = 0.0


@dataclass(frozen=True)
class Table:
    """One code table in its order. `by_text` finds a code by code, name or alias, `by_choice`
    by any of them as `text.clean_choice` makes it."""

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
    code: str
    name: str
    full_name: str
    level: int
    selectable: bool
    parent_code: str
    successor_code: str


def forget() -> None:
    """Read the tables again at the next question."""
    global _loaded_at
    _loaded_at = 0.0
    table.cache_clear()
    places.cache_clear()
    place_names.cache_clear()


def refresh() -> None:
    """Called once a request: lets go of tables older than five minutes."""
    global _loaded_at
    now = time.monotonic()
    if now - _loaded_at > _MAX_AGE:
        forget()
        _loaded_at = now


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
    """The name shown for `code`; an unknown code is shown as itself, nothing as nothing."""
    return table(table_name).names.get(code, code)


@functools.cache
def places() -> dict[str, Place]:
    fields = ["code", "name", "full_name", "level", "selectable", "parent_code", "successor_code"]
    return {row[0]: Place(*row) for row in Division.objects.values_list(*fields)}


def place_name(code: str) -> str:
    """安徽省合肥市巢湖市 for 340181."""
    place = places().get(code)
    return place.full_name if place else code


@functools.cache
def place_names() -> dict[str, list[str]]:
    """Written forms of places → codes: the whole path, without province or city, alone.

    A form that several places share keeps them all, so that the caller can say it is ambiguous.
    Selectable places come first; abolished ones are there to name their successor.
    """
    found: dict[str, list[str]] = {}
    every = places()
    # A province or a prefecture is in force while a county in force lies in it.
    in_force = {p.code for p in every.values() if p.selectable}
    for code in list(in_force):
        here = every[code]
        while here.parent_code in every:
            here = every[here.parent_code]
            in_force.add(here.code)
    rank = {p.code: (not p.selectable, p.code not in in_force) for p in every.values()}
    for place in sorted(every.values(), key=lambda p: (rank[p.code], p.code)):
        for form in _forms(place, every):
            codes = found.setdefault(form, [])
            # A place no longer in force never makes a present name ambiguous.
            if not codes or rank[codes[0]] == rank[place.code]:
                codes.append(place.code)
    return found


def _forms(place: Place, every: dict[str, Place]) -> set[str]:
    path = [place.name]
    here = place
    while here.parent_code in every:
        here = every[here.parent_code]
        path.insert(0, here.name)
    forms = {"".join(path), place.name}
    if place.level == 2:
        forms |= _city_forms(place.name, place.code)
    elif place.level == 1:
        forms.add(_bare(place.name))
    province = path[0]
    # What is in force is also written without 市, 区 and 县 as long as its city is named.
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
        # Beijing's districts are also written 北京市市辖区东城区 or 北京市北京市东城区.
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
    "(土家族|苗族|侗族|布依族|藏族|羌族|彝族|白族|傣族|景颇族|傈僳族|哈尼族|壮族|朝鲜族|回族|哈萨克"
    "|蒙古族?|柯尔克孜)+自治州$"
)


@functools.cache
def _city_forms(city: str, code: str) -> frozenset[str]:
    """A prefecture as people write it: 恩施土家族苗族自治州, 恩施州, 恩施; 毕节市, 毕节地区, 毕节."""
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
    for tail in _PROVINCE_TAILS:
        if name.endswith(tail):
            return name.removesuffix(tail)
    return name


def _bare_county(name: str) -> str:
    """肥东 for 肥东县, but 和县 as it stands."""
    tail = "新区" if name.endswith("新区") else name[-1]
    bare = name.removesuffix(tail)
    if tail not in ("新区", "区", "县", "市", "旗") or len(bare) < 2 or bare.endswith("自治"):
        return name
    return bare


def levels_of_group(groups: list[str]) -> list[str]:
    """Education level codes of the given level groups (本科, 硕士研究生…)."""
    extra = table("education_level").extra
    return [code for code, e in extra.items() if e.get("level_group") in groups]


def level_groups() -> list[str]:
    extra = table("education_level").extra
    return list(dict.fromkeys(e["level_group"] for e in extra.values() if "level_group" in e))
