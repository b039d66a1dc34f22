"""A form of the operator, filled in and sent, and what is in the database after it."""

import asyncio

from tests.training import a_cohort, an_enrolment
from vitale_core.steps import cohorts

CODE = "2027-voorjaar"


def ask(flow, *given, **more):
    """Fill in the form and press the button, without a server."""
    return asyncio.run(flow.fn(*given, **more))


def in_database(app, make, *given, **facts):
    with app.database.write() as session:
        made = make(session, *given, **facts)
        session.flush()
        return made.id


def status_of(app, record, number):
    with app.database.read() as session:
        return session.get_one(record, number).status


def session_of(app, name):
    with app.database.read() as session:
        meeting = cohorts.find_session(session, cohorts.get(session, CODE), name)
        session.expunge(meeting)
        return meeting


def with_people(app, count=2, **facts):
    with app.database.write() as session:
        cohort = a_cohort(session, **facts)
        for name in ("Noor Dijkstra", "Sam Bakker")[:count]:
            an_enrolment(session, cohort, name)
        return cohort.id
