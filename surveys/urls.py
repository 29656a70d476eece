"""Addresses of surveys."""

from django.urls import URLPattern

console: list[URLPattern] = []

urlpatterns: list[URLPattern] = []
