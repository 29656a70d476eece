"""转为劳动合同: an agreement ends because unit and graduate have made a labour contract (article three of
the agreement). One person proposes it with proof, and it takes effect when another one confirms."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import Realm, User
from core import audit, files, outbox
from core.errors import Conflict, Invalid, Refused
from core.files import images
from core.models import Channel, StoredFile
from core.states import Step
from destinations.actions import agreement as destination_agreement
from destinations.models import Destination
from destinations.steps import AGREEMENT as ACTOR
from destinations.steps import SystemActor
from esign import agreement_steps, history
from esign.actions import amend
from esign.actions.notices import current_terms, tell_unit
from esign.conclusion_steps import CONCLUSION, ConclusionFacts, proposer_of
from esign.deadlines import end_of_day_after
from esign.models import Agreement, Conclusion, SigningRules
from esign.reader_words import STAFF, conclusion_title
from esign.states import AgreementState, ConclusionState, Proposer, Side
from graduates.models import Graduate

PURPOSE = "conclusion"
PICTURES = {"first_page": "劳动合同首页", "signature_page": "劳动合同签字盖章页"}
_CHUNK = 100
Picture = bytes | StoredFile


def conclusion_facts(agreement: Agreement) -> ConclusionFacts:
    """The facts for a page, without any lock."""
    graduate = Graduate.objects.select_related("person", "cohort__signing", "school").get(
        pk=agreement.graduate_id
    )
    return ConclusionFacts(
        agreement,
        graduate,
        Destination.objects.get(pk=graduate.pk),
        SigningRules.of(graduate.cohort),
        open_conclusion(agreement),
    )


def open_conclusion(agreement: Agreement) -> Conclusion | None:
    """The proposal that waits for confirmation, if there is one."""
    return Conclusion.objects.filter(agreement=agreement, state=ConclusionState.PROPOSED).first()


@contextmanager
def _take_step(
    action: str, agreement: Agreement, by: User, *, seen: int | None = None
) -> Iterator[tuple[ConclusionFacts, Step]]:
    """A transaction for one step: lock graduate, destination, agreement and the open conclusion, and ask
    the transition table.

    `seen` is the id of the conclusion on the person's page. If somebody else has decided it
    meanwhile, this raises a `Conflict` that says what happened, and nothing changes.
    """
    with amend.lock_agreement(agreement) as locked:
        conclusion = (
            Conclusion.objects.select_for_update()
            .filter(agreement=locked.agreement, state=ConclusionState.PROPOSED)
            .first()
        )
        facts = ConclusionFacts(
            locked.agreement,
            locked.graduate,
            locked.destination,
            SigningRules.of(locked.graduate.cohort),
            conclusion,
        )
        if seen is not None and (conclusion is None or conclusion.pk != seen):
            raise Conflict("changed", _describe_latest_event(locked.agreement))
        yield facts, CONCLUSION.check(action, facts, by)


def _describe_latest_event(agreement: Agreement) -> str:
    """What happened last, for a person whose step comes too late."""
    event = history.latest_event(agreement, "esign.conclude")
    if event is None:
        return "申请刚刚有变化，您的操作没有执行，请刷新后核对。"
    when = timezone.localtime(event.at).strftime("%m月%d日 %H:%M")
    label = history.LABELS.get(event.action, "处理")
    return f"{event.actor_label}已于{when}“{label}”。您的操作没有执行，请核对后再办理。"


def propose(
    *,
    agreement: Agreement,
    by: User,
    contract_on: datetime.date | None,
    first_page: Picture | None,
    signature_page: Picture | None,
    note: str = "",
) -> Conclusion:
    """Say that a labour contract followed, with its date and pictures of its first page and of the page
    with signatures and seal, as bytes or kept before. Until somebody else confirms it the agreement
    stays in force."""
    contract_on = _check_proposal(agreement, contract_on, first_page, signature_page)
    assert first_page and signature_page
    CONCLUSION.check("propose", conclusion_facts(agreement), by)
    stored = {
        "first_page": _store_picture("first_page", first_page, agreement, by),
        "signature_page": _store_picture("signature_page", signature_page, agreement, by),
    }
    with _take_step("propose", agreement, by) as (facts, step):
        conclusion = Conclusion.objects.create(
            agreement=facts.agreement,
            school_id=facts.agreement.school_id,
            cohort_id=facts.agreement.cohort_id,
            graduate=facts.graduate,
            proposed_by=proposer_of(by),
            proposed_by_user=by,
            proposed_by_label=by.label[: audit.LABEL_LENGTH],
            contract_on=contract_on,
            note=note.strip()[:300],
            state=ConclusionState(step.target or ""),
            answer_by=end_of_day_after(facts.now, facts.rules.silence_days),
            **stored,
        )
        audit.record("esign.conclude_propose", by=by, obj=facts.agreement, reason=conclusion.note)
        _ask(facts, conclusion)
    return conclusion


def _check_proposal(
    agreement: Agreement,
    contract_on: datetime.date | None,
    first_page: Picture | None,
    signature_page: Picture | None,
) -> datetime.date:
    errors: dict[str, list[str]] = {}
    if contract_on is None:
        errors["contract_on"] = ["请填写劳动合同的签订日期。"]
    elif contract_on > timezone.localdate():
        errors["contract_on"] = ["签订日期不能晚于今天。"]
    elif contract_on < timezone.localtime(agreement.signed_at).date():
        errors["contract_on"] = ["签订日期不能早于就业协议的签约日期。"]
    for slot, content in (("first_page", first_page), ("signature_page", signature_page)):
        if not content:
            errors[slot] = [f"请上传{PICTURES[slot]}的图片。"]
    if errors or contract_on is None:
        raise Invalid(errors)
    return contract_on


def keep_picture(slot: str, content: bytes, agreement: Agreement, by: User) -> StoredFile:
    """Store a picture of a proposal that is not complete yet. The sweep of files deletes it if it is
    never used. Raises `ImageRefused`."""
    return _store_picture(slot, content, agreement, by)


def _store_picture(slot: str, content: Picture, agreement: Agreement, by: User) -> StoredFile:
    if isinstance(content, StoredFile):
        return content
    try:
        if len(content) > settings.EVIDENCE_MAX_UPLOAD:
            raise images.ImageRefused("image_bytes", "图片超过20MB，请用手机重新拍照后上传。")
        small = images.compress(content)
    except images.ImageRefused as refusal:
        refusal.field = slot
        raise
    return files.store(
        small, name=f"{PICTURES[slot]}.jpg", content_type="image/jpeg",
        purpose=PURPOSE, school_id=agreement.school_id, by_id=by.pk,
    )  # fmt: skip


def confirm(*, agreement: Agreement, by: User, seen: int, has_read: bool) -> Conclusion:
    """A second person confirms: the agreement ends, and the destination stays approved, as category 11
    with the same unit and the pictures of the contract as its evidence. `has_read` says that the
    person ticked the statement."""
    with _take_step("confirm", agreement, by, seen=seen) as (facts, step):
        if not has_read:
            raise Refused("not_read", "请核对以上内容并勾选。", field="has_read")
        conclusion = _decide(facts, step, by)
        ended = facts.agreement
        (end,) = agreement_steps.AGREEMENT.steps_of("conclude")
        ended.state, ended.ended_at = AgreementState(end.target or ""), facts.now
        ended.save(update_fields=["state", "ended_at"])
        reason = f"{_day(conclusion.contract_on)}签订劳动合同"
        destination_agreement.conclude(
            graduate_id=facts.graduate.pk,
            by=SystemActor(ACTOR),
            reason=reason,
            proof=[conclusion.first_page, conclusion.signature_page],
        )
        audit.record("esign.conclude", by=by, obj=ended, reason=reason)
        _tell_both_sides(facts, conclusion, reason, "concluded")
    return conclusion


def refuse(*, agreement: Agreement, by: User, seen: int, reason: str) -> Conclusion:
    """A second person does not agree: the agreement stays in force."""
    reason = reason.strip()[:300]
    with _take_step("refuse", agreement, by, seen=seen) as (facts, step):
        if not reason:
            raise Refused("reason", "请填写理由。", field="reason")
        conclusion = _decide(facts, step, by, refusal=reason)
        audit.record("esign.conclude_refuse", by=by, obj=facts.agreement, reason=reason)
        _tell_both_sides(facts, conclusion, reason, "refused")
        if conclusion.proposed_by == Proposer.SCHOOL:
            said = _title(conclusion, "refused", STAFF)
            _tell_school(conclusion, f"{facts.graduate.name}：{said}", "refused")
    return conclusion


def withdraw(*, agreement: Agreement, by: User, seen: int) -> Conclusion:
    """The side that proposed it takes it back; the agreement stays in force."""
    with _take_step("withdraw", agreement, by, seen=seen) as (facts, step):
        conclusion = _decide(facts, step, by)
        audit.record("esign.conclude_withdraw", by=by, obj=facts.agreement)
        _tell_both_sides(facts, conclusion, "", "withdrawn")
    return conclusion


def close_proposals(agreement: Agreement, *, by: User, reason: str) -> None:
    """Withdraw what was proposed for an agreement that ends, in the caller's transaction."""
    Conclusion.objects.filter(agreement=agreement, state=ConclusionState.PROPOSED).update(
        state=ConclusionState.WITHDRAWN, decided_at=timezone.now(), decided_by_user=by,
        decided_by_label=by.label[: audit.LABEL_LENGTH], refusal=reason,
    )  # fmt: skip


def tell_schools_of_silence() -> int:
    """Tell schools once of the units' proposals that the graduate did not answer in time, so that staff
    decide on the proof; returns how many. Rows that another worker holds are left for the next run."""
    with transaction.atomic():
        due = (
            Conclusion.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("graduate")
            .filter(
                state=ConclusionState.PROPOSED,
                proposed_by=Proposer.EMPLOYER,
                answer_by__lt=Now(),
                school_told_at=None,
            )
            .order_by("answer_by", "pk")
        )
        rows = list(due[:_CHUNK])
        for conclusion in rows:
            title = f"{conclusion.graduate.name}逾期未确认转为劳动合同，请核对材料后办理"
            _tell_school(conclusion, title, "overdue")
            conclusion.school_told_at = timezone.now()
            conclusion.save(update_fields=["school_told_at"])
    return len(rows)


def _decide(facts: ConclusionFacts, step: Step, by: User, *, refusal: str = "") -> Conclusion:
    conclusion = facts.open_conclusion
    conclusion.state, conclusion.decided_at = ConclusionState(step.target or ""), facts.now
    conclusion.decided_by_user, conclusion.refusal = by, refusal
    conclusion.decided_by_label = by.label[: audit.LABEL_LENGTH]
    conclusion.save()
    return conclusion


def _day(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _ask(facts: ConclusionFacts, conclusion: Conclusion) -> None:
    """Tell everybody who may confirm, and the unit if the school proposed it."""
    unit = facts.agreement.unit.name
    who = unit if conclusion.proposed_by == Proposer.EMPLOYER else "学校"
    key = f"conclusion:{conclusion.pk}:proposed"
    inbox.tell(
        f"person:{facts.graduate.person_id}", f"{who}提出转为劳动合同，请您确认",
        text=f"与{unit}的就业协议将终止；请核对劳动合同后确认或拒绝，确认之前协议继续有效。",
        link=reverse("conclusion", args=[conclusion.pk]), key=key, mail_to=facts.graduate.email,
    )  # fmt: skip
    outbox.post(
        Channel.SMS, facts.graduate.mobile,
        f"{who}提出将就业协议转为劳动合同，请登录毕业去向登记平台核对后确认或拒绝。", key=key,
    )  # fmt: skip
    if conclusion.proposed_by == Proposer.SCHOOL:
        name = facts.graduate.name
        _tell_unit(facts, conclusion, f"学校提出{name}的就业协议转为劳动合同", "", "proposed")
        _tell_school(conclusion, f"{name}转为劳动合同，请另一位老师确认", "proposed")


def _tell_school(conclusion: Conclusion, title: str, key: str) -> None:
    inbox.tell(
        f"school:{conclusion.school_id}", title,
        link=reverse("console:conclusion", args=[conclusion.pk]),
        key=f"conclusion:{conclusion.pk}:{key}",
    )  # fmt: skip


def _title(conclusion: Conclusion, event: str, reader: str) -> str:
    decided_by = conclusion.decided_by_user
    by_graduate = decided_by is None or decided_by.realm == Realm.GRADUATE
    return conclusion_title(event, conclusion.proposed_by, reader, by_graduate=by_graduate)


def _tell_both_sides(facts: ConclusionFacts, conclusion: Conclusion, text: str, key: str) -> None:
    """Tell each side, in its own words, what happened; `key` is the event."""
    agreement = facts.agreement
    title = _title(conclusion, key, Side.GRADUATE)
    inbox.tell(
        f"person:{facts.graduate.person_id}", f"{agreement.unit.name}：{title}", text=text,
        link=reverse("agreement", args=[agreement.pk]), key=f"conclusion:{conclusion.pk}:{key}",
        mail_to=facts.graduate.email,
    )  # fmt: skip
    title = _title(conclusion, key, Side.EMPLOYER)
    _tell_unit(facts, conclusion, f"{facts.graduate.name}：{title}", text, key)


def _tell_unit(
    facts: ConclusionFacts, conclusion: Conclusion, title: str, text: str, key: str
) -> None:
    tell_unit(
        facts.agreement.member, title, begun_at=facts.agreement.invitation.sent_at,
        terms_text=current_terms(facts.agreement), text=text,
        link=reverse("employer-agreement", args=[facts.agreement.pk]),
        key=f"conclusion:{conclusion.pk}:{key}",
    )  # fmt: skip
