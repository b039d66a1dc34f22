"""Answers by page, calendar and phone: newest wins, history is kept, and what is not certain waits for a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from tests.calendars import Calendars
from tests.training import BUREAU, HERE, NOW, a_cohort, address, an_enrolment, at, tasks_of
from vitale_core.adapters import replies as reply_reader
from vitale_core.domain import labels
from vitale_core.domain.errors import Refused
from vitale_core.domain.states import Answer, Via
from vitale_core.steps import changes, intake, invitations, ledger, replies
from vitale_core.store.records import Invitation, Reply, Task

NOOR = address("Noor Dijkstra")
HOUR = timedelta(hours=1)


@dataclass
class Said:
    """What a calendar part says."""

    uid: str
    partstat: str = "accepted"
    sequence: int | None = 0
    stamp: datetime | None = NOW + HOUR
    attendee: str = NOOR
    comment: str = ""


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    """A cohort in which Noor has her invitations since NOW."""
    cohort = a_cohort(written)
    an_enrolment(written, cohort)
    invitations.sync(written, cohort, now=NOW, bureau=BUREAU)
    Calendars(BUREAU).deliver(written)
    return cohort


@pytest.fixture
def invitation(written, cohort):
    return written.scalars(select(Invitation).order_by(Invitation.id)).first()


def moved(session, cohort, times=1):
    """Move the first session so many times, each told."""
    for n in range(1, times + 1):
        now = NOW + n * 24 * HOUR
        start = at("2027-03-18", "09:30") + timedelta(minutes=5 * n)
        changes.move_session(session, cohort, "dagdeel-1", start=start, by="operator", now=now, bureau=BUREAU)
        Calendars(BUREAU).deliver(session)


def come_in(session, said, *, sender=NOOR, now=NOW + 2 * HOUR):
    return replies.apply_reply(session, said, sender=sender, now=now, bureau=BUREAU)


def history(session):
    return [(r.answer, r.applied) for r in session.scalars(select(Reply).order_by(Reply.id))]


# ------------------------------------------------------------------------------------------------- by calendar


@pytest.mark.parametrize("said", ["accepted", "declined", "tentative"])
def test_an_answer_from_the_calendar_counts(written, invitation, said):
    outcome, why = come_in(written, Said(invitation.uid, said, comment="Tot dan!"))

    assert (outcome, why) == ("applied", f"antwoord '{labels.of_state(Answer(said))}' op versie 0")
    assert (invitation.answer, invitation.answer_via) == (said, Via.CALENDAR)
    assert (invitation.answer_sequence, invitation.answer_stamp) == (0, NOW + HOUR)
    (row,) = written.scalars(select(Reply))
    assert (row.applied, row.comment, row.received_at) == (True, "Tot dan!", NOW + 2 * HOUR)


def test_the_same_answer_twice_is_one(written, invitation):
    come_in(written, Said(invitation.uid))

    assert come_in(written, Said(invitation.uid)) == ("ignored", "dit antwoord was er al")
    assert history(written) == [(Answer.ACCEPTED, True)]


def test_out_of_order_the_newest_counts(written, invitation):
    come_in(written, Said(invitation.uid, "declined", stamp=NOW + 2 * HOUR), now=NOW + 3 * HOUR)
    outcome, why = come_in(written, Said(invitation.uid, "accepted", stamp=NOW + HOUR), now=NOW + 3 * HOUR)

    assert (outcome, why) == ("ignored", "er was al een nieuwer antwoord")
    assert invitation.answer is Answer.DECLINED
    assert history(written) == [(Answer.DECLINED, True), (Answer.ACCEPTED, False)]


def test_of_equal_age_the_last_that_came_counts(written, invitation):
    come_in(written, Said(invitation.uid, "accepted"))
    come_in(written, Said(invitation.uid, "declined"))

    assert invitation.answer is Answer.DECLINED


def test_an_answer_to_an_older_version_is_kept_and_does_not_count(written, cohort, invitation):
    moved(written, cohort, times=2)

    outcome, why = come_in(written, Said(invitation.uid, sequence=1, stamp=NOW + 50 * HOUR), now=NOW + 60 * HOUR)

    assert (outcome, why) == ("ignored", "antwoord op versie 1; nu geldt versie 2")
    assert invitation.answer is Answer.NEEDS_ACTION
    assert history(written) == [(Answer.ACCEPTED, False)]


def test_an_answer_without_a_version_is_dated_by_its_stamp(written, cohort, invitation):
    moved(written, cohort)
    stale = Said(invitation.uid, "declined", sequence=None, stamp=NOW + HOUR)
    fresh = Said(invitation.uid, "accepted", sequence=None, stamp=invitation.stamp)

    assert come_in(written, stale, now=NOW + 30 * HOUR)[0] == "ignored"
    assert come_in(written, fresh, now=NOW + 30 * HOUR)[0] == "applied"
    assert invitation.answer is Answer.ACCEPTED


def test_an_answer_without_version_and_time_counts_while_there_is_one_version(written, cohort, invitation):
    bare = Said(invitation.uid, sequence=None, stamp=None)
    assert come_in(written, bare)[0] == "applied"
    assert come_in(written, bare)[0] == "ignored"

    moved(written, cohort)
    assert come_in(written, Said(invitation.uid, "declined", sequence=None, stamp=None)) == (
        "task",
        "antwoord zonder versie en zonder tijd",
    )
    assert invitation.answer is Answer.NEEDS_ACTION


def test_a_clock_that_runs_ahead_does_not_win_for_ever(written, invitation):
    come_in(written, Said(invitation.uid, "declined", stamp=at("2099-01-01")))
    later = NOW + 5 * HOUR

    outcome, _why = come_in(written, Said(invitation.uid, "accepted", stamp=later), now=later)

    assert outcome == "applied"
    assert invitation.answer is Answer.ACCEPTED


@pytest.mark.parametrize(
    "change,sender,doubt",
    [
        ({"uid": "nobody@vitale.example"}, NOOR, "onbekende afspraak"),
        ({"attendee": "vreemd@elders.example"}, NOOR, "ander adres dan uitgenodigd"),
        ({}, "vreemd@elders.example", "afzender is niet de genodigde"),
        ({"sequence": 3}, NOOR, "versie die nog niet bestaat"),
        ({"partstat": "counter"}, NOOR, "de genodigde stelt een ander moment voor"),
        ({"partstat": "delegated"}, NOOR, "de genodigde stuurt iemand anders"),
        ({"partstat": "refresh"}, NOOR, "de genodigde vraagt de afspraak nog eens"),
        ({"partstat": "other"}, NOOR, "dit antwoord kennen we niet"),
        ({"partstat": "needs-action"}, NOOR, "dit antwoord kennen we niet"),
    ],
)
def test_what_is_not_certain_becomes_a_task_and_changes_nothing(written, invitation, change, sender, doubt):
    said = Said(**{"uid": invitation.uid, **change})

    for _ in range(2):
        outcome, why = come_in(written, said, sender=sender)

    assert outcome == "task"
    assert doubt in why
    assert invitation.answer is Answer.NEEDS_ACTION
    (task,) = tasks_of(written, "reply")
    assert doubt in task.what
    assert "@" not in task.what
    assert history(written) == []


def test_capitals_in_an_address_make_no_other_person(written, invitation):
    said = Said(invitation.uid, attendee=NOOR.upper())

    assert come_in(written, said, sender=f" {NOOR.title()} ")[0] == "applied"


def test_an_answer_to_what_was_cancelled_is_kept_and_does_not_count(written, cohort, invitation):
    intake.withdraw(written, invitation.enrolment, **HERE)

    assert come_in(written, Said(invitation.uid, sequence=1)) == ("ignored", "de afspraak was al vervallen")
    assert history(written) == [(Answer.ACCEPTED, False)]


@pytest.mark.parametrize("dialect", ["google", "exchange", "thunderbird", "apple"])
def test_the_whole_way_from_our_mail_to_their_answer(database, dialect):
    with database.write() as session:
        cohort = a_cohort(session)
        an_enrolment(session, cohort)
        invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
        calendars = Calendars(BUREAU)
        calendars.deliver(session)
        client = calendars.clients[NOOR]
        uid = next(iter(client.visible()))
        raw = client.reply(uid, "DECLINED", dialect, now=NOW + HOUR)

        said = reply_reader.calendar_reply(reply_reader.mail(raw))
        assert said is not None
        assert come_in(session, said) == ("applied", "antwoord 'komt niet' op versie 0")


# ----------------------------------------------------------------------------------------------- side by side


def test_page_and_calendar_live_side_by_side_and_the_newest_counts(written, invitation):
    come_in(written, Said(invitation.uid, "accepted", stamp=NOW + HOUR))
    replies.answer(
        written, invitation, Answer.DECLINED, via=Via.PAGE, now=NOW + 3 * HOUR, bureau=BUREAU, comment="Ziek"
    )
    assert (invitation.answer, invitation.answer_via) == (Answer.DECLINED, Via.PAGE)

    late = Said(invitation.uid, "tentative", stamp=NOW + 2 * HOUR)
    assert come_in(written, late, now=NOW + 4 * HOUR)[0] == "ignored"
    newer = Said(invitation.uid, "accepted", stamp=NOW + 5 * HOUR)
    assert come_in(written, newer, now=NOW + 6 * HOUR)[0] == "applied"

    assert (invitation.answer, invitation.answer_via) == (Answer.ACCEPTED, Via.CALENDAR)
    assert history(written) == [
        (Answer.ACCEPTED, True),
        (Answer.DECLINED, True),
        (Answer.TENTATIVE, False),
        (Answer.ACCEPTED, True),
    ]


def test_an_answer_on_the_page_is_to_the_version_that_counts_now(written, cohort, invitation):
    moved(written, cohort, times=2)

    reply = replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW + 60 * HOUR, bureau=BUREAU)

    assert (reply.sequence, invitation.answer_sequence) == (2, 2)


def test_an_answer_can_be_changed_until_it_begins_and_by_phone_after_that(written, invitation):
    begins = at("2027-03-18", "09:30")
    replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=begins - timedelta(seconds=1), bureau=BUREAU)

    with pytest.raises(Refused, match=r"begon al op donderdag 18 maart 2027, 09\.30 uur"):
        replies.answer(written, invitation, Answer.DECLINED, via=Via.PAGE, now=begins, bureau=BUREAU)
    replies.answer(written, invitation, Answer.DECLINED, via=Via.OPERATOR, now=begins, bureau=BUREAU)
    assert invitation.answer is Answer.DECLINED


def test_a_cancelled_appointment_is_not_answered_on_the_page(written, cohort, invitation):
    intake.withdraw(written, invitation.enrolment, **HERE)

    with pytest.raises(Refused, match="gaat niet door"):
        replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU)


def test_a_session_without_a_date_can_still_be_answered_by_phone(written, invitation):
    invitation.session.starts_at = invitation.session.ends_at = None

    assert replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU).applied


# -------------------------------------------------------------------------------------------- who looks at it


def test_a_decline_is_seen_at_once_and_forgotten_when_it_is_taken_back(written, cohort, invitation):
    replies.answer(written, invitation, Answer.DECLINED, via=Via.PAGE, now=NOW, bureau=BUREAU)

    (task,) = tasks_of(written, "declined")
    assert (
        task.what
        == f"Deelnemer {invitation.enrolment_id} kan niet bij dagdeel-1 op donderdag 18 maart 2027, 09.30 uur."
    )
    assert task.due_at == at("2027-03-18", "09:30")
    replies.answer(written, invitation, Answer.DECLINED, via=Via.PAGE, now=NOW + HOUR, bureau=BUREAU)
    assert tasks_of(written, "declined") == [task]
    replies.answer(written, invitation, Answer.ACCEPTED, via=Via.PAGE, now=NOW + 2 * HOUR, bureau=BUREAU)
    assert tasks_of(written, "declined") == []
    assert task.note == "Komt nu wel."


def test_a_host_who_declines_is_seen_too(written, cohort, invitation):
    invitation.enrolment_id = None
    invitation.session.kind = "werkbezoek"
    written.flush()
    written.refresh(invitation.session)

    replies.answer(written, invitation, Answer.DECLINED, via=Via.CALENDAR, now=NOW, bureau=BUREAU)

    (task,) = tasks_of(written, "declined")
    assert task.what == "De gastheer kan niet bij dagdeel-1 op donderdag 18 maart 2027, 09.30 uur."
    assert task.command == "vitale visit list 2027-voorjaar"


def test_who_answered_everything_is_no_longer_called(written, cohort, invitation):
    ledger.owe_due(written, cohort, steps=None, now=at("2027-03-04", "09:00"), bureau=BUREAU)
    (task,) = tasks_of(written, "rsvp-silent")
    every = written.scalars(select(Invitation).order_by(Invitation.id)).all()

    for one in every[:-1]:
        replies.answer(written, one, Answer.ACCEPTED, via=Via.PAGE, now=NOW, bureau=BUREAU)
    assert tasks_of(written, "rsvp-silent") == [task]
    replies.answer(written, every[-1], Answer.TENTATIVE, via=Via.PAGE, now=NOW, bureau=BUREAU)

    assert tasks_of(written, "rsvp-silent") == []


def test_an_answer_changes_an_answer_and_nothing_else(written, cohort, invitation):
    before = {
        name: getattr(invitation, name) for name in ("uid", "sequence", "stamp", "digest", "sent_event", "cancelled_at")
    }

    come_in(written, Said(invitation.uid, "declined", comment="\x00BEGIN:VEVENT\r\n<b>" * 200))

    assert {name: getattr(invitation, name) for name in before} == before
    (row,) = written.scalars(select(Reply))
    assert "\x00" not in row.comment
    assert len(row.comment) <= 1000
    assert [t.kind for t in written.scalars(select(Task))] == ["declined"]
