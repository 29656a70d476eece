"""How Django's forms find their templates."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class PlatformRenderer(TemplatesSetting):
    """Renders forms with the project's own template engine, so that form templates may use the
    project's tags. `{{ form }}` gives the fields, `{{ field.as_field_group }}` one field."""

    form_template_name = "core/forms/form.html"
    field_template_name = "core/forms/field.html"
