"""Models of 困难群体帮扶."""

from support.models.helping import JobRecommendation, Plan, Profile, Record, RecordImage
from support.models.listing import GroupImport, Listing, ListingHistory, Proposal, ProposalImage
from support.models.rules import Quota, Way

__all__ = [
    "GroupImport",
    "JobRecommendation",
    "Listing",
    "ListingHistory",
    "Plan",
    "Profile",
    "Proposal",
    "ProposalImage",
    "Quota",
    "Record",
    "RecordImage",
    "Way",
]
