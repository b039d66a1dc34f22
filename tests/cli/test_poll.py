"""`vitale poll set`: other dates after the mail left show what that means first."""

from datetime import UTC, datetime

from sqlalchemy import select

from vitale_cli.desk import open_desk
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import cohorts, terugkomdag
from vitale_core.store.records import Enrolment, Message

FIRST = ("2027-06-24T13:00/16:30", "2027-07-01T13:00/16:30")
OTHER = ("2027-06-24T13:00/16:30", "2027-07-08T13:00/16:30")


def polls(status=None):
    query = select(Message).where(Message.kind == Kind.DATE_POLL)
    return query if status is None else query.where(Message.status == status)


def test_other_dates_after_the_mail_left_are_shown_and_asked_first(vitale):
    code = vitale.going_ahead(2)
    assert "Er is niets" not in vitale.ok("poll", "set", code, *FIRST).err  # nobody heard of it: nothing to ask
    with open_desk() as desk, desk.write() as session:
        cohort = cohorts.get(session, code)
        meeting = cohorts.find_session(session, cohort, "terugkomdag")
        now = datetime(2027, 4, 30, 9, 0, tzinfo=UTC)
        terugkomdag.advance(session, cohort, now=now, bureau=desk.bureau)
        for mail in session.scalars(polls()).all():
            mail.status = MessageStatus.SENT
        noor = session.scalars(select(Enrolment).order_by(Enrolment.id)).first()
        assert noor is not None
        options = [o.id for o in terugkomdag.options_of(session, meeting)]
        terugkomdag.vote(session, noor, meeting.id, dict.fromkeys(options, "yes"), now=now)

    refused = vitale("poll", "set", code, *OTHER)
    done = vitale("poll", "set", code, *OTHER, "--yes")

    assert refused.code == 4
    assert "ging al naar 2 mensen; 1 antwoordde al (Noor Dijkstra)" in refused.err + refused.out
    assert "2 x datumprikker" in refused.err + refused.out
    assert done.code == 0, done
    with open_desk() as desk, desk.database.read() as session:
        assert [m.revision for m in session.scalars(polls(MessageStatus.QUEUED))] == [1, 1]
