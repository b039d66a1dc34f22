"""What the mails of the intake say: right for this person, this programme and this moment."""

from datetime import date

import pytest

from tests.owed_mails import told
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_enrolment,
    at,
    without_visits,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    CohortKind,
    CohortStatus,
    EnrolmentStatus,
    OfferStatus,
)
from vitale_core.steps import cohorts, invitations, links, persons
from vitale_core.store.records import (
    Offer,
)


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_a_receipt_lists_the_days_and_what_has_no_date_yet(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)
    noor = an_enrolment(session, cohort, status=EnrolmentStatus.APPLIED)

    days = told(session, cohort, Kind.RECEIPT, noor)["days"]

    assert [(day["label"], day["start"]) for day in days] == [
        ("Dag 1", at("2027-03-18", "09:30")),
        ("Dag 2", at("2027-04-22", "09:30")),
        ("Terugkomdag", None),
    ]
    assert days[0]["end"] == at("2027-03-18", "16:30")
    assert days[0]["parts"] == ["Dagdeel 1: Terreinverkenning", "Dagdeel 2: Participatie in het eigen werk"]
    assert days[0]["location"] == "Het Kasteel, Assen"


@pytest.mark.parametrize("status", EnrolmentStatus)
def test_a_receipt_does_not_ask_to_wait_for_what_is_decided(session, status):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.RECEIPT, an_enrolment(session, cohort, status=status))

    assert facts["decided"] == (status is not EnrolmentStatus.APPLIED)


def test_who_comes_in_later_hears_only_of_the_days_to_come(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)

    facts = told(session, cohort, Kind.SEAT_CONFIRMED, noor, now=at("2027-03-20"))

    assert [day["label"] for day in facts["days"]] == ["Dag 2", "Terugkomdag"]
    assert facts["late_from"] == at("2027-04-22", "09:30")
    assert facts["goes_ahead"] is True
    assert told(session, cohort, Kind.SEAT_CONFIRMED, an_enrolment(session, cohort, "Sam Bakker"))["late_from"] is None
    assert told(session, cohort, Kind.OVERVIEW, noor, now=at("2027-03-20"))["first_day"] == at("2027-04-22", "09:30")


def test_a_seat_in_a_cohort_that_is_not_sure_says_how_many_it_needs(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)

    facts = told(session, cohort, Kind.SEAT_CONFIRMED, an_enrolment(session, cohort))

    assert (facts["goes_ahead"], facts["minimum"]) == (False, 6)
    assert facts["visits"] == {"start": at("2027-03-25"), "end": at("2027-04-15")}


def test_places_that_differ_within_a_day_stand_at_each_part(session):
    cohort = a_cohort(session)
    cohort.sessions[1].location = "Zaal B"

    day = told(session, cohort, Kind.RECEIPT, an_enrolment(session, cohort))["days"][0]

    assert day["location"] == ""
    assert day["parts"][1] == "Dagdeel 2: Participatie in het eigen werk (Zaal B)"


def test_the_waiting_list_tells_the_place_on_it(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)
    first = an_enrolment(session, cohort, "Noor Dijkstra", status=EnrolmentStatus.WAITLISTED)
    second = an_enrolment(session, cohort, "Sam Bakker", status=EnrolmentStatus.WAITLISTED)

    places = [told(session, cohort, Kind.WAITLISTED, who)["position"] for who in (first, second)]

    assert places == [1, 2]


def test_who_left_the_waiting_list_is_not_told_a_place(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)

    with pytest.raises(Refused, match="wachtlijst"):
        told(session, cohort, Kind.WAITLISTED, an_enrolment(session, cohort))


def test_an_offer_tells_until_when_the_seat_is_held(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)
    noor = an_enrolment(session, cohort, status=EnrolmentStatus.OFFERED)
    session.add(
        Offer(cohort_id=cohort.id, enrolment=noor, status=OfferStatus.OPEN, offered_at=NOW, deadline=at("2027-02-04"))
    )

    facts = told(session, cohort, Kind.SEAT_OFFER, noor)

    assert facts["deadline"] == at("2027-02-04")
    assert facts["todo"] == f"{facts['page']}/aanbod"


def test_without_an_offer_no_seat_is_promised(session):
    cohort = a_cohort(session, status=CohortStatus.OPEN)

    with pytest.raises(Refused, match="plek"):
        told(session, cohort, Kind.SEAT_OFFER, an_enrolment(session, cohort))


def test_who_misses_out_hears_of_other_open_cohorts_of_this_training(session):
    cohort = a_cohort(session)
    autumn = {"day1": date(2027, 9, 16), "day2": date(2027, 10, 14)}
    a_cohort(session, "2027-najaar", days=autumn, status=CohortStatus.OPEN)
    a_cohort(session, "2027-besloten", days=autumn, kind=CohortKind.INCOMPANY)
    a_cohort(session, "2027-dicht", days=autumn, status=CohortStatus.CLOSED)
    a_cohort(session, "2027-anders", days=autumn, changes={**without_visits(), "slug": "anders"})

    others = told(session, cohort, Kind.REJECTED, an_enrolment(session, cohort))["others"]

    assert [(day["label"], day["start"]) for day in others] == [("Groep 2027-najaar", at("2027-09-16", "09:30"))]


def test_a_cohort_that_began_is_no_alternative(session):
    cohort = a_cohort(session)
    a_cohort(session, "2027-nu")

    others = told(session, cohort, Kind.LIST_CLOSED, an_enrolment(session, cohort), now=at("2028-01-01"))["others"]

    assert others == []


@pytest.mark.parametrize("nr, last", [(1, False), (2, True)])
def test_the_second_reminder_is_the_last(session, nr, last):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.INTAKE_REMINDER, an_enrolment(session, cohort), payload={"nr": nr})

    assert facts["last"] is last
    assert facts["todo"].endswith("/intake")


def test_who_gave_away_a_seat_reads_who_took_it(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort, "Noor Dijkstra")
    persons.substitute(session, noor, name="Bo Jansen", email="bo@gemeente.example", **HERE)

    facts = told(session, cohort, Kind.SUBSTITUTED, noor, subject="test")

    assert facts["colleague"] == "Bo Jansen"


def test_a_colleague_who_is_gone_is_not_named(session):
    cohort = a_cohort(session)

    assert told(session, cohort, Kind.SUBSTITUTED, an_enrolment(session, cohort))["colleague"] is None


def test_who_moves_to_another_cohort_gets_both_lists_of_days_and_the_new_page(session):
    spring, autumn = (
        a_cohort(session),
        a_cohort(session, "2027-najaar", days={"day1": date(2027, 9, 16), "day2": date(2027, 10, 14)}),
    )
    noor = an_enrolment(session, spring)
    moved = persons.transfer(session, noor, autumn, **HERE)

    facts = told(session, spring, Kind.TRANSFERRED, noor, subject="test")

    assert facts["old_days"][0]["start"] == at("2027-03-18", "09:30")
    assert facts["days"][0]["start"] == at("2027-09-16", "09:30")
    assert facts["first_day"] == at("2027-09-16", "09:30")
    assert facts["waits"] is False
    assert (
        links.open_link(session, facts["page"].rpartition("/")[2], purpose="participant", now=NOW).enrolment_id
        == moved.id
    )


def test_a_move_to_nowhere_is_not_told(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="nieuwe lichting"):
        told(session, cohort, Kind.TRANSFERRED, an_enrolment(session, cohort))


def test_a_cancelled_cohort_tells_why_and_what_falls_away(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    cohorts.cancel(session, cohort, reason="te weinig deelnemers", **HERE)

    facts = told(session, cohort, Kind.COHORT_CANCELLED, noor, subject="test")

    assert facts["reason"] == "te weinig deelnemers"
    assert facts["invited"] is True
    assert len(facts["days"]) == 3
