"""E-signing (网签): cards, invitations, agreements and their end."""

from esign.models.agreements import Agreement, AgreementVersion, Amendment
from esign.models.conclusions import Conclusion
from esign.models.documents import Document, Print, PrintTicket, SigningCertificate
from esign.models.imports import InvitationImport, InvitationRow
from esign.models.invitations import (
    Card,
    Draft,
    Invitation,
    MobileChange,
    Reading,
    RecordChange,
)
from esign.models.rules import SigningRules
from esign.models.terminations import Termination, TerminationMaterial

__all__ = [
    "Agreement",
    "AgreementVersion",
    "Amendment",
    "Card",
    "Conclusion",
    "Document",
    "Draft",
    "Invitation",
    "InvitationImport",
    "InvitationRow",
    "MobileChange",
    "Print",
    "PrintTicket",
    "Reading",
    "RecordChange",
    "SigningCertificate",
    "SigningRules",
    "Termination",
    "TerminationMaterial",
]
