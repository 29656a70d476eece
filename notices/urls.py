"""Addresses of notices."""

from django.urls import path

from notices.views import console as pages
from notices.views import phone
from notices.views import reminders as reminder_pages

console = [
    path("notices/", pages.NoticeList.as_view(), name="notices"),
    path("notices/add/", pages.new, name="notice-new"),
    path("notices/<int:pk>/", pages.notice, name="notice"),
    path("notices/<int:pk>/edit/", pages.edit, name="notice-edit"),
    path("notices/<int:pk>/publish/", pages.publish, name="notice-publish"),
    path("notices/<int:pk>/pin/", pages.pin, name="notice-pin"),
    path("notices/<int:pk>/withdraw/", pages.withdraw, name="notice-withdraw"),
    path("notices/<int:pk>/discard/", pages.discard, name="notice-discard"),
    path("notices/<int:pk>/copy/", pages.copy, name="notice-copy"),
    path("notices/<int:pk>/confirm/", pages.confirm, name="notice-confirm"),
    path("notices/<int:pk>/readers/", pages.NoticeReaders.as_view(), name="notice-readers"),
    path("notices/<int:pk>/files/<int:file>/", pages.attachment, name="notice-file"),
    path("remind/", reminder_pages.remind, name="remind"),
    path("reminders/", reminder_pages.ReminderList.as_view(), name="reminders"),
    path("reminders/<int:pk>/", reminder_pages.Recipients.as_view(), name="reminder"),
]

urlpatterns = [
    path("notices/", phone.listing, name="notices"),
    path("notices/<int:pk>/", phone.notice, name="notice"),
    path("notices/<int:pk>/confirm/", phone.confirm, name="notice-confirm"),
    path("notices/<int:pk>/files/<int:file>/", phone.attachment, name="notice-file"),
]
