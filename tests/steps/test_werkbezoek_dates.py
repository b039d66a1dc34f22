"""Another date: the host proposes, the operator judges, calendars follow."""

from datetime import timedelta

import pytest

from tests.training import (
    BUREAU,
    HERE,
    NOW,
    an_approved_cohort,
    an_intake,
    at,
    mails_of,
    newest_plan,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import VisitStatus
from vitale_core.steps import groups, werkbezoek


def a_visit(session, group=1, **facts):
    """A cohort with approved groups and the visit of one of them."""
    cohort, plan = an_approved_cohort(session, **({"people": 8} | facts))
    return cohort, visits_of(plan)[group]


def test_another_date_of_the_host_becomes_a_task_that_says_who_can_come(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        first, second, *_ = [m.enrolment for m in visit.group.members]
        start = at("2027-04-09", "10:00")
        an_intake(session, first, available=[f"s{visit.slot_id}"])
        an_intake(session, second, available=["onzin", *[str(s.id) for s in visit.project.slots]])

        slot = werkbezoek.propose_other_date(session, visit, start, start + timedelta(hours=2), **HERE)

        (task,) = tasks_of(session, "other-date")
        assert task.visit_id == visit.id
        assert "vrijdag 9 april 2027, 10.00 uur" in task.what
        assert "er dan 2 niet; van 2 is dat onbekend" in task.what
        assert str(slot.id) in task.command
        assert visit.status is VisitStatus.ASKED


def test_another_date_on_a_holiday_says_so(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        start = at("2027-03-29", "10:00")

        werkbezoek.propose_other_date(session, visit, start, start + timedelta(hours=2), **HERE)

        (task,) = tasks_of(session, "other-date")
        assert task.what.endswith("Die dag (maandag 29 maart 2027) is Tweede paasdag.")


def test_an_accepted_other_date_of_an_asked_visit_is_a_new_visit_so_the_group_hears_of_it(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        start = at("2027-04-09", "10:00")
        slot = werkbezoek.propose_other_date(session, visit, start, start + timedelta(hours=2), **HERE)

        meeting = werkbezoek.accept_other_date(session, visit, slot, **HERE)
        groups.advance(session, cohort, now=NOW + timedelta(days=40), bureau=BUREAU)

        assert visit.status is VisitStatus.REFUSED
        new = next(v for v in visit.group.visits if v.slot_id == slot.id)
        assert (new.status, meeting.starts_at) == (VisitStatus.CONFIRMED, start)
        told = {m.subject for m in mails_of(session, Kind.GROUP_PROPOSAL)}
        assert f"visit-{new.id}" in told
        assert f"visit-{visit.id}" not in told
        assert tasks_of(session, "other-date") == []


def test_an_accepted_other_date_of_a_booked_visit_moves_it_in_the_calendars(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        start = at("2027-04-09", "10:00")
        slot = werkbezoek.propose_other_date(session, visit, start, start + timedelta(hours=2), **HERE)

        moved = werkbezoek.accept_other_date(session, visit, slot, **HERE)

        assert moved is meeting
        assert (meeting.starts_at, meeting.revision, visit.slot_id) == (start, 1, slot.id)
        assert visit.status is VisitStatus.CONFIRMED


def test_accepting_the_present_date_is_a_yes(database):
    with database.write() as session:
        _cohort, visit = a_visit(session)

        werkbezoek.accept_other_date(session, visit, visit.slot, **HERE)

        assert visit.status is VisitStatus.CONFIRMED


def test_another_date_must_be_of_this_project_free_and_within_the_window(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        other = visits_of(newest_plan(session, cohort))[2]
        free = next(s for s in visit.project.slots if s.id != visit.slot_id)
        free.withdrawn_at = NOW
        early = at("2027-03-22", "10:00")

        with pytest.raises(Refused, match="ander project"):
            werkbezoek.accept_other_date(session, visit, other.slot, **HERE)
        with pytest.raises(Refused, match="niet meer vrij"):
            werkbezoek.accept_other_date(session, visit, free, **HERE)
        with pytest.raises(Refused, match="vanaf donderdag 25 maart 2027, voor vrijdag 16 april 2027"):
            werkbezoek.propose_other_date(session, visit, early, early + timedelta(hours=2), **HERE)
        visit.status = VisitStatus.CANCELLED
        session.flush()
        with pytest.raises(Refused, match="geen andere datum"):
            werkbezoek.propose_other_date(session, visit, early, early + timedelta(hours=2), **HERE)


def free_of(session, cohort, visit, *, same):
    """A half day to which the visit can move, of its own project or of another one."""
    found = werkbezoek.free_slots(session, visit, now=NOW, bureau=BUREAU)
    return next(slot for slot in found if (slot.project_id == visit.project_id) is same)


def test_a_booked_visit_moves_to_another_half_day_of_its_host_in_every_calendar(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        old, slot = visit.slot, free_of(session, cohort, visit, same=True)

        moved = werkbezoek.move_visit(session, visit, slot, **HERE)

        assert moved is visit
        assert (visit.status, visit.slot_id, meeting.starts_at) == (VisitStatus.CONFIRMED, slot.id, slot.starts_at)
        assert old.withdrawn_at is None
        assert old in werkbezoek.free_slots(session, visit, now=NOW, bureau=BUREAU)


def test_a_visit_that_moves_to_another_host_asks_him_and_tells_the_first(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        meeting = werkbezoek.confirm_visit(session, visit, **HERE)
        slot = free_of(session, cohort, visit, same=False)

        moved = werkbezoek.move_visit(session, visit, slot, **HERE)

        assert (moved.status, moved.project_id, moved.group_id) == (VisitStatus.ASKED, slot.project_id, visit.group_id)
        assert (visit.status, meeting.cancelled_at) == (VisitStatus.CANCELLED, NOW)
        (told,) = mails_of(session, Kind.HOST_CANCELLED)
        assert told.person_id == visit.project.host.contact_id
        assert {m.enrolment_id for m in mails_of(session, Kind.CHANGES)} == {
            m.enrolment_id for m in visit.group.members
        }


@pytest.mark.parametrize("same", [True, False])
def test_a_host_who_agreed_by_phone_is_not_asked(database, same):
    with database.write() as session:
        cohort, visit = a_visit(session)
        visit.host_note = "Achterom"
        slot = free_of(session, cohort, visit, same=same)

        moved = werkbezoek.move_visit(session, visit, slot, agreed=True, **HERE)

        assert (moved.status, moved.session.starts_at) == (VisitStatus.CONFIRMED, slot.starts_at)
        assert moved.host_note == ("Achterom" if same else "")


def test_a_visit_does_not_move_to_where_another_group_goes_nor_when_it_is_over(database):
    with database.write() as session:
        cohort, visit = a_visit(session)
        other = visits_of(newest_plan(session, cohort))[2]
        slot = free_of(session, cohort, visit, same=True)

        assert werkbezoek.move_visit(session, visit, visit.slot, **HERE) is visit
        with pytest.raises(Refused, match="gaat daar al een andere groep heen"):
            werkbezoek.move_visit(session, visit, other.slot, **HERE)
        slot.withdrawn_at = NOW
        with pytest.raises(Refused, match="niet meer vrij"):
            werkbezoek.move_visit(session, visit, slot, **HERE)
        visit.status = VisitStatus.REFUSED
        session.flush()
        with pytest.raises(Refused, match="niet meer verplaatst"):
            werkbezoek.move_visit(session, visit, slot, **HERE)
