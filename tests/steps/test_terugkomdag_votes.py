"""The date poll of the terugkomdag: votes, and the choice of a date."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.polls import AFTER, OPTIONS, POLL, a_poll, advance
from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment, at, document, some_enrolments, tasks_of
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.states import EnrolmentStatus, Presence
from vitale_core.steps import attendance, cohorts, terugkomdag
from vitale_core.store.records import PollAnswer


def test_a_vote_may_change_until_the_date_is_chosen(database):
    with database.write() as session:
        _cohort, (noor, *_), meeting, (first, second, third) = a_poll(session)
        terugkomdag.vote(session, noor, meeting.id, {first: "yes", second: "no", third: "no"}, now=NOW)

        terugkomdag.vote(session, noor, meeting.id, {first: "no"}, now=NOW + timedelta(days=1))

        answers = {a.option_id: a.choice for a in session.scalars(select(PollAnswer))}
        assert answers == {first: "no", second: "no", third: "no"}
        terugkomdag.choose_date(session, meeting, third, **HERE)
        with pytest.raises(Refused, match="niets meer te kiezen"):
            terugkomdag.vote(session, noor, meeting.id, {first: "yes"}, now=NOW)


def test_a_vote_must_be_about_this_poll_by_somebody_who_is_in(database):
    with database.write() as session:
        cohort, (noor, *_), meeting, (first, *_) = a_poll(session)
        gone = an_enrolment(session, cohort, "Zoë Veenstra", status=EnrolmentStatus.WITHDRAWN)
        other = a_cohort(session, "2027-tweede")
        stranger = an_enrolment(session, other, "Ada Kok")

        with pytest.raises(Refused, match="niet de data"):
            terugkomdag.vote(session, noor, meeting.id, {999: "yes"}, now=NOW)
        with pytest.raises(Refused, match="niet de data"):
            terugkomdag.vote(session, noor, meeting.id, {}, now=NOW)
        with pytest.raises(Refused, match="liever niet"):
            terugkomdag.vote(session, noor, meeting.id, {first: "misschien"}, now=NOW)
        with pytest.raises(Refused, match="niet \\(meer\\) mee"):
            terugkomdag.vote(session, gone, meeting.id, {first: "yes"}, now=NOW)
        for person, poll in ((stranger, meeting.id), (noor, 999)):
            with pytest.raises(NotFound, match="bestaat niet"):
                terugkomdag.vote(session, person, poll, {first: "yes"}, now=NOW)


def test_the_best_date_is_the_one_most_can_come_to_with_who_cannot(database):
    with database.write() as session:
        cohort, (noor, sam, ilse), meeting, (first, second, third) = a_poll(session)
        last = cohorts.find_session(session, cohort, "dagdeel-4")
        attendance.record(session, last, sam, Presence.ABSENT, by="trainer", now=NOW)
        terugkomdag.vote(session, noor, meeting.id, {first: "no", second: "yes", third: "yes"}, now=NOW)
        terugkomdag.vote(session, sam, meeting.id, {first: "yes", second: "yes", third: "no"}, now=NOW)

        best = terugkomdag.standings(session, meeting)

        assert [s.option.id for s in best] == [second, first, third]
        assert best[0].coming == (noor.id, sam.id)
        assert best[0].silent == (ilse.id,)
        assert best[1].cannot == (noor.id,)
        assert best[2].twice_absent == (sam.id,)


def test_who_left_no_longer_counts(database):
    with database.write() as session:
        _cohort, (noor, sam, _ilse), meeting, (first, second, third) = a_poll(session)
        terugkomdag.vote(session, noor, meeting.id, {first: "yes", second: "no", third: "no"}, now=NOW)
        terugkomdag.vote(session, sam, meeting.id, {first: "no", second: "yes", third: "no"}, now=NOW)
        sam.status = EnrolmentStatus.WITHDRAWN
        session.flush()

        assert terugkomdag.standings(session, meeting)[0].coming == (noor.id,)


def test_a_date_on_which_the_trainer_works_elsewhere_comes_last(database):
    with database.write() as session:
        _cohort, (noor, *_), meeting, (first, second, third) = a_poll(session)
        a_cohort(session, "2027-tweede", days={"day1": date(2027, 6, 15), "day2": date(2027, 9, 9)})
        terugkomdag.vote(session, noor, meeting.id, {first: "yes", second: "no", third: "no"}, now=NOW)

        best = terugkomdag.standings(session, meeting, count=3)

        assert (best[2].option.id, best[2].possible) == (first, False)


def test_when_all_answered_or_the_deadline_came_the_operator_chooses_once(database):
    with database.write() as session:
        cohort, people, meeting, options = a_poll(session, people=2)
        for enrolment in people:
            assert tasks_of(session, "choose-date") == []
            terugkomdag.vote(session, enrolment, meeting.id, dict.fromkeys(options, "yes"), now=POLL)
            advance(session, cohort, POLL)

        advance(session, cohort, AFTER)

        (task,) = tasks_of(session, "choose-date")
        assert "dinsdag 15 juni 2027, 13.00 uur" in task.what
        assert "2 ja, 0 liever niet, 0 nee, 0 onbekend" in task.what


def test_after_the_deadline_silence_is_no_reason_to_wait(database):
    with database.write() as session:
        cohort, _people, _meeting, _options = a_poll(session)

        advance(session, cohort, AFTER)

        (task,) = tasks_of(session, "choose-date")
        assert "3 onbekend" in task.what


def test_a_programme_without_that_task_gets_it_all_the_same(database):
    with database.write() as session:
        tasks = [t for t in document()["tasks"] if t["kind"] != "choose-date"]
        cohort = a_cohort(session, changes={"tasks": tasks})
        some_enrolments(session, cohort, 2)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        terugkomdag.set_options(session, meeting, OPTIONS, **HERE)

        advance(session, cohort, AFTER)
        advance(session, cohort, AFTER)

        assert len(tasks_of(session, "choose-date")) == 1


def test_the_chosen_date_closes_the_task_and_keeps_revision_zero(database):
    with database.write() as session:
        cohort, _people, meeting, (_first, second, third) = a_poll(session)
        advance(session, cohort, AFTER)

        terugkomdag.choose_date(session, meeting, second, by="operator", now=AFTER, bureau=BUREAU)
        terugkomdag.choose_date(session, meeting, second, by="operator", now=AFTER, bureau=BUREAU)

        assert (meeting.starts_at, meeting.ends_at, meeting.revision) == (*OPTIONS[1], 0)
        assert tasks_of(session, "choose-date") == []
        with pytest.raises(Refused, match="niets meer te kiezen"):
            terugkomdag.choose_date(session, meeting, third, by="operator", now=AFTER, bureau=BUREAU)
        advance(session, cohort, AFTER)
        assert tasks_of(session, "choose-date") == []


def test_a_date_that_is_past_or_of_another_poll_cannot_be_chosen(database):
    with database.write() as session:
        _cohort, _people, meeting, (first, *_) = a_poll(session)

        with pytest.raises(NotFound, match="hoort niet bij terugkomdag"):
            terugkomdag.choose_date(session, meeting, 999, **HERE)
        with pytest.raises(Refused, match="al voorbij"):
            terugkomdag.choose_date(session, meeting, first, by="operator", now=at("2027-06-16"), bureau=BUREAU)
