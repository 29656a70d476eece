"""What graduates do with their destination: register, take back, touch up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.errors import Invalid, Refused
from destinations.actions import base, registration_drafts
from destinations.actions.evidence import (
    earlier_evidence,
    keep_evidence,
    standing_evidence,
    submit_evidence,
)
from destinations.catalogue import catalogue
from destinations.fields import BY_KEY, CODED, KEYS, TOUCH_UP
from destinations.models import Destination, DestinationEvent
from destinations.rules import Registration, check_registration
from destinations.states import State


def check_typed(
    destination: Destination, typed: Mapping[str, Any], kept: Collection[int] = ()
) -> Registration:
    """What the rules say about `typed` if the graduate submitted it now and said that the evidence
    with the ids in `kept`, uploaded for another category, still counts."""
    category, pk = str(typed.get("category") or "").strip(), destination.graduate_id
    counting = standing_evidence(pk, category).count()
    counting += sum(row.pk in kept for row in earlier_evidence(pk, category))
    return check_registration(
        typed,
        evidence=counting,
        graduates_on=destination.graduate.graduates_on,
        for_graduate=True,
    )


def register(
    *, graduate_id: int, typed: Mapping[str, Any], by: User, kept: Collection[int] = ()
) -> Destination:
    """Register where the graduate goes. `kept` are the ids of evidence that was uploaded for another
    category and still counts. Raises `Invalid` with sentences by field."""
    with base.step("register", graduate_id, by) as change:
        d = change.destination
        registration = check_typed(d, typed, kept)
        if not registration.ok:
            raise Invalid(registration.errors())
        base.clear(d)
        base.put_values(d, registration.category, registration.form, registration.values)
        d.submitted_at = timezone.now()
        keep_evidence(graduate_id=graduate_id, category=d.category, picked=kept, by=by)
        submit_evidence(graduate_id, d.category)
        registration_drafts.forget(graduate_id)
        return change.write()


def take_back(*, graduate_id: int, by: User) -> Destination:
    """Undo a registration that no staff has opened: state and values become what they were."""
    with base.step("take_back", graduate_id, by) as change:
        d = change.destination
        before = _before_registering(graduate_id)
        if before is None:
            raise Refused("nothing_before", "没有可以撤回的登记。")
        base.restore(d, before)
        return change.write(to=before["state"])


def _before_registering(graduate_id: int) -> dict[str, Any] | None:
    """The snapshot from before the present registration, or None. Registering again while the
    registration is pending only corrects it."""
    events = DestinationEvent.objects.filter(graduate_id=graduate_id, action="register")
    for event in events.order_by("-id").iterator(chunk_size=10):
        if event.from_state != State.PENDING:
            return dict(event.snapshot["before"])
    return None


def touchable(d: Destination) -> frozenset[str]:
    """The fields of the category that a graduate may change after approval. With an agreement the
    fields that the agreement fixes are not among them."""
    fields = TOUCH_UP - {"job_title"} if d.locked_at else TOUCH_UP | CODED
    leaf = catalogue().leaves.get(d.category)
    return fields & frozenset(leaf.shown(d.form)) if leaf else fields


def touch_up(*, graduate_id: int, typed: Mapping[str, Any], by: User) -> Destination:
    """Change fields after the approval. Contacts take effect at once; coded fields are flagged, so
    that a reviewer checks them. A change of any other field is refused."""
    with base.step("touch_up", graduate_id, by) as change:
        d = change.destination
        allowed = touchable(d)
        refused = [
            k for k in typed if k in BY_KEY and k not in allowed and _differs(d, k, typed[k])
        ]
        if refused:
            leaf = catalogue().leaves.get(d.category)
            declared = [leaf.declared(k) if leaf else BY_KEY[k] for k in refused]
            labels = "、".join(field.label for field in declared)
            raise Refused("touch_up", f"去向已审核，不能修改{labels}；如有错误请提交信息反馈。")
        errors: dict[str, list[str]] = {}
        changed = set()
        for key in allowed & set(typed):
            value, findings = BY_KEY[key].read(typed[key])
            sentences = [f.message for f in findings if f.is_error]
            if sentences:
                errors[key] = sentences
            elif value != getattr(d, key):
                setattr(d, key, value)
                changed.add(key)
        if errors:
            raise Invalid(errors)
        whole = {k: getattr(d, k) for k in KEYS} | {"category": d.category, "form": d.form}
        invalid = {
            k: v
            for k, v in check_registration(whole, evidence=None).errors().items()
            if k in changed
        }
        if invalid:
            raise Invalid(invalid)
        if not changed:
            return d
        d.flagged = sorted(set(d.flagged) | (changed & CODED))
        return change.write()


def _differs(d: Destination, key: str, raw: object) -> bool:
    return bool(BY_KEY[key].read(raw).value != getattr(d, key))
