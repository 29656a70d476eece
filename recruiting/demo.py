"""Recruiting in the demo: twelve units with forty postings, graduates with résumés, and applications in
every state, made by the actions that people use."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

from django.utils import timezone

from accounts.models import Realm, User
from employers.demo import make_account, make_unit
from employers.models import UnitMember
from esign import demo as esign_demo
from esign.actions import drafts, invite
from esign.models import Invitation
from graduates.models import Graduate, Person
from recruiting import consent, demo_fairs
from recruiting.actions import (
    applications,
    figures,
    interviews,
    offers,
    posting_review,
    postings,
    recommendations,
    reports,
    resumes,
    unit_applications,
    verifications,
)
from recruiting.models import (
    Application,
    Posting,
    Recommendation,
    Recruiter,
    Resume,
)
from recruiting.recommendation_text import RELATED as RELATED_OF_FORM
from recruiting.states import EntryKind, InterviewWay, PostingState, RejectReason
from schools.demo import DEMO_CODE, OTHER_DEMO_CODE

_POSTINGS = Path(__file__).parent / "data" / "demo_postings.csv"
# Name, property, industry and place of each unit; the first one is the demo unit that has an account.
_UNITS = (
    ("示例智能科技有限公司", "39", "34", "340111"),
    ("示例精密机械有限公司", "31", "22", "340202"),
    ("示例路小学", "22", "42", "340104"),
    ("示例会计师事务所", "39", "37", "340303"),
    ("示例农村商业银行", "31", "35", "340104"),
    ("示例市第一医院", "23", "43", "340104"),
    ("示例报业传媒有限公司", "31", "44", "340104"),
    ("示例建筑工程有限公司", "31", "24", "341202"),
    ("示例现代农业有限公司", "39", "11", "341302"),
    ("示例山庄酒店有限公司", "39", "33", "341002"),
    ("示例商贸集团有限公司", "39", "31", "340104"),
    ("示例数据服务有限公司", "39", "34", "341102"),
)
_FIRST_MOBILE = 13900009999
_ADDRESS = "127.0.0.1"
# What became of the postings with these numbers; all others are published.
_WAITING, _RETURNED, _DRAFT, _PAUSED, _CLOSED, _TAKEN_DOWN = (8, 22, 37), 14, 32, 26, 29, 36
_HOUR, _DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def make_recruiting(password: str) -> None:
    """Add what is missing of the demo's recruiting; a second time nothing changes."""
    if recruiting_exists():
        return
    province = _staff("province")
    members = [_member(number, password, province) for number in range(len(_UNITS))]
    published = _publish(members, province)
    graduates = _applicants()
    _apply(graduates, published)
    _sign(published)
    _write_recommendations(graduates)
    _report(graduates[3], published[30])
    demo_fairs.hold(graduates, members, published)
    figures.compute_unit_figures()


def recruiting_exists() -> bool:
    return Posting.objects.filter(unit__name=_UNITS[-1][0]).exists()


def _staff(login: str) -> User:
    return User.objects.get(realm=Realm.STAFF, login=login)


# --- units and postings ----------------------------------------------------------------------------


def _member(number: int, password: str, province: User) -> UnitMember:
    """A person of the unit with this number, which the province has verified as recruiting."""
    name, unit_property, industry, division = _UNITS[number]
    user = make_account(str(_FIRST_MOBILE - number), password)
    if number == 0:
        member = make_unit(user)
    else:
        member = make_unit(
            user, body=f"MA9D{number:04}", name=name, unit_property=unit_property,
            industry=industry, division=division,
        )  # fmt: skip
    if Recruiter.objects.filter(unit=member.unit).exists():
        return member
    typed = {
        "introduction": f"{name}是演示用的虚构单位，欢迎毕业生投递。", "scale": str(1 + number % 5),
        "website": "", "contact_name": "示例联系人", "contact_phone": "0551-60000000",
        "account_kind": "own", "licence_no": "", "licence_until": "",
    }  # fmt: skip
    verifications.save_profile(member=member, typed=typed)
    verification = verifications.submit(member=member)
    verifications.approve(verification_id=verification.pk, by=province)
    return member


def _publish(members: list[UnitMember], province: User) -> dict[int, Posting]:
    """Write the postings; returns the published ones by their number in the file."""
    with _POSTINGS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    published = {}
    for number, row in enumerate(rows):
        posting = _posting(number, row, members[int(row.pop("unit")) - 1], province)
        if posting.state == PostingState.PUBLISHED:
            published[number] = posting
    return published


def _posting(number: int, row: dict[str, str], member: UnitMember, province: User) -> Posting:
    until = timezone.localdate() + (60 + number % 30) * _DAY
    typed = {
        **row, "major_match": "2" if row["majors"] else "3", "abroad": "", "pay_by_state": "",
        "contract_years": "3" if row["work_kind"] == "1" else "",
        "probation_months": "3" if row["work_kind"] == "1" else "",
        "benefits": "五险一金，带薪年假。" if row["work_kind"] == "1" else "提供工作餐。",
        "justification": "", "real_employer": "", "source": "", "valid_until": until.isoformat(),
    }  # fmt: skip
    posting = postings.save_draft(member=member, typed=typed, school_ids=[])
    if number == _DRAFT:
        return posting
    posting = postings.submit(posting_id=posting.pk, by=member)
    if number in _WAITING:
        return posting
    if number == _RETURNED:
        return posting_review.give_back(
            posting_id=posting.pk, version=posting.version, reason="请写明实习期限和补贴标准。",
            by=province,
        )  # fmt: skip
    posting = posting_review.approve(posting_id=posting.pk, version=posting.version, by=province)
    ago = timezone.now() - number * 7 * _HOUR
    Posting.objects.filter(pk=posting.pk).update(published_at=ago, first_published_at=ago)
    if number == _PAUSED:
        return postings.pause(posting_id=posting.pk, by=member)
    if number == _CLOSED:
        return postings.close(posting_id=posting.pk, by=member)
    return posting


# --- graduates -----------------------------------------------------------------------------------

# The student numbers of those who apply, in the first school. Others sign in the demo's tour and in
# browser tests.
_APPLICANTS = ("0001", "0006", "0007", "0008", "0011", "0012", "0014", "0015")
# In the second school: one who is offered an agreement, and one who signs it.
_OFFERED, _SIGNED = "90270002", "90270003"


def _applicants() -> list[Graduate]:
    graduates = [_graduate(DEMO_CODE, f"9027{number}") for number in _APPLICANTS]
    for number, graduate in enumerate(graduates):
        _write_resume(graduate, number)
    return graduates


def _graduate(code: str, student_no: str) -> Graduate:
    """A graduate of a demo school, with an account that was opened a month ago."""
    rows = Graduate.objects.select_related("person__user", "school")
    graduate = rows.get(school__code=code, student_no=student_no)
    if graduate.person.user is None:
        login = f"{code}:{student_no}"
        user = User.objects.create_user(Realm.GRADUATE, login, None, label=graduate.name)
        Person.objects.filter(pk=graduate.person_id).update(
            user=user, activated_at=timezone.now() - 30 * _DAY
        )
        graduate.person.user = user
    return graduate


def _account(graduate: Graduate) -> User:
    user = graduate.person.user
    assert user is not None
    return user


def _write_resume(graduate: Graduate, number: int) -> None:
    """A résumé that is complete enough to apply, and what the graduate looks for."""
    by = _account(graduate)
    typed = {
        "foreign_language": "英语六级" if number % 2 else "英语四级", "computer": "二级",
        "hobbies": "阅读、羽毛球", "strengths": "写作、组织活动", "native_place": "", "health": "",
        "self_evaluation": "学习踏实，乐于沟通，做事有条理，能按时完成任务。",
    }  # fmt: skip
    resumes.save_store(
        graduate=graduate, typed=typed, shown=(), nothing_in=[EntryKind.CAMPUS], by=by
    )
    year = graduate.cohort.year
    education = {
        "name": graduate.school.name, "level": "31", "begun": f"{year - 4}-09", "ended": "",
        "text": "主修专业核心课程，平均成绩87分。",
    }  # fmt: skip
    award = {"name": "校二等奖学金", "begun": f"{year - 2}-10", "text": "学年成绩前10%。"}
    skill = {"sort": "1", "name": "普通话二级甲等", "organisation": "", "begun": f"{year - 3}-12"}
    for kind, entry in (
        (EntryKind.EDUCATION, education),
        (EntryKind.AWARD, award),
        (EntryKind.SKILL, skill),
    ):
        resumes.add_entry(graduate=graduate, kind=kind, typed=entry, by=by)
    wanted = {
        "work_kind": "1", "job_categories": ["13", "21"] if number % 2 else ["13", "24", "27"],
        "places": ["340100"], "unit_properties": [], "industries": [], "pay": "3",
        "major_match": "2", "available": "1",
    }  # fmt: skip
    resumes.save_intention(graduate=graduate, typed=wanted, version="", by=by)


# --- applications ----------------------------------------------------------------------------------


def _deliver(graduate: Graduate, posting: Posting) -> Application:
    resume = Resume.objects.get(graduate=graduate, is_default=True)
    return applications.deliver(
        graduate=graduate, posting_id=posting.pk, resume_id=resume.pk, shows_phone=False,
        consent_version=consent.CURRENT.version, by=_account(graduate),
    )  # fmt: skip


def _apply(graduates: list[Graduate], published: dict[int, Posting]) -> None:
    """Applications to the demo unit's first posting in every state before an offer, and some others."""
    first = published[0]
    unit = first.member
    sent = [_deliver(graduate, first) for graduate in graduates]
    for application in sent[1:6]:
        unit_applications.mark_viewed(application_id=application.pk, by=unit)
    _interview(sent[2], unit)
    held = _interview(sent[3], unit)
    interviews.accept(interview_id=held, by=_account(graduates[3]))
    unit_applications.add_note(application_id=sent[3].pk, text="笔试成绩较好，安排复试。", by=unit)
    unit_applications.select(application_id=sent[4].pk, by=unit)
    unit_applications.reject(application_id=sent[5].pk, reason=RejectReason.MAJOR, by=unit)
    applications.withdraw(application_id=sent[6].pk, by=_account(graduates[6]))
    # 逾期未回复: the period of the unit's answer is over.
    Application.objects.filter(pk=sent[7].pk).update(lapses_at=timezone.now() - _HOUR)
    applications.lapse_due()
    # 已终止: the posting was taken down while the application was under way.
    taken_down = published.pop(_TAKEN_DOWN)
    _deliver(graduates[1], taken_down)
    posting_review.take_down(
        posting_id=taken_down.pk, reason="职位内容与单位营业范围不符，请核实。", by=_staff("province")
    )  # fmt: skip
    for number, graduate in enumerate(graduates[:4]):
        _deliver(graduate, published[1])
        _deliver(graduate, published[10 + number])


def _interview(application: Application, unit: UnitMember) -> int:
    """Invite to an interview in five days; returns its id."""
    start = timezone.localtime() + 5 * _DAY
    terms = {
        "way": InterviewWay.ON_SITE, "answer_by": None, "minutes": 30, "place": "示例路1号302室",
        "starts_at": start.replace(hour=10, minute=0, second=0, microsecond=0), "link": "",
        "contact_name": "示例联系人", "contact_phone": "0551-60000000", "note": "请带作品或成绩单。",
    }  # fmt: skip
    return interviews.invite(application_id=application.pk, typed=terms, by=unit).pk


def _sign(published: dict[int, Posting]) -> None:
    """One applicant of the second school has an offer to answer, another one has signed."""
    for number, student_no in enumerate((_OFFERED, _SIGNED), start=8):
        graduate = _graduate(OTHER_DEMO_CODE, student_no)
        _write_resume(graduate, number)
        application = _deliver(graduate, published[0])
        invitation = _offer(application, published[0].member)
        if student_no == _SIGNED:
            esign_demo.accept_invitation(invitation, _account(graduate))


def _offer(application: Application, unit: UnitMember) -> Invitation:
    unit_applications.select(application_id=application.pk, by=unit)
    draft = offers.begin_from_application(
        application_id=application.pk, member=unit, address=_ADDRESS
    )
    drafts.save(draft=draft, typed=draft.values | esign_demo.terms())
    draft.refresh_from_db()
    return invite.send(draft=draft)


# --- recommendations and reports ---------------------------------------------------------------------


def _write_recommendations(graduates: list[Graduate]) -> None:
    """就业推荐表: one with the department, one with the school, one sealed."""
    adviser, school = _staff(f"{DEMO_CODE}yuanxi"), _staff(f"{DEMO_CODE}admin")
    for steps, graduate in enumerate(graduates[1:4]):
        form = recommendations.edit(
            graduate=graduate, version="", by=_account(graduate),
            typed={
                "studies": "专业成绩前10%，获校二等奖学金。",
                "practice": "参加暑期社会实践，任班级学习委员。",
                "strengths": "英语六级，熟悉编程，踏实认真。",
            },
        )  # fmt: skip
        recommendations.submit(form_id=form.pk, by=_account(graduate))
        if steps >= 1:
            recommendations.recommend(
                form_id=form.pk, opinion="在校表现良好，同意推荐。", version=_version(form.pk), by=adviser
            )  # fmt: skip
        if steps >= 2:
            recommendations.seal(
                form_id=form.pk, opinion="同意推荐", version=_version(form.pk), by=school
            )


def _version(form_id: int) -> str:
    rows = Recommendation.objects.select_related(*RELATED_OF_FORM)
    return recommendations.version_of(rows.get(pk=form_id))


def _report(graduate: Graduate, posting: Posting) -> None:
    reports.submit(
        graduate=graduate, posting_id=posting.pk, reason="7", evidence=[], by=_account(graduate),
        text="面试时说的工作地点和职位上写的不一样。",
    )  # fmt: skip
