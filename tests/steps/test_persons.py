"""Changes of one person: a colleague takes over, another cohort, another address."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.aanmeldingen import apply, people
from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    address,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    at,
    document,
    mails_of,
    members,
    newest_plan,
    some_enrolments,
    some_needs,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused, TransitionRefused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, MessageStatus, PlanStatus, Via
from vitale_core.steps import cohorts, groups, intake, invitations, ledger, links, persons, replies, tasks, werkbezoek
from vitale_core.steps import people as persons_by_address
from vitale_core.store.records import Cohort, Enrolment, GroupMember, Invitation, Message, Needs, Person, Task

LATER = {**HERE, "now": NOW + timedelta(hours=2)}
DAAN = "daan@provincie.example"


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def substitute(session, enrolment, **facts):
    told = {"name": "Daan Mulder", "email": DAAN} | LATER | facts
    return persons.substitute(session, enrolment, **told)


def test_the_operator_cannot_let_somebody_in_at_the_address_of_another(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    noor = apply(written, cohort)

    with pytest.raises(Refused, match="andere naam"):
        join(written, cohort, name="Sam Bakker", email=noor.person.email)
    assert join(written, cohort, name="noor dijkstra", email=noor.person.email) is noor


def test_a_colleague_cannot_be_somebody_with_another_name_unless_a_person_is_asked(written):
    cohort = a_cohort(written)
    noor, sam = an_enrolment(written, cohort), an_enrolment(written, a_cohort(written, code="2027-ander"), "Sam Bakker")

    with pytest.raises(Refused, match="andere naam"):
        substitute(written, noor, email=sam.person.email)
    taken = substitute(written, noor, email=sam.person.email, by="deelnemer")

    assert [t.enrolment_id for t in tasks_of(written, "other-name")] == [taken.id]


def join(session, cohort, *, name, email):
    return persons.join(session, cohort, intake.Application(name=name, email=email), **LATER)


def version(database, number):
    with database.read() as session:
        return session.get_one(Cohort, number).version


# ---------------------------------------------------------------------------------------------------- a colleague


def test_a_colleague_takes_the_seat_and_none_of_the_answers(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort)
    an_intake(written, noor, casus="Van Noor")
    invitations.sync(written, cohort, now=NOW, bureau=BUREAU)
    Calendars(BUREAU).deliver(written)
    for one in written.scalars(select(Invitation)):
        replies.answer(written, one, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU)

    daan = substitute(written, noor)

    assert (noor.status, noor.ended_by) == (EnrolmentStatus.SUBSTITUTED, "operator")
    assert (daan.status, daan.source, daan.replaces_id) == (EnrolmentStatus.CONFIRMED, "substitute", noor.id)
    assert daan.person.email == DAAN
    assert daan.intake is None
    theirs = written.scalars(select(Invitation).where(Invitation.enrolment_id == daan.id)).all()
    assert {i.answer for i in theirs} == {Answer.NEEDS_ACTION}
    assert len(mails_of(written, Kind.SUBSTITUTED)) == 1
    assert [m.person.email for m in mails_of(written, Kind.SEAT_CONFIRMED)] == [DAAN]
    assert mails_of(written, Kind.RECEIPT) == []
    assert cohorts.seats_taken(written, cohort) == 1
    assert tasks_of(written, "seat-free") == []


def test_the_same_colleague_again_is_harmless_and_another_one_is_refused(written):
    noor = an_enrolment(written, a_cohort(written))
    daan = substitute(written, noor)

    assert substitute(written, noor) is daan
    with pytest.raises(Refused, match="geen plek om door te geven"):
        substitute(written, noor, email="iemand@anders.example")


def test_a_colleague_takes_the_place_in_group_and_visit(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]
    werkbezoek.confirm_visit(written, visit, **LATER)
    invitations.sync(written, cohort, now=LATER["now"], bureau=BUREAU)
    noor = visit.group.members[0].enrolment

    daan = substitute(written, noor)

    assert daan.id in members(plan)[1]
    assert noor.id not in members(plan)[1]
    meetings = {i.session.name for i in written.scalars(select(Invitation).where(Invitation.enrolment_id == daan.id))}
    assert visit.session.name in meetings


def test_old_plans_keep_who_was_in_them(written):
    cohort, plan = an_approved_cohort(written)
    groups.propose(written, cohort, **LATER)
    groups.approve(written, cohort, newest_plan(written, cohort).version, **LATER)
    assert plan.status is PlanStatus.SUPERSEDED
    noor = plan.groups[0].members[0].enrolment

    daan = substitute(written, noor)

    places = written.scalars(select(GroupMember).where(GroupMember.enrolment_id == noor.id)).all()
    assert {m.group.plan.status for m in places} == {PlanStatus.SUPERSEDED}
    assert len(written.scalars(select(GroupMember).where(GroupMember.enrolment_id == daan.id)).all()) == 1


def test_the_links_of_who_left_are_taken_back(written):
    noor = an_enrolment(written, a_cohort(written))
    asks: dict[str, Any] = {
        "person_id": noor.person_id,
        "cohort_id": noor.cohort_id,
        "now": NOW,
        "bureau": BUREAU,
        "secret": b"x",
    }
    page = links.url(written, purpose="participant", enrolment_id=noor.id, **asks)
    feed = links.url(written, purpose="agenda", **asks)

    substitute(written, noor)

    with pytest.raises(NotFound):
        links.open_link(written, page.rpartition("/")[2], purpose="participant", now=NOW)
    with pytest.raises(NotFound):
        links.open_link(written, feed.rpartition("/")[2].removesuffix(".ics"), purpose="agenda", now=NOW)


@pytest.mark.parametrize("status", sorted(set(EnrolmentStatus) - {EnrolmentStatus.CONFIRMED}))
def test_only_a_seat_can_be_handed_over(written, status):
    enrolment = an_enrolment(written, a_cohort(written), status=status)

    with pytest.raises(Refused, match="geen plek om door te geven"):
        substitute(written, enrolment)


def test_a_colleague_who_is_in_already_cannot_take_a_second_seat(written):
    cohort = a_cohort(written)
    noor, sam = some_enrolments(written, cohort, 2)

    with pytest.raises(Refused, match="doet al mee aan 2027-voorjaar"):
        substitute(written, noor, email=sam.person.email)


def test_after_the_first_day_only_the_operator_can(written):
    noor = an_enrolment(written, a_cohort(written))
    running = at("2027-03-18", "10:00")

    with pytest.raises(Refused, match="al begonnen"):
        substitute(written, noor, by="deelnemer", now=running)
    assert substitute(written, noor, by="operator", now=running).source == "substitute"


def test_a_participant_can_do_it_before(written):
    noor = an_enrolment(written, a_cohort(written))

    assert substitute(written, noor, by="deelnemer").replaces_id == noor.id


# -------------------------------------------------------------------------------------------------- another cohort


def test_a_transfer_gives_a_seat_there_and_frees_one_here(written):
    here = a_cohort(written, capacity=2, minimum=1)
    there = a_cohort(written, "najaar")
    noor, _sam, ilse = people(written, here, "Noor A", "Sam B", "Ilse C")

    moved = persons.transfer(written, noor, there, **LATER)

    assert noor.status is EnrolmentStatus.TRANSFERRED
    assert (moved.status, moved.cohort_id, moved.source) == (EnrolmentStatus.CONFIRMED, there.id, "transfer")
    assert (moved.transferred_from_id, moved.screened_by) == (noor.id, "operator")
    assert ilse.status is EnrolmentStatus.OFFERED
    assert len(mails_of(written, Kind.TRANSFERRED)) == 1
    assert {m.cohort_id for m in mails_of(written, Kind.SEAT_OFFER)} == {here.id}
    assert len(tasks_of(written, "seat-free")) == 1
    valid = select(Invitation).where(Invitation.person_id == noor.person_id, Invitation.cancelled_at.is_(None))
    assert {i.cohort_id for i in written.scalars(valid)} == {there.id}


def told_in(session, cohort, person):
    """The kinds of mail owed to a person about a cohort."""
    query = select(Message.kind).where(Message.cohort_id == cohort.id, Message.person_id == person.id)
    return set(session.scalars(query))


def test_a_transfer_is_one_mail_and_the_intake_goes_along(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor, sam = people(written, here, "Noor A", "Sam B")
    an_intake(written, noor, casus="Een plein", home="Assen", available=["3"], extra={"leren": "luisteren"})
    some_needs(written, noor)

    moved = persons.transfer(written, noor, there, **LATER)
    silent = persons.transfer(written, sam, there, **LATER)

    assert moved.intake is not None
    assert (moved.intake.casus, moved.intake.home, moved.intake.available) == ("Een plein", "Assen", None)
    assert moved.intake.extra == {"leren": "luisteren"}
    assert [n.enrolment_id for n in written.scalars(select(Needs))] == [moved.id]
    asked = {Kind.SEAT_CONFIRMED, Kind.INTAKE_REQUEST}
    assert asked & told_in(written, there, moved.person) == set()
    assert asked & told_in(written, there, silent.person) == {Kind.INTAKE_REQUEST}
    assert [m.enrolment_id for m in mails_of(written, Kind.TRANSFERRED)] == [noor.id, sam.id]


def test_answers_to_questions_of_another_programme_stay_behind(written):
    here, there = a_cohort(written), a_cohort(written, "anders", changes={"slug": "anders"})
    (noor,) = people(written, here, "Noor A")
    an_intake(written, noor, casus="Een plein", extra={"leren": "luisteren"})

    moved = persons.transfer(written, noor, there, **LATER)

    assert moved.intake is not None
    assert (moved.intake.casus, moved.intake.extra) == ("Een plein", {})


def test_a_programme_without_that_mail_tells_of_the_seat(written):
    mails = [m for m in document()["mails"] if m["kind"] != "transferred"]
    here, there = a_cohort(written), a_cohort(written, "anders", changes={"mails": mails, "slug": "anders"})
    (noor,) = people(written, here, "Noor A")

    moved = persons.transfer(written, noor, there, **LATER)

    assert Kind.SEAT_CONFIRMED in told_in(written, there, moved.person)


def test_a_transfer_to_a_full_cohort_waits_there(written):
    here, there = a_cohort(written), a_cohort(written, "najaar", capacity=1, minimum=1)
    people(written, there, "Sam B")
    noor = an_enrolment(written, here)

    moved = persons.transfer(written, noor, there, **LATER)

    assert (moved.status, moved.confirmed_at, moved.waitlisted_at) == (EnrolmentStatus.WAITLISTED, None, LATER["now"])
    assert len(mails_of(written, Kind.WAITLISTED)) == 1
    assert cohorts.seats_taken(written, there) == 1


def test_a_transfer_again_is_harmless(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor = an_enrolment(written, here)

    moved = persons.transfer(written, noor, there, **LATER)

    assert persons.transfer(written, noor, there, **LATER) is moved


def test_transfers_that_cannot_be_are_refused(written):
    here, there = a_cohort(written), a_cohort(written, "najaar")
    noor, sam = some_enrolments(written, here, 2)
    an_enrolment(written, there)
    closed = a_cohort(written, "oud")
    closed.status = CohortStatus.CLOSED

    with pytest.raises(Refused, match="zit al in 2027-voorjaar"):
        persons.transfer(written, noor, here, **LATER)
    with pytest.raises(Refused, match="staat al in najaar"):
        persons.transfer(written, noor, there, **LATER)
    with pytest.raises(Refused, match="oud neemt nu geen deelnemers aan"):
        persons.transfer(written, sam, closed, **LATER)
    intake.withdraw(written, sam, **LATER)
    with pytest.raises(TransitionRefused):
        persons.transfer(written, sam, there, **LATER)


def test_an_aanmelding_that_was_not_decided_on_can_be_moved_too(written):
    here, there = a_cohort(written, status=CohortStatus.OPEN), a_cohort(written, "najaar", status=CohortStatus.OPEN)
    enrolment = apply(written, here)

    moved = persons.transfer(written, enrolment, there, **LATER)

    assert moved.status is EnrolmentStatus.CONFIRMED
    assert tasks_of(written, "decide") == []


# -------------------------------------------------------------------------------------------------- another address


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


# ------------------------------------------------------------------------------------------------------ a late joiner


def test_who_calls_comes_in_at_once_and_gets_what_is_still_to_come(written):
    cohort = a_cohort(written, minimum=1)
    form = intake.Application(name="Daan Mulder", email=DAAN, organisation="provincie")
    late = {**HERE, "now": at("2027-03-18", "13:00")}

    made = persons.join(written, cohort, form, **late)
    again = persons.join(written, cohort, form, **late)

    assert again is made
    assert made.status is EnrolmentStatus.CONFIRMED
    invited = {m.payload["session_name"] for m in mails_of(written, Kind.CALENDAR_INVITATION)}
    assert invited == {"dagdeel-2", "dagdeel-3", "dagdeel-4"}


@pytest.mark.parametrize("waits_as", [EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED])
def test_a_colleague_who_applied_or_waits_takes_the_seat_with_that_aanmelding(written, waits_as):
    cohort = a_cohort(written, capacity=1, minimum=1)
    noor = an_enrolment(written, cohort)
    waiting = an_enrolment(written, cohort, "Daan Mulder", status=waits_as)

    taken = substitute(written, noor, email=waiting.person.email)

    assert taken is waiting
    assert (taken.status, taken.replaces_id) == (EnrolmentStatus.CONFIRMED, noor.id)
    assert cohorts.seats_taken(written, cohort) == 1


def test_a_colleague_to_whom_a_seat_was_offered_no_longer_needs_it(written):
    cohort = a_cohort(written, capacity=2, minimum=1)
    noor = an_enrolment(written, cohort)
    waiting = an_enrolment(written, cohort, "Daan Mulder", status=EnrolmentStatus.WAITLISTED)
    (offer,) = intake.offer_seats(written, cohort, now=NOW, bureau=BUREAU)

    substitute(written, noor, email=waiting.person.email)

    assert offer.closed_at == LATER["now"]
    assert cohorts.seats_taken(written, cohort) == 1
