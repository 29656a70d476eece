"""Template variables of the frame around every page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core import bodies
from core.menu import menu_for


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    is_staff = user is not None and user.is_authenticated and user.realm == "staff"
    match = request.resolver_match
    in_console = is_staff and request.path.startswith("/console/")
    return {
        "console_menu": menu_for(user) if user is not None and in_console else [],
        "show_gallery": settings.GALLERY,
        "files_limit": bodies.files_limit(match.view_name) if match is not None else None,
    }
