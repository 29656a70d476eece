"""Nobody can change or delete rows of the audit trail."""

import pytest
from django.db import DatabaseError, connection, transaction

from core.audit import record
from core.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_event SET reason = 'other'",
        "DELETE FROM core_event",
        "TRUNCATE core_event",
    ],
)
def test_the_database_refuses_to_change_events(statement: str) -> None:
    record("test.happened", by=None, object_type="thing", object_id=1)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Event.objects.filter(action="test.happened").count() == 1
