"""Look-ups that forms make while one types. Public facts, no permission."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control

from codes import lookup

_MOST = 20


@cache_control(public=True, max_age=3600)
def places(request: HttpRequest) -> JsonResponse:
    """Selectable places whose full name contains what was typed, nearest names first."""
    typed = "".join(request.GET.get("q", "").split())[:20]
    found = []
    if typed:
        for place in lookup.places().values():
            if place.selectable and (typed in place.full_name or place.code.startswith(typed)):
                found.append((not place.name.startswith(typed), place.code, place.full_name))
    return JsonResponse({"items": [name for _, _, name in sorted(found)[:_MOST]]})


@cache_control(public=True, max_age=3600)
def children(request: HttpRequest) -> JsonResponse:
    """One level of the picker: provinces, then cities (containers shown flat), then counties.

    `leaf` says that a tap chooses the place instead of opening it.
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
