"""The AppConfig of every app of the platform: it registers what the app contributes and plugs."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from django.apps import AppConfig


class PlatformApp(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import frame  # it imports models, which this module must not do

        declared = self._module("contributions")
        if declared is not None:
            frame.register(self.name, declared.CONTRIBUTIONS)
        self._module("plugs")

    def _module(self, name: str) -> ModuleType | None:
        """The app's module of that name, if it has one."""
        full = f"{self.name}.{name}"
        return importlib.import_module(full) if importlib.util.find_spec(full) else None
