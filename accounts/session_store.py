"""Where sessions are kept: in a table that knows whose they are, with a copy in the cache."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import cached_db


class SessionStore(cached_db.SessionStore):
    """Django's store, whose rows name the account, so that people find their own sessions."""

    cache_key_prefix = "accounts.session"

    @classmethod
    def get_model_class(cls) -> Any:
        from accounts.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return row
