"""Applications from the graduate's side, and what the clock does with them."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.clock import database_now
from core.errors import DomainError, Refused
from graduates.models import Graduate
from graduates.states import Standing
from recruiting import consent, queries, snapshots
from recruiting.actions.application_base import end, record, take_step, tell_graduate
from recruiting.actions.posting_base import tell_recruiters
from recruiting.actions.resume_files import release
from recruiting.actions.resumes import completeness_of
from recruiting.models import (
    Application,
    ApplicationFile,
    Fair,
    Posting,
    RecruitingRules,
    Resume,
    ResumeStore,
)
from recruiting.states import BEFORE_OFFER, LIVE_APPLICATION, ApplicationState

# After so many days the résumé of an application that has ended is erased; its hash stays.
_ERASE_AFTER = timedelta(days=365)
_AT_ONCE = 1000


def delivery_refusals(graduate: Graduate, posting: Posting) -> list[DomainError]:
    """Every reason why the graduate can't apply for the posting now, for its page."""
    store = ResumeStore.objects.filter(graduate=graduate).first()
    return _refusals(graduate, posting, store, RecruitingRules.current())


def _refusals(
    graduate: Graduate, posting: Posting, store: ResumeStore | None, rules: RecruitingRules
) -> list[DomainError]:
    refusals: list[DomainError] = []
    if graduate.standing != Standing.ENROLLED:
        refusals.append(Refused("standing", "学籍状态不是在籍，不能投递，请联系学校。"))
    if not queries.open_to(graduate).filter(pk=posting.pk).exists():
        refusals.append(Refused("not_open", "职位已停止招聘，不能投递。"))
    if Application.objects.filter(
        graduate=graduate, posting=posting, state__in=LIVE_APPLICATION
    ).exists():
        refusals.append(Refused("applied", "您已投递此职位，请等待单位答复。"))
    complete = store.completeness if store is not None else 0
    if complete < rules.min_completeness:
        sentence = f"简历完整度为{complete}%，达到{rules.min_completeness}%才能投递，请先完善简历。"
        refusals.append(Refused("incomplete", sentence))
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Application.objects.filter(graduate=graduate, created_at__gte=start)
    if today.count() >= rules.most_deliveries:
        refusals.append(
            Refused("daily_limit", f"每天最多投递{rules.most_deliveries}次，请明天再投。")
        )
    return refusals


def deliver(
    *, graduate: Graduate, posting_id: int, resume_id: int, shows_phone: bool,
    consent_version: int, by: User, fair: Fair | None = None,
) -> Application:  # fmt: skip
    """Apply for a posting with one of the graduate's résumés, as it is now.

    `consent_version` is that of the text the page showed. Raises the first reason why the graduate
    can't apply; two applications sent at once make one.
    """
    if consent_version != consent.CURRENT.version:
        raise Refused("consent", "请阅读并同意向单位提供简历的说明。", field="consent")
    try:
        with transaction.atomic():
            rows = Graduate.objects.select_for_update(no_key=True, of=("self",))
            locked = rows.select_related("person", "school", "cohort").get(pk=graduate.pk)
            if locked.person.user_id != by.pk:
                raise Refused("not_yours", "只有毕业生本人可以投递。")
            # Locked against being taken down at the same moment.
            posting = Posting.objects.select_for_update(of=("self",), no_key=True).select_related(
                "unit"
            ).get(pk=posting_id)  # fmt: skip
            rules = RecruitingRules.current()
            store = ResumeStore.objects.select_related("photo").filter(graduate=locked).first()
            for refusal in _refusals(locked, posting, store, rules):
                raise refusal
            resume = Resume.objects.filter(graduate=locked, pk=resume_id).first()
            if resume is None or store is None:
                raise Refused("no_resume", "请选择一份简历。", field="resume")
            _check_complete(resume, store, rules.min_completeness)
            return _create(
                locked, posting, resume, store, lapses_in=timedelta(days=rules.unread_days),
                shows_phone=shows_phone, fair=fair, by=by,
            )  # fmt: skip
    except IntegrityError as twice:
        raise Refused("applied", "您已投递此职位，请等待单位答复。") from twice


def _check_complete(resume: Resume, store: ResumeStore, least: int) -> None:
    """Raise `Refused` for a résumé from which too much was left out, though the store is complete."""
    complete = completeness_of(resume, store)
    if complete < least:
        sentence = (
            f"简历“{resume.title}”只写入了部分内容，完整度为{complete}%，达到{least}%才能投递。"
        )
        raise Refused("incomplete", sentence, field="resume")


def _create(
    graduate: Graduate, posting: Posting, resume: Resume, store: ResumeStore, *, lapses_in: timedelta,
    shows_phone: bool, fair: Fair | None, by: User,
) -> Application:  # fmt: skip
    text = snapshots.compose(graduate, resume, store)
    now = database_now()
    application = Application.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        posting=posting, unit_id=posting.unit_id, fair=fair, snapshot=text,
        snapshot_hash=snapshots.digest(text), photo=store.photo, shows_phone=shows_phone,
        consent_version=consent.CURRENT.version, consent_at=now, created_at=now,
        lapses_at=now + lapses_in,
    )  # fmt: skip
    ApplicationFile.objects.bulk_create(
        ApplicationFile(application=application, file_id=a.file_id, name=a.name)
        for a in resume.attachments.order_by("id")
    )
    record(
        "apply", application, by, data={"posting": posting.pk, "resume": application.snapshot_hash}
    )
    day = timezone.localdate().isoformat()
    tell_recruiters(
        posting.unit, f"职位“{posting.title}”收到新的投递", text="请及时查看并答复。",
        link=reverse("employer-applications"), key=f"posting:{posting.pk}:applied:{day}",
    )  # fmt: skip
    return application


def withdraw(*, application_id: int, by: User) -> Application:
    """Take an application back. From now on the unit can't open its résumé."""
    with take_step("withdraw", application_id, by) as application:
        end(application, ApplicationState.WITHDRAWN)
        record("withdraw_application", application, by)
        tell_recruiters(
            application.unit, f"{application.graduate.name}撤回了投递",
            text=f"职位“{application.posting.title}”。", link=reverse("employer-applications"),
            key=f"application:{application.pk}:withdrawn",
        )  # fmt: skip
    return application


def erase(*, application_id: int, by: User) -> Application:
    """Erase the résumé of an application that has ended, at the graduate's wish. Its hash stays."""
    with transaction.atomic():
        application = Application.objects.select_for_update(of=("self",)).select_related(
            "graduate__person"
        ).get(pk=application_id)  # fmt: skip
        if application.graduate.person.user_id != by.pk:
            raise Refused("not_yours", "只有毕业生本人可以操作。")
        if application.state in LIVE_APPLICATION:
            raise Refused("live", "投递仍在进行，请先撤回。")
        _erase(application)
        record("erase_resume", application, by)
    return application


def _erase(application: Application) -> None:
    enclosed = application.files.select_related("file")
    held = [application.photo, *(row.file for row in enclosed)]
    application.snapshot, application.photo = "", None
    application.erased_at = timezone.now()
    application.save(update_fields=["snapshot", "photo", "erased_at"])
    application.files.all().delete()
    release([file for file in held if file is not None])


def erase_old() -> int:
    """Erase the résumés of applications that ended a year ago; returns how many."""
    limit = timezone.now() - _ERASE_AFTER
    rows = Application.objects.filter(erased_at__isnull=True, decided_at__lt=limit)
    erased = 0
    for pk in rows.order_by("decided_at").values_list("pk", flat=True)[:_AT_ONCE]:
        with transaction.atomic():
            _erase(Application.objects.select_for_update(of=("self",)).get(pk=pk))
            erased += 1
    return erased


def lapse_due() -> int:
    """End the applications that the unit left without an answer for too long, and tell the graduate
    alone; returns how many."""
    due = Application.objects.filter(lapses_at__lte=Now(), state__in=BEFORE_OFFER)
    lapsed = 0
    for pk in due.order_by("lapses_at").values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step("lapse", pk, None) as application:
                end(application, ApplicationState.LAPSED)
                record("lapse_application", application, None)
                tell_graduate(
                    application, f"您对“{application.posting.title}”的投递逾期未回复",
                    text="单位在规定时间内没有答复，可以继续投递其他职位。", key="lapsed",
                )  # fmt: skip
                lapsed += 1
        except DomainError:
            continue  # the unit answered at the last moment
    return lapsed
