"""Addresses of pictures of proofs."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("proof/<str:challenge>.png", views.picture, name="proof-picture"),
    path("proof/another/<str:entrance>/", views.another, name="proof-another"),
]
