"""A world with one graduate, who has signed in."""

import pytest

from accounts.models import User
from graduates.models import Graduate
from tests import factories
from tests.factories import World


@pytest.fixture
def world() -> World:
    return factories.make_world()


@pytest.fixture
def graduate(world: World) -> Graduate:
    return factories.make_graduate(world)


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)
