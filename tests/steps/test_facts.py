"""What the agenda knows of a cohort is what the database holds, in a fixed number of questions."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from tests.aanmeldingen import people
from tests.training import (
    BUREAU,
    HERE,
    NOW,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    an_intake,
    at,
    some_enrolments,
    visits_of,
)
from vitale_core.domain.facts import OfferFacts
from vitale_core.domain.states import (
    Answer,
    CohortStatus,
    EnrolmentStatus,
    MessageStatus,
    PlanStatus,
    Presence,
    RoundStatus,
    TaskStatus,
    VisitStatus,
)
from vitale_core.steps import facts, intake, invitations, ledger, tasks, waiting_list, werkbezoek
from vitale_core.store.records import (
    Attendance,
    Certificate,
    Invitation,
    Message,
    PollAnswer,
    PollOption,
    Receipt,
    Round,
    Task,
)

LATER = {**HERE, "now": NOW + timedelta(hours=2)}


@pytest.fixture
def written(database):
    with database.write() as session:
        yield session


def load(session, cohort):
    return facts.load(session, cohort, bureau=BUREAU)


def test_a_cohort_and_its_sessions(written):
    cohort = a_cohort(written)

    known = load(written, cohort)

    assert (known.id, known.code, known.status) == (cohort.id, "2027-voorjaar", CohortStatus.CONFIRMED)
    assert (known.confirmed_at, known.trainer, known.zone.key) == (NOW, cohort.trainer_id, "Europe/Amsterdam")
    assert [s.name for s in known.sessions] == ["dagdeel-1", "dagdeel-2", "dagdeel-3", "dagdeel-4", "terugkomdag"]
    assert known.sessions[0].start == at("2027-03-18", "09:30")
    assert known.sessions[-1].takes_place is False
    assert at("2027-03-26").date() in known.holidays


def test_people_with_their_offers_and_answers(written):
    cohort = a_cohort(written, capacity=2, minimum=1)
    one, two, three = people(written, cohort, "Noor A", "Sam B", "Ilse C")
    an_intake(written, two, casus="Een plein")
    an_intake(written, three)
    intake.withdraw(written, one, **LATER)
    invitation = written.scalars(select(Invitation).where(Invitation.enrolment_id == two.id)).first()
    invitation.answer = Answer.DECLINED

    first, second, third = load(written, cohort).enrolments

    assert (first.status, first.ended_at) == (EnrolmentStatus.WITHDRAWN, LATER["now"])
    assert first.answers == {}  # cancelled invitations do not count
    assert second.answers[invitation.session_id] is Answer.DECLINED
    assert [e.intake_answered for e in (first, second, third)] == [False, True, False]
    (offer,) = third.offers
    assert offer == OfferFacts(offer.id, LATER["now"], at("2027-02-04", "18:00"), open=True)
    written.execute(update(Message).values(status=MessageStatus.SENT))
    waiting_list.lapse_offers(written, cohort, now=offer.deadline)
    (lapsed,) = load(written, cohort).enrolments[2].offers
    assert (lapsed.open, lapsed.lapsed_at) == (False, offer.deadline)


def test_attendance_evaluation_and_certificates(written):
    cohort = a_cohort(written)
    noor, sam = some_enrolments(written, cohort, 2)
    first = cohort.sessions[0]
    direct = Round(cohort_id=cohort.id, name="direct", status=RoundStatus.OPEN, opens_at=NOW)
    written.add(direct)
    written.flush()
    for enrolment, presence in ((noor, Presence.ABSENT), (sam, Presence.PART)):
        written.add(
            Attendance(
                cohort_id=cohort.id, session_id=first.id, enrolment_id=enrolment.id, presence=presence, reason="",
                noted_by="Roos", noted_at=NOW,
            )
        )  # fmt: skip
    written.add(Receipt(cohort_id=cohort.id, round_id=direct.id, enrolment_id=noor.id))
    for number, revoked in (("1", NOW), ("2", None)):
        written.add(
            Certificate(
                cohort_id=cohort.id, enrolment_id=noor.id, number=number, name="Noor", hours=12, issued_at=NOW,
                revoked_at=revoked,
            )
        )  # fmt: skip

    known = load(written, cohort)

    assert [e.absent for e in known.enrolments] == [{first.id}, set()]
    assert [e.receipts for e in known.enrolments] == [{"direct"}, set()]
    newest = known.enrolments[0]
    assert (newest.certified_at, newest.revoked_at) == (NOW, None)
    assert known.enrolments[1].certificate is None
    assert [(r.name, r.status, r.closes_at) for r in known.rounds] == [("direct", RoundStatus.OPEN, None)]


def test_visits_of_the_plan_that_holds(written):
    cohort, plan = an_approved_cohort(written)
    visit = visits_of(plan)[1]

    asked = {v.id: v for v in load(written, cohort).visits}[visit.id]
    assert (asked.status, asked.start, asked.session) == (VisitStatus.ASKED, visit.slot.starts_at, None)
    assert (asked.host, asked.group, asked.reported) == (visit.project.host.contact_id, 1, False)
    assert set(asked.members) == {m.enrolment_id for m in visit.group.members}
    assert asked.approved_at == asked.asked_at == visit.asked_at

    meeting = werkbezoek.confirm_visit(written, visit, **LATER)
    meeting.starts_at, meeting.revision, meeting.moved_at = at("2027-04-13", "13:00"), 1, LATER["now"]
    meeting.ends_at = at("2027-04-13", "15:00")
    moved = {v.id: v for v in load(written, cohort).visits}[visit.id]
    assert (moved.start, moved.revision, moved.moved_at) == (at("2027-04-13", "13:00"), 1, LATER["now"])
    assert (moved.session, moved.confirmed_at) == (meeting.id, LATER["now"])

    plan.status = PlanStatus.SUPERSEDED
    assert load(written, cohort).visits == ()


def test_an_open_poll_has_the_moment_of_the_programme(written):
    cohort = a_cohort(written)
    noor = an_enrolment(written, cohort)
    back = cohort.sessions[-1]
    assert load(written, cohort).polls == {}
    option = PollOption(
        cohort_id=cohort.id, session_id=back.id, starts_at=at("2027-06-24", "13:00"), ends_at=at("2027-06-24", "16:30")
    )
    written.add(option)
    written.flush()
    written.add(
        PollAnswer(cohort_id=cohort.id, option_id=option.id, enrolment_id=noor.id, choice="yes", answered_at=NOW)
    )

    known = load(written, cohort)

    assert known.polls == {back.id: at("2027-04-30", "09:00")}
    assert known.enrolments[0].polled == {back.id}
    back.starts_at, back.ends_at = option.starts_at, option.ends_at
    assert load(written, cohort).polls == {}


def test_a_poll_without_training_days_has_no_moment(written):
    cohort = a_cohort(written)
    back = cohort.sessions[-1]
    written.add(
        PollOption(
            cohort_id=cohort.id, session_id=back.id, starts_at=at("2027-06-24"), ends_at=at("2027-06-24", "12:00")
        )
    )
    for meeting in cohort.sessions:
        meeting.starts_at = meeting.ends_at = None

    assert load(written, cohort).polls == {}


def test_what_was_owed_what_left_and_since_when_something_waits(written):
    cohort = a_cohort(written)
    an_enrolment(written, cohort)
    ledger.owe_due(written, cohort, steps=None, now=NOW, bureau=BUREAU)
    receipt, *others = written.scalars(select(Message).order_by(Message.id)).all()
    receipt.status = MessageStatus.SENT
    for n, moment in enumerate((NOW + timedelta(days=1), NOW)):
        tasks.owe_task(written, key=f"t{n}", kind="x", what="", cohort_id=cohort.id, now=moment)

    known = load(written, cohort)

    assert known.done == {m.key for m in (receipt, *others)} | {"t0", "t1"}
    assert known.told == {receipt.key}
    assert known.waiting_since == NOW
    for task in written.scalars(select(Task)):
        task.status = TaskStatus.DONE
    assert load(written, cohort).waiting_since is None
    assert "t0" in load(written, cohort).done


def test_the_operator_is_nobody_until_there_is_something_to_say(written):
    cohort = a_cohort(written)
    nobody = facts.load(written, cohort, bureau=type(BUREAU)(operator_address="nieuw@bureau.example"))

    assert nobody.operator == facts.NOBODY
    assert load(written, cohort).operator != facts.NOBODY


def test_the_number_of_questions_does_not_grow_with_the_cohort(database):
    def questions(count):
        with database.write() as session:
            cohort = a_cohort(session, f"c-{count}", capacity=20)
            some_enrolments(session, cohort, count)
            invitations.sync(session, cohort, now=NOW, bureau=BUREAU)
            session.expire_all()
            asked = []

            def listen(*_args):
                asked.append(1)

            event.listen(database.engine, "before_cursor_execute", listen)
            load(session, cohort)
            event.remove(database.engine, "before_cursor_execute", listen)
            session.rollback()
            return len(asked)

    assert questions(12) == questions(2)
