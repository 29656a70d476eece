"""Whether what the national system found wrong was corrected, before a record is sent once more."""

from __future__ import annotations

from collections.abc import Mapping

from destinations.models import Destination
from national_sync.connection import mapping
from national_sync.fields import BY_NATIONAL, FIELDS
from national_sync.models import BatchLine, Feedback
from national_sync.records import present_record
from national_sync.rules.destination import entry_rules_hold
from national_sync.states import FeedbackState

# A fault that is found in one field may lie in another one that the national system compares it with.
_PERSON = frozenset({"ksh", "xm", "sfzh", "zjlxdm", "xldm", "zydm", "zymc", "nd", "yxdm"})
_UNIT = frozenset({"dwmc", "dwzzjgdm"})
_COMPARED_WITH = dict.fromkeys(_PERSON, _PERSON) | dict.fromkeys(
    (*_UNIT, "dwhydm", "dwxzdm"), _UNIT
)


def errors_that_remain(destination: Destination) -> list[str]:
    """What still has to be corrected, as sentences without a full stop: what the rules of this
    platform find, and each open feedback whose field has the value that was refused.

    Feedback that the school or the province has answered is theirs to judge: what was refused may be
    right, and the national system has learnt it since.
    """
    values = {f.source: f.value_of(destination) for f in FIELDS["destination"]}
    kept = {key: getattr(destination, key) for key in ("state", "form", "wage_override")}
    sentences = [p.message for p in entry_rules_hold(values | kept)]
    open_feedback = Feedback.objects.filter(
        graduate_id=destination.pk, state=FeedbackState.OPEN, answer=""
    ).select_related("entry")
    for feedback in open_feedback.order_by("pk"):
        if not _is_corrected(feedback):
            sentences.append(f"“{feedback.text}”没有更正")
    return list(dict.fromkeys(sentences))


def _is_corrected(feedback: Feedback) -> bool:
    part = feedback.entry.part
    lines = BatchLine.objects.filter(entry=feedback.entry_id, version=feedback.version)
    line = lines.order_by("-id").values_list("record", flat=True).first()
    sent = (line or {}).get("values")
    if sent is None:
        return True  # nobody knows any more what was refused
    now = present_record(part, feedback.graduate_id, mapping())
    fields = _fields_of(feedback, part)
    return any(now.get(name) != sent.get(name) for name in fields or now.keys() | sent.keys())


def _fields_of(feedback: Feedback, part: str) -> frozenset[str]:
    """The national fields in which the fault may have been corrected; none if it names no field."""
    known: Mapping[str, object] = BY_NATIONAL.get(part, {})
    if feedback.field not in known:
        return frozenset()
    return frozenset({feedback.field}) | _COMPARED_WITH.get(feedback.field, frozenset())
