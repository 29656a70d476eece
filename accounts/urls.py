"""Addresses of pictures of proofs, and of a form that was sent after the session had ended."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("kept/", views.kept, name="kept-form"),
    path("proof/<str:challenge>.png", views.picture, name="proof-picture"),
    path("proof/another/<str:entrance>/", views.another, name="proof-another"),
]
