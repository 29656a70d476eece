"""Tags that are computed once a process give the same output as Django's own tags."""

from __future__ import annotations

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse, set_script_prefix


def shown(text: str, **values: object) -> str:
    return Template(text).render(Context(values))


def test_literal_addresses_equal_those_of_djangos_tag() -> None:
    assert shown("{% url 'console:home' %}") == reverse("console:home")
    assert shown("{% url name %}", name="console:home") == reverse("console:home")
    there = reverse("console:origin", args=[7])
    assert shown("{% url 'console:origin' 7 %}{% url 'console:origin' pk=n %}", n=7) == there * 2
    assert shown("{% url 'console:home' as here %}[{{ here }}]") == f"[{reverse('console:home')}]"


def test_an_unknown_address_is_an_error_each_time() -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            shown("{% url 'no-such-view' %}")
    with pytest.raises(TemplateSyntaxError):
        Template("{% url %}")


def test_addresses_begin_with_the_script_prefix() -> None:
    plain = shown("{% url 'home' %}")
    try:
        set_script_prefix("/sub/")
        assert shown("{% url 'home' %}") == f"/sub{plain}"
    finally:
        set_script_prefix("/")
    assert shown("{% url 'home' %}") == plain


def test_literal_static_paths_equal_those_of_djangos_tag() -> None:
    wanted = static("css/kit.css")
    assert shown("{% static 'css/kit.css' %}") == wanted
    assert shown("{% load static %}{% static 'css/kit.css' %}") == wanted
    assert shown("{% static path %}", path="css/kit.css") == wanted
    assert shown("{% static 'css/kit.css' as p %}[{{ p }}]") == f"[{wanted}]"


def test_a_literal_icon_is_drawn_while_the_template_is_compiled() -> None:
    literal = shown("{% icon 'lock' %}")
    assert literal.startswith("<svg") and shown("{% icon name %}", name="lock") == literal
    with pytest.raises(FileNotFoundError):
        Template("{% icon 'no-such-icon' %}")
