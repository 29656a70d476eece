"""The rules of the origin record, written once: form, import and (later) pre-check run these."""

from graduates.rules.cells import read_cell
from graduates.rules.record import check_record
from graduates.rules.types import Issue

__all__ = ["Issue", "check_record", "read_cell"]
