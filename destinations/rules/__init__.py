"""The rules of a destination, for forms and imports alike."""

from destinations.rules.registration import Registration, check_registration

__all__ = ["Registration", "check_registration"]
