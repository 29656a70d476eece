"""The rules between the fields of an origin record, for forms and imports alike."""

from graduates.rules.record import check_record

__all__ = ["check_record"]
