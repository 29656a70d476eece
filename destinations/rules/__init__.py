"""The rules of a destination, written once: forms, imports and (later) the pre-check run these."""

from destinations.rules.registration import Issue, Registration, check_registration

__all__ = ["Issue", "Registration", "check_registration"]
