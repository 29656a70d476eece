"""The province registers what the national system calls one of our codes."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import lookup, text
from core import audit
from core.errors import Invalid, NotPermitted
from destinations.catalogue import catalogue
from national_sync.fields import CODE_TABLES
from national_sync.mapping import CATEGORY
from national_sync.models import Entry, NationalCode
from national_sync.states import EntryState, Owner


def set_code(*, table: str, code: str, national_code: str, by: User) -> NationalCode | None:
    """Register, change or (left empty) take back one code. Records that were held back for want of
    codes are checked again."""
    if not by.has_perm("national.operate"):
        raise NotPermitted("role", "只有省级可以登记国家代码。")
    known = catalogue().names if table == CATEGORY else lookup.table(table).names
    if table not in CODE_TABLES or code not in known:
        raise Invalid({"code": ["没有这个代码。"]})
    written = text.clean_code(national_code)
    if len(written) > 20 or not written.isascii():
        raise Invalid({f"{table}:{code}": ["国家代码为20位以内的字母和数字。"]})
    with transaction.atomic():
        rows = NationalCode.objects.select_for_update().filter(
            table=table, code=code, simulated=False
        )
        before = rows.values_list("national_code", flat=True).first()
        made = None
        if written:
            made, _ = NationalCode.objects.update_or_create(
                table=table, code=code, simulated=False,
                defaults={"national_code": written, "by_label": by.label, "at": timezone.now()},
            )  # fmt: skip
        else:
            rows.delete()
        audit.record(
            "national.map_code", by=by, object_type="nationalcode", object_id=made.pk if made else 0,
            label=f"{table} {code}", data={"changes": {"national_code": [before, written]}},
        )  # fmt: skip
        try_again()
    return made


def try_again() -> int:
    """Check again everything that is held back until the province acts. Returns how many."""
    return Entry.objects.filter(state=EntryState.HELD, owner=Owner.PROVINCE).update(
        state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=timezone.now(), problems=[]
    )
