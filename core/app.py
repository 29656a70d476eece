"""The AppConfig of every app of ours: it loads what the app plugs into others."""

import importlib
import importlib.util

from django.apps import AppConfig

# Modules an app may have that fill registries of lower apps.
PLUG_MODULES = ("plugs", "menu", "home", "search", "fields")


class PlatformApp(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in PLUG_MODULES:
            name = f"{self.name}.{module}"
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
