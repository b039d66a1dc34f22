"""The post of one test, at its database."""

import pytest

from tests.inbox import Inbox
from tests.post import Post


@pytest.fixture
def post(database) -> Post:
    return Post(database)


@pytest.fixture
def inbox(database, tmp_path) -> Inbox:
    return Inbox(database, tmp_path / "inbox")
