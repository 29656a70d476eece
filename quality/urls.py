"""Addresses of quality."""

from django.urls import URLPattern

console: list[URLPattern] = []

urlpatterns: list[URLPattern] = []
