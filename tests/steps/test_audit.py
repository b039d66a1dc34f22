"""Who did what: rows that tell when one of them was changed or taken out."""

import threading
from datetime import timedelta, timezone

from sqlalchemy import select, text

from tests.builders import NOW, bare_cohort
from vitale_core.steps import audit
from vitale_core.store.records import AuditEvent


def some_events(session, cohort_id=None, count=3):
    return [
        audit.note(session, what=f"step {n}", actor="Jan", now=NOW, cohort_id=cohort_id, object_id=n, detail={"n": n})
        for n in range(count)
    ]


def test_an_untouched_trail_is_whole(database):
    with database.write() as session:
        cohort = bare_cohort(session)
        session.flush()
        some_events(session)
        some_events(session, cohort.id)
        audit.note(
            session,
            what="elsewhere",
            actor=audit.CLOCK,
            now=NOW.astimezone(timezone(timedelta(hours=5))),
            detail={"from": None, "names": ["é"], "to": "2027-03-18"},
        )

    with database.read() as session:
        assert audit.broken_links(session) == []


def test_a_changed_row_shows(database):
    with database.write() as session:
        _one, two, _three = some_events(session)
        number = two.id
    with database.write() as session:
        session.get_one(AuditEvent, number).actor = "Piet"

    with database.read() as session:
        assert audit.broken_links(session) == [number]


def test_a_row_that_was_taken_out_shows_at_the_next_one(database):
    with database.write() as session:
        _one, two, three = some_events(session)
        following = three.id
        session.delete(two)

    with database.read() as session:
        assert audit.broken_links(session) == [following]


def test_a_rewritten_row_with_a_fitting_hash_shows_at_the_next_one(database):
    with database.write() as session:
        _one, two, three = some_events(session)
        two.what = "something else"
        two.digest = audit.digest_of(two)
        following = three.id

    with database.read() as session:
        assert audit.broken_links(session) == [following]


def test_writers_at_the_same_moment_keep_one_chain(database):
    with database.write() as session:
        cohorts = [bare_cohort(session, code=f"c-{n}") for n in range(2)]
        session.flush()
        places = [None, None, *[c.id for c in cohorts] * 2]

    def write(place):
        for _ in range(5):
            with database.write() as session:
                audit.note(session, what="click", actor="Jan", cohort_id=place, now=NOW)

    threads = [threading.Thread(target=write, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with database.read() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == 30
        assert audit.broken_links(session) == []


def test_rows_are_only_added(database):
    with database.write() as session:
        some_events(session)

    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM audit_event WHERE previous = ''")).scalar_one() == 1
