"""What every mail says, and what those to the office say; and that each can be made from the database."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.owed_mails import (
    SECRET,
    a_certificate,
    a_change,
    confirmed_visit,
    facts_of,
    owed,
    terugkomdag_of,
    told,
)
from tests.training import (
    BUREAU,
    DAYS,
    NOW,
    a_cohort,
    an_enrolment,
    at,
)
from vitale_core.adapters.letters import MessageRenderer, load_letters
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import (
    EnrolmentStatus,
    OfferStatus,
    SessionStatus,
)
from vitale_core.steps import invitations, links, tasks
from vitale_core.steps.content import content
from vitale_core.steps.content.case import PAGES, greeting
from vitale_core.steps.content.werkbezoek import HOST_PAGES
from vitale_core.store.records import (
    Invitation,
    Message,
    Offer,
    PollOption,
)
from vitale_portal.routes import DOORS


@pytest.fixture
def session(database):
    with database.write() as session:
        yield session


# ------------------------------------------------------------ every mail


def test_every_mail_names_its_reader_the_trainer_and_the_page(session):
    cohort = a_cohort(session, trainer_name="Anna de Groot", trainer_email="anna@vitale.example")
    noor = an_enrolment(session, cohort, "Noor Dijkstra")

    facts = told(session, cohort, Kind.RECEIPT, noor)

    assert facts["reader"] == {"name": "Noor Dijkstra", "greeting": "Noor"}
    assert facts["signed"] == "Anna de Groot"
    assert facts["training"] == "training overheidsparticipatie"
    assert facts["audience"] == "participant"
    assert facts["page"].startswith(f"{BUREAU.base_url}/m/")
    assert (
        links.open_link(session, facts["page"].rpartition("/")[2], purpose="participant", now=NOW).enrolment_id
        == noor.id
    )


def test_the_same_mail_twice_has_the_same_facts(session):
    cohort = a_cohort(session)
    message = owed(session, cohort, Kind.OVERVIEW, an_enrolment(session, cohort))

    assert facts_of(session, message) == facts_of(session, message)


@pytest.mark.parametrize(
    "name, greeted",
    [
        ("Noor Dijkstra", "Noor"),
        ("Anne-Marie de Vries", "Anne-Marie"),
        ("D’Arcy Bos", "D’Arcy Bos"),
        ("J. de Vries", "J. de Vries"),
        ("de Vries", "de Vries"),
        ("Jansen, Piet", "Jansen, Piet"),
        ("<b>Noor</b> {{7*7}}", "<b>Noor</b> {{7*7}}"),
        ("Noor", "Noor"),
        ("", "lezer"),
    ],
)
def test_people_are_greeted_by_their_given_name_when_it_is_sure(name, greeted):
    assert greeting(name) == greeted


def test_a_host_is_greeted_by_the_whole_name():
    assert greeting("Hanneke Smit", formal=True) == "Hanneke Smit"


@pytest.mark.parametrize("page", sorted({*PAGES.values(), *HOST_PAGES.values(), "evaluatie/transfer"}))
def test_every_page_that_a_mail_opens_has_a_door(page):
    known = {door.path.replace(":int", "").replace("{round}", page.rpartition("/")[2]) for door in DOORS}

    assert f"/m/{{token}}/{page}" in known or f"/h/{{token}}/{page}" in known


# ------------------------------------------------------------ office


def test_the_digest_names_what_waits_the_late_first(session):
    cohort = a_cohort(session)
    for key, due in (("a", None), ("b", NOW + timedelta(days=1)), ("c", NOW - timedelta(days=1))):
        tasks.owe_task(session, key=key, kind="x", what=key, cohort_id=cohort.id, due_at=due, now=NOW)

    facts = told(session, cohort, Kind.DIGEST)

    assert [(task["what"], task["late"]) for task in facts["tasks"]] == [("c", True), ("b", False), ("a", False)]
    assert (facts["code"], facts["audience"]) == ("2027-voorjaar", "operator")


def test_a_digest_of_nothing_is_not_sent(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="wacht niets"):
        told(session, cohort, Kind.DIGEST)


def test_a_failure_belongs_to_no_cohort(session):
    person = an_enrolment(session, a_cohort(session)).person_id

    facts = told(session, None, Kind.FAILURE, person=person, payload={"flow": "post", "run": "x", "error_code": "K7"})

    assert (facts["flow"], facts["error_code"]) == ("post", "K7")
    assert facts["page"] == f"{BUREAU.base_url}/beheer"


@pytest.mark.parametrize("kind, missing", [(Kind.DIGEST, "lichting"), (Kind.RECEIPT, "lichting")])
def test_a_mail_that_needs_a_cohort_says_when_it_has_none(session, kind, missing):
    person = an_enrolment(session, a_cohort(session)).person_id

    with pytest.raises(Refused, match=missing):
        told(session, None, kind, person=person)


def test_a_mail_that_needs_an_enrolment_says_when_it_has_none(session):
    cohort = a_cohort(session)

    with pytest.raises(Refused, match="geen enkele deelnemer"):
        told(session, cohort, Kind.REJECTED)


def test_a_cohort_whose_days_were_all_cancelled_still_has_a_first_day(session):
    cohort = a_cohort(session)
    for meeting in cohort.sessions:
        meeting.status = SessionStatus.CANCELLED

    facts = told(session, cohort, Kind.WITHDRAWN, an_enrolment(session, cohort))

    assert facts["first_day"] == at("2027-03-18", "09:30")


# ------------------------------------------------------------ every letter


@pytest.fixture(scope="module")
def letters():
    return load_letters()


def test_every_kind_of_mail_can_be_made_from_the_database(session, letters):
    cohort, visit, member = confirmed_visit(session, days=DAYS | {"terugkomdag": date(2027, 9, 23)})
    tasks.owe_task(session, key="x", kind="x", what="Bel even.", cohort_id=cohort.id, now=NOW)
    certificate = a_certificate(session, cohort, member)
    meeting = terugkomdag_of(cohort)
    start = at("2027-09-28", "13:00")
    session.add(
        PollOption(cohort_id=cohort.id, session_id=meeting.id, starts_at=start, ends_at=start + timedelta(hours=3))
    )
    waits = an_enrolment(session, cohort, "Koen Haan", status=EnrolmentStatus.WAITLISTED)
    session.add(Offer(cohort_id=cohort.id, enrolment=member, status=OfferStatus.OPEN, offered_at=NOW, deadline=start))
    session.flush()
    autumn = a_cohort(session, "2027-najaar", days={"day1": date(2027, 9, 16), "day2": date(2027, 10, 14)})
    moved = an_enrolment(session, autumn, "Sara Wolters")
    gone = an_enrolment(session, cohort, "Finn Meijer", status=EnrolmentStatus.TRANSFERRED)
    moved.transferred_from_id = gone.id
    invitation = (
        session.scalars(select(Invitation)).first() or invitations.sync(session, cohort, now=NOW, bureau=BUREAU)[0]
    )
    frozen = session.scalars(select(Message).where(Message.kind == Kind.CALENDAR_INVITATION)).first()
    assert invitation is not None
    assert frozen is not None
    event = {**frozen.payload, "before": frozen.payload, "address": None}
    payload = {**event, "visit": visit.id, "session": meeting.id, "nr": 1, "changes": [a_change()], "flow": "x"}
    subjects = {
        Kind.CERTIFICATE: f"certificate-{certificate.id}",
        Kind.CERTIFICATE_REVOKED: f"certificate-{certificate.id}",
    }
    readers = {Kind.WAITLISTED: waits, Kind.TRANSFERRED: gone}
    renderer = MessageRenderer(letters, BUREAU, SECRET, content)

    for kind in Kind:
        about = {
            "subject": subjects.get(kind, "dagdeel-1"),
            "payload": payload | ({"visit": None} if kind is Kind.REMINDER else {}),
        }
        mail = renderer.render(
            session, owed(session, cohort, kind, readers.get(kind, member), revision=99, **about), now=NOW
        )

        assert mail.mime.count(b"\r\nTo: ") == 1
        assert b"undefined" not in mail.mime.lower()
