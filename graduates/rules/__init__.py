"""The rules between the fields of an origin record, which forms and imports share."""

from graduates.rules.gaps import required_gaps
from graduates.rules.record import check_record

__all__ = ["check_record", "required_gaps"]
