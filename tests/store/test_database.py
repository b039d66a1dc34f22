"""What the store promises on both databases: safe settings, one writer a seat, cohorts that know they changed."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests.builders import NOW, bare_cohort, bare_enrolment, bare_person
from vitale_core.domain.states import Answer, EnrolmentStatus, MessageStatus, OfferStatus, TaskStatus
from vitale_core.store import records
from vitale_core.store.database import AT_ONCE, BUSY_TIMEOUT_MS, lock_cohort, open_database, touch
from vitale_core.store.records import Cohort, Enrolment, FactOfCohort, Invitation, Message, Offer, Person, Task


def standing(database, cohort_id: int) -> tuple[int, datetime | None]:
    """Return version and next_due_at as another connection sees them."""
    with database.read() as session:
        return session.execute(select(Cohort.version, Cohort.next_due_at).where(Cohort.id == cohort_id)).one()


@pytest.fixture
def quiet(database) -> int:
    """A cohort that was settled: nothing is owed until next week."""
    with database.write() as session:
        cohort = bare_cohort(session)
        session.flush()
        session.execute(update(Cohort).values(version=7, next_due_at=NOW + timedelta(days=7)))
        return cohort.id


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_loses_nothing_and_checks_references(database):
    with database.write() as session:
        settings = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "secure_delete")
        }

    assert settings == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": BUSY_TIMEOUT_MS,
        "secure_delete": 1,
    }


def test_a_reference_to_nothing_is_refused(database):
    with pytest.raises(IntegrityError), database.write() as session:
        bare_cohort(session, trainer_id=999)


def test_what_fails_half_way_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError), database.write() as session:
        bare_person(session, name=str(1 // session.scalar(text("SELECT 0"))))

    with database.read() as session:
        assert session.scalars(select(Person)).all() == []


def test_what_a_reader_changes_is_not_kept(database):
    with database.read() as session:
        session.add(Person(email="a@b.example", email_key="a@b.example", created_at=NOW))
        session.flush()

    with database.read() as session:
        assert session.scalars(select(Person)).all() == []


def test_a_reader_sees_one_state(database, quiet):
    with database.read() as reader:
        before = reader.scalar(select(Cohort.location))
        with database.write() as session:
            session.get_one(Cohort, quiet).location = "Elders"

        assert reader.scalar(select(Cohort.location)) == before


def test_a_writer_waits_for_the_one_before(database, quiet):
    steps = []
    first_has_it = threading.Event()

    def first():
        with database.write() as session:
            lock_cohort(session, quiet).location = "een"
            first_has_it.set()
            threading.Event().wait(0.3)
            steps.append("first")

    def second():
        first_has_it.wait()
        with database.write() as session:
            seen = lock_cohort(session, quiet).location
            steps.append(f"second saw {seen}")

    both = [threading.Thread(target=run) for run in (first, second)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(20)

    assert steps == ["first", "second saw een"]


def test_a_lock_shows_what_others_changed_since_we_looked(database, quiet):
    with database.write() as session:
        cohort = session.get_one(Cohort, quiet)
        session.execute(text("UPDATE cohort SET location = 'nieuw'"))
        assert cohort.location == "Assen"

        assert lock_cohort(session, quiet).location == "nieuw"
        assert cohort.location == "nieuw"


# ------------------------------------------------------------------------------------- facts raise the version


def test_a_changed_cohort_is_looked_at_at_once(database, quiet):
    with database.write() as session:
        session.get_one(Cohort, quiet).location = "Zwolle"

    assert standing(database, quiet) == (8, AT_ONCE)


def test_a_new_a_changed_and_a_deleted_fact_each_raise_the_version(database, quiet):
    seen = []
    with database.write() as session:
        enrolment = bare_enrolment(session, session.get_one(Cohort, quiet))
        session.flush()
        number = enrolment.id
    seen.append(standing(database, quiet)[0])
    with database.write() as session:
        session.get_one(Enrolment, number).status = EnrolmentStatus.CONFIRMED
    seen.append(standing(database, quiet)[0])
    with database.write() as session:
        session.delete(session.get_one(Enrolment, number))
    seen.append(standing(database, quiet)[0])

    assert seen == sorted(set(seen))
    assert seen[0] > 7
    assert standing(database, quiet)[1] == AT_ONCE


def test_only_the_cohort_it_belongs_to_is_raised(database, quiet):
    with database.write() as session:
        other = bare_cohort(session, code="ander")
        session.flush()
        bare_enrolment(session, other)

    assert standing(database, quiet) == (7, NOW + timedelta(days=7))


def test_a_row_that_stays_as_it_was_raises_nothing(database, quiet):
    with database.write() as session:
        cohort = session.get_one(Cohort, quiet)
        cohort.location = str(cohort.location)

    assert standing(database, quiet)[0] == 7


def test_ledger_and_tasks_are_no_facts(database, quiet):
    with database.write() as session:
        person = bare_person(session)
        session.flush()
        session.add(
            Task(
                key="x", kind="x", what="", command="", created_at=NOW, status=TaskStatus.OPEN, note="", cohort_id=quiet
            )
        )
        message = Message(
            key="k", cohort_id=quiet, person_id=person.id, kind="receipt", subject="-", revision=0, payload={},
            status=MessageStatus.QUEUED, why="", outcome="", created_at=NOW, due_at=NOW, not_before=NOW,
            stale_at=NOW, message_id="<k@x.example>", next_attempt_at=NOW,
        )  # fmt: skip
        session.add(message)
        session.flush()
        message.status = MessageStatus.SENDING

    assert standing(database, quiet) == (7, NOW + timedelta(days=7))


def test_what_lies_outside_the_cohort_is_said_by_touch(database, quiet):
    with database.write() as session:
        touch(session, quiet)

    assert standing(database, quiet) == (8, AT_ONCE)


def test_every_table_with_facts_is_marked():
    unmarked = {
        mapper.class_.__tablename__
        for mapper in records.Base.registry.mappers
        if "cohort_id" in mapper.columns and not issubclass(mapper.class_, FactOfCohort)
    }

    assert unmarked == {"message", "task", "link", "audit_event"}


# --------------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    "given",
    [
        datetime(2027, 7, 1, 12, tzinfo=UTC),
        datetime(2027, 7, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_moment_comes_back_in_utc(database, given):
    with database.write() as session:
        person = bare_person(session, created_at=given)
        session.flush()
        number = person.id

    with database.read() as session:
        found = session.get_one(Person, number).created_at
    assert found == datetime(2027, 7, 1, 12, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(database):
    with pytest.raises(StatementError, match="time zone"), database.write() as session:
        bare_person(session, created_at=datetime(2027, 7, 1, 12))


def test_states_are_stored_by_their_value(database, quiet):
    with database.write() as session:
        bare_enrolment(session, session.get_one(Cohort, quiet), status=EnrolmentStatus.WAITLISTED)

    with database.read() as session:
        assert session.execute(text("SELECT status FROM enrolment")).scalar_one() == "waitlisted"


def test_an_unknown_state_is_refused_by_the_database(database, quiet):
    with database.write() as session:
        bare_enrolment(session, session.get_one(Cohort, quiet))

    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(text("UPDATE enrolment SET status = 'perhaps'"))


# ------------------------------------------------------------------------------- what only the database can keep


def test_one_live_enrolment_for_a_person_in_a_cohort(database, quiet):
    with database.write() as session:
        cohort = session.get_one(Cohort, quiet)
        enrolment = bare_enrolment(session, cohort, status=EnrolmentStatus.WITHDRAWN)
        session.flush()
        again = bare_enrolment(session, cohort, person=enrolment.person)

    with pytest.raises(IntegrityError), database.write() as session:
        bare_enrolment(session, cohort, person=again.person, status=EnrolmentStatus.CONFIRMED)


def test_one_valid_invitation_for_a_person_to_a_session(database, quiet):
    def invite(session, uid):
        person = session.scalars(select(Person)).first()
        session.add(
            Invitation(
                cohort_id=quiet, session_id=1, person_id=person.id, uid=uid, sequence=0, stamp=NOW, digest="",
                sent_event={}, answer=Answer.NEEDS_ACTION,
            )
        )  # fmt: skip

    with database.write() as session:
        meeting = records.CourseSession(
            cohort_id=quiet, name="dagdeel-1", kind="dagdeel", day="day1", position=0, title="", status="planned",
            location="",
        )  # fmt: skip
        session.add(meeting)
        session.flush()
        assert meeting.id == 1
        invite(session, "a")
        session.flush()
        session.scalars(select(Invitation)).one().cancelled_at = NOW
        invite(session, "b")

    with pytest.raises(IntegrityError), database.write() as session:
        invite(session, "c")


def test_answers_of_an_evaluation_keep_no_order(database):
    columns = {column["name"] for column in inspect(database.engine).get_columns("evaluation_answer")}

    assert columns == {"id", "round_id", "answers"}
    if database.engine.dialect.name == "sqlite":
        with database.read() as session:
            made = session.execute(text("SELECT sql FROM sqlite_master WHERE name = 'evaluation_answer'")).scalar_one()
        assert made.rstrip().endswith("WITHOUT ROWID")


def test_an_offer_needs_its_enrolment(database, quiet):
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Offer(cohort_id=quiet, enrolment_id=99, status=OfferStatus.OPEN, offered_at=NOW, deadline=NOW))


def test_opening_makes_nothing(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path / 'not-yet.db'}")
    opened.dispose()

    assert list(tmp_path.iterdir()) == []
