"""Attendance: noted by a person, unknown until then, corrected when it was wrong."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    at,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import EnrolmentStatus, Presence, SessionStatus
from vitale_core.steps import attendance, cohorts, evaluation, werkbezoek
from vitale_core.store.records import Attendance, AuditEvent

AFTER = at("2027-04-23")


def a_day(session, people=3, name="dagdeel-1"):
    cohort = a_cohort(session)
    enrolments = some_enrolments(session, cohort, people)
    return cohort, cohorts.find_session(session, cohort, name), enrolments


def close(session, meeting, **parts):
    return attendance.close(session, meeting, **({"by": "trainer", "now": AFTER, "bureau": BUREAU} | parts))


def test_the_list_has_everybody_with_a_seat_and_what_is_known(database):
    with database.write() as session:
        cohort, meeting, (noor, sam, ilse) = a_day(session)
        an_enrolment(session, cohort, "Zoë Veenstra", status=EnrolmentStatus.WITHDRAWN)
        attendance.record(session, meeting, noor, Presence.PRESENT, by="trainer", now=NOW)
        attendance.record(session, meeting, sam, Presence.ABSENT, reason=" ziek ", by="trainer", now=NOW)

        lines = attendance.sheet(session, meeting)

        assert [(line.enrolment.id, line.presence, line.reason) for line in lines] == [
            (noor.id, Presence.PRESENT, ""),
            (sam.id, Presence.ABSENT, "ziek"),
            (ilse.id, None, ""),
        ]


def test_who_was_there_and_left_later_is_told_apart(database):
    with database.write() as session:
        _cohort, meeting, (noor, sam, _ilse) = a_day(session)
        attendance.record(session, meeting, noor, Presence.PRESENT, by="trainer", now=NOW)
        attendance.record(session, meeting, sam, Presence.PRESENT, by="trainer", now=NOW)
        assert attendance.left_since(session, meeting) == []

        noor.status = EnrolmentStatus.WITHDRAWN
        session.flush()

        assert [(line.enrolment.id, line.presence) for line in attendance.left_since(session, meeting)] == [
            (noor.id, Presence.PRESENT)
        ]
        assert noor.id not in {line.enrolment.id for line in attendance.sheet(session, meeting)}


def test_noting_anew_corrects_the_line(database):
    with database.write() as session:
        _cohort, meeting, (noor, *_) = a_day(session)
        attendance.record(session, meeting, noor, Presence.ABSENT, reason="file", by="trainer", now=NOW)

        attendance.record(session, meeting, noor, Presence.PART, by="operator", now=AFTER)

        (row,) = session.scalars(select(Attendance))
        assert (row.presence, row.reason, row.noted_by, row.noted_at) == (Presence.PART, "", "operator", AFTER)


def test_only_who_belongs_to_a_session_is_on_its_list(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        visit = visits_of(plan)[1]
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        stranger = visits_of(plan)[2].group.members[0].enrolment

        lines = attendance.sheet(session, meeting)

        assert [line.enrolment.id for line in lines] == sorted(m.enrolment_id for m in visit.group.members)
        with pytest.raises(Refused, match="hoort niet bij werkbezoek-1"):
            attendance.record(session, meeting, stranger, Presence.PRESENT, by="trainer", now=NOW)
        assert cohort.id == stranger.cohort_id


def test_an_incomplete_list_is_not_closed_unless_the_rest_is_told(database):
    with database.write() as session:
        _cohort, meeting, (noor, sam, ilse) = a_day(session)
        attendance.record(session, meeting, noor, Presence.PRESENT, by="trainer", now=NOW)

        with pytest.raises(Refused, match="Van 2 van de 3"):
            close(session, meeting)
        close(session, meeting, rest=Presence.ABSENT)

        presence = {line.enrolment.id: line.presence for line in attendance.sheet(session, meeting)}
        assert presence == {noor.id: Presence.PRESENT, sam.id: Presence.ABSENT, ilse.id: Presence.ABSENT}
        assert meeting.attendance_closed_at == AFTER


def test_closing_twice_keeps_the_first_time(database):
    with database.write() as session:
        _cohort, meeting, _people = a_day(session)
        close(session, meeting, rest=Presence.PRESENT)

        close(session, meeting, now=AFTER + timedelta(days=1))

        assert meeting.attendance_closed_at == AFTER


def test_a_list_is_not_closed_before_the_day_or_of_a_day_that_is_off(database):
    with database.write() as session:
        cohort, meeting, _people = a_day(session)
        undated = cohorts.find_session(session, cohort, "terugkomdag")

        with pytest.raises(Refused, match="donderdag 18 maart 2027"):
            close(session, meeting, now=NOW)
        with pytest.raises(Refused, match="nog gekozen"):
            close(session, undated)
        meeting.status = SessionStatus.CANCELLED
        session.flush()
        with pytest.raises(Refused, match="gaat niet door"):
            close(session, meeting)


def test_the_task_of_a_day_closes_with_its_last_list(database):
    with database.write() as session:
        cohort, first, _people = a_day(session)
        second = cohorts.find_session(session, cohort, "dagdeel-2")
        evaluation.advance(session, cohort, now=at("2027-03-19"), bureau=BUREAU)
        assert [t.kind for t in tasks_of(session, "attendance")] == ["attendance"]

        close(session, first, rest=Presence.PRESENT)
        assert len(tasks_of(session, "attendance")) == 1
        close(session, second, rest=Presence.PRESENT)

        assert tasks_of(session, "attendance") == []


def test_the_task_of_a_visit_closes_with_its_list_and_no_other(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        meetings = [werkbezoek.confirm_visit(session, visit, **HERE) for visit in visits_of(plan).values()]
        werkbezoek.advance(session, cohort, now=AFTER, bureau=BUREAU)
        assert len(tasks_of(session, "visit-attendance")) == 2

        close(session, meetings[0], rest=Presence.PRESENT)

        (left,) = tasks_of(session, "visit-attendance")
        assert left.visit_id == visits_of(plan)[2].id


def test_a_correction_is_written_down(database):
    with database.write() as session:
        _cohort, meeting, (noor, *_) = a_day(session)
        close(session, meeting, rest=Presence.PRESENT)

        attendance.record(session, meeting, noor, Presence.ABSENT, by="operator", now=AFTER)

        newest = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert newest is not None
        assert (newest.what, newest.detail) == ("attendance corrected", {"enrolment": noor.id})
