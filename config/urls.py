from django.conf import settings
from django.urls import include, path

import codes.urls
import core.urls
import destinations.urls
import employers.urls
import graduates.urls
import schools.urls

console = (
    schools.urls.console + graduates.urls.console + destinations.urls.console,
    "console",
)

urlpatterns = [
    path("console/", include(console)),
    path("employer/", include(employers.urls)),
    path("", include(codes.urls)),
    path("", include(graduates.urls)),
    path("", include(destinations.urls)),
]
if settings.GALLERY:
    urlpatterns += [path("dev/", include(core.urls))]
