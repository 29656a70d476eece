"""The Celery application. Work lives in rows; a message is only a hint to look at them."""

import os

import django
from celery import Celery
from celery.signals import import_modules, worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from core import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("platform", task_cls="core.wake:HintTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The lines of a task carry its id, and that of the request that asked for it.
app.steps["worker"].add(DjangoStructLogInitStep)


@import_modules.connect
def schedule_periodic_tasks(**_: object) -> None:
    """Give beat what the apps contribute. Celery sends this signal when a worker or beat starts."""
    django.setup()
    from core import frame

    app.conf.beat_schedule = {
        task.name: {"task": task.task, "schedule": task.schedule} for task in frame.periodic_tasks()
    }


@worker_process_init.connect
def tune_garbage_collector(**_: object) -> None:
    garbage.tune()
