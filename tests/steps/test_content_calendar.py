"""What the mails about the diary say: an event as it was frozen, what changed, who did not answer."""

import pytest
from sqlalchemy import select

from tests.owed_mails import a_change, cancellation, confirmed_visit, facts_of, invitations_that_left, told
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_enrolment,
    at,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    Answer,
    EnrolmentStatus,
    Via,
)
from vitale_core.steps import changes, cohorts, invitations, people, persons, replies
from vitale_core.store.records import (
    Invitation,
    Message,
)


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


def test_the_overview_has_the_deadline_and_one_file_for_the_agenda(session):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.OVERVIEW, an_enrolment(session, cohort))

    assert facts["deadline"] == at("2027-03-04")
    assert facts["agenda"] == f"{facts['page']}/agenda.ics"
    assert facts["todo"] == f"{facts['page']}/rsvp"


def test_a_deadline_that_passed_is_not_asked_of_anybody(session):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.OVERVIEW, an_enrolment(session, cohort), now=at("2027-03-05"))

    assert facts["deadline"] is None


def test_an_invitation_tells_the_event_as_it_was_frozen(session):
    cohort = a_cohort(session)
    an_enrolment(session, cohort)
    message = invitations.sync(session, cohort, now=NOW, bureau=BUREAU)[0]
    cohort.sessions[0].location = "Ergens anders"

    facts = facts_of(session, message)

    assert facts["title"] == "Dagdeel 1: Terreinverkenning"
    assert facts["what"] == "dagdeel 1"
    assert (facts["start"], facts["end"]) == (at("2027-03-18", "09:30"), at("2027-03-18", "12:30"))
    assert facts["location"] == "Het Kasteel, Assen"
    assert (facts["old"], facts["moved"], facts["relocated"]) == (None, False, False)


def test_an_update_tells_what_was_before(session):
    cohort = a_cohort(session)
    an_enrolment(session, cohort)
    for message in invitations.sync(session, cohort, now=NOW, bureau=BUREAU):
        message.attempts = 1  # it may have left
    changes.move_session(session, cohort, "dagdeel-1", start=at("2027-03-19", "10:00"), location="Stadhuis", **HERE)

    update = session.scalars(select(Message).where(Message.kind == Kind.CALENDAR_UPDATE)).one()
    facts = facts_of(session, update)

    assert facts["old"]["start"] == at("2027-03-18", "09:30")
    assert facts["start"] == at("2027-03-19", "10:00")
    assert (facts["moved"], facts["relocated"], facts["answered"]) == (True, True, False)


def test_only_who_answered_is_asked_to_answer_again(session):
    cohort = a_cohort(session)
    noor, sam = an_enrolment(session, cohort), an_enrolment(session, cohort, "Sam Bakker")
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    for invitation in session.scalars(select(Invitation)).all():
        if invitation.enrolment_id == noor.id:
            replies.answer(session, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    new = an_enrolment(session, cohort, "Zoë Veenstra")

    def asked(who):
        facts = told(session, cohort, Kind.CHANGES, who, payload={"changes": [a_change()]})
        return facts["invited"], facts["answered"]

    assert (asked(noor), asked(sam), asked(new)) == ((True, True), (True, False), (False, False))


def test_a_cancelled_session_leaves_the_calendar_with_its_reason(session):
    cohort = a_cohort(session)
    an_enrolment(session, cohort)
    invitations_that_left(session, cohort)
    changes.cancel_session(session, cohort, "dagdeel-2", reason="de zaal is weg", **HERE)

    facts = cancellation(session)

    assert (facts["why"], facts["reason"]) == ("session", "de zaal is weg")


def test_a_cancelled_cohort_leaves_the_calendar_with_its_reason(session):
    cohort = a_cohort(session)
    an_enrolment(session, cohort)
    invitations_that_left(session, cohort)
    cohorts.cancel(session, cohort, reason="te weinig deelnemers", **HERE)

    facts = cancellation(session)

    assert (facts["why"], facts["reason"]) == ("cohort", "te weinig deelnemers")


def test_who_gave_away_a_seat_reads_so_in_the_cancellation(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    invitations_that_left(session, cohort)
    persons.substitute(session, noor, name="Bo Jansen", email="bo@gemeente.example", **HERE)

    assert cancellation(session)["why"] == "substituted"


def test_a_corrected_address_replaces_the_invitation(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    invitations_that_left(session, cohort)
    persons.correct_address(session, noor.person, "noor@elders.example", **HERE)

    assert (cancellation(session)["why"], cancellation(session)["reason"]) == ("replaced", "")


def test_another_contact_replaces_the_hosts_invitation(session):
    cohort, visit, _member = confirmed_visit(session)
    invitations_that_left(session, cohort)
    visit.project.host.contact = people.person_for(session, "nieuw@project.example", name="Bo Bos", now=NOW)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)

    assert (cancellation(session)["why"], cancellation(session)["host"]) == ("replaced", True)


def test_a_session_that_disappeared_is_told_by_what_the_calendar_showed(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    message = invitations.sync(session, cohort, now=NOW, bureau=BUREAU)[0]
    message.payload = {**message.payload, "session_name": "dagdeel-9"}
    message.kind = Kind.CALENDAR_CANCEL
    noor.status = EnrolmentStatus.WITHDRAWN

    facts = facts_of(session, message)

    assert (facts["title"], facts["what"], facts["why"]) == (message.payload["summary"], "training", "withdrawn")


SAME = {"new": "2027-04-22T07:30:00+00:00"}


@pytest.mark.parametrize(
    "told_changes, headline",
    [
        ([a_change(), a_change(session="dagdeel-4")], "moved"),
        ([a_change(new="2027-04-22T08:30:00+00:00")], "time"),
        ([a_change("location", **SAME)], "location"),
        ([a_change("location", **SAME), a_change("moved", **SAME)], "mixed"),
        ([a_change("cancelled")], "cancelled"),
        ([a_change("cancelled"), a_change("cancelled", old="2027-03-18T08:30:00+00:00")], "mixed"),
        ([a_change(), a_change("restored")], "mixed"),
        ([a_change(), a_change(old="2027-03-18T08:30:00+00:00")], "mixed"),
        ([a_change(old=None)], "mixed"),
        ([a_change(), a_change(old="2027-04-29T07:30:00+00:00", new="2027-04-22T07:30:00+00:00")], "mixed"),
    ],
)
def test_the_subject_says_what_all_changes_have_in_common(session, told_changes, headline):
    cohort = a_cohort(session)

    facts = told(session, cohort, Kind.CHANGES, an_enrolment(session, cohort), payload={"changes": told_changes})

    assert facts["headline"] == headline


@pytest.mark.parametrize(
    "names, dropped", [(["dagdeel-3"], "dagdeel 3"), (["dagdeel-3", "dagdeel-4"], "dagdeel 3 en dagdeel 4")]
)
def test_a_part_that_does_not_go_on_is_no_training_that_does_not_go_on(session, names, dropped):
    cohort = a_cohort(session)
    cancelled = [a_change("cancelled", session=name) for name in names]

    facts = told(session, cohort, Kind.CHANGES, an_enrolment(session, cohort), payload={"changes": cancelled})

    assert facts["dropped"] == dropped


def test_changes_are_told_by_the_names_people_know(session):
    cohort = a_cohort(session)
    told_changes = [a_change(), a_change("cancelled", session="weg", reason="de zaal is weg")]

    facts = told(session, cohort, Kind.CHANGES, an_enrolment(session, cohort), payload={"changes": told_changes})

    assert [change["title"] for change in facts["changes"]] == [
        "Dagdeel 3: Participatie in de praktijk",
        "Participatie",
    ]
    assert facts["changes"][1]["reason"] == "de zaal is weg"
    assert facts["asks"] is True


def test_changes_that_cancel_each_other_are_not_told(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="niets veranderd"):
        told(session, cohort, Kind.CHANGES, an_enrolment(session, cohort), payload={"changes": []})


def test_only_the_days_without_an_answer_are_asked_again(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    for invitation in session.scalars(select(Invitation)):
        if invitation.session.day == "day1":
            invitation.answer = Answer.ACCEPTED

    facts = told(session, cohort, Kind.RSVP_REMINDER, noor)

    assert [day["label"] for day in facts["missing"]] == ["Dag 2"]
    assert facts["first_missing"] == at("2027-04-22", "09:30")


def test_who_answered_everything_is_not_asked_again(session):
    cohort = a_cohort(session)
    noor = an_enrolment(session, cohort)
    invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
    for invitation in session.scalars(select(Invitation)):
        invitation.answer = Answer.DECLINED

    with pytest.raises(Refused, match="geantwoord"):
        told(session, cohort, Kind.RSVP_REMINDER, noor)
