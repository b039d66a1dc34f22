"""Statements that go straight to the driver mean the same as when SQLAlchemy carries them out."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from vitale_core.store.prepared import Prepared, carry_out
from vitale_core.store.records import Relay

NOON = datetime(2027, 3, 16, 12, tzinfo=UTC)
ADD = Prepared(
    insert(Relay.__table__)
    .values(
        name=bindparam("who"),
        failures=bindparam("failures"),
        open_until=bindparam("until"),
        wait_seconds=30,
        last_text="",
    )
    .inline()
)
LATER = Prepared(update(Relay.__table__).where(Relay.failures >= bindparam("least")).values(open_until=bindparam("to")))


def rows(database) -> list[tuple]:
    with database.read() as session:
        return [(r.name, r.failures, r.open_until, r.wait_seconds) for r in session.scalars(select(Relay))]


@pytest.mark.parametrize("count", [1, 3])
def test_values_go_in_as_their_types_say(database, count):
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2)))
    with database.write() as session:
        some = [{"who": f"relay{n}", "failures": n, "until": elsewhere if n else None} for n in range(count)]
        added = carry_out(session.connection(), (ADD, some))

    assert added == [count]
    assert rows(database) == [(f"relay{n}", n, NOON if n else None, 30) for n in range(count)]


def test_statements_are_carried_out_in_their_order_and_each_tells_how_many_rows_it_changed(database):
    added = [{"who": name, "failures": 2, "until": None} for name in "abc"]
    with database.write() as session:
        changed = carry_out(
            session.connection(), (ADD, added), (LATER, [{"least": 2, "to": NOON}, {"least": 9, "to": NOON}])
        )

    assert changed == [3, 3]
    assert {until for _, _, until, _ in rows(database)} == {NOON}


def test_a_moment_without_a_zone_is_refused_here_too(database):
    with database.write() as session, pytest.raises(ValueError, match="zone"):
        carry_out(session.connection(), (ADD, [{"who": "a", "failures": 0, "until": NOON.replace(tzinfo=None)}]))


def test_what_the_database_refuses_is_an_error_of_sqlalchemy_without_the_values(database):
    row = {"who": "somebody", "failures": 0, "until": None}
    with database.write() as session:
        carry_out(session.connection(), (ADD, [row]))

    with database.write() as session, pytest.raises(IntegrityError) as refused:
        carry_out(session.connection(), (ADD, [row]))

    assert refused.value.params is None


def test_without_rows_nothing_is_asked(database):
    with database.write() as session:
        assert carry_out(session.connection(), (ADD, []), (LATER, [])) == [0, 0]


def test_a_list_of_any_length_is_no_parameter(database):
    some = Prepared(select(Relay.name).where(Relay.name.in_(bindparam("names", expanding=True))))

    with database.write() as session, pytest.raises(ValueError, match="fixed number"):
        carry_out(session.connection(), (some, [{"names": ["a"]}]))
