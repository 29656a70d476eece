"""Units that recruit, and their postings, built by the actions that the pages call."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from core import files
from core.models import StoredFile
from employers.models import Membership, Unit, UnitMember
from esign.actions import invite
from esign.models import Draft, Invitation
from graduates.models import Graduate
from recruiting import consent
from recruiting.actions import (
    applications,
    attachments,
    offers,
    photos,
    posting_review,
    postings,
    recommendations,
    reports,
    unit_applications,
)
from recruiting.models import (
    Application,
    Attachment,
    Interview,
    Posting,
    Recommendation,
    Recruiter,
    Resume,
    ResumeEntry,
    ResumeStore,
    UnitReport,
)
from recruiting.recommendation_text import RELATED
from recruiting.states import (
    AccountKind,
    EntryKind,
    InterviewWay,
    PostingState,
    RecommendationState,
    SanctionKind,
)
from schools.roles import Role
from tests import factories
from tests.core.files import pdf_samples
from tests.esign import signing
from tests.factories import World

DUTIES = "参与业务系统的设计、开发和测试，编写技术文档。"
REQUIREMENTS = "计算机相关专业，熟悉一门编程语言，善于沟通。"


def make_recruiter(**values: Any) -> UnitMember:
    """A verified person of a certified unit that may recruit for the next six months."""
    unit = factories.make_unit(
        code=values.pop("code", "") or factories.make_unit_code(body=_next_body()),
        **values.pop("unit", {}),
    )
    allow_to_recruit(unit, **values)
    return factories.make_member(unit, state=Membership.VERIFIED)


def allow_to_recruit(unit: Unit, **values: Any) -> None:
    """Certify the unit and verify its right to recruit."""
    Unit.objects.filter(pk=unit.pk).update(certified_at=timezone.now(), certified_by="试用省级")
    unit.refresh_from_db()
    today = timezone.localdate()
    Recruiter.objects.update_or_create(
        unit=unit,
        defaults={
            "introduction": "虚构的软件公司。", "contact_name": "试用招聘", "contact_phone": "0551-60000000",
            "account_kind": AccountKind.OWN, "verified_at": timezone.now(),
            "valid_until": today + datetime.timedelta(days=183),
        } | values,
    )  # fmt: skip


def _next_body() -> str:
    return f"MA{next(factories._numbers) % 1_000_000:06d}"


def typed_posting(**changes: Any) -> dict[str, Any]:
    """Valid, made-up values that a unit types."""
    until = timezone.localdate() + datetime.timedelta(days=60)
    return {
        "title": "软件开发工程师", "job_category": "13", "work_kind": "1", "headcount": "5",
        "education": "2", "majors": "计算机科学与技术、软件工程", "major_match": "2",
        "places": "合肥市", "abroad": "", "pay_from": "6000", "pay_to": "9000", "pay_by_state": "",
        "pay_months": "13", "contract_years": "3", "probation_months": "3", "duties": DUTIES,
        "requirements": REQUIREMENTS, "benefits": "五险一金", "justification": "",
        "real_employer": "", "source": "", "valid_until": until.isoformat(),
    } | changes  # fmt: skip


def make_posting(
    member: UnitMember, state: str = PostingState.DRAFT, *, by: World | None = None,
    school_ids: tuple[int, ...] = (), **changes: Any,
) -> Posting:  # fmt: skip
    """A posting of the person's unit, as far as `state`: draft, waiting or published. `by` is the world
    whose province approves it."""
    posting = postings.save_draft(
        member=member, typed=typed_posting(**changes), school_ids=list(school_ids)
    )
    if state == PostingState.DRAFT:
        return posting
    posting = postings.submit(posting_id=posting.pk, by=member)
    if state == PostingState.WAITING:
        return posting
    world = by or factories.make_world()
    return posting_review.approve(
        posting_id=posting.pk, version=posting.version, by=world.user(Role.PROVINCE)
    )


def make_applicant(world: World, **changes: Any) -> Graduate:
    """A graduate with an account, a confirmed record and a résumé that is complete enough to apply."""
    return write_resume(factories.make_graduate(world, **changes))


def write_resume(graduate: Graduate) -> Graduate:
    """Confirm the graduate's record and write a résumé that is complete enough to apply."""
    signing.confirm_origin(graduate)
    ResumeStore.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        foreign_language="英语六级", computer="二级", hobbies="阅读", strengths="写作",
        self_evaluation="踏实认真。", nothing_in=[EntryKind.CAMPUS, EntryKind.AWARD, EntryKind.SKILL],
        completeness=85,
    )  # fmt: skip
    resume = Resume.objects.create(graduate=graduate, title="默认简历", is_default=True)
    studied = ResumeEntry.objects.create(
        graduate=graduate, kind=EntryKind.EDUCATION, name="虚构学院", level="31",
        begun=datetime.date(2023, 9, 1), text="数据结构、操作系统",
    )  # fmt: skip
    resume.entries.add(studied)
    graduate.refresh_from_db()
    return graduate


def upload_photo(graduate: Graduate, width: int = 600) -> StoredFile:
    """Give the graduate's résumés a photo; another one for another width."""
    content = factories.make_photo((width, 800))
    store = photos.replace(graduate=graduate, content=content, by=account_of(graduate))
    assert store.photo is not None
    return store.photo


def store_pdf() -> StoredFile:
    """A stored PDF that is no more than a name."""
    return files.store(
        b"%PDF-", name="a.pdf", content_type="application/pdf", purpose=attachments.PURPOSE
    )


def add_attachment(
    graduate: Graduate, name: str = "作品集.pdf", text: bytes = b"Hello"
) -> Attachment:
    """Upload a PDF of one page with a few words; it is enclosed with the default résumé."""
    content = pdf_samples.pdf(
        content=pdf_samples.stream(b"BT /F1 24 Tf 72 700 Td (%s) Tj ET" % text)
    )
    return attachments.add(graduate=graduate, content=content, name=name, by=account_of(graduate))


def account_of(graduate: Graduate) -> User:
    return signing.account_of(graduate)


def apply(graduate: Graduate, posting: Posting, **changes: Any) -> Application:
    """The graduate applies with the default résumé."""
    resume = Resume.objects.get(graduate=graduate, is_default=True)
    return applications.deliver(
        **{
            "graduate": graduate, "posting_id": posting.pk, "resume_id": resume.pk,
            "shows_phone": False, "consent_version": consent.CURRENT.version,
            "by": account_of(graduate),
        } | changes,
    )  # fmt: skip


def typed_interview(**changes: Any) -> dict[str, Any]:
    """Valid, made-up terms of an interview."""
    start = timezone.now() + datetime.timedelta(days=5)
    return {
        "way": InterviewWay.ON_SITE, "starts_at": start, "answer_by": None, "minutes": 30,
        "place": "虚构路1号302室", "link": "", "contact_name": "试用招聘",
        "contact_phone": "0551-60000000", "note": "请带作品。",
    } | changes  # fmt: skip


def begin_now(interview: Interview) -> None:
    """Move an interview into the past, so that it can be judged."""
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    Interview.objects.filter(pk=interview.pk).update(starts_at=hour_ago, answer_by=hour_ago)


def make_offer(world: World) -> Invitation:
    """An invitation to sign that came of an application, not answered yet."""
    member = make_recruiter()
    posting = make_posting(member, PostingState.PUBLISHED, by=world)
    application = apply(make_applicant(world), posting)
    return send_offer(application, member)


def send_offer(application: Application, member: UnitMember, **typed: str) -> Invitation:
    """Select the applicant and send the invitation to sign, as the unit's form is filled in."""
    unit_applications.select(application_id=application.pk, by=member)
    draft = offers.begin_from_application(
        application_id=application.pk, member=member, address=signing.ADDRESS
    )
    return invite.send(draft=fill_as_unit(draft, member, **typed))


def fill_as_unit(draft: Draft, member: UnitMember, **typed: str) -> Draft:
    """Fill in a draft with the person's unit, but for what `typed` says."""
    of_unit = {"unit_name": member.unit.name, "unit_code": member.unit.code}
    return signing.fill_draft(draft, **(of_unit | typed))


def typed_intention(**changes: Any) -> dict[str, Any]:
    """Valid, made-up values of what a graduate looks for."""
    return {
        "work_kind": "1", "job_categories": ["21", "13"], "places": ["340200", "340000"],
        "unit_properties": ["31"], "industries": [], "pay": "3", "major_match": "2", "available": "1",
    } | changes  # fmt: skip


def report(graduate: Graduate, posting: Posting, **changes: Any) -> UnitReport:
    """The graduate reports the posting's unit, for false statements unless `changes` say otherwise."""
    return reports.submit(
        **{
            "graduate": graduate, "posting_id": posting.pk, "reason": "7",
            "text": "实际工作与职位描述完全不同。", "evidence": [], "by": account_of(graduate),
        } | changes,
    )  # fmt: skip


def make_reported(world: World) -> UnitReport:
    """An open, serious report of a unit that was suspended after an earlier one by the same person."""
    posting = make_posting(make_recruiter(), PostingState.PUBLISHED, by=world)
    graduate = factories.make_graduate(world)
    first = report(graduate, posting)
    reports.uphold(
        report_id=first.pk, kind=SanctionKind.SUSPEND, days=30, reason="虚假宣传",
        answer="已暂停该单位招聘。", by=world.user(Role.PROVINCE),
    )  # fmt: skip
    return report(graduate, posting, reason="1")


def typed_recommendation(**changes: str) -> dict[str, str]:
    """Valid, made-up words of a graduate's 就业推荐表."""
    return {
        "studies": "专业成绩前10%，获校二等奖学金。", "practice": "参加暑期社会实践，任班级学习委员。",
        "strengths": "英语六级，熟悉编程，踏实认真。",
    } | changes  # fmt: skip


def read_form(pk: int) -> Recommendation:
    return Recommendation.objects.select_related(*RELATED).get(pk=pk)


def version_of(form: Recommendation) -> str:
    return recommendations.version_of(read_form(form.pk))


def write_recommendation(graduate: Graduate, **changes: str) -> Recommendation:
    """The graduate's draft, with a confirmed record."""
    user = signing.confirm_origin(graduate)
    return recommendations.edit(
        graduate=graduate, typed=typed_recommendation(**changes), version="", by=user
    )


def make_recommendation(
    world: World, state: str = RecommendationState.DRAFT, graduate: Graduate | None = None
) -> Recommendation:
    """A 就业推荐表 as far as `state`, by the counsellor's opinion and the school's seal."""
    form = write_recommendation(graduate or factories.make_graduate(world))
    if state == RecommendationState.DRAFT:
        return form
    recommendations.submit(form_id=form.pk, by=account_of(form.graduate))
    if state in (RecommendationState.WAITING_SCHOOL, RecommendationState.VALID):
        recommendations.recommend(
            form_id=form.pk, opinion="表现良好，同意推荐。", version=version_of(form),
            by=world.counsellor,
        )  # fmt: skip
    if state == RecommendationState.VALID:
        recommendations.seal(
            form_id=form.pk, opinion="同意推荐", version=version_of(form), by=world.school_admin
        )
    return read_form(form.pk)
