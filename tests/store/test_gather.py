"""Collections of many records, read with one statement."""

from sqlalchemy import event, inspect, select

from tests.builders import bare_cohort
from vitale_core.domain.states import SessionKind, SessionStatus
from vitale_core.store.gather import with_sessions
from vitale_core.store.records import Cohort, CourseSession


def a_session(position, **changes):
    return CourseSession(
        **{
            "name": f"dagdeel-{position}",
            "kind": SessionKind.DAGDEEL,
            "day": "day1",
            "position": position,
            "title": f"Dagdeel {position}",
            "status": SessionStatus.PLANNED,
            "location": "",
        }
        | changes
    )


def two_cohorts(session):
    for code, positions in (("een", (2, 1)), ("twee", ())):
        cohort = bare_cohort(session, code=code)
        cohort.sessions = [a_session(position) for position in positions]
    session.flush()


def test_each_gets_its_own_in_their_order_with_one_statement(database):
    with database.write() as session:
        two_cohorts(session)
    asked = []
    with database.read() as session:
        one, two = session.scalars(select(Cohort).order_by(Cohort.code))
        event.listen(database.engine, "before_cursor_execute", lambda *_: asked.append(1))

        with_sessions(session, one, two)

        assert [s.position for s in one.sessions] == [1, 2]
        assert two.sessions == []
        assert len(asked) == 1


def test_what_was_added_and_not_yet_written_stays(database):
    with database.write() as session:
        two_cohorts(session)
    with database.write() as session, session.no_autoflush:
        one = session.scalars(select(Cohort).where(Cohort.code == "een")).one()
        one.sessions.append(a_session(3))

        with_sessions(session, one)

        assert [s.position for s in one.sessions] == [1, 2, 3]
        assert not inspect(one.sessions[-1]).persistent
