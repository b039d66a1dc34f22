"""Changes of one person: a colleague takes over, and who calls comes in."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.aanmeldingen import apply
from tests.calendars import Calendars
from tests.training import (
    BUREAU,
    HERE,
    LATER,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    at,
    mails_of,
    members,
    newest_plan,
    some_enrolments,
    tasks_of,
    visits_of,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer, CohortStatus, EnrolmentStatus, PlanStatus, Via
from vitale_core.steps import cohorts, groups, intake, invitations, links, persons, replies, waiting_list, werkbezoek
from vitale_core.store.records import GroupMember, Invitation

DAAN = "daan@provincie.example"


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
    with pytest.raises(Refused, match="Deze collega doet al mee"):
        substitute(written, noor, email=sam.person.email, by="deelnemer")


def test_after_the_first_day_only_the_operator_can(written):
    noor = an_enrolment(written, a_cohort(written))
    running = at("2027-03-18", "10:00")

    with pytest.raises(Refused, match="al begonnen"):
        substitute(written, noor, by="deelnemer", now=running)
    assert substitute(written, noor, by="operator", now=running).source == "substitute"


def test_a_participant_can_do_it_before(written):
    noor = an_enrolment(written, a_cohort(written))

    assert substitute(written, noor, by="deelnemer").replaces_id == noor.id


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
    (offer,) = waiting_list.offer_seats(written, cohort, now=NOW, bureau=BUREAU)

    substitute(written, noor, email=waiting.person.email)

    assert offer.closed_at == LATER["now"]
    assert cohorts.seats_taken(written, cohort) == 1
