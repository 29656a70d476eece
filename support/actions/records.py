"""Records of help: added, corrected by a later one, deleted by the author within 24 hours."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from core.models import StoredFile
from recruiting.models import Application, Booking, Posting
from support.actions.base import check_images, days_of, read_words, take_step
from support.models import JobRecommendation, Listing, Record, RecordImage, Way
from support.models.helping import LEAST_SUBSIDY, LEAST_TEXT, MOST_SUBSIDY
from support.states import RecordState, Result, SubsidyState
from support.steps import RECORD

LONGEST_TEXT = 500
_RELATED = ("listing__graduate__cohort", "listing__school", "listing__cohort", "way")


def add(
    *, listing_id: int, typed: Mapping[str, Any], evidence: Sequence[StoredFile], form_key: str,
    by: User, corrects: int | None = None,
) -> Record:  # fmt: skip
    """Write a record, or with `corrects` one that corrects an earlier record of the same graduate. The
    same form (`form_key`) sent twice writes one record. Raises `Invalid`.

    `typed` has on, way, text, helper, result, next_on, subsidy, subsidy_amount and about: what the record
    is about, as in `about_choices`.
    """
    form_key = form_key[:40] or secrets.token_hex(16)
    with take_step("record", listing_id, by) as listing:
        sent = Record.objects.filter(listing=listing, form_key=form_key).first()
        if sent is not None:
            return sent
        old = None
        if corrects is not None:
            rows = Record.objects.select_for_update(of=("self",)).select_related(*_RELATED)
            old = rows.filter(listing=listing, pk=corrects).first()
            if old is None:
                raise Refused("other_person", "要更正的记录不属于该毕业生。")
            RECORD.check("correct", old, by)
        record = _checked(listing, typed, old)
        check_images(evidence)
        record.form_key, record.corrects = form_key, old
        record.created_by, record.created_label = by, by.label
        record.save()
        RecordImage.objects.bulk_create(RecordImage(record=record, file=file) for file in evidence)
        if old is not None:
            old.state = RecordState.CORRECTED
            old.save(update_fields=["state"])
        audit.record(
            "support.correct_record" if old is not None else "support.add_record",
            by=by, obj=listing, data={"record": record.pk} | ({"corrects": old.pk} if old else {}),
        )  # fmt: skip
    return record


def _checked(listing: Listing, typed: Mapping[str, Any], old: Record | None) -> Record:
    """A record of the typed values, not saved yet. Raises `Invalid`."""
    errors: dict[str, list[str]] = {}
    today, (first, last) = timezone.localdate(), days_of(listing.cohort)
    on, next_on = typed.get("on"), typed.get("next_on")
    if on is None:
        errors["on"] = ["请填写日期。"]
    elif on > today:
        errors["on"] = ["日期不能晚于今天。"]
    elif not first <= on <= last:
        errors["on"] = [
            f"{listing.cohort}的帮扶日期应在{first:%Y年%m月%d日}至{last:%Y年%m月%d日}之间。"
        ]
    if next_on is not None and next_on < (on or today):
        errors["next_on"] = ["下次日期不能早于本次日期。"]
    elif next_on is not None and next_on > last:
        errors["next_on"] = [f"下次日期不能晚于{last:%Y年%m月%d日}。"]
    way = Way.objects.filter(code=typed["way"]).first()
    if way is None or not (way.is_active or (old is not None and old.way_id == way.pk)):
        errors["way"] = ["请选择方式。"]
    if typed["result"] and typed["result"] not in Result.values:
        errors["result"] = ["请选择结果。"]
    subsidy, amount = _subsidy(errors, way, typed)
    text = read_words(errors, "text", "内容", typed["text"], most=LONGEST_TEXT, least=LEAST_TEXT)
    helper = read_words(errors, "helper", "帮扶人", typed["helper"], most=40, least=1)
    about = _about(listing, typed.get("about") or "")
    if about is None:
        errors["about"] = ["请从列表中选择关联的职位、投递或活动。"]
    if errors or way is None or about is None or on is None:
        raise Invalid(errors)
    return Record(
        listing=listing, on=on, way=way, text=text, helper=helper, result=typed["result"],
        next_on=next_on, subsidy=subsidy, subsidy_amount=amount, **about,
    )  # fmt: skip


def _subsidy(
    errors: dict[str, list[str]], way: Way | None, typed: Mapping[str, Any]
) -> tuple[str, int | None]:
    """State and amount, of a way that has them."""
    if way is None or not way.is_subsidy:
        return "", None
    state, amount = typed.get("subsidy") or "", typed.get("subsidy_amount")
    if state not in SubsidyState.values:
        errors["subsidy"] = ["请选择补贴状态。"]
    if state == SubsidyState.GRANTED and amount is None:
        errors["subsidy_amount"] = ["已发放的请填写金额。"]
    elif amount is not None and not LEAST_SUBSIDY <= amount <= MOST_SUBSIDY:
        errors["subsidy_amount"] = [f"金额应为{LEAST_SUBSIDY:,}至{MOST_SUBSIDY:,}元。"]
    return state, amount


def about_choices(listing: Listing) -> list[tuple[str, str]]:
    """What a record may be about: postings recommended to the graduate, the graduate's applications, and
    the events that the graduate booked."""
    sent = JobRecommendation.objects.filter(listing=listing).select_related("posting__unit")
    delivered = Application.objects.filter(graduate=listing.graduate_id)
    booked = Booking.objects.filter(graduate=listing.graduate_id).select_related("fair")
    return [
        *((f"posting:{r.posting_id}", f"推荐职位：{_post(r.posting)}") for r in sent.order_by("-id")[:50]),
        *(
            (f"application:{a.pk}", f"投递：{_post(a.posting)}")
            for a in delivered.select_related("posting__unit").defer("snapshot").order_by("-id")[:50]
        ),
        *((f"fair:{pk}", f"活动：{title}") for pk, title in
          dict(booked.order_by("-id").values_list("fair", "fair__title")[:50]).items()),
    ]  # fmt: skip


def _post(posting: Posting) -> str:
    return f"{posting.title}（{posting.unit.name}）"


def _about(listing: Listing, typed: str) -> dict[str, Any] | None:
    """The fields of what was chosen; None if it was not offered."""
    if not typed:
        return {}
    if typed not in dict(about_choices(listing)):
        return None
    kind, _, pk = typed.partition(":")
    if kind == "application":
        application = Application.objects.only("posting_id").get(pk=int(pk))
        return {"application_id": application.pk, "posting_id": application.posting_id}
    return {f"{kind}_id": int(pk)}


def delete(*, record_id: int, by: User) -> Listing:
    """Delete a record of one's own within 24 hours; the event stays."""
    with transaction.atomic():
        listing_id = Record.objects.values_list("listing_id", flat=True).get(pk=record_id)
        Listing.objects.select_for_update().get(pk=listing_id)
        rows = Record.objects.select_for_update(of=("self",)).select_related(*_RELATED)
        record = rows.get(pk=record_id)
        RECORD.check("delete", record, by)
        listing = record.listing
        record.delete()
        audit.record(
            "support.delete_record", by=by, obj=listing,
            data={"record": record_id, "way": record.way.name, "on": record.on.isoformat()},
        )  # fmt: skip
    return listing
