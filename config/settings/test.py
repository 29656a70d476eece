"""The test suite: real PostgreSQL and Valkey, quick password hashing, plain static files."""

from .base import *
from .base import CACHES as _CACHES
from .base import STORAGES as _STORAGES

SECRET_KEY = "test-" * 12
INITIAL_CODE_KEY = "test-initial-" * 4
ONE_TIME_CODE_KEY = "test-one-time-code-" * 3
GALLERY = True
DEVELOPMENT_INBOX = True
OUTBOX_BACKENDS = {
    "sms": "core.outbox.backends.development_inbox",
    "email": "core.outbox.backends.development_inbox",
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = _STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
# Limits are counted in Valkey. On a busy machine a slow answer must not let a test pass by a limit.
CACHES = _CACHES | {
    "default": _CACHES["default"]
    | {"OPTIONS": {"socket_connect_timeout": 10, "socket_timeout": 20}}
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Proofs are off except in their own tests: all tests come from one address.
PROOF_AFTER = None
NATIONAL_PATIENCE = 5
