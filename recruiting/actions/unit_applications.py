"""What a unit's people do with the applications they received: open, note, refuse, select."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from codes import text as texts
from core import rate
from core.errors import DomainError, Invalid, Refused
from core.masking import mask_phone
from employers.models import UnitMember
from recruiting import consent
from recruiting.actions.application_base import (
    end,
    lock,
    note_unit_step,
    record,
    take_step,
    tell_graduate,
)
from recruiting.actions.posting_base import unit_actor
from recruiting.application_steps import APPLICATION
from recruiting.models import Application, ApplicationFile, ApplicationNote, ResumeReading
from recruiting.rules.wording import check_message
from recruiting.states import AFTER_ACCEPTANCE, ApplicationState, RejectReason
from recruiting.unit_standing import check_recruits_for

MOST_AT_ONCE = 100
READABLE_DAYS = 90
_MOST_OPENED = 600  # of one person in an hour
# The column has room for four characters more.
_LONGEST_READER = 116
# A page and its pictures are asked for within so long.
_ONE_OPENING = timedelta(minutes=10)


def open_application(
    *,
    application_id: int,
    by: UnitMember,
    file: ApplicationFile | None = None,
    prints: bool = False,
) -> Application:
    """Note that a person of the unit opens the résumé, prints it, or opens `file` that is enclosed with
    it; the first time the application is 已查看.

    Each opening is written down, and the graduate sees it. The caller has checked that the person may
    see the application.
    """
    rate.limit(f"resumes:{by.user_id}", most=_MOST_OPENED, seconds=3600)
    with transaction.atomic():
        application = lock(application_id)
        check_recruits_for(by.user, application.unit_id)
        if APPLICATION.can("view", application, by.user):
            _mark_viewed(application, by)
        # Of what was recalled a moment ago nothing is shown.
        if may_read_resume(application):
            ResumeReading.objects.create(
                graduate_id=application.graduate_id, application_id=application.pk, user_id=by.user_id,
                reader=f"{by.unit.name} {by.name}"[:_LONGEST_READER] + ("（打印）" if prints else ""),
                is_unit=True,
                attachment_id=file.pk if file is not None else None,
            )  # fmt: skip
    return application


def open_part(*, application_id: int, by: UnitMember) -> Application:
    """As `open_application`, for a picture in the page of the résumé: an opening by the same person that
    was noted a moment ago is not noted again."""
    since = timezone.now() - _ONE_OPENING
    noted = ResumeReading.objects.filter(
        application_id=application_id, user_id=by.user_id, at__gt=since
    )
    if not noted.exists():
        return open_application(application_id=application_id, by=by)
    application = Application.objects.select_related("photo").get(pk=application_id)
    check_recruits_for(by.user, application.unit_id)
    return application


def _mark_viewed(application: Application, by: UnitMember) -> None:
    application.state = ApplicationState.VIEWED
    application.first_viewed_at = application.first_viewed_at or timezone.now()
    note_unit_step(application)
    application.save(update_fields=["state", "first_viewed_at", "unit_acted_at", "lapses_at"])
    record("view_application", application, unit_actor(by))
    tell_graduate(
        application, f"{application.unit.name}查看了您的简历",
        text=f"职位“{application.posting.title}”。", key="viewed",
    )  # fmt: skip


def mark_viewed(*, application_id: int, by: UnitMember) -> Application:
    """Say that an application was looked through, from the list. The résumé itself is not opened."""
    with take_step("view", application_id, by.user) as application:
        _mark_viewed(application, by)
    return application


def reject(
    *, application_id: int, reason: int | None, reason_text: str = "", by: UnitMember
) -> Application:
    """Refuse an application. The graduate reads the reason; 其他 needs words."""
    reason_text = texts.clean(reason_text)
    _check_reason(reason, reason_text)
    with take_step("reject", application_id, by.user) as application:
        application.unit_acted_at = timezone.now()
        end(
            application, ApplicationState.REJECTED, reason=reason, reason_text=reason_text,
            unit_acted_at=application.unit_acted_at,
        )  # fmt: skip
        record("reject_application", application, unit_actor(by), data={"reason": reason})
        words = reason_words(application)
        tell_graduate(
            application, f"您对“{application.posting.title}”的投递：不合适", text=f"原因：{words}。",
            key="rejected",
        )  # fmt: skip
    return application


def reason_words(application: Application) -> str:
    """Why the unit refused, as the graduate reads it; "" if it did not."""
    if application.reason is None:
        return ""
    label = RejectReason(application.reason).label
    return f"{label}：{application.reason_text}" if application.reason_text else label


def _check_reason(reason: int | None, words: str) -> None:
    if reason not in RejectReason.values:
        raise Invalid({"reason": ["请选择原因，毕业生会看到。"]})
    if reason == RejectReason.OTHER and not words:
        raise Invalid({"reason_text": ["选择“其他”的请说明。"]})
    if len(words) > 100:
        raise Invalid({"reason_text": ["说明不能超过100个字。"]})
    wrong = [w.sentence for w in check_message(words, field="reason_text") if w.is_error]
    if wrong:
        raise Invalid({"reason_text": wrong})


def select(*, application_id: int, by: UnitMember) -> Application:
    """拟录用: the unit wants to employ the graduate. An invitation to sign may follow."""
    with take_step("select", application_id, by.user) as application:
        application.state = ApplicationState.SELECTED
        note_unit_step(application)
        application.save(update_fields=["state", "unit_acted_at", "lapses_at"])
        record("select_application", application, unit_actor(by))
        tell_graduate(
            application, f"{application.unit.name}拟录用您",
            text=f"职位“{application.posting.title}”，单位随后会发出签约邀约。", key="selected",
        )  # fmt: skip
    return application


def add_note(*, application_id: int, text: str, by: UnitMember) -> ApplicationNote:
    """Note something about an application. Only the unit's people read it."""
    text = texts.clean(text)
    if not text or len(text) > 300:
        raise Invalid({"text": ["请填写备注，不超过300个字。"]})
    with transaction.atomic():
        application = lock(application_id)
        check_recruits_for(by.user, application.unit_id)
        if not may_read_resume(application):
            raise Refused("closed", "投递已结束，不能再添加备注。")
        return ApplicationNote.objects.create(application=application, member=by, text=text)


@dataclass(frozen=True)
class RowAnswer:
    """What a bulk step did with one application."""

    application: Application
    done: bool
    message: str


def each(
    *, applications: Collection[Application], take: Callable[[int], object], done: str
) -> list[RowAnswer]:
    """Take one step with several applications. Each is answered by itself: one that can't take it
    leaves the others alone. Raises `Invalid` for too many."""
    if len(applications) > MOST_AT_ONCE:
        raise Invalid({"": [f"一次最多处理{MOST_AT_ONCE}份投递。"]})
    answers = []
    for application in applications:
        try:
            take(application.pk)
        except DomainError as refusal:
            answers.append(RowAnswer(application, False, refusal.message))
        else:
            answers.append(RowAnswer(application, True, done))
    return answers


def may_print(application: Application) -> bool:
    """Whether the unit's people may print the résumé: while they may read it, if the consent that the
    graduate gave names printing."""
    return application.consent_version >= consent.NAMES_PRINTING and may_read_resume(application)


def phone_is_shown(application: Application) -> bool:
    """Whether the unit may see the graduate's phone number: if the graduate ticked it at delivery, or
    after an accepted interview."""
    if application.shows_phone:
        return True
    return application.interviews.filter(state__in=AFTER_ACCEPTANCE).exists()


def contact_shown(application: Application, contact: Mapping[str, str]) -> dict[str, str]:
    """Mobile number and e-mail of the résumé as the unit sees them: hidden until `phone_is_shown`."""
    if phone_is_shown(application):
        return {"mobile": contact["mobile"], "email": contact["email"]}
    hidden = "接受面试后显示" if contact["email"] else ""
    return {"mobile": mask_phone(contact["mobile"]), "email": hidden}


def may_read_resume(application: Application) -> bool:
    """Whether the unit's people may still read the résumé: until 90 days after the application ended,
    and never after the graduate withdrew it or it was erased."""
    if application.erased_at is not None or application.state == ApplicationState.WITHDRAWN:
        return False
    if application.decided_at is None:
        return True
    return (timezone.now() - application.decided_at).days < READABLE_DAYS
