"""The moments that rules count from are the same, whether all facts are known or the sessions alone."""

from datetime import timedelta

import pytest

from tests.training import BUREAU, a_cohort
from vitale_core.domain.occasions import shared_anchors
from vitale_core.domain.states import CohortStatus, SessionStatus
from vitale_core.steps import anchors, facts


def as_planned(cohort):
    pass


def last_training_session_cancelled(cohort):
    last = max((s for s in cohort.sessions if s.name.startswith("dagdeel") and s.starts_at), key=lambda s: s.starts_at)
    last.status = SessionStatus.CANCELLED


def first_day_later(cohort):
    for gathering in cohort.sessions:
        if gathering.day == "day1":
            gathering.starts_at += timedelta(days=1)
            gathering.ends_at += timedelta(days=1)


def without_dates(cohort):
    for gathering in cohort.sessions:
        gathering.starts_at = gathering.ends_at = None


@pytest.mark.parametrize("status", [CohortStatus.OPEN, CohortStatus.CONFIRMED])
@pytest.mark.parametrize(
    "change", [as_planned, last_training_session_cancelled, first_day_later, without_dates], ids=lambda c: c.__name__
)
def test_the_sessions_alone_tell_the_same_moments(database, change, status):
    with database.write() as session:
        cohort = a_cohort(session, status=status)
        change(cohort)
        session.flush()

        known = shared_anchors(facts.load(session, cohort, bureau=BUREAU))

        expected = {name: moment for name, moment in known.items() if moment is not None and "deadline" not in name}
        assert anchors.of(cohort) == expected
