"""One visit: its place, its session, and who hears that it is off."""

from datetime import timedelta

import pytest

from tests.training import BUREAU, HERE, NOW, a_cohort, a_project, an_approved_cohort, mails_of, tasks_of, visits_of
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus, SessionStatus, VisitStatus
from vitale_core.steps import visits, werkbezoek


def test_a_place_is_told_once(database):
    with database.write() as session:
        project = a_project(session, "Dorpshuis", address="Brink 1", place="Rolde")
        same = a_project(session, "Rolde", address="", place="Rolde")

        assert visits.place_of(project) == "Dorpshuis, Brink 1, Rolde"
        assert visits.place_of(same) == "Rolde"


def test_visits_come_by_group_and_only_those_that_take_place(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        found = visits_of(plan)

        assert visits.of_cohort(session, cohort) == [found[1], found[2]]
        werkbezoek.refuse_visit(session, found[1], reason="", **HERE)
        assert visits.of_cohort(session, cohort) == [found[2]]


def test_a_cancelled_visit_closes_its_tasks_and_keeps_the_reason(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=4)
        visit = visits_of(plan)[1]
        werkbezoek.advance(session, cohort, now=NOW + timedelta(days=20), bureau=BUREAU)
        assert tasks_of(session, "host-silent")

        visits.cancel(session, cohort, visit, reason="Het regent.", **HERE)

        assert (visit.status, visit.reason) == (VisitStatus.CANCELLED, "Het regent.")
        assert tasks_of(session, "host-silent") == []


@pytest.mark.parametrize(
    "status,told", [(MessageStatus.SENT, 1), (MessageStatus.UNCERTAIN, 1), (MessageStatus.QUEUED, 0)]
)
def test_a_host_who_may_have_read_the_request_hears_that_it_is_off(database, status, told):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=4)
        werkbezoek.advance(session, cohort, now=NOW, bureau=BUREAU)
        (request,) = mails_of(session, Kind.HOST_REQUEST)
        request.status = status

        visits.cancel(session, cohort, visits_of(plan)[1], reason="Het regent.", **HERE)

        assert len(mails_of(session, Kind.HOST_CANCELLED)) == told


def test_a_cancelled_session_of_a_visit_cancels_the_visit_and_its_group_needs_another(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=4)
        visit = visits_of(plan)[1]
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)

        visits.cancel_session(session, cohort, meeting.name, reason="Storm\x00", **HERE)

        assert (visit.status, visit.reason) == (VisitStatus.CANCELLED, "Storm")
        assert meeting.status is SessionStatus.CANCELLED
        assert [m.person_id for m in mails_of(session, Kind.HOST_CANCELLED)] == [visit.project.host.contact_id]
        assert "Groep 1 van 2027-voorjaar heeft geen werkbezoek meer" in tasks_of(session, "without-visit")[0].what


def test_a_session_of_everybody_is_cancelled_through_the_same_door(database):
    with database.write() as session:
        cohort = a_cohort(session)

        visits.cancel_session(session, cohort, "dagdeel-4", reason="De zaal is weg.", **HERE)

        assert cohort.sessions[3].status is SessionStatus.CANCELLED
