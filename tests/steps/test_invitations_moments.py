"""When a mail about a calendar leaves, and why it is owed."""

from datetime import date

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.steps.test_invitations import a_told_cohort, sync
from tests.training import (
    BUREAU,
    a_cohort,
    at,
    mails_of,
    some_enrolments,
)
from vitale_core.domain.kinds import Kind
from vitale_core.steps import changes, invitations
from vitale_core.store.records import Message


@pytest.fixture
def calendars():
    return Calendars(BUREAU)


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def test_a_mail_about_a_near_moment_may_leave_at_once(written):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 1)
    evening = at("2027-03-17", "20:00")

    invitations.sync(written, cohort, now=evening, bureau=BUREAU)

    leaves = {m.payload["session_name"]: m.not_before for m in mails_of(written, Kind.CALENDAR_INVITATION)}
    assert leaves["dagdeel-1"] == evening
    assert leaves["dagdeel-3"] == at("2027-03-18", "08:00")


def test_moving_away_from_tomorrow_is_urgent_too(written, calendars):
    cohort, _people = a_told_cohort(written, calendars, people=1)
    evening = at("2027-03-17", "20:00")

    changes.move_session(
        written, cohort, "dagdeel-2", start=at("2027-03-25", "13:30"), by="operator", now=evening, bureau=BUREAU
    )

    (update,) = mails_of(written, Kind.CALENDAR_UPDATE)
    assert (update.not_before, update.stale_at) == (evening, at("2027-03-25", "16:30"))


def test_an_unsent_invitation_that_becomes_urgent_leaves_at_once(written):
    cohort = a_cohort(written, days={"day1": date(2027, 3, 22), "day2": date(2027, 4, 22)})
    some_enrolments(written, cohort, 1)
    saturday = at("2027-03-20", "10:00")
    invitations.sync(written, cohort, now=saturday, bureau=BUREAU)
    (first,) = [m for m in mails_of(written, Kind.CALENDAR_INVITATION) if m.payload["session_name"] == "dagdeel-1"]
    assert first.not_before == at("2027-03-22", "08:00")

    changes.move_session(
        written, cohort, "dagdeel-1", start=at("2027-03-20", "20:00"), by="operator", now=saturday, bureau=BUREAU
    )

    assert first.not_before == first.next_attempt_at == saturday


def test_every_mail_says_why_it_is_owed(written):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 1)
    sync(written, cohort)

    assert all(m.why and m.key and m.message_id for m in written.scalars(select(Message)))
    assert len({m.key for m in written.scalars(select(Message))}) == 4
