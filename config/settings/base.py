"""Settings that hold everywhere. What differs stands in dev, test and production."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from .env import BASE_DIR, env, number_of_proxies

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY", default="")
# Graduates' initial codes are derived from this key; changing it changes every unused code.
INITIAL_CODE_KEY = env.str("INITIAL_CODE_KEY", default="")
# The last day of an initial code is this many days after it was made.
INITIAL_CODE_DAYS = env.int("INITIAL_CODE_DAYS", default=90)
# One-time codes are kept as hashes under this key.
ONE_TIME_CODE_KEY = env.str("ONE_TIME_CODE_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
PUBLIC_ORIGIN = env.str("PUBLIC_ORIGIN", default="http://127.0.0.1:8000")
# It stands in the title of agreements.
PROVINCE_NAME = env.str("PROVINCE_NAME", default="安徽省")
PROCESS_ROLE = env.str("PROCESS_ROLE", default="command")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # Its templates of widgets are found by the project's template engine.
    "django.forms",
    "django_htmx",
    "django_filters",
    "bootstrap",
    "bs_icon_templates",
    "import_export",
    "axes",
    "csp",
    "django_structlog",
    "core",
    "codes",
    "accounts",
    "schools",
    "workbooks",
    "graduates",
    "notices",
    "employers",
    "destinations",
    "esign",
    "recruiting",
    "national_sync",
    "support",
    "quality",
    "surveys",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.HealthCheck",
    "core.logs.RequestLog",
    "core.middleware.NoStore",
    "core.middleware.SentByScript",
    "csp.middleware.CSPMiddleware",
    "core.bodies.BodyLimits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.middleware.NoNull",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.kept_forms.KeptForms",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.DomainErrors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.page",
                "schools.context.console",
            ],
            "builtins": ["core.templatetags.ui", "core.templatetags.constants"],
        },
    }
]
FORM_RENDERER = "core.forms.renderer.PlatformRenderer"

DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///platform")}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        # Seconds. A page is told that the database is away instead of waiting for it.
        "connect_timeout": 5,
        # Prepares only what asks for it (core/db/prepared.py); None would forbid even that.
        "prepare_threshold": 1_000_000_000,
        # A page that waits this long has failed; a background job may take its time.
        "options": {
            "web": "-c statement_timeout=15s -c lock_timeout=5s"
            " -c idle_in_transaction_session_timeout=30s"
            # A search reads a thousand single blocks, which lie in the system's cache: handing
            # each to an I/O worker doubles its time.
            " -c effective_io_concurrency=0",
        }.get(PROCESS_ROLE, "-c lock_timeout=60s -c idle_in_transaction_session_timeout=300s"),
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files are written under random names and only ever sent by views that check who asks.
PRIVATE_ROOT = Path(env.str("PRIVATE_ROOT", default=str(BASE_DIR / "var" / "private")))

CACHES = {
    "default": {
        "BACKEND": "core.cache.FailOpenCache",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
        "LOCATION": env.str("REDIS_URL", default="redis://127.0.0.1:6379/0"),
        "KEY_PREFIX": "platform",
    },
    # Pages of agreements as pictures, about 0.2 MB each entry: too large for Valkey's memory.
    "pictures": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": PRIVATE_ROOT / "page-pictures",
        "TIMEOUT": 7 * 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 500},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.RealmBackend",
    "schools.backends.RoleBackend",
]
SILENCED_SYSTEM_CHECKS = [
    # A login is unique within its realm, which our backend looks up.
    "auth.W004",
]
LOGIN_URL = "/console/login/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.NotBreachedValidator"},
    {"NAME": "accounts.passwords.NotPersonalValidator"},
]

SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
STAFF_IDLE_LIMIT = timedelta(minutes=30)
SESSION_LIMIT = timedelta(hours=12)

# Failures lock no account and no address: they make entrances ask for proofs (accounts/proof.py).
# django-axes counts those of an account, which hold while the cache is away.
AXES_LOCK_OUT_AT_FAILURE = False
AXES_FAILURE_LIMIT = 10
# After so many failures within a quarter of an hour an entrance asks for a proof.
PROOF_AFTER: dict[str, int] | None = {"address": 30, "account": 5}
AXES_HANDLER = "accounts.throttle.Handler"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "accounts.throttle.subject"
AXES_CLIENT_IP_CALLABLE = "accounts.throttle.client_address"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Staff of these roles have to enrol a second factor before they can do anything else.
SECOND_FACTOR_ROLES: list[str] = []
TRUSTED_PROXIES = number_of_proxies()

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "core.files.storage.PrivateStorage"},
    # The anchors of the audit chain (core/audit_chain.py), for operators to copy to another place.
    "anchors": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("ANCHOR_DIR", default=str(PRIVATE_ROOT / "anchors"))},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Backups are encrypted for these public keys (age1…). The private ones are kept elsewhere.
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENTS", default=[])
# Files outside of the storage that belong to a backup, such as the signing key.
BACKUP_ALSO = env.list("BACKUP_ALSO", default=[str(PRIVATE_ROOT / "signing-key.p12")])
# The folder of pg_dump and pg_restore; without one they are looked for in PATH.
PG_BIN = env.str("PG_BIN", default="")
FONT_DIR = Path(env.str("FONT_DIR", default=str(BASE_DIR / "var" / "fonts")))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CELERY_BROKER_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_VISIBILITY_TIMEOUT = 3600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The mail server: smtp+tls://user:password@host:587, smtp+ssl://… or smtp://….
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    _mail = env.email_url("EMAIL_URL")
    vars().update({k: v for k, v in _mail.items() if k.startswith("EMAIL_")})
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="webmaster@localhost")
# A backend for each channel (core/outbox/backends.py). Without one for "sms" signing is closed.
OUTBOX_BACKENDS = {
    "sms": env.str("SMS_BACKEND", default=""),
    "email": env.str(
        "EMAIL_OUTBOX_BACKEND", default="core.outbox.backends.email" if EMAIL_URL else ""
    ),
}
SMS_URL = env.str("SMS_URL", default="")
SMS_TOKEN = env.str("SMS_TOKEN", default="")
# From which hour, and before which, graduates are called back (local time).
CALL_HOURS = tuple(int(hour) for hour in env.str("CALL_HOURS", default="9-20").split("-"))
# What one part of a text message costs, in fen: shown before a reminder is sent.
SMS_PRICE_FEN = env.int("SMS_PRICE_FEN", default=5)
# True shows what would be sent at /dev/inbox/, one-time codes included.
DEVELOPMENT_INBOX = False
ONE_TIME_CODE_LIMITS = {
    "phone_hour": 5, "phone_day": 10, "subject_day": 20, "address_hour": 200,
    "day": env.int("ONE_TIME_CODES_A_DAY", default=50_000),
}  # fmt: skip
# The key agreements are signed with: a PKCS#12 file and the secret that opens it.
SIGNING_KEY_FILE = env.str("SIGNING_KEY_FILE", default="")
SIGNING_KEY_SECRET = env.str("SIGNING_KEY_SECRET", default="")
# An RFC 3161 authority, and a PEM file with the roots of all that were ever used.
TIME_STAMP_URL = env.str("TIME_STAMP_URL", default="")
TIME_STAMP_ROOTS = env.str("TIME_STAMP_ROOTS", default="")
# The national system, or the simulator on this machine. Without an address nothing goes up.
NATIONAL_URL = env.str("NATIONAL_URL", default="")
NATIONAL_CLIENT = env.str("NATIONAL_CLIENT", default="")
NATIONAL_SECRET = env.str("NATIONAL_SECRET", default="")
# Where graduates confirm their data in the national system; without it pages have no link there.
NATIONAL_SITE = env.str("NATIONAL_SITE", default="")
NATIONAL_IN_FLIGHT = env.int("NATIONAL_IN_FLIGHT", default=4)
# Let the demo fill the simulator's registry; never set with a real system.
NATIONAL_DEMO = env.bool("NATIONAL_DEMO", default=False)
# After so many seconds without a new answer an upload leaves the rest to the next run.
NATIONAL_PATIENCE = env.int("NATIONAL_PATIENCE", default=20)
# Graduates read a notice for so long before they can accept it.
NOTICE_SECONDS = env.int("NOTICE_SECONDS", default=60)

# The bearer token that opens /metrics; nobody can read it while this is empty.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# "json" or "plain" (core/logs.py).
LOG_FORMAT = env.str("LOG_FORMAT", default="plain")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "core.logs.MaskingFormatter", "json": LOG_FORMAT == "json"}},
    "filters": {"outages": {"()": "core.logs.OutageFilter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["outages"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        # The line of the request says the same.
        "django.request": {"level": "ERROR"},
    },
}
# Addresses of people stay in events that need them.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# Only the end of a request or task is written.
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
# What went wrong has a line of its own.
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_STATUS_5XX_LOG_LEVEL = logging.INFO

IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
IMPORT_EXPORT_USE_TRANSACTIONS = True

# The roster: beyond these a workbook is refused with a sentence.
ROSTER_MAX_ROWS = 100_000
ROSTER_MAX_BYTES = 40 * 1024 * 1024
EVIDENCE_MAX_UPLOAD = 20 * 1024 * 1024
