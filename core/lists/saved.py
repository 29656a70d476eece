"""What of a list's address a saved view keeps, and what of a saved view still holds when it is opened.

A view is kept as the query of an address: its filter, order, columns and size of the page. Nothing kept
is trusted: when a view is opened, each pair has to be one that the list offers this person now.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, urlencode

from core.lists import search_terms
from core.lists.columns import offered_size

if TYPE_CHECKING:
    from core.lists.page import ListPage

Pairs = list[tuple[str, str]]
_KEYWORD = "q"
_NUMBER = re.compile(r"\d{6}")
_BETWEEN_DIGITS = re.compile(r"[\s\-－—]+")
_MOST_SEARCHED = 50


class Opened(NamedTuple):
    """The pairs that hold, and the labels of what no longer does."""

    pairs: Pairs
    gone: list[str]


def names_a_person(words: str) -> bool:
    """Whether searched words look like a number of a person: six digits or more in a row."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in words)
    return bool(_NUMBER.search(_BETWEEN_DIGITS.sub("", plain)))


def shown_by(page: ListPage) -> Pairs:
    """What the list shows at its present address, as the pairs that a view keeps. Searched words are
    among them in plain text; the year is not, since the top bar chooses it."""
    found: Pairs = [(k, v) for k, values in page.request.GET.lists() for v in values[-1:] if v]
    kept = [(k, v) for k, v in still_held(page, found).pairs if k not in ("columns", "size")]
    columns = [("columns", c.key) for c in page.chosen_columns() if c.label]
    return [*sorted(kept), *columns, ("size", str(page.size()))]


def still_held(page: ListPage, pairs: Pairs) -> Opened:
    """Those of `pairs` that the list offers this person. A search of an address is unsealed."""
    held: Pairs = []
    gone: list[str] = []
    filters = page.filters_for(pairs)
    orders = {o.key for order in page.orders for o in (order, order.reverse)}
    columns = {c.key: c.label for c in page.offered_columns()}
    for key, value in pairs:
        if key == _KEYWORD and key in filters:
            words = search_terms.unseal(value, page.request.user.pk) or ""
            held += [(key, words[:_MOST_SEARCHED])] if words else []
        elif key in filters:
            offered = {str(v) for v, _ in filters[key].extra.get("choices", ())}
            if value in offered:
                held.append((key, value))
            else:
                gone.append(str(filters[key].label))
        elif (
            (key == "order" and value in orders)
            or (key == "columns" and value in columns)
            or (key == "size" and offered_size(value))
            or ((key, value) == ("waiting", "1") and page.tells_waiting)
        ):
            held.append((key, value))
    return Opened(held, list(dict.fromkeys(gone)))


def written(pairs: Pairs) -> str:
    return urlencode(pairs)


def read(query: str) -> Pairs:
    return parse_qsl(query)


def address(path: str, pairs: Pairs, *, more: Sequence[tuple[str, str]], user_id: int) -> str:
    """The address of the list with these pairs; the words of a search are sealed in it."""
    sealed = [(k, search_terms.seal(v, user_id) if k == _KEYWORD else v) for k, v in pairs]
    return f"{path}?{urlencode([*sealed, *more])}"
