"""Waiting lists of several cohorts together."""

from datetime import timedelta

import pytest

from tests.training import NOW, a_cohort, an_enrolment
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import CohortStatus, EnrolmentStatus
from vitale_core.steps.plan import dividing

WAITS = {"status": EnrolmentStatus.WAITLISTED}


def full_and_free(session, *, seats=1):
    """Spring is full; autumn has so many seats free."""
    spring = a_cohort(session, "2027-voorjaar", capacity=1, minimum=1)
    autumn = a_cohort(session, "2027-najaar", capacity=seats, minimum=1)
    an_enrolment(session, spring, "Noor Dijkstra", organisation="Gemeente Ede")
    return spring, autumn


def told(seats):
    return [(seat.enrolment.person.name, seat.to) for seat in seats]


def test_who_waits_longest_gets_the_free_seat_elsewhere_and_reads_why(database):
    with database.write() as session:
        spring, _ = full_and_free(session)
        an_enrolment(session, spring, "Sam Bakker", now=NOW + timedelta(hours=2), **WAITS)
        an_enrolment(session, spring, "Ilse Postma", now=NOW, **WAITS)

        found = dividing.divide(session, now=NOW)

        assert told(found) == [("Ilse Postma", "2027-najaar"), ("Sam Bakker", "")]
        assert found[0].why == "geplaatst in '2027-najaar', keuze 2"
        assert "langer wachten" in found[1].why


def test_who_said_what_suits_goes_nowhere_else(database):
    with database.write() as session:
        spring, _ = full_and_free(session)
        first = an_enrolment(session, spring, "Ilse Postma", now=NOW, **WAITS)
        an_enrolment(session, spring, "Sam Bakker", now=NOW + timedelta(hours=2), **WAITS)

        found = dividing.divide(session, now=NOW, prefers={first.id: ["2027-voorjaar"]})

        assert told(found) == [("Ilse Postma", ""), ("Sam Bakker", "2027-najaar")]
        assert "vol" in found[0].why
        with pytest.raises(Refused, match="2028"):
            dividing.divide(session, now=NOW, prefers={first.id: ["2028"]})


def test_no_third_colleague_comes_in(database):
    with database.write() as session:
        spring, autumn = full_and_free(session, seats=5)
        for name in ("Bram Smit", "Fenna Visser"):
            an_enrolment(session, autumn, name, organisation="Gemeente  ede")
        an_enrolment(session, spring, "Ilse Postma", organisation="Gemeente Ede", **WAITS)
        an_enrolment(session, spring, "Sam Bakker", organisation="Gemeente Assen", **WAITS)

        assert told(dividing.divide(session, now=NOW)) == [("Ilse Postma", ""), ("Sam Bakker", "2027-najaar")]


def test_only_cohorts_that_take_people_count(database):
    with database.write() as session:
        spring, autumn = full_and_free(session)
        an_enrolment(session, spring, "Ilse Postma", **WAITS)
        autumn.status = CohortStatus.CANCELLED

        assert told(dividing.divide(session, now=NOW)) == [("Ilse Postma", "")]
        assert told(dividing.divide(session, ["2027-voorjaar"], now=NOW)) == [("Ilse Postma", "")]
        with pytest.raises(Refused, match="geen lichting"):
            dividing.divide(session, ["2027-najaar"], now=NOW)
