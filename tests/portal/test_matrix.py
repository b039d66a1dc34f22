"""Who is where: each sign says what is true at that moment, also long after."""

from dataclasses import replace

import pytest

from tests.builders import clock, cohort_facts, days_of, enrolment_facts, visit_facts
from vitale_core.domain.states import CohortStatus, VisitStatus
from vitale_portal.office import matrix

BEFORE, JUST_AFTER = clock("2027-04-06 09:00"), clock("2027-04-08 09:00")
LONG_AFTER = clock("2027-10-15 09:00")


def cohort(of=CohortStatus.RUNNING, *, absent=frozenset(), **visit):
    person = replace(enrolment_facts(), intake_answered=False, absent=absent)
    made = replace(visit_facts(), members=(person.id,), **visit)
    return cohort_facts(status=of, sessions=days_of(), enrolments=(person,), visits=(made,))


def cell(facts, column, now):
    (line,) = matrix.lines(facts, (), now)
    found = line.cells[matrix.columns(facts).index(column)]
    return found.state, found.words


@pytest.mark.parametrize(
    "visit,now,says",
    [
        ({"status": VisitStatus.ASKED}, BEFORE, ("wacht", "wacht op de gastheer")),
        ({"status": VisitStatus.ASKED}, JUST_AFTER, ("nee", "bezoek ging niet door")),
        ({"status": VisitStatus.CONFIRMED}, BEFORE, ("klaar", "bezoek staat vast")),
        ({"status": VisitStatus.CONFIRMED}, JUST_AFTER, ("wacht", "geweest, wacht op het verslag")),
        ({"status": VisitStatus.HELD}, JUST_AFTER, ("wacht", "geweest, wacht op het verslag")),
        ({"status": VisitStatus.HELD}, LONG_AFTER, ("klaar", "geweest, zonder verslag")),
        ({"status": VisitStatus.REPORTED, "reported": True}, LONG_AFTER, ("klaar", "geweest, verslag binnen")),
        ({"status": VisitStatus.HELD, "session": 9, "absent": frozenset({9})}, LONG_AFTER, ("nee", "was er niet")),
    ],
)
def test_a_visit_says_what_happened_once_it_is_past(visit, now, says):
    assert cell(cohort(**visit), "Werkbezoek", now) == says


def test_nobody_waits_for_anything_in_a_cohort_that_is_over():
    facts = cohort(CohortStatus.CLOSED, status=VisitStatus.HELD)

    (line,) = matrix.lines(facts, (), LONG_AFTER)

    assert [c.words for c in line.cells if c.state == matrix.WAITS] == []
    assert cell(facts, "Intake", LONG_AFTER) == ("nee", "intake niet ingevuld")


def test_the_timeline_forgets_a_visit_that_never_became_certain():
    facts = cohort(status=VisitStatus.ASKED)

    def visits(now):
        return [mark.label for mark in matrix.marks(facts, now) if mark.kind == "visit"]

    assert visits(BEFORE) == [f"groep {facts.visits[0].group} ?"]
    assert visits(LONG_AFTER) == []
