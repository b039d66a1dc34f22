"""A person with Thunderbird: an invitation has buttons, the answer reaches us, a change and a cancellation show.

The mails are ours as they leave, the program is the real one from the distribution, and its answer goes the whole
way: over SMTP, through the reader of the inbox, into the database.
"""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from tests.machine import require
from tests.realmail.thunderbird import Thunderbird, free_port, running
from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment
from vitale_core.adapters.incoming import read_mail
from vitale_core.adapters.letters import MessageRenderer, load_letters
from vitale_core.adapters.replies import calendar_reply
from vitale_core.domain.incoming import RawMail
from vitale_core.domain.kinds import CALENDAR
from vitale_core.domain.states import Answer, MessageStatus
from vitale_core.steps import changes, cohorts, invitations, replies
from vitale_core.steps.content import content
from vitale_core.steps.post import inbox, postbook
from vitale_core.store.records import Cohort, Enrolment, Invitation, Message

pytestmark = [pytest.mark.release, pytest.mark.parametrize("backend", ["sqlite"], indirect=True)]

ANSWERS = {"imipAcceptButton", "imipTentativeButton", "imipDeclineButton"}
WHEN = "%Y%m%dT%H%M%SZ"


class Postman:
    """Keeps what Thunderbird sends."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.port = 0

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.letters.append(envelope.content)
        return "250 OK"


@pytest.fixture
def postman():
    keeper = Postman()
    keeper.port = free_port()
    controller = Controller(keeper, hostname="127.0.0.1", port=keeper.port)
    controller.start()
    yield keeper
    controller.stop()


def soon(condition, seconds=20):
    """Return what the condition gives as soon as it gives something."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)
    return found


class Course:
    """One participant, and the mails about the first dagdeel."""

    def __init__(self, database) -> None:
        self.database = database
        with database.write() as session:
            cohort = a_cohort(session)
            person = an_enrolment(session, cohort).person
            self.cohort, self.address = cohort.id, person.email
            invitations.sync(session, cohort, now=NOW, bureau=BUREAU)

    def mail(self) -> bytes:
        """The calendar mail about dagdeel-1 that waits, as it leaves; it counts as sent."""
        letters = MessageRenderer(load_letters(), BUREAU, BUREAU.secret, content)
        with self.database.write() as session:
            waiting = session.scalars(
                select(Message).where(Message.kind.in_([str(k) for k in CALENDAR])).order_by(Message.id.desc())
            )
            message = next(m for m in waiting if m.payload["session_name"] == "dagdeel-1")
            assert message.status is MessageStatus.QUEUED
            mime = postbook.preview(session, message.id, letters=letters, now=message.not_before).mime
            message.status, message.attempts = MessageStatus.SENT, 1
            return mime

    def change(self, deed, *, later: timedelta) -> None:
        with self.database.write() as session:
            deed(session, session.get_one(Cohort, self.cohort), **{**HERE, "now": NOW + later})

    def read(self, raw: bytes) -> str:
        """Let the inbox read an answer; return what became of it."""
        reader = partial(read_mail, calendar=calendar_reply)
        mail, now = RawMail(source="1", size=len(raw), content=raw), datetime.now(UTC)
        apply = replies.apply_reply
        handled = inbox.handle(self.database, mail, now=now, bureau=BUREAU, read=reader, apply_reply=apply)
        assert handled is not None
        return handled.outcome

    def answer(self) -> Answer:
        with self.database.read() as session:
            query = select(Invitation).join(Enrolment).order_by(Invitation.session_id)
            return session.scalars(query).first().answer


def test_an_invitation_is_answered_updated_in_place_and_removed(database, postman, tmp_path):
    require("thunderbird", "xvfb")
    course = Course(database)
    with running(tmp_path, address=course.address, smtp_port=postman.port) as thunderbird:
        thunderbird.enable_calendar()
        _accepts(course, thunderbird, postman)
        _moves(course, thunderbird)
        _ends(course, thunderbird)


def _accepts(course: Course, thunderbird: Thunderbird, postman: Postman) -> None:
    said, buttons = thunderbird.show(course.mail())
    assert "invitation to an event" in said
    assert buttons == ANSWERS

    thunderbird.press("imipAcceptButton")
    soon(lambda: postman.letters)
    (entry,) = soon(thunderbird.entries)

    assert (entry["answers"], entry["sequence"]) == (["ACCEPTED"], "0")
    assert entry["start"] == datetime(2027, 3, 18, 8, 30, tzinfo=UTC).strftime(WHEN)
    assert entry["summary"] == "Terreinverkenning (Training overheidsparticipatie)"
    assert course.read(postman.letters[-1]) == "applied"
    assert course.answer() is Answer.ACCEPTED


def _moves(course: Course, thunderbird: Thunderbird) -> None:
    move = partial(changes.move_session, name="dagdeel-1", start=datetime(2027, 3, 18, 7, 30, tzinfo=UTC))
    course.change(partial(move, location="Zaal 3; boven"), later=timedelta(hours=1))
    assert course.answer() is Answer.NEEDS_ACTION

    _said, buttons = thunderbird.show(course.mail())
    assert buttons == ANSWERS
    thunderbird.press("imipTentativeButton")

    (entry,) = soon(lambda: [e for e in thunderbird.entries() if e["sequence"] == "1"])
    assert (entry["location"], entry["answers"]) == ("Zaal 3; boven", ["TENTATIVE"])
    assert entry["start"] == datetime(2027, 3, 18, 7, 30, tzinfo=UTC).strftime(WHEN)


def _ends(course: Course, thunderbird: Thunderbird) -> None:
    course.change(partial(cohorts.cancel, reason="De trainer is ziek."), later=timedelta(hours=2))

    _said, buttons = thunderbird.show(course.mail())
    assert buttons == {"imipDeleteButton"}
    thunderbird.press("imipDeleteButton")

    soon(lambda: thunderbird.entries() == [])
