"""Changes of one person: another mail address."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    LATER,
    NOW,
    a_cohort,
    address,
    an_approved_cohort,
    an_enrolment,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import CALENDAR, Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import invitations, ledger, persons, tasks, werkbezoek
from vitale_core.steps import people as persons_by_address
from vitale_core.steps.post import suppression
from vitale_core.store.records import Cohort, Enrolment, Message, Person, Task


def version(database, number):
    with database.read() as session:
        return session.get_one(Cohort, number).version


def lost(session, cohort, person, kind=Kind.OVERVIEW, status=MessageStatus.BOUNCED, **facts):
    told: dict[str, Any] = {"subject": "enrolment-1", "why": "Test.", "at": NOW, "stale_at": NOW + timedelta(days=7)}
    mail = ledger.owe(session, cohort, kind=kind, person_id=person.id, now=NOW, bureau=BUREAU, **(told | facts))
    assert mail is not None
    mail.status = status
    session.flush()
    return mail


def test_what_never_arrived_goes_again_to_the_new_address(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort).person
    bounced = lost(written, cohort, noor)
    lost(written, cohort, noor, status=MessageStatus.FAILED, subject="b")
    lost(written, cohort, noor, status=MessageStatus.SENT, subject="c")
    lost(written, cohort, noor, kind=Kind.CALENDAR_INVITATION, subject="d")
    lost(written, cohort, noor, subject="e", stale_at=NOW + timedelta(hours=1))

    again = persons.correct_address(written, noor, " n.dijkstra@Gemeente.example", **LATER)

    assert noor.email == "n.dijkstra@gemeente.example"
    assert noor.email_key == "n.dijkstra@gemeente.example"
    assert [m.subject for m in again] == ["enrolment-1", "b"]
    assert again[0].key == f"{bounced.key}+again"
    assert again[0].payload == bounced.payload


def test_what_was_not_even_tried_because_the_old_address_was_blocked_goes_to_the_new_one(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort).person
    came_back = lost(written, cohort, noor)
    suppression.bounced(written, came_back, noor.email, hard=True, why="het adres bestaat niet", now=NOW)
    lost(written, cohort, noor, status=MessageStatus.SKIPPED, subject="b").outcome = f"{suppression.NO_MORE}: weg."
    lost(written, cohort, noor, status=MessageStatus.SKIPPED, subject="c").outcome = "Niet meer waar."
    written.flush()

    again = persons.correct_address(written, noor, "noor@elders.example", **LATER)

    assert [m.subject for m in again] == ["enrolment-1", "b"]


def test_an_address_that_works_after_all_is_mailed_again(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort).person
    came_back = lost(written, cohort, noor)
    suppression.bounced(written, came_back, noor.email, hard=True, why="het adres bestaat niet", now=NOW)
    assert suppression.blocked(written, [noor.email])

    again = persons.correct_address(written, noor, noor.email, **LATER)

    assert suppression.blocked(written, [noor.email]) == {}
    assert [m.key for m in again] == [f"{came_back.key}+again"]
    assert tasks_of(written, "address") == []


def test_an_invitation_that_never_arrived_goes_again_when_the_address_works_after_all(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(written, visit, **LATER)
    host = visit.project.host.contact
    invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU)
    mine = written.scalars(select(Message).where(Message.person_id == host.id, Message.kind.in_(CALENDAR))).all()
    for mail in mine:
        mail.status = MessageStatus.BOUNCED
    suppression.bounced(written, mine[-1], host.email, hard=True, why="het adres bestaat niet", now=NOW)

    again = persons.correct_address(written, host, host.email, **LATER)

    assert [m.key for m in again if m.kind in CALENDAR] == [f"{mine[-1].key}+again"]
    calendars = Calendars(BUREAU)
    calendars.deliver(written)
    assert len(calendars.clients[host.email].visible()) == 1
    assert invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU) == []


def test_an_old_version_of_an_invitation_does_not_go_again(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(written, visit, **LATER)
    host = visit.project.host.contact
    invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU)
    first = written.scalars(select(Message).where(Message.person_id == host.id, Message.kind.in_(CALENDAR))).one()
    first.status = MessageStatus.BOUNCED
    suppression.bounced(written, first, host.email, hard=True, why="het adres bestaat niet", now=NOW)
    visit.session.location = "Een andere ingang"
    (update,) = [
        m for m in invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU) if m.person_id == host.id
    ]
    update.status, update.attempts = MessageStatus.SENT, 1

    again = persons.correct_address(written, host, host.email, **LATER)

    assert [m for m in again if m.kind in CALENDAR] == []


def test_a_second_correction_sends_again_what_was_lost_again(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort).person
    lost(written, cohort, noor)
    (once,) = persons.correct_address(written, noor, "een@gemeente.example", **LATER)
    once.status = MessageStatus.BOUNCED

    (twice,) = persons.correct_address(written, noor, "twee@gemeente.example", **LATER)

    assert twice.key == f"{once.key}+again"


def test_a_corrected_address_closes_what_waited_for_it(written):
    noor, sam = (e.person for e in some_enrolments(written, a_cohort(written), 2))
    for person in (noor, sam):
        tasks.owe_task(written, key=f"address/{person.id}/", kind="address", what="", now=NOW)

    persons.correct_address(written, noor, "n@gemeente.example", **LATER)

    assert [t.key for t in tasks_of(written, "address")] == [f"address/{sam.id}/"]


def test_the_address_of_somebody_else_is_refused(written):
    noor, sam = (e.person for e in some_enrolments(written, a_cohort(written), 2))

    with pytest.raises(Refused, match="hoort al bij iemand anders") as refused:
        persons.correct_address(written, noor, sam.email.upper(), **LATER)
    assert sam.email not in refused.value.message
    with pytest.raises(Refused, match="geen geldig"):
        persons.correct_address(written, noor, "geen adres", **LATER)
    assert noor.email == address("Noor Dijkstra")


def test_the_same_address_again_changes_nothing(written):
    noor = an_enrolment(written, a_cohort(written)).person

    assert persons.correct_address(written, noor, noor.email, **LATER) == []


def test_other_capitals_are_a_correction_of_the_same_person(written):
    noor = an_enrolment(written, a_cohort(written)).person

    persons.correct_address(written, noor, "Noor.Dijkstra@gemeente.example", **LATER)

    assert (noor.email, noor.email_key) == ("Noor.Dijkstra@gemeente.example", address("Noor Dijkstra"))


def test_the_calendar_of_a_host_moves_along(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(written, visit, **LATER)
    invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU)
    calendars = Calendars(BUREAU)
    calendars.deliver(written)
    host = visit.project.host.contact
    old = host.email

    persons.correct_address(written, host, "nieuw@project.example", **LATER)
    calendars.deliver(written)

    assert calendars.clients[old].visible() == {}
    assert len(calendars.clients["nieuw@project.example"].visible()) == 1


def test_a_mail_that_the_trainer_never_got_goes_again(written):
    cohort = a_cohort(written, trainer_name="Roos", trainer_email="roos@bureau.example")
    trainer = written.get_one(Person, cohort.trainer_id)
    lost(written, cohort, trainer, kind=Kind.PARTICIPANT_LIST)

    (again,) = persons.correct_address(written, trainer, "roos.h@bureau.example", **LATER)

    assert again.kind == Kind.PARTICIPANT_LIST


def test_a_corrected_address_makes_the_cohort_look_again(database):
    with database.write() as session:
        enrolment = an_enrolment(session, a_cohort(session))
        number, cohort_id = enrolment.id, enrolment.cohort_id
    before = version(database, cohort_id)
    with database.write() as session:
        person = session.get_one(Enrolment, number).person
        persons.correct_address(session, person, "nieuw@gemeente.example", **LATER)

    assert version(database, cohort_id) > before


def test_somebody_without_a_cohort_has_an_address_too(written):
    person = persons_by_address.person_for(written, "los@gemeente.example", name="Los", now=NOW)

    assert persons.correct_address(written, person, "vast@gemeente.example", **LATER) == []
    assert person.email == "vast@gemeente.example"
    assert written.scalars(select(Task)).all() == []
