"""Addresses of quality, one list for each part."""

from django.urls import URLPattern

from quality import finding_urls, sample_urls

console: list[URLPattern] = [
    *finding_urls.console,
    *sample_urls.console,
]

urlpatterns: list[URLPattern] = []
