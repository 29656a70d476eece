from django.urls import path

from national_sync.views import confirmations, files, lists, phone, reconcile
from national_sync.views import console as pages

urlpatterns = [
    path("national/", phone.national, name="national"),
    path("national/refresh/", phone.national_refresh, name="national-refresh"),
    path("national/confirm/", phone.national_confirm, name="national-confirm"),
]

console = [
    path("national/feedback/", lists.FeedbackList.as_view(), name="feedback"),
    path("national/feedback/reassign/", lists.reassign, name="feedback-reassign"),
    path(
        "national/confirmations/",
        confirmations.Confirmations.as_view(),
        name="national-confirmations",
    ),
    path(
        "national/confirmations/remind/",
        confirmations.Remind.as_view(),
        name="national-confirmations-remind",
    ),
    path("national/ledger/", lists.Ledger.as_view(), name="ledger"),
    path("national/reconcile/", reconcile.page, name="reconcile"),
    path("national/reconcile/start/", reconcile.start, name="reconcile-start"),
    path("national/reconcile/requeue/", reconcile.requeue, name="requeue"),
    path("national/files/", files.listing, name="national-files"),
    path("national/files/make/", files.make, name="national-file-make"),
    path("national/files/<uuid:pk>/", files.detail, name="national-file"),
    path("national/files/<uuid:pk>/workbook/", files.workbook, name="national-file-workbook"),
    path("national/files/<uuid:pk>/give-up/", files.give_up, name="national-file-give-up"),
    path("national/batches/", pages.batches, name="batches"),
    path("national/batches/upload/", pages.upload_now, name="upload-now"),
    path("national/batches/<uuid:pk>/", pages.batch, name="batch"),
    path("national/codes/", pages.codes, name="national-codes"),
]
