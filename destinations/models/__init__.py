"""The models of destinations."""

from destinations.models.destinations import (
    NOT_REGISTERED,
    Category,
    CategoryField,
    Destination,
    DestinationEvent,
    DestinationImport,
    Dispute,
    DisputeState,
    Evidence,
    MinimumWage,
    RegistrationDraft,
    ReleaseImage,
    ReleaseProposal,
    Requirement,
    is_seeking,
)
from destinations.models.final import FinalConfirmation, FinalRound

__all__ = [
    "NOT_REGISTERED",
    "Category",
    "CategoryField",
    "Destination",
    "DestinationEvent",
    "DestinationImport",
    "Dispute",
    "DisputeState",
    "Evidence",
    "FinalConfirmation",
    "FinalRound",
    "MinimumWage",
    "RegistrationDraft",
    "ReleaseImage",
    "ReleaseProposal",
    "Requirement",
    "is_seeking",
]
