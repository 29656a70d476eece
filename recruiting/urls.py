"""Addresses of recruiting: `urlpatterns` for graduates, `employer` and `console` for the unit's and the
staff's pages."""

from django.urls import URLPattern, path

from recruiting.views import (
    console_booths,
    console_checkins,
    console_fairs,
    console_figures,
    console_postings,
    console_recommendations,
    console_reports,
    console_resumes,
    console_rules,
    console_sanctions,
    console_verifications,
    employer_applications,
    employer_fairs,
    employer_interviews,
    employer_offers,
    employer_posting_imports,
    employer_postings,
    employer_recruiter,
    employer_sanctions,
    phone_applications,
    phone_check_in,
    phone_fairs,
    phone_intention,
    phone_interviews,
    phone_postings,
    phone_readings,
    phone_recommendation,
    phone_reports,
    phone_resume,
    phone_resume_choices,
    phone_resume_files,
    phone_resume_photo,
    public_recommendation,
)

urlpatterns: list[URLPattern] = [
    path("interviews/", phone_interviews.listing, name="interviews"),
    path("interviews/<int:pk>/", phone_interviews.interview, name="interview"),
    path("interviews/<int:pk>/accept/", phone_interviews.accept, name="interview-accept"),
    path("interviews/<int:pk>/decline/", phone_interviews.decline, name="interview-decline"),
    path("interviews/<int:pk>/object/", phone_interviews.object_to, name="interview-object"),
    path("interviews/<int:pk>/interview.ics", phone_interviews.ics, name="interview-ics"),
    path("resume/", phone_resume.resume, name="resume"),
    path("resume/edit/", phone_resume.edit, name="resume-edit"),
    path("resume/entries/new/<str:kind>/", phone_resume.new_entry, name="resume-entry-new"),
    path("resume/entries/<int:pk>/", phone_resume.entry, name="resume-entry"),
    path("resume/entries/<int:pk>/delete/", phone_resume.delete, name="resume-entry-delete"),
    path("resume/photo/", phone_resume_photo.photo, name="resume-photo"),
    path("resume/photo/remove/", phone_resume_photo.remove, name="resume-photo-remove"),
    path("resume/photo/photo.jpg", phone_resume_photo.picture, name="resume-photo-file"),
    path("resume/attachments/", phone_resume_files.listing, name="resume-attachments"),
    path(
        "resume/attachments/<int:pk>/attachment.pdf",
        phone_resume_files.attachment,
        name="resume-attachment",
    ),
    path(
        "resume/attachments/<int:pk>/delete/",
        phone_resume_files.delete,
        name="resume-attachment-delete",
    ),
    path("resumes/new/", phone_resume_choices.new, name="resume-choice-new"),
    path("resumes/<int:pk>/", phone_resume_choices.choice, name="resume-choice"),
    path(
        "resumes/<int:pk>/default/", phone_resume_choices.make_default, name="resume-choice-default"
    ),
    path("resumes/<int:pk>/delete/", phone_resume_choices.delete, name="resume-choice-delete"),
    path("resumes/<int:pk>/resume.pdf", phone_resume_choices.as_pdf, name="resume-choice-pdf"),
    path("resume/readings/", phone_readings.listing, name="resume-readings"),
    path("jobs/", phone_postings.listing, name="jobs"),
    path("jobs/matching/", phone_postings.matching_list, name="jobs-matching"),
    path("jobs/<int:pk>/", phone_postings.job, name="job"),
    path("jobs/<int:pk>/favourite/", phone_postings.favourite, name="job-favourite"),
    path("jobs/<int:pk>/apply/", phone_applications.apply, name="job-apply"),
    path("applications/", phone_applications.listing, name="applications"),
    path("applications/<int:pk>/", phone_applications.application, name="application"),
    path(
        "applications/<int:pk>/withdraw/", phone_applications.withdraw, name="application-withdraw"
    ),
    path("applications/<int:pk>/erase/", phone_applications.erase, name="application-erase"),
    path(
        "applications/<int:pk>/files/<int:file>/",
        phone_applications.attachment,
        name="application-file",
    ),
    path("applications/<int:pk>/photo.jpg", phone_applications.photo, name="application-photo"),
    path("fairs/", phone_fairs.listing, name="fairs"),
    path("fairs/<int:pk>/", phone_fairs.fair, name="fair"),
    path("fairs/<int:pk>/units/", phone_fairs.units, name="fair-units"),
    path("fairs/<int:pk>/book/", phone_fairs.book, name="fair-book"),
    path("fairs/<int:pk>/cancel/", phone_fairs.cancel, name="fair-cancel"),
    path("check-in/<str:code>/", phone_check_in.check_in, name="check-in"),
    path("intention/", phone_intention.intention, name="intention"),
    path("jobs/<int:pk>/report/", phone_reports.report_unit, name="job-report"),
    path("reports/", phone_reports.listing, name="unit-reports"),
    path("reports/<int:pk>/", phone_reports.report, name="unit-report"),
    path("reports/<int:pk>/withdraw/", phone_reports.withdraw, name="unit-report-withdraw"),
    path("reports/<int:pk>/pictures/<int:image>/", phone_reports.picture, name="unit-report-image"),
    path("recommendation/", phone_recommendation.recommendation, name="recommendation"),
    path("recommendation/edit/", phone_recommendation.edit, name="recommendation-edit"),
    path("recommendation/submit/", phone_recommendation.submit, name="recommendation-submit"),
    path("recommendation/withdraw/", phone_recommendation.withdraw, name="recommendation-withdraw"),
    path(
        "recommendation/transcript/",
        phone_recommendation.transcript,
        name="recommendation-transcript",
    ),
    path("recommendation/<int:pk>/", phone_recommendation.earlier, name="recommendation-earlier"),
    path(
        "recommendation/<int:pk>/transcript/",
        phone_recommendation.picture,
        name="recommendation-picture",
    ),
    path("recommendation/<int:pk>/pdf/", phone_recommendation.download, name="recommendation-pdf"),
    path(
        "verify/recommendation/<str:token>/",
        public_recommendation.verify,
        name="recommendation-verify",
    ),
]

employer = [
    path("recruiter/", employer_recruiter.profile, name="employer-recruiter"),
    path("recruiter/submit/", employer_recruiter.submit, name="employer-recruiter-submit"),
    path("recruiter/withdraw/", employer_recruiter.withdraw, name="employer-recruiter-withdraw"),
    path("recruiter/licence/", employer_recruiter.licence, name="employer-recruiter-licence"),
    path("postings/", employer_postings.listing, name="employer-postings"),
    path("postings/new/", employer_postings.new, name="employer-posting-new"),
    path("postings/workbook/", employer_posting_imports.listing, name="employer-posting-workbooks"),
    path(
        "postings/workbook/template/",
        employer_posting_imports.template,
        name="employer-posting-workbook-template",
    ),
    path(
        "postings/workbook/<int:pk>/",
        employer_posting_imports.detail,
        name="employer-posting-workbook",
    ),
    path(
        "postings/workbook/<int:pk>/confirm/",
        employer_posting_imports.confirm,
        name="employer-posting-workbook-confirm",
    ),
    path(
        "postings/workbook/<int:pk>/cancel/",
        employer_posting_imports.cancel,
        name="employer-posting-workbook-cancel",
    ),
    path(
        "postings/workbook/<int:pk>/annotated/",
        employer_posting_imports.annotated,
        name="employer-posting-workbook-annotated",
    ),
    path("postings/<int:pk>/", employer_postings.posting, name="employer-posting"),
    path("postings/<int:pk>/edit/", employer_postings.edit, name="employer-posting-edit"),
    path("postings/<int:pk>/delete/", employer_postings.delete, name="employer-posting-delete"),
    path("postings/<int:pk>/renew/", employer_postings.renew, name="employer-posting-renew"),
    path(
        "postings/<int:pk>/do/<str:action>/", employer_postings.step, name="employer-posting-step"
    ),
    path("postings/<int:pk>/invite/", employer_offers.from_posting, name="employer-posting-invite"),
    path("applications/", employer_applications.listing, name="employer-applications"),
    path("applications/bulk/", employer_applications.bulk, name="employer-applications-bulk"),
    path(
        "applications/interview/",
        employer_interviews.new_for_many,
        name="employer-applications-interview",
    ),
    path("applications/export/", employer_applications.export, name="employer-applications-export"),
    path("applications/<int:pk>/", employer_applications.application, name="employer-application"),
    path(
        "applications/<int:pk>/note/", employer_applications.note, name="employer-application-note"
    ),
    path(
        "applications/<int:pk>/reject/",
        employer_applications.reject,
        name="employer-application-reject",
    ),
    path(
        "applications/<int:pk>/select/",
        employer_applications.select,
        name="employer-application-select",
    ),
    path(
        "applications/<int:pk>/offer/",
        employer_offers.from_application,
        name="employer-application-offer",
    ),
    path(
        "applications/<int:pk>/files/<int:file>/",
        employer_applications.attachment,
        name="employer-application-file",
    ),
    path(
        "applications/<int:pk>/photo.jpg",
        employer_applications.photo,
        name="employer-application-photo",
    ),
    path(
        "applications/<int:pk>/print/",
        employer_applications.as_pdf,
        name="employer-application-print",
    ),
    path(
        "applications/<int:pk>/interview/", employer_interviews.new, name="employer-interview-new"
    ),
    path("interviews/<int:pk>/", employer_interviews.interview, name="employer-interview"),
    path("interviews/<int:pk>/move/", employer_interviews.move, name="employer-interview-move"),
    path(
        "interviews/<int:pk>/cancel/", employer_interviews.cancel, name="employer-interview-cancel"
    ),
    path(
        "interviews/<int:pk>/attendance/",
        employer_interviews.attendance,
        name="employer-interview-attendance",
    ),
    path(
        "interviews/<int:pk>/result/", employer_interviews.result, name="employer-interview-result"
    ),
    path(
        "interviews/<int:pk>/interview.ics", employer_interviews.ics, name="employer-interview-ics"
    ),
    path("fairs/", employer_fairs.listing, name="employer-fairs"),
    path("fairs/talks/new/", employer_fairs.new_talk, name="employer-talk-new"),
    path("fairs/<int:pk>/", employer_fairs.fair, name="employer-fair"),
    path("fairs/<int:pk>/register/", employer_fairs.register, name="employer-fair-register"),
    path(
        "fairs/<int:pk>/booth/<str:action>/", employer_fairs.booth_step, name="employer-booth-step"
    ),
    path("fairs/<int:pk>/withdraw/", employer_fairs.withdraw_talk, name="employer-talk-withdraw"),
    path("sanctions/", employer_sanctions.listing, name="employer-sanctions"),
    path("sanctions/<int:pk>/", employer_sanctions.sanction, name="employer-sanction"),
]
console = [
    path("resumes/", console_resumes.ResumeList.as_view(), name="resumes"),
    path("resumes/classes/", console_resumes.classes, name="resume-classes"),
    path("recruiting-figures/", console_figures.school_figures, name="recruiting-figures"),
    path("recruiting-rules/", console_rules.wording_rules, name="recruiting-rules"),
    path("recruiting-rules/wording/new/", console_rules.wording_rule_new, name="wording-rule-new"),
    path("recruiting-rules/wording/<int:pk>/", console_rules.wording_rule, name="wording-rule"),
    path(
        "recruiting-rules/wording/<int:pk>/turn/",
        console_rules.wording_rule_turn,
        name="wording-rule-turn",
    ),
    path("recruiting-rules/limits/", console_rules.limits, name="recruiting-limits"),
    path("recruiting-rules/schools/", console_rules.reviewing_schools, name="reviewing-schools"),
    path(
        "recruiting-rules/schools/<int:pk>/remove/",
        console_rules.reviewing_school_remove,
        name="reviewing-school-remove",
    ),
    path("verifications/", console_verifications.VerificationList.as_view(), name="verifications"),
    path("verifications/<int:pk>/", console_verifications.verification, name="verification"),
    path(
        "verifications/<int:pk>/approve/",
        console_verifications.approve,
        name="verification-approve",
    ),
    path(
        "verifications/<int:pk>/refuse/", console_verifications.refuse, name="verification-refuse"
    ),
    path(
        "verifications/<int:pk>/picture/<str:slot>/",
        console_verifications.picture,
        name="verification-picture",
    ),
    path("postings/", console_postings.PostingList.as_view(), name="postings"),
    path("postings/approve/", console_postings.approve_many, name="postings-approve"),
    path("postings/<int:pk>/", console_postings.posting, name="posting"),
    path("postings/<int:pk>/do/<str:action>/", console_postings.step, name="posting-step"),
    path("fairs/", console_fairs.FairList.as_view(), name="fairs"),
    path("fairs/new/", console_fairs.new, name="fair-new"),
    path("fairs/<int:pk>/", console_fairs.fair, name="fair"),
    path("fairs/<int:pk>/edit/", console_fairs.edit, name="fair-edit"),
    path("fairs/<int:pk>/open/", console_fairs.open_registration, name="fair-open"),
    path("fairs/<int:pk>/cancel/", console_fairs.cancel, name="fair-cancel"),
    path("fairs/<int:pk>/approve/", console_fairs.approve, name="fair-approve"),
    path("fairs/<int:pk>/occupancy/", console_fairs.occupancy, name="fair-occupancy"),
    path("fairs/<int:pk>/booths/", console_booths.BoothList.as_view(), name="fair-booths"),
    path("fairs/<int:pk>/booths/do/<str:action>/", console_booths.bulk, name="fair-booths-bulk"),
    path("fairs/<int:pk>/booths/import/", console_booths.take_list, name="fair-booths-import"),
    path("fairs/booths/template/", console_booths.list_template, name="fair-booths-template"),
    path("fairs/booths/<int:pk>/", console_booths.booth, name="fair-booth"),
    path(
        "fairs/booths/<int:pk>/do/<str:action>/", console_booths.booth_step, name="fair-booth-step"
    ),
    path("unit-reports/", console_reports.ReportList.as_view(), name="unit-reports"),
    path("unit-reports/<int:pk>/", console_reports.report, name="unit-report"),
    path("unit-reports/<int:pk>/begin/", console_reports.begin, name="unit-report-begin"),
    path("unit-reports/<int:pk>/uphold/", console_reports.uphold, name="unit-report-uphold"),
    path("unit-reports/<int:pk>/dismiss/", console_reports.dismiss, name="unit-report-dismiss"),
    path("unit-reports/<int:pk>/reveal/", console_reports.reveal, name="unit-report-reveal"),
    path(
        "unit-reports/<int:pk>/pictures/<int:image>/",
        console_reports.picture,
        name="unit-report-image",
    ),
    path("sanctions/", console_sanctions.SanctionList.as_view(), name="sanctions"),
    path("sanctions/<int:pk>/", console_sanctions.sanction, name="sanction"),
    path("sanctions/<int:pk>/answer/", console_sanctions.answer, name="sanction-answer"),
    path("fairs/<int:pk>/check-in/", console_checkins.screen, name="fair-check-in"),
    path("fairs/<int:pk>/bookings/", console_checkins.BookingList.as_view(), name="fair-bookings"),
    path(
        "recommendations/",
        console_recommendations.RecommendationList.as_view(),
        name="recommendations",
    ),
    path(
        "recommendations/recommend/",
        console_recommendations.recommend_many,
        name="recommendations-recommend",
    ),
    path("recommendations/seal/", console_recommendations.seal_many, name="recommendations-seal"),
    path(
        "recommendations/print/", console_recommendations.print_many, name="recommendations-print"
    ),
    path("recommendations/prints/", console_recommendations.prints, name="recommendation-prints"),
    path(
        "recommendations/prints/<int:pk>/",
        console_recommendations.printed,
        name="recommendation-printed",
    ),
    path(
        "recommendations/<int:pk>/", console_recommendations.recommendation, name="recommendation"
    ),
    path(
        "recommendations/<int:pk>/recommend/",
        console_recommendations.recommend,
        name="recommendation-recommend",
    ),
    path(
        "recommendations/<int:pk>/return/",
        console_recommendations.give_back,
        name="recommendation-return",
    ),
    path(
        "recommendations/<int:pk>/seal/", console_recommendations.seal, name="recommendation-seal"
    ),
    path(
        "recommendations/<int:pk>/void/", console_recommendations.void, name="recommendation-void"
    ),
    path(
        "recommendations/<int:pk>/transcript/",
        console_recommendations.picture,
        name="recommendation-picture",
    ),
    path(
        "recommendations/<int:pk>/pdf/",
        console_recommendations.download,
        name="recommendation-pdf",
    ),
]
