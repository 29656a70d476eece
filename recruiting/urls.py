"""Addresses of recruiting: `urlpatterns` for graduates, `employer` and `console` for the unit's and the
staff's pages."""

from django.urls import URLPattern, path

from recruiting.views import console_postings, employer_postings

urlpatterns: list[URLPattern] = []

employer = [
    path("postings/", employer_postings.listing, name="employer-postings"),
    path("postings/new/", employer_postings.new, name="employer-posting-new"),
    path("postings/<int:pk>/", employer_postings.posting, name="employer-posting"),
    path("postings/<int:pk>/edit/", employer_postings.edit, name="employer-posting-edit"),
    path("postings/<int:pk>/delete/", employer_postings.delete, name="employer-posting-delete"),
    path("postings/<int:pk>/renew/", employer_postings.renew, name="employer-posting-renew"),
    path(
        "postings/<int:pk>/do/<str:action>/", employer_postings.step, name="employer-posting-step"
    ),
]
console = [
    path("postings/", console_postings.PostingList.as_view(), name="postings"),
    path("postings/approve/", console_postings.approve_many, name="postings-approve"),
    path("postings/<int:pk>/", console_postings.posting, name="posting"),
    path("postings/<int:pk>/do/<str:action>/", console_postings.step, name="posting-step"),
]
