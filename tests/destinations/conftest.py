"""The account of a graduate."""

import pytest

from accounts.models import User
from graduates.models import Graduate
from tests import factories


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)
