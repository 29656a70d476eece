"""The Celery application. Work lives in rows; a message is only a hint to look at them."""

import os

from celery import Celery
from celery.signals import worker_process_init

from core import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def settle(**_: object) -> None:
    garbage.loaded()
