"""Administrative divisions: their number, which can be selected, successors, and written forms."""

import pytest

from codes import lookup
from codes.models import Division
from codes.validators import resolve_place

pytestmark = pytest.mark.django_db


def test_the_number_of_selectable_divisions_is_as_published() -> None:
    selectable = Division.objects.filter(selectable=True)
    assert selectable.count() == 2849
    assert selectable.filter(level=3).count() == 2845
    assert selectable.filter(code__startswith="34").count() == 104


@pytest.mark.parametrize("code", ["441900", "442000", "460400", "620200"])
def test_cities_without_counties_are_leaves(code: str) -> None:
    assert resolve_place(code) == (code, [])


@pytest.mark.parametrize("code", ["110100", "500200", "429000", "810000", "710000", "320594"])
def test_containers_and_zones_cannot_be_selected(code: str) -> None:
    assert resolve_place(code)[0] == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("340181", "340181"),
        ("安徽省合肥市巢湖市", "340181"),
        ("安徽省巢湖市", "340181"),
        ("安徽 合肥 巢湖市", "340181"),
        ("安徽省-合肥市-巢湖市", "340181"),
        ("北京市东城区", "110101"),
        ("北京市市辖区东城区", "110101"),
        ("广东省东莞市", "441900"),
        ("340181000000", "340181"),
        ("包河区", "340111"),
        ("安徽合肥包河", "340111"),
        ("合肥包河区", "340111"),
        ("广东东莞", "441900"),
        ("上海浦东", "310115"),
        ("安徽省_合肥市_包河区", "340111"),
        ("安徽省－合肥市－包河区", "340111"),
        ("湖北省省直辖县级行政区划仙桃市", "429004"),
        ("340111 安徽省合肥市包河区", "340111"),
        ("包河区（340111）", "340111"),
        ("320106鼓楼区", "320106"),
    ],
)
def test_a_place_is_found_in_every_written_form(text: str, code: str) -> None:
    assert resolve_place(text) == (code, [])


@pytest.mark.parametrize(
    ("text", "finding", "part"),
    [
        ("341402", "place_abolished", "340181 安徽省合肥市巢湖市"),
        ("安徽省芜湖市芜湖县", "place_abolished", "340210 安徽省芜湖市湾沚区"),
        ("340100", "place_not_county", "区县"),
        ("安徽省合肥市", "place_not_county", "区县"),
        ("鼓楼区", "place_ambiguous", "不止一处"),
        ("火星省", "place_unknown", "没有找到"),
        ("999999", "place_unknown", "不存在"),
        ("合肥", "place_not_county", "区县"),
        ("潜山县", "place_abolished", "340882 安徽省安庆市潜山市"),
        ("重庆市渝北区", "place_abolished", "500157 重庆市两江新区"),
        ("330103", "place_abolished", "330105 浙江省杭州市拱墅区"),
        ("340104庐阳区", "place_disagrees", "不是同一处"),
        ("340104X", "place_unknown", "没有找到"),
    ],
)
def test_a_refusal_says_why(text: str, finding: str, part: str) -> None:
    code, findings = resolve_place(text)
    assert code == ""
    assert findings[0].code == finding
    assert part in findings[0].message


def test_every_place_is_found_by_its_whole_name() -> None:
    for place in lookup.places().values():
        if place.selectable:
            assert resolve_place(place.full_name) == (place.code, []), place


def test_every_successor_is_selectable() -> None:
    places = lookup.places()
    for place in places.values():
        if place.successor_code:
            assert places[place.successor_code].selectable, place


@pytest.mark.parametrize(
    ("written", "code"),
    [("恩施州恩施市", "422801"), ("黔东南州凯里市", "522601"), ("襄樊市襄城区", "420602"),
     ("湖北省襄樊市襄城区", "420602"), ("贵州黔东南凯里市", "522601"), ("毕节地区织金县", "520524")],
)  # fmt: skip
def test_prefectures_are_found_by_short_and_former_names(written: str, code: str) -> None:
    assert resolve_place(written) == (code, [])


def test_a_prefecture_is_not_confused_with_a_former_county() -> None:
    assert [f.code for f in resolve_place("常德市")[1]] == ["place_not_county"]
