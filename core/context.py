"""Template variables of the frame around every page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.menu import menu_for


def page(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    staff = user is not None and user.is_authenticated and user.realm == "staff"
    return {
        "console_menu": menu_for(user) if staff and request.path.startswith("/console/") else [],
        "show_gallery": settings.GALLERY,
    }
