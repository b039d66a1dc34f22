"""What a page asks of the database: a fixed number of things, however many people it is about."""

from collections import Counter

import pytest
from sqlalchemy import event

from tests.portal.stages import pages, walk

MOST = 28


@pytest.mark.slow
def test_no_page_reads_its_people_one_by_one(world, visitor):
    stage = next(stage for stage in walk(world) if stage.name == "visits booked")
    asked = Counter()
    for _who, path in pages(world, stage):
        statements = []

        def listen(_connection, _cursor, statement, *_rest, statements=statements):
            statements.append(statement)

        event.listen(world.database.engine, "before_cursor_execute", listen)
        visitor.open(path)
        event.remove(world.database.engine, "before_cursor_execute", listen)
        asked[path] = len(statements)

    assert max(asked.values()) > 10
    assert {path: count for path, count in asked.items() if count > MOST} == {}
