"""An owed mail is one row, once; it leaves in office hours, and what came too late is written down as such."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from tests.training import BUREAU, HERE, NOW, a_cohort, an_enrolment, at, document, mails_of, some_enrolments
from vitale_core.domain.kinds import Kind
from vitale_core.domain.programme import STEPS
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, MessageStatus
from vitale_core.steps import changes, intake, ledger, people
from vitale_core.store.records import Cohort, Message, Person, Task

FRIDAY_EVENING = at("2027-02-05", "19:00")
MONDAY_MORNING = at("2027-02-08", "08:00")


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


@pytest.fixture
def cohort(written):
    return a_cohort(written)


def owe(session, cohort, *, now=NOW, **facts):
    person = people.person_for(session, "noor@gemeente.example", name="Noor", now=NOW)
    told = {
        "kind": Kind.CHANGES,
        "person_id": person.id,
        "subject": "dagdeel-1",
        "why": "Volgens de test.",
        "at": now,
        "stale_at": now + timedelta(days=7),
    } | facts
    return ledger.owe(session, cohort, now=now, bureau=BUREAU, **told)


def test_a_mail_to_somebody_else_has_another_message_id_though_its_key_is_the_same(written, cohort):
    row = owe(written, cohort)
    key, first = row.key, row.message_id

    def again(address):
        """Owe it once more, as when an older copy of the database never heard of the first."""
        person = written.get(Person, row.person_id)
        person.email = person.email_key = address
        written.execute(delete(Message).where(Message.key == key))
        return owe(written, cohort, person_id=person.id).message_id

    assert again("noor@gemeente.example") == first
    assert again("sam@gemeente.example") != first


def test_a_mail_is_owed_once(written, cohort):
    first = owe(written, cohort)

    assert owe(written, cohort) is None
    assert owe(written, cohort, revision=1) is not None
    assert owe(written, cohort, subject="dagdeel-2") is not None
    assert first.key == f"{cohort.id}/{first.person_id}/changes/dagdeel-1/0"
    assert (first.status, first.why, first.outcome) == (MessageStatus.QUEUED, "Volgens de test.", "")
    assert first.message_id.startswith("<")
    assert first.message_id.endswith("@vitale.example>")
    assert "noor" not in first.message_id + first.key


def test_the_same_key_gives_the_same_message_id_for_ever(written, cohort):
    first = owe(written, cohort)
    written.delete(first)
    written.flush()

    assert owe(written, cohort).message_id == first.message_id


def test_mail_leaves_in_office_hours(written, cohort):
    assert owe(written, cohort, now=NOW).not_before == NOW
    weekend = owe(written, cohort, now=FRIDAY_EVENING, subject="b")
    assert weekend.not_before == weekend.next_attempt_at == MONDAY_MORNING


def test_what_concerns_the_coming_day_leaves_at_once(written, cohort):
    def leaves(**after):
        about = FRIDAY_EVENING + timedelta(**after)
        return owe(written, cohort, now=FRIDAY_EVENING, subject=str(after), about=about).not_before

    assert leaves(hours=20) == FRIDAY_EVENING
    assert leaves(hours=24) == FRIDAY_EVENING
    assert leaves(hours=25) == MONDAY_MORNING
    assert leaves(hours=-1) == MONDAY_MORNING  # it is over already


def test_a_quiet_time_holds_a_mail_back(written, cohort):
    assert owe(written, cohort, quiet=timedelta(minutes=10)).not_before == NOW + timedelta(minutes=10)
    late = at("2027-02-05", "17:55")
    held = owe(written, cohort, now=late, quiet=timedelta(minutes=10), subject="b")
    assert held.not_before == MONDAY_MORNING


def test_what_is_owed_later_waits_until_then(written, cohort):
    later = owe(written, cohort, at=NOW + timedelta(days=2))

    assert (later.due_at, later.not_before) == (NOW + timedelta(days=2),) * 2


def test_what_came_too_late_is_skipped_with_the_reason(written, cohort):
    stale = owe(written, cohort, at=NOW - timedelta(days=8), stale_at=NOW)

    assert (stale.status, stale.ended_at) == (MessageStatus.SKIPPED, NOW)
    assert "al voorbij" in stale.outcome


def test_a_mail_can_belong_to_no_cohort(written):
    failure = owe(written, None, kind=Kind.FAILURE)

    assert failure.cohort_id is None
    assert failure.key.startswith("0/")


def test_a_kind_that_needs_approval_waits_for_it(written):
    mails = [
        {**rule, "approval": {"receipt": "always", "seat_confirmed": "first"}.get(rule["kind"], "auto")}
        for rule in document()["mails"]
    ]
    cohort = a_cohort(written, changes={"mails": mails})

    always = [owe(written, cohort, kind=Kind.RECEIPT, revision=n) for n in range(2)]
    first = owe(written, cohort, kind=Kind.SEAT_CONFIRMED)
    second = owe(written, cohort, kind=Kind.SEAT_CONFIRMED, revision=1)
    first.approved_at = NOW
    third = owe(written, cohort, kind=Kind.SEAT_CONFIRMED, revision=2)
    never = owe(written, cohort, kind=Kind.WAITLISTED)
    stale = owe(written, cohort, kind=Kind.RECEIPT, revision=9, stale_at=NOW)

    waits = MessageStatus.AWAITING_APPROVAL
    assert [m.status for m in (*always, first, second)] == [waits] * 4
    assert [m.status for m in (third, never, stale)] == [
        MessageStatus.QUEUED,
        MessageStatus.QUEUED,
        MessageStatus.SKIPPED,
    ]


# ---------------------------------------------------------------------------------------------- by the programme


def test_each_step_owes_its_own_mails(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    an_enrolment(written, cohort, status=EnrolmentStatus.CONFIRMED)

    assert ledger.owe_due(written, cohort, steps={"reminders"}, now=NOW, bureau=BUREAU) == []
    made = ledger.owe_due(written, cohort, steps={"intake"}, now=NOW, bureau=BUREAU)

    assert {m.kind for m in made if isinstance(m, Message)} == {Kind.RECEIPT, Kind.SEAT_CONFIRMED, Kind.INTAKE_REQUEST}
    assert ledger.owe_due(written, cohort, steps=None, now=NOW, bureau=BUREAU) == []


def test_a_row_tells_why_it_is_there_in_dutch(written, cohort):
    enrolment = an_enrolment(written, cohort)
    ledger.owe_due(written, cohort, steps=None, now=at("2027-03-16", "09:00"), bureau=BUREAU)

    (mail,) = mails_of(written, Kind.REMINDER)

    assert mail.why == (
        "Volgens het programma 2 werkdagen voor de dag: dinsdag 16 maart 2027, 09.00 uur."
        " Het gaat over donderdag 18 maart 2027, 09.30 uur."
    )
    assert (mail.enrolment_id, mail.subject, mail.about_at) == (enrolment.id, "dagdeel-1", at("2027-03-18", "09:30"))
    assert mail.payload == {"session": cohort.sessions[0].id}
    assert mail.stale_at == at("2027-03-18", "07:30")


def test_a_task_tells_what_to_do(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)
    ledger.owe_due(written, cohort, steps=None, now=at("2027-02-26", "09:00"), bureau=BUREAU)

    (task,) = written.scalars(select(Task))

    assert (task.kind, task.what) == ("go-or-no-go", "Beslis of 2027-voorjaar doorgaat.")
    assert (task.command, task.due_at) == ("vitale cohort go 2027-voorjaar", at("2027-03-18", "09:30"))


def test_after_an_outage_the_stale_is_recorded_and_the_useful_sent(written, cohort):
    an_enrolment(written, cohort)

    ledger.owe_due(written, cohort, steps=None, now=at("2027-03-18", "08:00"), bureau=BUREAU)

    (reminder,) = mails_of(written, Kind.REMINDER)
    (preparation,) = mails_of(written, Kind.PREPARATION)
    assert reminder.status is MessageStatus.SKIPPED
    assert "al voorbij" in reminder.outcome
    assert preparation.status is MessageStatus.QUEUED
    assert preparation.not_before == at("2027-03-18", "08:00")
    assert ledger.owe_due(written, cohort, steps=None, now=at("2027-03-18", "08:00"), bureau=BUREAU) == []


def test_a_stale_task_is_not_put_on_the_list(written):
    cohort = a_cohort(written, status=CohortStatus.OPEN)

    ledger.owe_due(written, cohort, steps=None, now=at("2027-03-18", "10:00"), bureau=BUREAU)

    assert written.scalars(select(Task)).all() == []


def test_a_moved_day_is_owed_its_reminder_again(written, cohort):
    an_enrolment(written, cohort)
    ledger.owe_due(written, cohort, steps=None, now=at("2027-03-16", "09:05"), bureau=BUREAU)
    for mail in mails_of(written, Kind.REMINDER):
        mail.status = MessageStatus.SENT
    who = {**HERE, "now": at("2027-03-16", "11:00")}
    changes.move_day(written, cohort, "day1", to=at("2027-04-08").date(), **who)

    ledger.owe_due(written, cohort, steps=None, now=at("2027-04-06", "09:00"), bureau=BUREAU)

    assert [(m.revision, m.about_at) for m in mails_of(written, Kind.REMINDER)] == [
        (0, at("2027-03-18", "09:30")),
        (1, at("2027-04-08", "09:30")),
    ]


def test_a_letter_that_waits_when_its_day_moves_is_owed_for_the_new_date(written, cohort):
    an_enrolment(written, cohort)
    now = at("2027-03-04", "09:00")
    ledger.owe_due(written, cohort, steps=None, now=now, bureau=BUREAU)
    (waiting,) = mails_of(written, Kind.PREPARATION)
    assert waiting.status is MessageStatus.QUEUED

    changes.move_day(written, cohort, "day1", to=at("2027-03-17").date(), by="operator", now=now, bureau=BUREAU)
    ledger.owe_due(written, cohort, steps=None, now=now, bureau=BUREAU)

    assert [m.revision for m in mails_of(written, Kind.PREPARATION)] == [0, 1]


def test_who_withdrew_is_owed_nothing_more(written, cohort):
    enrolment = an_enrolment(written, cohort)
    intake.withdraw(written, enrolment, **HERE)

    ledger.owe_due(written, cohort, steps=None, now=at("2027-06-01"), bureau=BUREAU)

    theirs = written.scalars(select(Message.kind).where(Message.enrolment_id == enrolment.id)).all()
    assert theirs == [Kind.WITHDRAWN]


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 24 * 150), min_size=1, max_size=6).map(sorted), st.sets(st.sampled_from(STEPS)))
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_looking_twice_at_any_moments_owes_nothing_twice(database, hours, steps):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 2)
        for hour in hours:
            now = NOW + timedelta(hours=hour)
            ledger.owe_due(session, cohort, steps=steps or None, now=now, bureau=BUREAU)
            assert ledger.owe_due(session, cohort, steps=steps or None, now=now, bureau=BUREAU) == []
        keys = session.scalars(select(Message.key)).all()
        assert len(keys) == len(set(keys))
        assert session.scalar(select(func.count(Task.id))) == len(set(session.scalars(select(Task.key))))
        session.rollback()


def test_a_ledger_row_is_no_fact_of_the_cohort(database):
    with database.write() as session:
        cohort = a_cohort(session)
        number = cohort.id
    with database.read() as session:
        before = session.get_one(Cohort, number).version
    with database.write() as session:
        owe(session, session.get_one(Cohort, number))

    with database.read() as session:
        assert session.get_one(Cohort, number).version == before
