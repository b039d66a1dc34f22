"""The date poll of a terugkomdag, for the tests of it."""

from tests.training import BUREAU, HERE, a_cohort, at, some_enrolments
from vitale_core.steps import cohorts, terugkomdag

POLL = at("2027-04-30")  # five working days after day 2 with Koningsdag between


AFTER = at("2027-05-31")


OPTIONS = [(at(day, "13:00"), at(day, "16:30")) for day in ("2027-06-15", "2027-06-24", "2027-07-01")]


def a_poll(session, people=3):
    """A cohort of so many people with a poll of three dates."""
    cohort = a_cohort(session)
    enrolments = some_enrolments(session, cohort, people)
    meeting = cohorts.find_session(session, cohort, "terugkomdag")
    options = terugkomdag.set_options(session, meeting, OPTIONS, **HERE)
    return cohort, enrolments, meeting, [o.id for o in options]


def advance(session, cohort, now):
    terugkomdag.advance(session, cohort, now=now, bureau=BUREAU)
