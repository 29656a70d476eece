"""One machine: `bin/run`, `bin/manage`. Secrets come from the installation's own file."""

from .base import *
from .base import INSTALLED_APPS as _APPS
from .env import env

DEBUG = env.bool("DEBUG", default=False)
GALLERY = True
INSTALLED_APPS = _APPS
