"""Values that come again are kept, with neither their types nor the code tables mixed up."""

import pytest

from codes import lookup, readers
from codes.models import Code

pytestmark = pytest.mark.django_db


def test_a_number_and_a_truth_value_that_are_equal_are_read_apart():
    assert readers.read("number", 1, label="人数").value == 1
    assert not readers.read("number", True, label="人数").ok
    assert readers.read("bool", True, label="是否").value is True


def test_a_kept_reading_is_not_changed_by_who_adds_to_its_findings():
    first = readers.read("date", "2027-13-40", label="日期")
    first.findings.append(first.findings[0])
    assert len(readers.read("date", "2027-13-40", label="日期").findings) == 1


def test_a_code_is_read_anew_after_its_table_changed():
    row = Code.objects.filter(table="gender").first()
    assert row is not None
    assert readers.read("code", "新词", label="性别", table="gender").value is None
    Code.objects.filter(pk=row.pk).update(name="新词")
    lookup.forget()
    try:
        assert readers.read("code", "新词", label="性别", table="gender").value == row.code
    finally:
        Code.objects.filter(pk=row.pk).update(name=row.name)
        lookup.forget()
