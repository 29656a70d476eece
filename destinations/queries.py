"""Reading destinations."""

from __future__ import annotations

from destinations.models import Destination

_KEYS = ("graduate", "school", "cohort")


def empty_row_sql() -> tuple[str, str]:
    """Columns and SQL literals of a destination nobody has touched, from the model's defaults."""
    columns, values = [], []
    for field in Destination._meta.concrete_fields:
        if field.name in _KEYS or field.has_db_default():
            continue
        columns.append(f'"{field.column}"')
        values.append(_literal(field.get_default()))
    return ", ".join(columns), ", ".join(values)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, list):
        return "'{}'"
    return "'" + str(value).replace("'", "''") + "'"
