"""Calendars follow the cohort: one invitation a person and session, updated in place, gone when it is over."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    address,
    an_approved_cohort,
    an_enrolment,
    at,
    mails_of,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, MessageStatus, SessionStatus, Via
from vitale_core.steps import changes, cohorts, intake, invitations, persons, replies, werkbezoek
from vitale_core.steps.expected import expected
from vitale_core.store.records import Invitation

NOOR, SAM = address("Noor Dijkstra"), address("Sam Bakker")
LATER = {**HERE, "now": NOW + timedelta(hours=2)}


def sync(session, cohort, now=NOW):
    return [(m.kind, m.person.email) for m in invitations.sync(session, cohort, now=now, bureau=BUREAU)]


def invitation_of(session, enrolment, name="dagdeel-1"):
    """The invitation that is valid now."""
    query = select(Invitation).where(Invitation.enrolment_id == enrolment.id, Invitation.cancelled_at.is_(None))
    return next(i for i in session.scalars(query) if i.session.name == name)


@pytest.fixture
def calendars():
    return Calendars(BUREAU)


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def a_told_cohort(session, calendars, people=2, **facts):
    """A cohort whose people have their calendars filled."""
    cohort = a_cohort(session, **facts)
    enrolments = some_enrolments(session, cohort, people)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    calendars.deliver(session)
    return cohort, enrolments


def test_everybody_with_a_seat_gets_each_dated_session_once(written, calendars):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 2)
    an_enrolment(written, cohort, "Wacht Even", status=EnrolmentStatus.WAITLISTED)

    sync(written, cohort)
    calendars.deliver(written)

    assert {len(client.visible()) for client in calendars.clients.values()} == {4}
    assert set(calendars.clients) == {NOOR, SAM}
    uids = [uid for client in calendars.clients.values() for uid in client.visible()]
    assert len(set(uids)) == 8
    assert {entry.sequence for client in calendars.clients.values() for entry in client.visible().values()} == {0}
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_looking_again_owes_nothing(written, calendars):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 2)

    first = sync(written, cohort)

    assert len(first) == 8
    assert sync(written, cohort) == []
    calendars.deliver(written)
    assert sync(written, cohort, now=NOW + timedelta(days=1)) == []


def test_before_the_go_nobody_is_invited(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    some_enrolments(written, cohort, 2)

    assert sync(written, cohort) == []
    cohorts.go(written, cohort, **HERE)
    assert len(written.scalars(select(Invitation)).all()) == 8


def test_a_move_is_an_update_in_place(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    before = calendars.clients[NOOR].visible()
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)

    calendars.deliver(written)

    after = calendars.clients[NOOR].visible()
    assert set(after) == set(before)
    assert sorted(entry.sequence for entry in after.values()) == [0, 0, 0, 1]
    moved = invitation_of(written, noor)
    assert after[moved.uid].start_utc == at("2027-03-18", "10:00")
    assert after[moved.uid].stamp > before[moved.uid].stamp
    calendars.hold_the_truth(written, cohort, now=LATER["now"])


def test_an_update_resets_the_answer_and_the_old_one_is_kept(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    invitation = invitation_of(written, noor)
    replies.answer(written, invitation, Answer.DECLINED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    assert tasks_of(written, "declined") != []

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)

    assert invitation.answer is Answer.NEEDS_ACTION
    assert invitation.answer_sequence == 0
    assert tasks_of(written, "declined") == []


def test_new_words_keep_the_answer(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    invitation = invitation_of(written, noor)
    replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    invitation.session.title = "Andere titel"

    assert sync(written, cohort, now=LATER["now"]) == [(Kind.CALENDAR_UPDATE, NOOR), (Kind.CALENDAR_UPDATE, SAM)]
    assert (invitation.answer, invitation.sequence) == (Answer.ACCEPTED, 1)


def test_what_never_left_is_changed_in_place(written, calendars):
    cohort = a_cohort(written)
    an_enrolment(written, cohort)
    sync(written, cohort)

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)

    assert len(mails_of(written, Kind.CALENDAR_INVITATION)) == 4
    assert mails_of(written, Kind.CALENDAR_UPDATE) == []
    calendars.deliver(written)
    calendars.hold_the_truth(written, cohort, now=NOW)
    assert {e.sequence for e in calendars.clients[NOOR].visible().values()} == {0}


def test_two_moves_before_the_mail_leaves_are_one_update(written, calendars):
    cohort, _people = a_told_cohort(written, calendars, people=1)
    for hour in ("10:00", "10:15"):
        changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", hour), **LATER)

    (update,) = mails_of(written, Kind.CALENDAR_UPDATE)

    assert update.payload["sequence"] == 1
    assert update.payload["before"]["start"] == at("2027-03-18", "09:30").isoformat()
    calendars.deliver(written)
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_move_that_is_undone_before_anybody_saw_it_is_no_news(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    invitation = invitation_of(written, noor)
    replies.answer(written, invitation, Answer.ACCEPTED, via=Via.CALENDAR, now=NOW, bureau=BUREAU)
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "09:30"), **LATER)

    assert calendars.deliver(written) == 0
    assert (invitation.sequence, invitation.answer) == (0, Answer.ACCEPTED)
    (taken_back,) = mails_of(written, Kind.CALENDAR_UPDATE)
    assert taken_back.status is MessageStatus.CANCELLED
    assert "teruggedraaid" in taken_back.outcome

    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:15"), **LATER)
    assert calendars.deliver(written) == 1
    assert calendars.clients[NOOR].visible()[invitation.uid].sequence == 1
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_undoing_brings_a_decline_back_to_the_operator(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    invitation = invitation_of(written, noor)
    replies.answer(written, invitation, Answer.DECLINED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    for hour in ("10:00", "09:30"):
        changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", hour), **LATER)

    assert invitation.answer is Answer.DECLINED
    assert len(tasks_of(written, "declined")) == 1


def test_a_cancelled_session_leaves_the_calendar(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    invitation = invitation_of(written, noor)
    changes.cancel_session(written, cohort, "dagdeel-1", reason="De trainer is ziek.", **LATER)

    calendars.deliver(written)

    assert invitation.uid not in calendars.clients[NOOR].visible()
    assert calendars.clients[NOOR].entries[invitation.uid].sequence == 1
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_cancelled_invitation_that_never_left_is_not_spoken_of(written, calendars):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort)
    sync(written, cohort)

    intake.withdraw(written, noor, **LATER)

    assert calendars.deliver(written) == 0
    assert {m.status for m in mails_of(written, Kind.CALENDAR_INVITATION)} == {MessageStatus.CANCELLED}
    assert mails_of(written, Kind.CALENDAR_CANCEL) == []


def test_an_update_that_never_left_gives_way_to_the_cancellation(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)

    intake.withdraw(written, noor, **LATER)

    assert [m.status for m in mails_of(written, Kind.CALENDAR_UPDATE)] == [MessageStatus.CANCELLED]
    assert calendars.deliver(written) == 4
    assert calendars.clients[NOOR].visible() == {}


def test_who_comes_back_gets_a_new_identity(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    old = set(calendars.clients[NOOR].entries)
    intake.withdraw(written, noor, **LATER)
    calendars.deliver(written)
    form = intake.Application(name="Noor Dijkstra", email=NOOR)
    again = intake.apply(written, cohort, form, source="portal", now=LATER["now"], bureau=BUREAU)
    intake.confirm(written, again, **LATER)

    calendars.deliver(written)

    assert again.id != noor.id
    assert len(calendars.clients[NOOR].visible()) == 4
    assert set(calendars.clients[NOOR].visible()) & old == set()
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_colleague_has_an_own_identity_and_the_first_one_is_cleared(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    persons.substitute(written, noor, name="Daan Mulder", email="daan@gemeente.example", **LATER)

    calendars.deliver(written)

    assert calendars.clients[NOOR].visible() == {}
    daan = calendars.clients["daan@gemeente.example"].visible()
    assert len(daan) == 4
    assert set(daan) & set(calendars.clients[NOOR].entries) == set()
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_corrected_address_moves_the_calendar(written, calendars):
    cohort, (noor, _sam) = a_told_cohort(written, calendars)
    persons.correct_address(written, noor.person, "n.dijkstra@gemeente.example", **LATER)

    calendars.deliver(written)

    assert calendars.clients[NOOR].visible() == {}
    assert len(calendars.clients["n.dijkstra@gemeente.example"].visible()) == 4
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_cancelled_and_restored_cohort_fills_calendars_anew(written, calendars):
    cohort, _people = a_told_cohort(written, calendars)
    cohorts.cancel(written, cohort, reason="Te weinig aanmeldingen", **LATER)
    calendars.deliver(written)
    assert {len(client.visible()) for client in calendars.clients.values()} == {0}

    cohorts.restore(written, cohort, **LATER)
    calendars.deliver(written)

    assert {len(client.visible()) for client in calendars.clients.values()} == {4}
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_cancellation_that_is_undone_before_anybody_saw_it_is_no_news(written, calendars):
    cohort, (noor, sam) = a_told_cohort(written, calendars)
    answer = {"via": Via.CALENDAR, "now": NOW, "bureau": BUREAU}
    replies.answer(written, invitation_of(written, noor), Answer.ACCEPTED, **answer)
    replies.answer(written, invitation_of(written, sam), Answer.DECLINED, **answer)
    before = {address: dict(client.visible()) for address, client in calendars.clients.items()}

    cohorts.cancel(written, cohort, reason="Vergissing", **LATER)
    assert tasks_of(written, "declined") == []
    cohorts.restore(written, cohort, **LATER)

    assert calendars.deliver(written) == 0
    assert {address: dict(client.visible()) for address, client in calendars.clients.items()} == before
    assert {m.status for m in mails_of(written, Kind.CALENDAR_CANCEL)} == {MessageStatus.CANCELLED}
    assert invitation_of(written, noor).answer is Answer.ACCEPTED
    assert invitation_of(written, sam).answer is Answer.DECLINED
    assert len(tasks_of(written, "declined")) == 1

    cohorts.cancel(written, cohort, reason="Toch", **LATER)
    calendars.deliver(written)
    assert {len(client.visible()) for client in calendars.clients.values()} == {0}
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_move_that_never_left_is_told_after_an_undone_cancellation(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    changes.move_session(written, cohort, "dagdeel-1", start=at("2027-03-18", "10:00"), **LATER)
    cohorts.cancel(written, cohort, reason="Vergissing", **LATER)
    cohorts.restore(written, cohort, **LATER)

    assert calendars.deliver(written) == 1

    assert calendars.clients[NOOR].visible()[invitation_of(written, noor).uid].sequence == 1
    calendars.hold_the_truth(written, cohort, now=NOW)


def test_a_late_joiner_gets_only_what_is_still_to_come(written, calendars):
    cohort, _people = a_told_cohort(written, calendars, people=1)
    between = at("2027-03-18", "13:00")
    sam = an_enrolment(written, cohort, "Sam Bakker", now=between)

    sync(written, cohort, now=between)
    calendars.deliver(written)

    names = {i.session.name for i in written.scalars(select(Invitation).where(Invitation.enrolment_id == sam.id))}
    assert names == {"dagdeel-2", "dagdeel-3", "dagdeel-4"}
    assert len(calendars.clients[SAM].visible()) == 3


def test_what_is_over_stays_in_the_calendar_of_who_leaves(written, calendars):
    _cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    between = at("2027-03-19")
    intake.withdraw(written, noor, by="operator", now=between, bureau=BUREAU)

    calendars.deliver(written)

    assert sorted(e.start_utc for e in calendars.clients[NOOR].visible().values()) == [
        at("2027-03-18", "09:30"),
        at("2027-03-18", "13:30"),
    ]


def test_who_completed_keeps_the_terugkomdag(written, calendars):
    cohort, (noor,) = a_told_cohort(written, calendars, people=1)
    changes.move_day(written, cohort, "terugkomdag", to=date(2027, 6, 24), **LATER)
    noor.status = EnrolmentStatus.COMPLETED

    sync(written, cohort, now=at("2027-05-03"))
    calendars.deliver(written)

    assert [e.start_utc for e in calendars.clients[NOOR].visible().values()][-1] == at("2027-06-24", "13:00")


def test_a_session_that_is_not_published_or_has_no_date_is_in_no_calendar(written):
    cohort = a_cohort(written)
    some_enrolments(written, cohort, 1)
    cohort.sessions[0].status = SessionStatus.PLANNED

    names = {want.session.name for want in expected(written, cohort, now=NOW, bureau=BUREAU)}

    assert names == {"dagdeel-2", "dagdeel-3", "dagdeel-4"}


def test_a_visit_is_in_the_calendar_of_its_group_and_its_host(written, calendars):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(written, visit, **LATER)
    invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU)

    calendars.deliver(written)

    host = visit.project.host.contact.email
    (entry,) = calendars.clients[host].visible().values()
    assert entry.start_utc == visit.slot.starts_at
    assert f"Bezoek van {len(visit.group.members)} deelnemers" in entry.summary
    with_visit = [a for a, c in calendars.clients.items() if len(c.visible()) == 5]
    assert len(with_visit) == len(visit.group.members)
    calendars.hold_the_truth(written, cohort, now=LATER["now"])

    intake.withdraw(written, visit.group.members[0].enrolment, **LATER)
    calendars.deliver(written)
    (entry,) = calendars.clients[host].visible().values()
    assert f"Bezoek van {len(visit.group.members) - 1} deelnemers" in entry.summary
    calendars.hold_the_truth(written, cohort, now=LATER["now"])
