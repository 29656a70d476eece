"""The rules for destinations, which forms and imports share."""

from destinations.rules.registration import Registration, check_registration

__all__ = ["Registration", "check_registration"]
