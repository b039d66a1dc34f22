"""A transaction in which a step may write."""

import pytest


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session
