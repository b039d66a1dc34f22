"""What the mails about days and visits say, to participants, hosts and the trainer."""

import pytest
from sqlalchemy import select

from tests.owed_mails import confirmed_visit, facts_of, owed, told
from tests.training import (
    BUREAU,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    at,
    document,
    members,
    some_enrolments,
    visits_of,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    SessionStatus,
    VisitStatus,
)
from vitale_core.steps import invitations
from vitale_core.store.records import (
    Invitation,
    Message,
)


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


# ------------------------------------------------------------ training days


def test_a_preparation_tells_the_day_and_ones_own_casus(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    an_intake(session, noor, casus="Een plein in Assen")

    facts = told(session, cohort, Kind.PREPARATION, noor, subject="dagdeel-3")

    assert facts["day"]["label"] == "Dag 2"
    assert [part["title"] for part in facts["day"]["sessions"]] == [
        "Dagdeel 3: Participatie in de praktijk",
        "Dagdeel 4: Participatief werken: eigen vaardigheden",
    ]
    assert "presentaties" in facts["day"]["sessions"][0]["text"]
    assert facts["casus"] == "Een plein in Assen"
    assert facts["visit"] is None


def test_the_casus_of_a_preparation_can_be_changed_until_the_training_begins(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)

    before = told(session, cohort, Kind.PREPARATION, noor, subject="dagdeel-1", now=at("2027-03-04", "09:00"))
    during = told(session, cohort, Kind.PREPARATION, noor, subject="dagdeel-3", now=at("2027-04-15", "09:00"))

    assert (before["open"], during["open"]) == (True, False)


def test_the_day_after_the_visit_opens_with_what_the_group_brought_back(session):
    cohort, visit, member = confirmed_visit(session)

    day1 = told(session, cohort, Kind.PREPARATION, member, subject="dagdeel-1")
    day2 = told(session, cohort, Kind.PREPARATION, member, subject="dagdeel-3")

    assert day1["visit"] is None
    assert day2["visit"]["project"] == visit.project.title


def test_a_day_that_does_not_take_place_is_not_prepared_for(session):
    cohort = a_cohort(session)
    for meeting in cohort.sessions[:2]:
        meeting.status = SessionStatus.CANCELLED

    with pytest.raises(Refused, match="gaat niet door"):
        told(session, cohort, Kind.PREPARATION, an_enrolment(session, cohort), subject="dagdeel-1")


def test_a_reminder_tells_when_and_where(session):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.REMINDER, an_enrolment(session, cohort), subject="dagdeel-1")

    assert (facts["title"], facts["what"]) == ("Dag 1", "dag 1")
    assert (facts["start"], facts["location"]) == (at("2027-03-18", "09:30"), "Het Kasteel, Assen")
    assert facts["visit"] is None


def test_a_reminder_of_a_visit_tells_with_whom_and_who_receives(session):
    cohort, visit, member = confirmed_visit(session)

    facts = told(session, cohort, Kind.REMINDER, member, subject=f"visit-{visit.id}", payload={"visit": visit.id})

    assert facts["start"] == visit.slot.starts_at
    assert facts["title"] == visit.project.title
    assert member.person.name not in facts["visit"]["others"]
    assert len(facts["visit"]["others"]) == len(visit.group.members) - 1
    assert facts["visit"]["organisation"] == visit.project.host.organisation


def test_the_trainer_gets_everybody_with_casus_and_answer(session):
    cohort = a_cohort(session, trainer_name="Anna de Groot", trainer_email="anna@vitale.example")
    noor, sam, ilse, bram, _fenna = some_enrolments(session, cohort, 5)
    noor.person.function, noor.person.organisation = "adviseur", "gemeente Assen"
    an_intake(session, noor, casus="Een plein")
    an_enrolment(session, cohort, "Koen Haan", status=EnrolmentStatus.WITHDRAWN)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    said = {
        (noor.id, "dagdeel-1"): Answer.ACCEPTED,
        (noor.id, "dagdeel-2"): Answer.ACCEPTED,
        (sam.id, "dagdeel-1"): Answer.DECLINED,
        (sam.id, "dagdeel-2"): Answer.ACCEPTED,
        (ilse.id, "dagdeel-1"): Answer.TENTATIVE,
        (ilse.id, "dagdeel-2"): Answer.ACCEPTED,
        (bram.id, "dagdeel-1"): Answer.DECLINED,
        (bram.id, "dagdeel-2"): Answer.DECLINED,
    }
    for invitation in session.scalars(select(Invitation)):
        invitation.answer = said.get((invitation.enrolment_id or 0, invitation.session.name), Answer.NEEDS_ACTION)

    facts = told(session, cohort, Kind.PARTICIPANT_LIST, subject="dagdeel-1")

    assert {person["name"]: person["answer"] for person in facts["people"]} == {
        "Bram Smit": "komt niet",
        "Fenna Visser": "nog niet",
        "Ilse Postma": "misschien",
        "Noor Dijkstra": "komt",
        "Sam Bakker": "komt een deel",
    }
    assert facts["people"][3]["work"] == "adviseur, gemeente Assen"
    assert facts["people"][3]["casus"] == "Een plein"
    assert (facts["coming"], facts["audience"]) == (1, "trainer")
    assert "/t/" in facts["page"]


# ------------------------------------------------------------ werkbezoek


def test_a_group_reads_with_whom_where_and_when(session):
    cohort, plan = an_approved_cohort(session)
    visit = visits_of(plan)[1]
    member = visit.group.members[0].enrolment

    facts = told(session, cohort, Kind.GROUP_PROPOSAL, member, payload={"visit": visit.id})

    assert len(facts["visit"]["group"]) == len(members(plan)[1])
    assert facts["visit"]["confirmed"] is False
    assert facts["visit"]["location"] == "Dorpsstraat 1, Assen"
    assert facts["report_day"] == at("2027-04-22", "09:30")


def test_who_heard_of_another_visit_reads_that_this_one_replaces_it(session):
    cohort, plan = an_approved_cohort(session)
    first, second = visits_of(plan)[1], visits_of(plan)[2]
    member = first.group.members[0].enrolment
    earlier = owed(session, cohort, Kind.GROUP_PROPOSAL, member, subject="visit-1", payload={"visit": first.id})

    unheard = told(session, cohort, Kind.GROUP_PROPOSAL, member, subject="visit-2", payload={"visit": second.id})
    earlier.status = MessageStatus.SENT
    heard = told(session, cohort, Kind.GROUP_PROPOSAL, member, subject="visit-3", payload={"visit": second.id})
    resent = told(
        session, cohort, Kind.GROUP_PROPOSAL, member, subject="visit-1", key="resent", payload={"visit": first.id}
    )

    assert (unheard["again"], heard["again"], resent["again"]) == (False, True, False)


def test_only_what_the_group_told_was_looked_at(session):
    cohort, plan = an_approved_cohort(session)
    visit = visits_of(plan)[1]
    first, second = (m.enrolment for m in visit.group.members[:2])

    def looked_at(subject):
        facts = told(session, cohort, Kind.GROUP_PROPOSAL, first, subject=subject, payload={"visit": visit.id})
        return facts["visit"]["told"], facts["visit"]["days_told"]

    nothing = looked_at("a")
    an_intake(session, first, available=[])
    wishes = looked_at("b")
    an_intake(session, second, available=["2027-04-06T13:00"])

    assert (nothing, wishes, looked_at("c")) == ((False, False), (True, False), (True, True))


def test_who_left_the_group_is_not_named_any_more(session):
    cohort, plan = an_approved_cohort(session)
    visit = visits_of(plan)[1]
    gone, stays = visit.group.members[0].enrolment, visit.group.members[1].enrolment
    gone.status = EnrolmentStatus.WITHDRAWN

    facts = told(session, cohort, Kind.GROUP_PROPOSAL, stays, payload={"visit": visit.id})

    assert gone.person.name not in facts["visit"]["group"]
    assert facts["visit"]["people"] == len(visit.group.members) - 1


def test_a_host_is_asked_to_answer_before_the_reminder(session):
    cohort, plan = an_approved_cohort(session)
    visit = visits_of(plan)[1]

    facts = told(session, cohort, Kind.HOST_REQUEST, person=visit.project.host.contact_id, payload={"visit": visit.id})

    assert facts["deadline"] == at("2027-02-08")
    assert (facts["audience"], facts["host"]) == ("host", True)
    assert facts["todo"] == f"{facts['page']}/bezoek/{visit.id}"
    assert "/h/" in facts["page"]


@pytest.mark.parametrize("reminded", [True, False])
def test_a_host_who_is_not_reminded_or_not_asked_gets_no_deadline(session, reminded):
    mails = [m for m in document()["mails"] if reminded or m["kind"] != "host_reminder"]
    cohort, plan = an_approved_cohort(session, changes={"mails": mails})
    visit = visits_of(plan)[1]
    if reminded:
        visit.asked_at = None

    facts = told(session, cohort, Kind.HOST_REQUEST, person=visit.project.host.contact_id, payload={"visit": visit.id})

    assert facts["deadline"] is None


def test_what_a_host_tells_reaches_the_group_once(session):
    cohort, visit, member = confirmed_visit(session)
    visit.project.practical = visit.host_note = "Bel aan bij de poort."

    facts = told(session, cohort, Kind.REMINDER, member, payload={"visit": visit.id})

    assert facts["visit"]["practical"] == "Bel aan bij de poort."


def test_a_cancelled_visit_tells_the_host_why(session):
    cohort, visit, _member = confirmed_visit(session)
    visit.status, visit.reason = VisitStatus.CANCELLED, "de groep gaat op een ander moment."

    facts = told(
        session, cohort, Kind.HOST_CANCELLED, person=visit.project.host.contact_id, payload={"visit": visit.id}
    )

    assert (facts["why"], facts["reason"]) == ("visit", "de groep gaat op een ander moment.")
    assert facts["todo"] == facts["page"]


def test_a_host_hears_that_the_whole_cohort_is_cancelled(session):
    cohort, visit, _member = confirmed_visit(session)
    cohort.status, cohort.settings = CohortStatus.CANCELLED, {"reason": "te weinig deelnemers"}

    facts = told(
        session, cohort, Kind.HOST_CANCELLED, person=visit.project.host.contact_id, payload={"visit": visit.id}
    )

    assert (facts["why"], facts["reason"]) == ("cohort", "te weinig deelnemers")


def test_a_visit_that_does_not_exist_is_not_told_of(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="werkbezoek"):
        told(session, cohort, Kind.VISIT_REPORT_REQUEST, an_enrolment(session, cohort), payload={"visit": 99})


def test_a_visit_comes_into_the_calendar_of_group_and_host_in_their_own_words(session):
    cohort, visit, member = confirmed_visit(session)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    mails = session.scalars(select(Message).where(Message.kind == Kind.CALENDAR_INVITATION)).all()
    about = [m for m in mails if m.payload["session_name"].startswith("werkbezoek")]

    group = facts_of(session, next(m for m in about if m.enrolment_id == member.id))
    host = facts_of(session, next(m for m in about if m.payload["host"]))

    assert (group["what"], group["audience"], group["visit"]["project"]) == (
        "werkbezoek",
        "participant",
        visit.project.title,
    )
    assert (host["what"], host["audience"], host["visit"]["people"]) == ("bezoek", "host", len(visit.group.members))
    assert "/h/" in host["page"]
