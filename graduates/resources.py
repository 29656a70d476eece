"""The export of origin records in the layout of the roster, which the import reads again."""

from __future__ import annotations

from typing import Any

from import_export import resources
from import_export.fields import Field

from graduates.fields import ALL, TEMPLATE_KEYS, OriginField
from graduates.models import Graduate
from graduates.records import record_of
from graduates.states import Confirmation

_STATE = "确认情况"


class RosterResource(resources.Resource):
    """A row for each graduate: first the columns of the template, then all other fields.

    The import does not use this class, because 50,000 rows through a Resource took minutes. Both
    take their columns from `graduates/fields.py`.
    """

    def get_export_fields(self, selected_fields: Any = None) -> list[Field]:
        order = [f for k in TEMPLATE_KEYS for f in ALL if f.key == k]
        rest = [f for f in ALL if f.key not in TEMPLATE_KEYS]
        return [*[_RecordField(f) for f in (*order, *rest)], Field(column_name=_STATE)]

    def export_row(self, graduate: Graduate) -> list[str]:
        """The cells of one graduate. The relations in `records.RELATED` are best loaded before."""
        record = record_of(graduate)
        cells = [
            f.source.show(record[f.source.key])
            for f in self.get_export_fields()
            if isinstance(f, _RecordField)
        ]
        return [*cells, Confirmation(graduate.confirmation).label]


class _RecordField(Field):
    """The column of one declared field, which shows the words for its values."""

    def __init__(self, source: OriginField) -> None:
        super().__init__(column_name=source.label)
        self.source = source
