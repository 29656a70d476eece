"""Places that forms look up while somebody types. They are public, so no sign-in is needed."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control

from codes import lookup, readers

_MOST = 20


@cache_control(public=True, max_age=3600)
def places(request: HttpRequest) -> JsonResponse:
    """Selectable places whose full name contains what was typed, as JSON. Places whose own name begins
    with it come first."""
    keyword = readers.search_words(request.GET.get("q", ""))
    typed = keyword.replace(" ", "")[:20]
    matching = []
    if typed:
        for place in lookup.places().values():
            if place.selectable and (typed in place.full_name or place.code.startswith(typed)):
                matching.append((not place.name.startswith(typed), place.code, place.full_name))
    return JsonResponse({"items": [name for _, _, name in sorted(matching)[:_MOST]]})


@cache_control(public=True, max_age=3600)
def children(request: HttpRequest) -> JsonResponse:
    """The places below `parent` for the place picker, as JSON: provinces, then cities, then counties.

    `leaf` says that a tap chooses the place instead of opening the next level.
    """
    parent = request.GET.get("parent", "")[:6]
    every = lookup.places().values()
    inhabited = {p.parent_code for p in every if p.selectable}
    inhabited |= {p.parent_code for p in every if p.code in inhabited}
    items = [
        {"code": p.code, "name": p.name, "leaf": p.selectable, "full": p.full_name}
        for p in every
        if p.parent_code == parent and (p.selectable or p.code in inhabited)
    ]
    return JsonResponse({"items": sorted(items, key=lambda i: str(i["code"]))})
