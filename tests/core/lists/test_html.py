"""The HTML of list pages that is built in Python escapes values from outside."""

from __future__ import annotations

from typing import Any

import django_filters
from django.http import QueryDict

from core.lists import html
from core.lists.page import Column, Order
from core.models import Event

BAD = "\"><script>'&"
ESCAPED = "&quot;&gt;&lt;script&gt;&#x27;&amp;"


class Filters(django_filters.FilterSet):
    place = django_filters.ChoiceFilter(label=BAD, choices=[("1", BAD), (BAD, "二")])
    q = django_filters.CharFilter(label="关键字", help_text=BAD)


class Folded(Filters):
    less_used = frozenset({"level"})
    level = django_filters.ChoiceFilter(label="学历", choices=[("b", "本科生")])


ONE, OTHER = Order("a", "甲", ("id",)), Order("b", "乙", ("id",))


def bar(
    query: dict[str, str], kind: type[Filters] = Filters, *orders: Order, chosen: Order = ONE
) -> html.FilterBar:
    data = QueryDict(mutable=True)
    data.update(query)
    filters: Any = kind(data, queryset=Event.objects.none())
    return html.filter_bar(filters, orders or (ONE,), chosen)


def fields(query: dict[str, str]) -> str:
    made = bar(query)
    assert made.more == ""
    return made.main + made.keyword


def test_less_used_filters_and_the_order_are_put_behind_more() -> None:
    made = bar({}, Folded, ONE, OTHER)
    assert 'name="place"' in made.main
    assert 'name="q"' in made.keyword
    assert "level" not in made.main + made.keyword
    assert 'name="level"' in made.more
    assert 'name="order"' in made.more
    assert 'name="order"' in bar({}, Filters, ONE, OTHER).main, "nothing steps back there"


def test_set_filters_behind_more_are_counted() -> None:
    assert bar({"place": "1", "q": "甲"}, Folded, ONE, OTHER).more_set == 0
    assert bar({"level": "b"}, Folded, ONE, OTHER).more_set == 1
    assert bar({"level": "b"}, Folded, ONE, OTHER, chosen=OTHER).more_set == 2


def test_filter_fields_escape_their_values() -> None:
    html = fields({"q": BAD, "place": BAD})
    assert "<script>" not in html
    assert html.count(ESCAPED) == 5
    assert f'<option value="{ESCAPED}" selected>二</option>' in html
    assert f'name="q" value="{ESCAPED}" placeholder="{ESCAPED}"' in html


def test_the_chosen_filter_value_stays_chosen() -> None:
    assert '<option value="1" selected>' in fields({"place": "1"})
    assert "selected" not in fields({"place": "3"})


def test_kept_query_parameters_are_escaped() -> None:
    assert html.hidden([(BAD, BAD)]) == (
        f'<input type="hidden" name="{ESCAPED}" value="{ESCAPED}">'
    )


def test_an_order_is_offered_only_where_there_is_a_choice() -> None:
    assert html.order_field([ONE], ONE) == ""
    assert html.order_field([ONE], ONE.reverse) == html.hidden([("order", "-a")])
    assert '<option value="-b" selected>乙（倒序）</option>' in html.order_field(
        [ONE, OTHER], OTHER.reverse
    )
    assert '<option value="b" selected>乙</option>' in html.order_field([ONE, OTHER], OTHER)


def test_column_heads_and_boxes_are_escaped_and_marked() -> None:
    plain, mono = Column("a", BAD), Column("b", "乙", css="mono", optional=True)
    head = html.head([plain, mono], selectable=False, sorts={})
    assert head == f'<th scope="col">{ESCAPED}</th><th scope="col" class="mono">乙</th>'
    assert "data-pick-all" in html.head([plain], selectable=True, sorts={})
    assert 'value="b" checked' in html.column_boxes([plain, mono], [plain, mono])
    assert "checked" not in html.column_boxes([plain, mono], [plain])
    assert BAD not in html.column_boxes([mono, plain], [mono, plain])


def test_a_head_that_sorts_says_how_the_list_is_sorted() -> None:
    sorts = {"a": (f"?order={BAD}", "descending"), "b": ("?order=b", "")}
    head = html.head([Column("a", "甲"), Column("b", "乙")], selectable=False, sorts=sorts)
    assert head == (
        f'<th scope="col" aria-sort="descending"><a class="sort" href="?order={ESCAPED}">甲</a></th>'
        '<th scope="col"><a class="sort" href="?order=b">乙</a></th>'
    )


def test_a_column_of_buttons_has_no_empty_heading() -> None:
    assert html.head([Column("go", "")], selectable=False, sorts={}) == "<td></td>"
