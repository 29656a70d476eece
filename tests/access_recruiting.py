"""The access table's cases of recruiting: what a unit's verified people, other units, graduates and staff
open."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from core import files
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import check_in_code
from recruiting.actions import interviews, recommendation_prints, recommendations, verifications
from recruiting.models import (
    Application,
    ApplicationFile,
    Attachment,
    Fair,
    Interview,
    Posting,
    PostingImport,
    Recommendation,
    ReportImage,
    Resume,
    ResumeEntry,
    ResumeStore,
    ReviewingSchool,
    Sanction,
    UnitReport,
    Verification,
    WordingRule,
)
from recruiting.states import EntryKind, PostingState, RecommendationState, SanctionKind
from schools.roles import Role
from tests import factories
from tests.access_cases import AddressCase
from tests.access_employers import VERIFIED
from tests.factories import World
from tests.recruiting import booking_scene, fair_scene, scene

OPEN: set[str] = {"recommendation-verify"}
REVIEWERS = frozenset({"school_admin", "province"})


def _postings(o: Any) -> tuple[Posting, Posting]:
    """A draft of the verified person's unit, and one of another unit."""
    mine = UnitMember.objects.select_related("unit", "user").get(user=o.employer)
    scene.allow_to_recruit(mine.unit)
    return scene.make_posting(mine), scene.make_posting(scene.make_recruiter())


def postings(o: Any, **more: Any) -> list[AddressCase]:
    mine, foreign = _postings(o)
    return [
        AddressCase("the unit's", {"pk": mine.pk, **more}, frozenset({VERIFIED})),
        AddressCase("another unit's", {"pk": foreign.pk, **more}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def posting_steps(o: Any) -> list[AddressCase]:
    return postings(o, action="withdraw")


def _received(o: Any, graduates: tuple[Graduate, Graduate]) -> list[Application]:
    """An application that the verified person's unit received, and one that another unit received."""
    mine = UnitMember.objects.select_related("unit", "user").get(user=o.employer)
    scene.allow_to_recruit(mine.unit)
    return [
        scene.apply(graduate, scene.make_posting(member, PostingState.PUBLISHED, by=o.world))
        for graduate, member in zip(graduates, (mine, scene.make_recruiter()), strict=True)
    ]


def _with_resume(graduate: Graduate) -> Graduate:
    """The graduate with a résumé, which an earlier case may have written."""
    if ResumeStore.objects.filter(graduate=graduate).exists():
        return graduate
    return scene.write_resume(graduate)


def _applicants(o: Any) -> tuple[Graduate, Graduate]:
    return scene.make_applicant(o.world), scene.make_applicant(o.world)


def applications(o: Any) -> list[AddressCase]:
    mine, foreign = _received(o, _applicants(o))
    return _unit_cases({"pk": mine.pk}, {"pk": foreign.pk}, {"pk": 2**40})


def enclosed_files(o: Any) -> list[AddressCase]:
    """An attachment of each application, and one under the id of another application."""
    rows = [
        ApplicationFile.objects.create(
            application=application, name="成绩单.pdf",
            file=scene.store_pdf(),
        )
        for application in _received(o, _applicants(o))
    ]  # fmt: skip
    mine, foreign = ({"pk": row.application_id, "file": row.pk} for row in rows)
    return _unit_cases(mine, foreign, mine | {"file": foreign["file"]})


def delivered_photos(o: Any) -> list[AddressCase]:
    """An application with a photo, as the unit opens it."""
    graduates = _applicants(o)
    for graduate in graduates:
        scene.upload_photo(graduate)
    mine, foreign = _received(o, graduates)
    return _unit_cases({"pk": mine.pk}, {"pk": foreign.pk}, {"pk": 2**40})


def own_delivered_photos(o: Any) -> list[AddressCase]:
    graduates = _with_resume(o.inside), scene.make_applicant(o.world)
    for graduate in graduates:
        scene.upload_photo(graduate)
    return _graduates_cases(*(a.pk for a in _received(o, graduates)))


def own_enclosed_files(o: Any) -> list[AddressCase]:
    posting = _published(o)
    rows = [
        ApplicationFile.objects.create(
            application_id=_delivered(graduate, posting), name="成绩单", file=scene.store_pdf()
        )
        for graduate in (o.inside, o.outside)
    ]
    mine, foreign = ({"pk": row.application_id, "file": row.pk} for row in rows)
    return [
        AddressCase("the graduate's", mine, frozenset({"graduate"})),
        AddressCase("another graduate's", foreign, frozenset()),
        AddressCase("another application's", mine | {"file": foreign["file"]}, frozenset()),
    ]


def own_attachments(o: Any) -> list[AddressCase]:
    return _graduates_cases(
        *(
            Attachment.objects.create(graduate=graduate, name="成绩单", file=scene.store_pdf()).pk
            for graduate in (o.inside, o.outside)
        )
    )


def own_resumes(o: Any) -> list[AddressCase]:
    return _graduates_cases(
        *(Resume.objects.get(graduate=_with_resume(g)).pk for g in (o.inside, o.outside))
    )


def _invited(o: Any, graduates: tuple[Graduate, Graduate]) -> list[Interview]:
    return [
        interviews.invite(
            application_id=application.pk, typed=scene.typed_interview(),
            by=UnitMember.objects.select_related("unit", "user").get(
                pk=application.posting.member_id
            ),
        )
        for application in _received(o, graduates)
    ]  # fmt: skip


def unit_interviews(o: Any) -> list[AddressCase]:
    mine, foreign = _invited(o, _applicants(o))
    return _unit_cases({"pk": mine.pk}, {"pk": foreign.pk}, {"pk": 2**40})


def _unit_cases(mine: Any, foreign: Any, missing: Any) -> list[AddressCase]:
    return [
        AddressCase("the unit's", mine, frozenset({VERIFIED})),
        AddressCase("another unit's", foreign, frozenset()),
        AddressCase("nobody's", missing, frozenset()),
    ]


def graduates_interviews(o: Any) -> list[AddressCase]:
    """An interview of the signed-in graduate, and one of another graduate."""
    own = _with_resume(o.inside)
    mine, foreign = _invited(o, (own, scene.make_applicant(o.world)))
    return [
        AddressCase("the graduate's", {"pk": mine.pk}, frozenset({"graduate"})),
        AddressCase("another graduate's", {"pk": foreign.pk}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def _graduates_cases(mine: int, foreign: int) -> list[AddressCase]:
    return [
        AddressCase("the graduate's", {"pk": mine}, frozenset({"graduate"})),
        AddressCase("not for the graduate", {"pk": foreign}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def _published(o: Any, *school_ids: int) -> Posting:
    return scene.make_posting(
        scene.make_recruiter(), PostingState.PUBLISHED, by=o.world, school_ids=school_ids
    )


def jobs(o: Any) -> list[AddressCase]:
    """A posting for everybody, and one for another school."""
    return _graduates_cases(_published(o).pk, _published(o, o.elsewhere.school_id).pk)


def _event(world: World, **changes: Any) -> Fair:
    """An event at a place of its own."""
    return booking_scene.make_fair(world, place=_new_place(), **changes)


def events(o: Any) -> list[AddressCase]:
    """An event for everybody, and one for another school's graduates."""
    return _graduates_cases(
        _event(o.world).pk,
        _event(o.world, school_ids=[o.elsewhere.school_id]).pk,
    )


@dataclass(frozen=True)
class _ShownNow:
    """The code that the screen shows at the moment at which the address is opened."""

    fair_id: int

    def __str__(self) -> str:
        return check_in_code.code_of(self.fair_id, timezone.now())


def shown_codes(o: Any) -> list[AddressCase]:
    """The code that a screen shows now, and one that none has shown."""
    fair = booking_scene.begin_now(_event(o.world))
    return [
        AddressCase("shown now", {"code": _ShownNow(fair.pk)}, frozenset({"graduate"})),
        AddressCase("made up", {"code": "1-1:x"}, frozenset()),
    ]


def hosted_events(o: Any) -> list[AddressCase]:
    """An event of the school, one of another school, and one of the province."""
    mine, foreign, of_province = (
        {"pk": _event(world, role=role).pk}
        for world, role in (
            (o.world, Role.SCHOOL_ADMIN), (o.other, Role.SCHOOL_ADMIN), (o.world, Role.PROVINCE),
        )
    )  # fmt: skip
    return [
        AddressCase("the school's", mine, REVIEWERS),
        AddressCase("another school's", foreign, frozenset({"province"})),
        AddressCase("the province's", of_province, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def resume_entries(o: Any) -> list[AddressCase]:
    mine, foreign = (
        ResumeEntry.objects.create(
            graduate=graduate, kind=EntryKind.AWARD, name="虚构奖", begun=datetime.date(2025, 5, 1)
        ).pk
        for graduate in (o.inside, o.outside)
    )
    return _graduates_cases(mine, foreign)


def new_resume_entries(o: Any) -> list[AddressCase]:
    return [
        AddressCase("a section", {"kind": EntryKind.AWARD.value}, frozenset({"graduate"})),
        AddressCase("no section", {"kind": "photo"}, frozenset()),
    ]


def _delivered(graduate: Graduate, posting: Posting) -> int:
    return Application.objects.create(
        graduate=graduate, school_id=graduate.school_id, cohort_id=graduate.cohort_id,
        posting=posting, unit_id=posting.unit_id, snapshot="{}", snapshot_hash="0" * 64,
        consent_version=1,
    ).pk  # fmt: skip


def own_applications(o: Any) -> list[AddressCase]:
    posting = _published(o)
    return _graduates_cases(_delivered(o.inside, posting), _delivered(o.outside, posting))


def reviewed(o: Any, **more: Any) -> list[AddressCase]:
    """Postings that wait: one for all graduates, one for another school's, and a draft."""
    mine = _postings(o)[0]
    member = scene.make_recruiter()
    for_all = scene.make_posting(member, PostingState.WAITING)
    elsewhere = factories.make_school()
    theirs = scene.make_posting(member, PostingState.WAITING, school_ids=(elsewhere.pk,))
    return [
        AddressCase("for all", {"pk": for_all.pk, **more}, REVIEWERS),
        AddressCase("another school's", {"pk": theirs.pk, **more}, frozenset({"province"})),
        AddressCase("a draft", {"pk": mine.pk, **more}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def review_steps(o: Any) -> list[AddressCase]:
    return reviewed(o, action="restore")


def _verification(o: Any) -> Verification:
    """A verification that waits."""
    member = scene.make_recruiter(verified_at=None, valid_until=None)
    return verifications.submit(member=member)


def all_verifications(o: Any, **more: Any) -> list[AddressCase]:
    return [
        AddressCase("any", {"pk": _verification(o).pk, **more}, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def verification_pictures(o: Any) -> list[AddressCase]:
    return all_verifications(o, slot="certificate")


def _reported(graduate: Graduate, o: Any, *school_ids: int) -> UnitReport:
    report = scene.report(graduate, _published(o, *school_ids))
    # A person sends few reports a day; these are of days ago.
    earlier = report.created_at - datetime.timedelta(days=2)
    UnitReport.objects.filter(pk=report.pk).update(created_at=earlier)
    return report


def own_reports(o: Any) -> list[AddressCase]:
    return _graduates_cases(_reported(o.inside, o).pk, _reported(o.outside, o).pk)


def _with_picture(report: UnitReport) -> dict[str, int]:
    file = files.store(b"\xff\xd8", name="a.jpg", content_type="image/jpeg", purpose="report")
    return {"pk": report.pk, "image": ReportImage.objects.create(report=report, file=file).pk}


def own_report_pictures(o: Any) -> list[AddressCase]:
    mine = _with_picture(_reported(o.inside, o))
    foreign = _with_picture(_reported(o.outside, o))
    return [
        AddressCase("the graduate's", mine, frozenset({"graduate"})),
        AddressCase("another graduate's", foreign, frozenset()),
        AddressCase("another report's", mine | {"image": foreign["image"]}, frozenset()),
    ]


def _examined(o: Any) -> tuple[UnitReport, UnitReport]:
    """A report that the province examines, and one that was assigned to the graduate's school."""
    school = o.inside.school_id
    ReviewingSchool.objects.get_or_create(school_id=school, defaults={"by": "试用省级"})
    return _reported(o.inside, o), _reported(o.inside, o, school)


def examined_reports(o: Any) -> list[AddressCase]:
    of_province, of_school = _examined(o)
    return [
        AddressCase("the province's", {"pk": of_province.pk}, frozenset({"province"})),
        AddressCase("the school's", {"pk": of_school.pk}, REVIEWERS),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def examined_pictures(o: Any) -> list[AddressCase]:
    of_province, of_school = map(_with_picture, _examined(o))
    return [
        AddressCase("the province's", of_province, frozenset({"province"})),
        AddressCase("the school's", of_school, REVIEWERS),
        AddressCase("another's", of_school | {"image": of_province["image"]}, frozenset()),
    ]


def _sanctioned(unit_id: int) -> Sanction:
    return Sanction.objects.create(
        unit_id=unit_id, kind=SanctionKind.WARNING, reason="虚假宣传", decided_by_id=2**40,
        decided_by="试用省级",
    )  # fmt: skip


def all_sanctions(o: Any) -> list[AddressCase]:
    pk = _sanctioned(scene.make_recruiter().unit_id).pk
    return [
        AddressCase("the province's", {"pk": pk}, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def unit_sanctions(o: Any) -> list[AddressCase]:
    mine = UnitMember.objects.get(user=o.employer)
    foreign = scene.make_recruiter()
    return _unit_cases(
        {"pk": _sanctioned(mine.unit_id).pk}, {"pk": _sanctioned(foreign.unit_id).pk}, {"pk": 2**40}
    )


def _with_transcript(form: Recommendation) -> Recommendation:
    recommendations.set_transcript(
        graduate=form.graduate, content=factories.make_photo(), by=scene.account_of(form.graduate)
    )
    return form


def own_recommendations(o: Any) -> list[AddressCase]:
    other = factories.make_graduate(o.world)
    return _graduates_cases(
        *(_with_transcript(scene.write_recommendation(g)).pk for g in (o.inside, other))
    )


def _submitted(graduate: Graduate) -> int:
    """A form of a new graduate's with its transcript, which waits for the department."""
    form = _with_transcript(scene.write_recommendation(graduate))
    recommendations.submit(form_id=form.pk, by=scene.account_of(graduate))
    return form.pk


def scoped_recommendations(o: Any) -> list[AddressCase]:
    mine, hidden, foreign = (
        {"pk": _submitted(factories.make_graduate(world, department=department))}
        for world, department in ((o.world, 0), (o.world, 1), (o.other, 0))
    )
    of_department = frozenset({Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN})
    return [
        AddressCase("in scope", mine, of_department),
        AddressCase("of the school", hidden, frozenset({Role.SCHOOL_ADMIN})),
        AddressCase("elsewhere", foreign, frozenset()),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def sealed_recommendations(o: Any) -> list[AddressCase]:
    form = scene.make_recommendation(o.world, RecommendationState.VALID)
    return [AddressCase("any", {"token": form.token}, frozenset())]


def own_prints(o: Any) -> list[AddressCase]:
    """A PDF belongs to whoever asked for it, whatever the level."""
    form = scene.make_recommendation(o.world, RecommendationState.VALID)
    jobs = {
        role: recommendation_prints.request(form_ids=[form.pk], by=o.world.user(role))
        for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN)
    }
    recommendation_prints.make_waiting()
    return [
        AddressCase(f"the {role}'s", {"pk": job.pk}, frozenset({role}))
        for role, job in jobs.items()
    ]


def posting_imports(o: Any) -> list[AddressCase]:
    """A workbook of the verified person's unit, and one of another unit."""
    mine, foreign = (
        PostingImport.objects.create(member=member, by=member.user, file=scene.store_pdf()).pk
        for member in (UnitMember.objects.get(user=o.employer), scene.make_recruiter())
    )
    return _unit_cases({"pk": mine}, {"pk": foreign}, {"pk": 2**40})


def wording_rules(o: Any) -> list[AddressCase]:
    pk = WordingRule.objects.earliest("pk").pk
    return [
        AddressCase("any", {"pk": pk}, frozenset({"province"})),
        AddressCase("none", {"pk": 2**40}, frozenset()),
    ]


def reviewing_schools(o: Any) -> list[AddressCase]:
    ReviewingSchool.objects.get_or_create(school=o.other.school, defaults={"by": "试用省级"})
    return [
        AddressCase("any", {"pk": o.other.school.pk}, frozenset({"province"})),
        AddressCase("without a delegation", {"pk": 2**40}, frozenset()),
    ]


def hosted_fairs(o: Any, **more: Any) -> list[AddressCase]:
    """A fair of the school's, one of another school's, and one of the province's."""
    mine, foreign = fair_scene.make_fair(o.world), fair_scene.make_fair(o.other)
    of_province = fair_scene.make_fair(o.world, role=Role.PROVINCE)
    return [
        AddressCase("the school's", {"pk": mine.pk, **more}, REVIEWERS),
        AddressCase("another school's", {"pk": foreign.pk, **more}, frozenset({"province"})),
        AddressCase("the province's", {"pk": of_province.pk, **more}, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def hosted_talks(o: Any) -> list[AddressCase]:
    member = fair_scene.make_exhibitor(o.world)
    mine, foreign = (fair_scene.apply_for_talk(world, member) for world in (o.world, o.other))
    return [
        AddressCase("at the school", {"pk": mine.pk}, REVIEWERS),
        AddressCase("at another school", {"pk": foreign.pk}, frozenset({"province"})),
        AddressCase("no talk", {"pk": fair_scene.make_fair(o.world).pk}, frozenset()),
    ]


def bulk_steps(o: Any) -> list[AddressCase]:
    return hosted_fairs(o, action="reserve")


def _open_fair(world: World) -> Fair:
    return fair_scene.open_fair(world, place=_new_place())


def _new_place() -> str:
    return f"第{Fair.objects.count()}会场"


def hosted_booths(o: Any, **more: Any) -> list[AddressCase]:
    mine, foreign = (
        fair_scene.make_booth(world, _open_fair(world)).pk for world in (o.world, o.other)
    )
    return [
        AddressCase("the school's", {"pk": mine, **more}, REVIEWERS),
        AddressCase("another school's", {"pk": foreign, **more}, frozenset({"province"})),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def booth_steps(o: Any) -> list[AddressCase]:
    return hosted_booths(o, action="reserve")


def unit_fairs(o: Any) -> list[AddressCase]:
    """A fair for which units register, a draft, and the talk of another unit."""
    UnitMember.objects.get(user=o.employer)
    talk = fair_scene.open_talk(o.world, place=_new_place())
    return [
        AddressCase("open", {"pk": _open_fair(o.world).pk}, frozenset({VERIFIED})),
        AddressCase("a draft", {"pk": fair_scene.make_fair(o.world).pk}, frozenset()),
        AddressCase("a talk of others", {"pk": talk.pk}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40}, frozenset()),
    ]


def unit_booths(o: Any) -> list[AddressCase]:
    """A fair for which the unit registered, and one for which another unit did."""
    mine = UnitMember.objects.select_related("unit", "user").get(user=o.employer)
    scene.allow_to_recruit(mine.unit)
    scene.make_posting(mine, PostingState.PUBLISHED, by=o.world)
    fair, other = _open_fair(o.world), _open_fair(o.world)
    fair_scene.register(fair, mine)
    fair_scene.make_booth(o.world, other)
    action = {"action": "cancel"}
    return _unit_cases(
        {"pk": fair.pk, **action}, {"pk": other.pk, **action}, {"pk": 2**40, **action}
    )


def unit_talks(o: Any) -> list[AddressCase]:
    mine = UnitMember.objects.select_related("unit", "user").get(user=o.employer)
    scene.allow_to_recruit(mine.unit)
    own = fair_scene.apply_for_talk(o.world, mine)
    foreign = fair_scene.apply_for_talk(o.world, fair_scene.make_exhibitor(o.world))
    return _unit_cases({"pk": own.pk}, {"pk": foreign.pk}, {"pk": 2**40})


OBJECTS: dict[str, Any] = {
    "employer-posting": postings,
    "employer-posting-edit": postings,
    "employer-posting-delete": postings,
    "employer-posting-renew": postings,
    "employer-posting-step": posting_steps,
    "employer-posting-invite": postings,
    "employer-posting-workbook": posting_imports,
    "employer-posting-workbook-confirm": posting_imports,
    "employer-posting-workbook-cancel": posting_imports,
    "employer-posting-workbook-annotated": posting_imports,
    "employer-application": applications,
    "employer-application-note": applications,
    "employer-application-reject": applications,
    "employer-application-select": applications,
    "employer-application-offer": applications,
    "employer-application-file": enclosed_files,
    "employer-application-photo": delivered_photos,
    "employer-application-print": applications,
    "employer-interview-new": applications,
    "employer-interview": unit_interviews,
    "employer-interview-move": unit_interviews,
    "employer-interview-cancel": unit_interviews,
    "employer-interview-attendance": unit_interviews,
    "employer-interview-result": unit_interviews,
    "employer-interview-ics": unit_interviews,
    "interview": graduates_interviews,
    "interview-accept": graduates_interviews,
    "interview-decline": graduates_interviews,
    "interview-object": graduates_interviews,
    "interview-ics": graduates_interviews,
    "resume-entry-new": new_resume_entries,
    "resume-entry": resume_entries,
    "resume-entry-delete": resume_entries,
    "job": jobs,
    "job-apply": jobs,
    "job-favourite": jobs,
    "fair": events,
    "fair-units": events,
    "fair-book": events,
    "fair-cancel": events,
    "check-in": shown_codes,
    "console:fair-check-in": hosted_events,
    "console:fair-bookings": hosted_events,
    "application": own_applications,
    "application-withdraw": own_applications,
    "application-erase": own_applications,
    "application-photo": own_delivered_photos,
    "application-file": own_enclosed_files,
    "resume-attachment": own_attachments,
    "resume-attachment-delete": own_attachments,
    "resume-choice": own_resumes,
    "resume-choice-default": own_resumes,
    "resume-choice-delete": own_resumes,
    "resume-choice-pdf": own_resumes,
    "console:verification": all_verifications,
    "console:verification-approve": all_verifications,
    "console:verification-refuse": all_verifications,
    "console:verification-picture": verification_pictures,
    "console:posting": reviewed,
    "console:posting-step": review_steps,
    "job-report": jobs,
    "unit-report": own_reports,
    "unit-report-withdraw": own_reports,
    "unit-report-image": own_report_pictures,
    "employer-sanction": unit_sanctions,
    "console:unit-report": examined_reports,
    "console:unit-report-begin": examined_reports,
    "console:unit-report-uphold": examined_reports,
    "console:unit-report-dismiss": examined_reports,
    "console:unit-report-reveal": examined_reports,
    "console:unit-report-image": examined_pictures,
    "console:sanction": all_sanctions,
    "console:sanction-answer": all_sanctions,
    "recommendation-earlier": own_recommendations,
    "recommendation-picture": own_recommendations,
    "recommendation-pdf": own_recommendations,
    "recommendation-verify": sealed_recommendations,
    "console:wording-rule": wording_rules,
    "console:wording-rule-turn": wording_rules,
    "console:reviewing-school-remove": reviewing_schools,
    "console:recommendation": scoped_recommendations,
    "console:recommendation-recommend": scoped_recommendations,
    "console:recommendation-return": scoped_recommendations,
    "console:recommendation-seal": scoped_recommendations,
    "console:recommendation-void": scoped_recommendations,
    "console:recommendation-picture": scoped_recommendations,
    "console:recommendation-pdf": scoped_recommendations,
    "console:recommendation-printed": own_prints,
    "console:fair": hosted_fairs,
    "console:fair-edit": hosted_fairs,
    "console:fair-open": hosted_fairs,
    "console:fair-cancel": hosted_fairs,
    "console:fair-approve": hosted_talks,
    "console:fair-occupancy": hosted_fairs,
    "console:fair-booths": hosted_fairs,
    "console:fair-booths-bulk": bulk_steps,
    "console:fair-booths-import": hosted_fairs,
    "console:fair-booth": hosted_booths,
    "console:fair-booth-step": booth_steps,
    "employer-fair": unit_fairs,
    "employer-fair-register": unit_fairs,
    "employer-booth-step": unit_booths,
    "employer-talk-withdraw": unit_talks,
}
