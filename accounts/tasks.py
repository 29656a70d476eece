from celery import shared_task
from django.contrib.sessions.models import Session as FormerSession
from django.core.management import call_command
from django.utils import timezone


@shared_task
def clear_sessions() -> None:
    """Delete expired sessions, also those in Django's table, which held them before our own."""
    call_command("clearsessions")
    FormerSession.objects.filter(expire_date__lt=timezone.now()).delete()
