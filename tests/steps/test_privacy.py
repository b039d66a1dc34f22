"""Erasing somebody: gone from what is kept, also where others were told about them."""

from email.message import EmailMessage

import pytest
from sqlalchemy import select

from tests.owed_mails import owed
from tests.training import BUREAU, NOW, a_cohort, a_project, an_enrolment
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import Answer, EnrolmentStatus, MessageStatus, Via
from vitale_core.steps import details, invitations, privacy
from vitale_core.store.records import AuditEvent, Certificate, Incoming, Invitation, Message, Mime, Person, Reply

NAME = "Renée d'Hérelle-Zuidwijk"


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def kept(session, message, text, *, subtype="plain", status=MessageStatus.SENT, attempts=1):
    """Bytes as they were made of a message, with its state since."""
    mail = EmailMessage()
    mail["Subject"] = "Jullie groep"
    mail.set_content(text, subtype=subtype, cte="base64" if subtype == "calendar" else "quoted-printable")
    session.add(
        Mime(
            message_id=message.id, recipient="x@x.example", envelope_from="y@y.example", content=bytes(mail), sha256=""
        )
    )
    message.status, message.attempts, message.rendered_version = status, attempts, 1
    session.flush()
    return message


def a_group(session):
    """Two people of one cohort; the first is about to be erased."""
    cohort = a_cohort(session)
    gone = an_enrolment(session, cohort, status=EnrolmentStatus.WITHDRAWN)
    gone.person.name = NAME
    return cohort, gone.person, an_enrolment(session, cohort, "Sam Bakker")


def erase(session, person):
    return privacy.erase(session, person, by="operator", now=NOW, bureau=BUREAU)


@pytest.mark.parametrize(
    "subtype, text",
    [
        ("plain", f"Je gaat samen met {NAME.replace(' ', chr(10))} en Jo."),
        ("html", "<p>Samen met Ren&eacute;e d&#39;H&eacute;relle-Zuidwijk</p>"),
        ("calendar", "DESCRIPTION:Samen met Renée d'Hé\r\n relle-Zuidwijk\\, en Jo"),
    ],
)
def test_what_others_were_told_of_an_erased_person_is_not_kept(written, subtype, text):
    cohort, person, sam = a_group(written)
    kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), text, subtype=subtype)
    other = kept(written, owed(written, cohort, Kind.RECEIPT, sam), "Beste Sam, tot dan.")

    assert erase(written, person)

    assert written.scalars(select(Mime.message_id)).all() == [other.id]


def test_a_mail_that_names_and_waits_is_made_anew(written):
    cohort, person, sam = a_group(written)
    mail = owed(written, cohort, Kind.GROUP_PROPOSAL, sam)
    kept(written, mail, f"Samen met {NAME}", status=MessageStatus.QUEUED, attempts=0)

    assert erase(written, person)

    assert mail.rendered_version is None
    assert written.scalars(select(Mime)).all() == []


@pytest.mark.parametrize("status", [MessageStatus.SENDING, MessageStatus.UNCERTAIN, MessageStatus.QUEUED])
def test_erasing_waits_for_a_mail_that_may_have_to_go_again_byte_for_byte(written, status):
    cohort, person, sam = a_group(written)
    mail = kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), f"Samen met {NAME}", status=status)

    assert not erase(written, person)
    assert privacy.finish_erasures(written, now=NOW) == 0

    mail.status = MessageStatus.SENT
    assert privacy.finish_erasures(written, now=NOW) == 1
    assert (person.name, written.scalars(select(Mime)).all()) == (None, [])
    assert written.get_one(Message, mail.id).status is MessageStatus.SENT


@pytest.mark.parametrize("subtype", ["plain", "calendar"])
def test_a_name_with_a_comma_is_found_in_a_calendar_too(written, subtype):
    cohort, person, sam = a_group(written)
    person.name = "d'Hérelle, Renée"
    told = "DESCRIPTION:Samen met d'Hérelle\\, Renée\\nen Jo" if subtype == "calendar" else "Met d'Hérelle, Renée."
    kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), told, subtype=subtype)

    assert erase(written, person)

    assert written.scalars(select(Mime)).all() == []


def test_a_mail_to_others_with_a_former_name_goes_too(written):
    cohort, person, sam = a_group(written)
    kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), f"Samen met {NAME}.")
    details.correct(written, person, {"name": "Renée Bakker"}, by="operator", now=NOW, bureau=BUREAU)

    assert erase(written, person)

    assert written.scalars(select(Mime)).all() == []


def test_a_short_name_takes_no_mail_along_that_has_it_in_another_word(written):
    cohort, person, sam = a_group(written)
    person.name = "Jan"
    other = kept(written, owed(written, cohort, Kind.RECEIPT, sam), "Tot 12 januari.")
    kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), "Samen met Jan, tot 12 april.")

    assert erase(written, person)

    assert written.scalars(select(Mime.message_id)).all() == [other.id]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_erasing_waits_for_a_mail_that_is_taken_to_be_sent_meanwhile(database, monkeypatch):
    """Without its bytes it could not be tried again, and nobody would hear of that before it is too late."""
    with database.write() as session:
        cohort, person, sam = a_group(session)
        mail = owed(session, cohort, Kind.GROUP_PROPOSAL, sam)
        number = kept(session, mail, f"Samen met {NAME}", status=MessageStatus.QUEUED, attempts=0).id
        gone = person.id
    found = privacy._mails_that_name

    def and_then_it_is_claimed(session, person):
        mails = found(session, person)
        with database.write() as dispatcher:
            dispatcher.get_one(Message, number, with_for_update=True).status = MessageStatus.SENDING
        return mails

    monkeypatch.setattr(privacy, "_mails_that_name", and_then_it_is_claimed)
    with database.write() as session:
        assert not erase(session, session.get_one(Person, gone))

    with database.read() as session:
        assert session.get(Mime, number) is not None
        assert session.get_one(Message, number).rendered_version == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_erasing_does_not_wait_for_who_holds_a_mail_at_this_moment(database):
    with database.write() as session:
        cohort, person, sam = a_group(session)
        mail = owed(session, cohort, Kind.GROUP_PROPOSAL, sam)
        number, gone = kept(session, mail, f"Samen met {NAME}").id, person.id

    with database.write() as dispatcher:
        dispatcher.get_one(Message, number, with_for_update=True)
        with database.write() as session:
            assert not erase(session, session.get_one(Person, gone))

    with database.write() as session:
        assert privacy.finish_erasures(session, now=NOW) == 1


def test_erasing_twice_is_erasing_once(written):
    _cohort, person, _sam = a_group(written)

    assert erase(written, person)
    assert erase(written, person)


def test_somebody_whom_a_host_is_reached_through_is_refused(written):
    contact = a_project(written).host.contact

    with pytest.raises(Refused, match="contactpersoon van een gastheer"):
        erase(written, contact)
    assert contact.name


def test_asking_twice_while_a_mail_must_leave_first_asks_once(written):
    cohort, person, sam = a_group(written)
    kept(written, owed(written, cohort, Kind.GROUP_PROPOSAL, sam), f"Met {NAME}", status=MessageStatus.SENDING)

    assert not erase(written, person)
    assert not erase(written, person)

    asked = written.scalars(select(AuditEvent.id).where(AuditEvent.what == "erasure asked")).all()
    assert len(asked) == 1


def test_the_name_on_a_certificate_and_the_words_of_an_answer_go(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort)
    certificate = Certificate(
        cohort_id=cohort.id, enrolment_id=noor.id, number="V-1", name=noor.person.name, hours=24.0, issued_at=NOW
    )
    invitations.sync(written, cohort, now=NOW, bureau=BUREAU)
    invitation = written.scalars(select(Invitation).where(Invitation.person_id == noor.person_id).limit(1)).one()
    reply = Reply(
        invitation_id=invitation.id, answer=Answer.DECLINED, via=Via.CALENDAR, received_at=NOW, comment="Ik ben ziek.",
        applied=True, why="",
    )  # fmt: skip
    written.add_all([certificate, reply])
    noor.status = EnrolmentStatus.COMPLETED
    for mail in written.scalars(select(Message)):
        mail.status = MessageStatus.SENT

    assert erase(written, noor.person)

    assert (certificate.name, reply.comment, invitation.address) == ("", "", None)


def test_a_mail_that_cannot_be_taken_apart_is_searched_as_it_came(written, monkeypatch):
    _cohort, person, _sam = a_group(written)
    written.add(
        Incoming(
            source="new/1", sha256="x", received_at=NOW, kind="free", outcome="task", why="",
            raw=f"Groet, {NAME}".encode(),
        )
    )  # fmt: skip
    monkeypatch.setattr(privacy, "message_from_bytes", broken)

    assert erase(written, person)

    assert written.scalars(select(Incoming.raw)).all() == [None]


def broken(*_args, **_options):
    raise LookupError("unknown encoding")
