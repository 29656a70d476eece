"""One machine: `bin/run`, `bin/manage`. Secrets come from the installation's own file."""

from .base import *
from .base import INSTALLED_APPS as _APPS
from .env import env

DEBUG = env.bool("DEBUG", default=False)
GALLERY = True
INSTALLED_APPS = _APPS
DEVELOPMENT_INBOX = True
OUTBOX_BACKENDS = {
    "sms": env.str("SMS_BACKEND", default="core.outbox.backends.development_inbox"),
    "email": env.str(
        "EMAIL_OUTBOX_BACKEND",
        default=OUTBOX_BACKENDS["email"] or "core.outbox.backends.development_inbox",
    ),
}
