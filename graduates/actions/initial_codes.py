"""New initial codes in place of expired ones."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from core import audit
from core.errors import NotPermitted
from graduates.initial_codes import expired_before
from graduates.models import Graduate, Person
from schools.models import SchoolClass


def renew_expired(
    *, graduate_ids: Sequence[int], shown_for: Graduate | SchoolClass, by: User
) -> int:
    """Give those of these graduates a new initial code whose code has expired and who have not
    activated their account. Whoever shows or prints codes asks for it before, so that staff never
    hand out a void one. Returns how many there were.

    `shown_for` is the record or class that the log names.
    """
    if not by.has_perm("graduates.initial_codes"):
        raise NotPermitted("role", "您没有查看初始码的权限。")
    with transaction.atomic():
        expired = Person.objects.filter(
            graduates__in=graduate_ids, activated_at=None, code_made_at__lt=expired_before()
        )
        ids = list(
            Person.objects.filter(pk__in=expired.values("pk"))
            .select_for_update(no_key=True)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        # Asked again under the lock: another request may have renewed them meanwhile.
        renewed = Person.objects.filter(
            pk__in=ids, activated_at=None, code_made_at__lt=expired_before()
        ).update(code_renewals=F("code_renewals") + 1, code_made_at=Now())
        if renewed:
            audit.record("graduates.renew_codes", by=by, obj=shown_for, data={"renewed": renewed})
    return renewed
