"""Everything that can change, on the operator's page: the consequences first, then the deed."""

from datetime import date

import pytest
from sqlalchemy import update

from tests.portal.stages import at
from tests.portal.test_office import BASE, deed
from tests.portal.visitor import Page
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, PlanStatus, SessionStatus, VisitStatus
from vitale_core.store.records import Cohort, CourseSession, Enrolment, GroupMember, Message, Person, Plan, Slot, Visit

WHO = {"naam": "Anja"}


@pytest.fixture
def booked(world):
    """A cohort that goes ahead, its visits booked."""
    return at(world, "visits booked")


def words(response):
    return Page(response.text).words


def test_a_session_gets_another_time_and_place_after_the_consequences(world, visitor, booked):
    path, when = f"{BASE}/sessies/dagdeel-3", {"datum": "2027-04-27", "begin": "10:00", "einde": "13:00"}

    shown = deed(visitor, path, {**when, "plaats": "De Werkplaats", **WHO}, sure=False)
    unchanged = world.one(CourseSession, name="dagdeel-3").location
    done = deed(visitor, path, {**when, "plaats": "De Werkplaats", **WHO})

    assert "8 × bericht van een wijziging" in words(shown)
    assert (
        "Je verplaatst ‘Dagdeel 3: Participatie in de praktijk’ van donderdag 22 april 2027, 09.30 tot 12.30 uur in "
        "De Nieuwe Kolk, Assen naar dinsdag 27 april 2027, 10.00 tot 13.00 uur in De Werkplaats."
    ) in words(shown)
    assert unchanged == "De Nieuwe Kolk, Assen"
    meeting = world.one(CourseSession, name="dagdeel-3")
    assert (meeting.location, meeting.starts_at.isoformat()) == ("De Werkplaats", "2027-04-27T08:00:00+00:00")
    assert "De Werkplaats" in words(done)


def test_a_whole_day_moves_and_what_a_rule_refuses_is_said_on_the_page(world, visitor, booked):
    path = f"{BASE}/dagen/day2"

    refused = deed(visitor, path, {"datum": "2027-03-10", "plaats": "", **WHO}, sure=False)
    shown = deed(visitor, path, {"datum": "2027-04-21", "plaats": "Stadhuis", **WHO}, sure=False)
    deed(visitor, path, {"datum": "2027-04-20", "plaats": "De Nieuwe Kolk, Assen", **WHO})

    assert refused.status_code == 409
    assert "Dit kan nu niet" in words(refused)
    assert "De Nieuwe Kolk, Assen naar woensdag 21 april 2027 in Stadhuis." in words(shown)
    day = [s for s in world.all(CourseSession) if s.day == "day2"]
    assert {s.starts_at.date() for s in day} == {date(2027, 4, 20)}
    assert visitor.open(f"{BASE}/dagen/terugkomdag").status_code == 404


def test_a_time_that_does_not_exist_is_refused(visitor, booked):
    when = {"datum": "2027-03-28", "begin": "02:30", "einde": "05:00", "plaats": "", **WHO}

    shown = deed(visitor, f"{BASE}/sessies/dagdeel-3", when, sure=False)

    assert shown.status_code == 409
    assert "bestaat niet" in words(shown)


def test_a_session_is_cancelled_with_a_reason(world, visitor, booked):
    path = f"{BASE}/sessies/dagdeel-4/afzeggen"

    empty = deed(visitor, path, {"notitie": "", **WHO}, sure=False)
    shown = deed(visitor, path, {"notitie": "De zaal is <weg>.", **WHO}, sure=False)
    deed(visitor, path, {"notitie": "De zaal is weg.", **WHO})

    assert empty.status_code == 422
    assert "Je zegt ‘Dagdeel 4" in words(shown)
    assert "De zaal is &lt;weg&gt;." in shown.text
    assert world.one(CourseSession, name="dagdeel-4").status is SessionStatus.CANCELLED


def test_a_cohort_is_cancelled_and_restored(world, visitor, booked):
    deed(visitor, f"{BASE}/afzeggen", {"notitie": "De trainer is ziek.", **WHO})
    cancelled = world.one(Cohort).status
    offered = words(visitor.open(f"{BASE}/wijzigen"))
    shown = deed(visitor, f"{BASE}/afzeggen", WHO, sure=False)
    deed(visitor, f"{BASE}/afzeggen", WHO)

    assert cancelled is CohortStatus.CANCELLED
    assert "Laat hem toch doorgaan" in offered
    assert "agenda-uitnodiging" in words(shown)
    assert "Je laat lichting 2027-voorjaar toch doorgaan." in words(shown)
    assert world.one(Cohort).status is CohortStatus.CONFIRMED


def test_somebody_comes_in_late(world, visitor, booked):
    with world.database.write() as session:
        session.get_one(Cohort, booked.cohort).capacity = 12
        session.get_one(Enrolment, booked.waiting).status = EnrolmentStatus.LAPSED
    who = {"deelnemer": "Kees Boer", "mail": "kees@gemeente.example", "organisatie": "gemeente Ede"}

    shown = deed(visitor, f"{BASE}/instromen", who | WHO, sure=False)
    done = deed(visitor, f"{BASE}/instromen", who | WHO)

    assert "deelnemers van 2027-voorjaar: 8 wordt 9" in words(shown)
    assert "Je laat Kees Boer (kees@gemeente.example) instromen in 2027-voorjaar." in words(shown)
    assert "Kees Boer" in words(done)
    person = world.one(Person, email="kees@gemeente.example")
    assert world.one(Enrolment, person_id=person.id).status is EnrolmentStatus.CONFIRMED


def test_a_colleague_takes_the_seat(world, visitor, booked):
    path = f"{BASE}/mensen/{booked.people[0]}/collega"

    colleague = {"deelnemer": "Kees Boer", "mail": "kees@gemeente.example", **WHO}
    shown = deed(visitor, path, colleague, sure=False)
    done = deed(visitor, path, colleague)

    assert "in 2027-voorjaar gaat naar Kees Boer (kees@gemeente.example)." in words(shown)
    assert "Kees Boer" in words(done)
    assert world.one(Enrolment, id=booked.people[0]).status is EnrolmentStatus.SUBSTITUTED


def test_somebody_goes_to_another_cohort(world, visitor, booked):
    path = f"{BASE}/mensen/{booked.people[0]}/lichting"
    nowhere = words(visitor.open(path))
    world.cohort(code="2027-najaar", days={"day1": date(2027, 9, 14), "day2": date(2027, 10, 19)})

    shown = deed(visitor, path, {"lichting": "2027-najaar", **WHO}, sure=False)
    deed(visitor, path, {"lichting": "2027-najaar", **WHO})

    assert "Er is nu niets om uit te kiezen" in nowhere
    assert "gaat van lichting 2027-voorjaar naar lichting 2027-najaar." in words(shown)
    assert world.one(Enrolment, id=booked.people[0]).status is EnrolmentStatus.TRANSFERRED
    assert world.one(Enrolment, transferred_from_id=booked.people[0]).status is EnrolmentStatus.CONFIRMED


def test_an_address_and_details_are_corrected(world, visitor, booked):
    path = f"{BASE}/mensen/{booked.people[0]}/gegevens"
    known = Page(visitor.open(path).text).forms[0].known

    shown = deed(visitor, path, {"mail": "noor@nieuw.example", "functie": "senior adviseur", **WHO}, sure=False)
    deed(visitor, path, {"mail": "noor@nieuw.example", "functie": "senior adviseur", **WHO})
    deed(visitor, path, WHO)

    person = world.one(Person, id=world.one(Enrolment, id=booked.people[0]).person_id)
    assert known["mail"] == "noor0@deelnemer.example"
    assert "e-mailadres noor0@deelnemer.example wordt noor@nieuw.example; functie" in words(shown)
    assert (person.email, person.function) == ("noor@nieuw.example", "senior adviseur")
    assert person.organisation == "gemeente Assen"


def test_somebody_goes_with_another_group(world, visitor, booked):
    member = world.all(GroupMember)[0]
    path = f"{BASE}/mensen/{member.enrolment_id}/groep"

    deed(visitor, path, {"groep": "2", **WHO})

    plan = world.one(Plan, status=PlanStatus.APPROVED)
    with world.database.read() as session:
        (group,) = [g for g in session.get_one(Plan, plan.id).groups if g.number == 2]
        assert member.enrolment_id in {m.enrolment_id for m in group.members}


def test_a_visit_moves_to_another_half_day_or_another_host(world, visitor, booked):
    visit = next(v for v in world.visits() if v.status is VisitStatus.CONFIRMED)
    path = f"{BASE}/gastheren/{visit.id}/verplaatsen"
    with world.database.read() as session:
        number = session.get_one(Visit, visit.id).group.number
    offered = visitor.open(path).text
    others = [s for s in world.all(Slot) if f'value="{s.id}"' in offered]
    other = next(s for s in others if s.project_id != visit.project_id)

    shown = deed(visitor, path, {"dagdeel": str(other.id), **WHO}, sure=False)
    deed(visitor, path, {"dagdeel": str(other.id), "akkoord": "ja", **WHO})

    assert "verzoek aan de gastheer" in words(shown)
    assert f"Je verplaatst het bezoek van groep {number} van" in words(shown)
    assert world.one(Visit, id=visit.id).status is VisitStatus.CANCELLED
    (new,) = [v for v in world.all(Visit) if v.slot_id == other.id and v.status is VisitStatus.CONFIRMED]
    assert new.group_id == visit.group_id


def test_when_the_last_half_day_goes_while_somebody_chooses_the_page_says_so(world, visitor, booked):
    visit = next(v for v in world.visits() if v.status is VisitStatus.CONFIRMED)
    path = f"{BASE}/gastheren/{visit.id}/verplaatsen"
    form = Page(visitor.open(path).text).forms[0]
    with world.database.write() as session:
        session.execute(update(Slot).where(Slot.id != visit.slot_id).values(withdrawn_at=world.now))

    shown = visitor.post(path, form.known | WHO | {"dagdeel": form.names["dagdeel"][0]})

    assert shown.status_code == 409
    assert "niets om uit te kiezen" in words(shown)


@pytest.mark.parametrize("path", ["mensen/99/collega", "gastheren/99/verplaatsen", "sessies/dagdeel-9", "dagen/day9"])
def test_what_is_not_there_is_not_found(visitor, booked, path):
    assert visitor.open(f"{BASE}/{path}").status_code == 404


def test_what_is_over_offers_no_change(world, visitor):
    stage = at(world, "evaluated")
    with world.database.write() as session:
        session.get_one(Cohort, stage.cohort).status = CohortStatus.CLOSED

    assert "Er valt niets meer te wijzigen" in words(visitor.open(f"{BASE}/wijzigen"))
    assert not [m for m in world.all(Message) if m.kind == "changes"]
