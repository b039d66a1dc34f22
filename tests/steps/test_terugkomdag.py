"""The date poll of the terugkomdag: when it opens, and with which days."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.polls import AFTER, OPTIONS, POLL, a_poll, advance
from tests.training import BUREAU, DAYS, HERE, NOW, a_cohort, at, document, mails_of, some_enrolments, tasks_of
from vitale_core.domain import worktime
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, MessageStatus, SessionStatus
from vitale_core.steps import cohorts, facts, repolling, terugkomdag
from vitale_core.steps.truth import untrue
from vitale_core.store.records import PollAnswer, PollOption


def test_a_poll_of_five_good_days_opens_by_itself_once(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 3)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")

        advance(session, cohort, POLL - timedelta(minutes=1))
        assert terugkomdag.options_of(session, meeting) == []
        advance(session, cohort, POLL)
        advance(session, cohort, POLL + timedelta(hours=1))

        options = terugkomdag.options_of(session, meeting)
        days = [worktime.local(o.starts_at).date() for o in options]
        assert len(days) == 5
        assert len({day.weekday() for day in days}) == 5
        assert all(date(2027, 6, 14) <= day <= date(2027, 7, 23) for day in days)
        assert {f"{worktime.local(o.starts_at):%H:%M}-{worktime.local(o.ends_at):%H:%M}" for o in options} == {
            "13:00-16:30"
        }
        assert len(mails_of(session, Kind.DATE_POLL)) == 3


def test_a_poll_avoids_holidays_school_holidays_of_the_region_and_days_of_the_trainer(database):
    with database.write() as session:
        summer = {"noord": ((date(2027, 6, 14), date(2027, 7, 4), "zomervakantie"),)}
        bureau = replace(BUREAU, holidays={**BUREAU.holidays, date(2027, 7, 6): "feest"}, school_holidays=summer)
        a_cohort(session, "2027-tweede", days={"day1": date(2027, 7, 13), "day2": date(2027, 9, 9)})
        cohort = a_cohort(session)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")

        terugkomdag.advance(session, cohort, now=POLL, bureau=bureau)

        days = {worktime.local(o.starts_at).date() for o in terugkomdag.options_of(session, meeting)}
        assert len(days) >= 3
        assert min(days) >= date(2027, 7, 5)
        assert not days & {date(2027, 7, 6), date(2027, 7, 13)}


def test_a_summer_without_free_weeks_looks_further(database):
    with database.write() as session:
        summer = {"noord": ((date(2027, 6, 1), date(2027, 8, 15), "zomervakantie"),)}
        cohort = a_cohort(session)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")

        terugkomdag.advance(session, cohort, now=POLL, bureau=replace(BUREAU, school_holidays=summer))

        days = [worktime.local(o.starts_at).date() for o in terugkomdag.options_of(session, meeting)]
        assert len(days) == 3
        assert min(days) == date(2027, 8, 17)


def test_without_good_days_the_operator_chooses(database):
    with database.write() as session:
        closed = {"noord": ((date(2027, 6, 1), date(2027, 12, 31), "dicht"),)}
        cohort = a_cohort(session)

        terugkomdag.advance(session, cohort, now=POLL, bureau=replace(BUREAU, school_holidays=closed))

        assert "te weinig geschikte dagen" in tasks_of(session, "poll-options")[0].what


def test_the_last_week_of_the_year_is_no_good_day(database):
    with database.write() as session:
        cohort = a_cohort(session, days={"day1": date(2027, 9, 9), "day2": date(2027, 10, 28)})
        meeting = cohorts.find_session(session, cohort, "terugkomdag")

        terugkomdag.advance(session, cohort, now=at("2027-11-04"), bureau=BUREAU)

        days = [worktime.local(o.starts_at).date() for o in terugkomdag.options_of(session, meeting)]
        assert days
        assert not any(date(2027, 12, 24) <= day <= date(2027, 12, 31) for day in days)


def test_a_second_terugkomdag_comes_eight_weeks_later(database):
    with database.write() as session:
        again = {"name": "terugkomdag-2", "kind": "terugkomdag", "day": "later", "title": "Nog een", "text": "Nog een"}
        sessions = [*document()["sessions"], {**again, "start": "10:00", "end": "12:00"}]
        changes = {"sessions": sessions, "days": [*document()["days"], "later"]}
        cohort = a_cohort(session, changes=changes)

        advance(session, cohort, POLL)

        second = cohorts.find_session(session, cohort, "terugkomdag-2")
        days = [worktime.local(o.starts_at).date() for o in terugkomdag.options_of(session, second)]
        assert min(days) >= date(2027, 8, 9)


def test_a_cohort_with_a_fixed_date_has_no_poll(database):
    with database.write() as session:
        cohort = a_cohort(session, days={**DAYS, "terugkomdag": date(2027, 6, 24)})

        advance(session, cohort, POLL)

        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        assert terugkomdag.options_of(session, meeting) == []
        with pytest.raises(Refused, match="24 juni 2027"):
            terugkomdag.set_options(session, meeting, OPTIONS, **HERE)


@pytest.mark.parametrize("status", [CohortStatus.OPEN, CohortStatus.CANCELLED])
def test_a_cohort_that_does_not_take_place_has_no_poll(database, status):
    with database.write() as session:
        cohort = a_cohort(session, status=status)

        advance(session, cohort, POLL)

        assert list(session.scalars(select(PollOption))) == []


def test_a_cancelled_terugkomdag_has_no_poll(database):
    with database.write() as session:
        cohort = a_cohort(session)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        meeting.status = SessionStatus.CANCELLED

        advance(session, cohort, POLL)

        assert terugkomdag.options_of(session, meeting) == []
        with pytest.raises(Refused, match="gaat niet door"):
            terugkomdag.set_options(session, meeting, OPTIONS, **HERE)


@pytest.mark.parametrize(
    "options,problem",
    [
        (OPTIONS[:1], "2 tot 8 momenten"),
        ([*OPTIONS[:2], (at("2027-06-20", "13:00"), at("2027-06-20", "12:00"))], "ligt niet na het begin"),
        ([*OPTIONS[:2], (at("2027-04-01", "13:00"), at("2027-04-01", "16:00"))], "niet na de training"),
        ([*OPTIONS[:2], (at("2027-01-01", "13:00"), at("2027-01-01", "16:00"))], "niet na de training"),
    ],
)
def test_options_that_make_no_sense_are_refused(database, options, problem):
    with database.write() as session:
        cohort = a_cohort(session)

        with pytest.raises(Refused, match=problem):
            terugkomdag.set_options(session, cohorts.find_session(session, cohort, "terugkomdag"), options, **HERE)


def test_other_options_keep_the_answers_about_dates_that_stay(database):
    with database.write() as session:
        _cohort, (noor, *_), meeting, (first, second, third) = a_poll(session)
        terugkomdag.vote(session, noor, meeting.id, {first: "yes", second: "no", third: "if_needed"}, now=NOW)
        longer = (OPTIONS[1][0], OPTIONS[1][1] + timedelta(hours=1))

        terugkomdag.set_options(session, meeting, [OPTIONS[0], longer], **HERE)

        answers = list(session.scalars(select(PollAnswer)))
        assert [(a.option_id, a.choice) for a in answers] == [(first, "yes")]
        assert [o.ends_at for o in terugkomdag.options_of(session, meeting)] == [OPTIONS[0][1], longer[1]]


def polled_cohort(session):
    """A cohort of three with a poll of which the mail left."""
    cohort, enrolments, meeting, options = a_poll(session)
    advance(session, cohort, POLL)
    mails = mails_of(session, Kind.DATE_POLL)
    assert len(mails) == 3
    for mail in mails:
        mail.status = MessageStatus.SENT
    session.flush()
    return cohort, enrolments, meeting, options


def again(session):
    return [m for m in mails_of(session, Kind.DATE_POLL) if m.revision]


OTHER_DATES = [OPTIONS[0], (at("2027-06-29", "13:00"), at("2027-06-29", "16:30"))]


def test_who_had_the_poll_hears_of_other_dates_once(database):
    with database.write() as session:
        cohort, (noor, *_rest), meeting, options = polled_cohort(session)
        terugkomdag.vote(session, noor, meeting.id, dict.fromkeys(options, "yes"), now=POLL)
        how = {"by": "operator", "now": POLL + timedelta(hours=1), "bureau": BUREAU}

        assert repolling.voters(session, meeting) == [noor]
        terugkomdag.set_options(session, meeting, OPTIONS, **how)
        assert again(session) == []  # the same dates are no news
        terugkomdag.set_options(session, meeting, OTHER_DATES, **how)
        terugkomdag.set_options(session, meeting, OPTIONS[:2], **how)  # the mail that waits names these by itself
        advance(session, cohort, POLL + timedelta(hours=2))

        waiting = again(session)
        assert [(m.revision, m.status, m.payload["again"]) for m in waiting] == [(1, "queued", True)] * 3
        assert noor.person_id in {m.person_id for m in waiting}  # also who answered
        assert untrue(session, waiting, bureau=BUREAU) == {}
        for mail in waiting:
            mail.status = MessageStatus.SENT
        late = {**how, "now": AFTER}
        terugkomdag.set_options(session, meeting, OTHER_DATES, **late)
        second = [m for m in again(session) if m.revision == 2]
        assert [m.status for m in second] == ["queued"] * 3
        assert {m.stale_at for m in second} == {OPTIONS[0][0]}  # the deadline is past: until the first date


def test_news_of_other_dates_ends_when_the_date_is_chosen(database):
    with database.write() as session:
        _cohort, _people, meeting, _options = polled_cohort(session)
        made = terugkomdag.set_options(session, meeting, OTHER_DATES, by="operator", now=POLL, bureau=BUREAU)

        terugkomdag.choose_date(session, meeting, made[1].id, by="operator", now=POLL, bureau=BUREAU)

        assert {(m.status, m.outcome) for m in again(session)} == {("skipped", "De datum is gekozen.")}


def test_a_poll_of_which_no_mail_left_changes_in_silence(database):
    with database.write() as session:
        cohort, _people, meeting, _options = a_poll(session)
        advance(session, cohort, POLL)

        terugkomdag.set_options(session, meeting, OTHER_DATES, by="operator", now=POLL, bureau=BUREAU)

        assert again(session) == []


def test_without_training_days_no_date_can_be_thought_of(database):
    with database.write() as session:
        cohort = a_cohort(session)
        for meeting in cohort.sessions:
            meeting.starts_at = meeting.ends_at = None
        known = facts.load(session, cohort, bureau=BUREAU)

        assert terugkomdag.suggest(known, cohort.sessions[-1], BUREAU, frozenset()) == []
