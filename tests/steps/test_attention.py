"""What asks for attention: late, waiting, failed, in doubt; and what leaves today."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.training import BUREAU, NOW, a_cohort, an_enrolment
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import MessageStatus
from vitale_core.steps import ledger, tasks
from vitale_core.steps.attention import Urgency, attention, needs_a_person
from vitale_core.store.records import Cohort

HOW: dict[str, Any] = {"now": NOW, "bureau": BUREAU}
HOUR = timedelta(hours=1)


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    made = a_cohort(written)
    made.next_due_at = None
    written.flush()
    return made


def owed(session, cohort, kind=Kind.REMINDER, *, subject="day1", **changes):
    enrolment = changes.pop("enrolment", None) or an_enrolment(session, cohort, f"Noor {subject}")
    mail = ledger.owe(
        session,
        cohort,
        kind=kind,
        person_id=enrolment.person_id,
        subject=subject,
        why="",
        at=NOW,
        stale_at=NOW + timedelta(days=9),
        **HOW,
    )
    assert mail is not None
    for name, value in changes.items():
        setattr(mail, name, value)
    session.flush()
    return mail


def seen(session, **how):
    return [(i.urgency, i.command) for i in attention(session, **(HOW | how))]


def test_nothing_waits_in_a_quiet_bureau(written, cohort):
    assert attention(written, **HOW) == []
    assert not needs_a_person([])


def test_a_task_waits_and_is_late_after_its_moment(written, cohort):
    told = {"cohort_id": cohort.id, "now": NOW}
    tasks.owe_task(written, key="a", kind="x", what="Bel Noor.", command="vitale person show 1", **told)
    tasks.owe_task(written, key="b", kind="x", what="Beslis.", command="vitale cohort go", due_at=NOW - HOUR, **told)
    tasks.owe_task(written, key="c", kind="x", what="Van niemand.", command="vitale doctor", now=NOW)

    assert seen(written) == [
        (Urgency.LATE, "vitale cohort go"),
        (Urgency.WAITS, "vitale person show 1"),
        (Urgency.WAITS, "vitale doctor"),
    ]
    assert len(attention(written, cohort=cohort, **HOW)) == 2
    assert needs_a_person(attention(written, **HOW))


def test_mails_are_told_by_kind_with_what_to_do(written, cohort):
    owed(written, cohort, status=MessageStatus.AWAITING_APPROVAL)
    owed(written, cohort, subject="day2", status=MessageStatus.AWAITING_APPROVAL)
    owed(written, cohort, subject="x", status=MessageStatus.UNCERTAIN)
    owed(written, cohort, subject="y", status=MessageStatus.FAILED, ended_at=NOW - HOUR)
    owed(written, cohort, subject="z", status=MessageStatus.BOUNCED, ended_at=NOW - timedelta(days=20))

    items = attention(written, **HOW)

    assert [(i.urgency, i.what, i.count) for i in items] == [
        (Urgency.WAITS, "2 mails te keuren: herinnering aan de dag.", 2),
        (Urgency.FAILED, "1 mail mislukt: herinnering aan de dag.", 1),
        (Urgency.UNCERTAIN, "1 mail onzeker: herinnering aan de dag.", 1),
    ]
    assert items[0].command == "vitale mail approve --all 2027-voorjaar"
    assert items[1].command == "vitale mail list 2027-voorjaar --status failed"


def test_what_leaves_today_is_good_to_know_and_no_alarm(written, cohort):
    owed(written, cohort)
    owed(written, cohort, subject="morgen", not_before=NOW + timedelta(days=1))

    items = attention(written, cohort=cohort, **HOW)

    assert [(i.urgency, i.what) for i in items] == [
        (Urgency.LEAVES, "1 mail gaat vandaag uit: herinnering aan de dag.")
    ]
    assert not needs_a_person(items)


def test_mail_of_no_cohort_is_told_without_one(written, cohort):
    owed(written, None, Kind.FAILURE, enrolment=an_enrolment(written, cohort), status=MessageStatus.AWAITING_APPROVAL)

    (item,) = attention(written, **HOW)

    assert (item.cohort, item.command) == ("", "vitale mail list --status awaiting-approval")


def test_a_clock_that_stands_still_is_late(written, cohort):
    owed(written, cohort, next_attempt_at=NOW - 2 * HOUR)
    written.execute(update(Cohort).values(next_due_at=NOW - 2 * HOUR))

    late = [i for i in attention(written, **HOW) if i.urgency is Urgency.LATE]

    assert [i.command for i in late] == ["vitale doctor", "vitale doctor"]
    assert ["lichtingen" in i.what for i in late] == [True, False]
