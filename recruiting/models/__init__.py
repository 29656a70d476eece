"""Recruiting: units, postings, résumés, applications, interviews, reports of units, fairs."""

from recruiting.models.applications import (
    Application,
    ApplicationFile,
    ApplicationNote,
    Interview,
    OfferDraft,
)
from recruiting.models.fairs import Booking, Booth, Fair
from recruiting.models.postings import (
    Favourite,
    Posting,
    PostingContent,
    PostingImport,
    PostingRevision,
)
from recruiting.models.recommendations import Recommendation, RecommendationPrint
from recruiting.models.reports import ReportImage, UnitReport
from recruiting.models.resumes import (
    MOST_ATTACHMENTS,
    MOST_RESUMES,
    Attachment,
    Intention,
    Resume,
    ResumeEntry,
    ResumeReading,
    ResumeStore,
)
from recruiting.models.rules import RecruitingRules, ReviewingSchool, WordingRule
from recruiting.models.units import Recruiter, Sanction, UnitFigures, Verification

__all__ = [
    "MOST_ATTACHMENTS", "MOST_RESUMES",
    "Application", "ApplicationFile", "ApplicationNote", "Attachment", "Booking", "Booth", "Fair",
    "Favourite", "Intention", "Interview", "OfferDraft", "Posting", "PostingContent",
    "PostingImport", "PostingRevision", "Recommendation", "RecommendationPrint", "Recruiter",
    "RecruitingRules", "ReportImage", "Resume", "ResumeEntry", "ResumeReading", "ResumeStore", "ReviewingSchool",
    "Sanction", "UnitFigures", "UnitReport", "Verification", "WordingRule",
]  # fmt: skip
