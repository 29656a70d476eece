"""Production refuses to start without its secrets."""

from .base import *
from .env import env, required

SECRET_KEY = required("SECRET_KEY", least=50)
INITIAL_CODE_KEY = required("INITIAL_CODE_KEY", least=32)
ONE_TIME_CODE_KEY = required("ONE_TIME_CODE_KEY", least=32)
required("DATABASE_URL")
required("REDIS_URL")
ALLOWED_HOSTS = required("ALLOWED_HOSTS").split(",")
PUBLIC_ORIGIN = required("PUBLIC_ORIGIN")
required("TRUSTED_PROXIES")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]
GALLERY = False
if EMAIL_URL:
    required("EMAIL_FROM")
if TIME_STAMP_URL:
    required("TIME_STAMP_ROOTS")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECOND_FACTOR_ROLES = env.list("SECOND_FACTOR_ROLES", default=["province", "school_admin"])
# Browsers take cookies with this prefix only over HTTPS, for this host alone and the path /, so
# that neither a sister domain nor an unencrypted answer can put one in their place.
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"

LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOGGING["formatters"]["line"]["json"] = LOG_FORMAT == "json"
