"""One look says whether there is post to deliver, and what waits too long."""

from datetime import timedelta

import pytest

from tests.aanmeldingen import apply
from tests.training import BUREAU, NOW, a_cohort, at, mails_of
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, MessageStatus
from vitale_core.steps.post.waiting import mail_waits, overdue
from vitale_core.store.database import AT_ONCE

LATER = NOW + timedelta(hours=2)
EVENING = at("2027-02-01", "21:00")


def a_mail(session, **facts):
    apply(session, a_cohort(session, status=CohortStatus.OPEN))
    [mail] = mails_of(session, "receipt")
    for field, value in facts.items():
        setattr(mail, field, value)
    session.flush()
    return mail


@pytest.mark.parametrize(
    "facts,now,waits",
    [
        ({}, NOW + timedelta(minutes=5), True),
        ({"status": MessageStatus.SENT}, LATER, False),
        ({"next_attempt_at": LATER}, NOW + timedelta(minutes=5), False),
        ({"next_attempt_at": LATER}, LATER, True),
        ({}, EVENING, False),
        ({"about_at": EVENING + timedelta(hours=10)}, EVENING, True),
        ({"status": MessageStatus.AWAITING_APPROVAL}, LATER, False),
        ({"status": MessageStatus.AWAITING_APPROVAL, "stale_at": LATER}, LATER, True),
        ({"status": MessageStatus.SENDING, "lease_until": LATER}, NOW, False),
        ({"status": MessageStatus.SENDING, "lease_until": LATER}, LATER, True),
        ({"status": MessageStatus.UNCERTAIN, "next_attempt_at": NOW}, LATER, False),
        ({"status": MessageStatus.UNCERTAIN, "next_attempt_at": NOW, "kind": Kind.CALENDAR_CANCEL}, LATER, True),
        (
            {
                "status": MessageStatus.UNCERTAIN,
                "next_attempt_at": NOW,
                "kind": Kind.CALENDAR_CANCEL,
                "repeated_at": NOW,
            },
            LATER,
            False,
        ),
    ],
)
def test_post_waits_when_delivery_has_something_to_do(database, facts, now, waits):
    with database.write() as session:
        a_mail(session, **facts)

        assert mail_waits(session, now=now, bureau=BUREAU) is waits


@pytest.mark.parametrize(
    "due,mail,now,late",
    [
        (LATER, {}, NOW, (0, 0)),
        (NOW, {}, NOW + timedelta(minutes=59), (0, 0)),
        (NOW, {"next_attempt_at": NOW}, NOW + timedelta(minutes=61), (1, 1)),
        (AT_ONCE, {"next_attempt_at": NOW}, LATER, (0, 1)),
        (None, {"status": MessageStatus.SENT}, LATER, (0, 0)),
        (None, {"next_attempt_at": NOW}, EVENING, (0, 0)),
    ],
)
def test_what_waits_longer_than_an_hour_is_counted(database, due, mail, now, late):
    with database.write() as session:
        receipt = a_mail(session, **mail)
        cohort_id = receipt.cohort_id
    with database.write() as session:
        from sqlalchemy import update

        from vitale_core.store.records import Cohort

        session.execute(update(Cohort).where(Cohort.id == cohort_id).values(next_due_at=due))

        assert overdue(session, now=now, bureau=BUREAU) == late
