from django.conf import settings
from django.urls import include, path

import accounts.urls
import codes.urls
import core.urls
import destinations.urls
import employers.urls
import esign.urls
import graduates.urls
import national_sync.urls
import notices.urls
import quality.urls
import recruiting.urls
import schools.urls
import support.urls
import surveys.urls
from core.metrics import metrics

console = (
    schools.urls.console
    + graduates.urls.console
    + notices.urls.console
    + employers.urls.console
    + destinations.urls.console
    + esign.urls.console
    + recruiting.urls.console
    + support.urls.console
    + quality.urls.console
    + surveys.urls.console
    + national_sync.urls.console,
    "console",
)

handler500 = "core.outage.server_error"
urlpatterns = [
    path("console/", include(console)),
    path("employer/", include(employers.urls)),
    path("employer/", include(esign.urls.employer)),
    path("employer/", include(recruiting.urls.employer)),
    path("metrics", metrics, name="metrics"),
    path("", include(accounts.urls)),
    path("", include(codes.urls)),
    path("", include(graduates.urls)),
    path("", include(notices.urls)),
    path("", include(destinations.urls)),
    path("", include(esign.urls)),
    path("", include(recruiting.urls)),
    path("", include(national_sync.urls)),
    path("", include(support.urls)),
    path("", include(surveys.urls)),
]
if settings.GALLERY:
    urlpatterns += [path("dev/", include(core.urls))]
if settings.DEVELOPMENT_INBOX:
    urlpatterns += [path("dev/", include(core.urls.inbox))]
