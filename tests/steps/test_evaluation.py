"""Evaluation: rounds that turn by themselves, answers that nobody can join to a person, an end to every cohort."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from tests.training import (
    BUREAU,
    DAYS,
    NOW,
    a_cohort,
    an_enrolment,
    at,
    document,
    mails_of,
    some_enrolments,
    without_visits,
)
from vitale_core.domain.errors import NotFound, Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import CohortStatus, EnrolmentStatus, Presence, RoundStatus, SessionKind, SessionStatus
from vitale_core.steps import attendance, cohorts, evaluation, lifecycle
from vitale_core.store.records import AnswerSheet, Receipt, Round

LAST = at("2027-04-22", "09:30")
CLOSES = at("2027-05-07")  # the 6th is Hemelvaartsdag
ANSWERS = {f"{about}-{nr}": 4 for about in ("outcome", "before") for nr in range(1, 6)} | {"trainer-helder": 5}


def advance(session, cohort, now):
    lifecycle.begin_and_end(session, cohort, now=now)
    evaluation.advance(session, cohort, now=now, bureau=BUREAU)


def an_open_round(session, people=6, **facts):
    """A cohort on its last training day: the direct round is open."""
    cohort = a_cohort(session, **facts)
    enrolments = some_enrolments(session, cohort, people)
    advance(session, cohort, LAST)
    return cohort, enrolments


def answer(session, enrolments, **changes):
    for enrolment in enrolments:
        evaluation.answer_round(session, enrolment, "direct", ANSWERS | changes, now=LAST)


def rounds(session):
    return {r.name: r for r in session.scalars(select(Round))}


def statuses(session):
    return {name: str(found.status) for name, found in rounds(session).items()}


# ---------------------------------------------------------------------------------------------------- answering


def test_an_answer_leaves_a_receipt_with_a_name_and_a_sheet_without(database):
    with database.write() as session:
        _cohort, (noor, *_) = an_open_round(session)

        evaluation.answer_round(session, noor, "direct", ANSWERS | {"anders": "Meer oefenen"}, now=LAST)

        (receipt,) = session.scalars(select(Receipt))
        (sheet,) = session.scalars(select(AnswerSheet))
        assert receipt.enrolment_id == noor.id
        assert sheet.answers["anders"] == "Meer oefenen"
        assert set(AnswerSheet.__table__.columns.keys()) == {"id", "round_id", "answers"}
        assert set(Receipt.__table__.columns.keys()) == {"id", "cohort_id", "round_id", "enrolment_id"}
        assert evaluation.answered(session, noor, "direct")
        assert len(sheet.id) == 32


def test_the_order_of_the_sheets_tells_nothing_of_the_order_of_the_answers(database):
    with database.write() as session:
        _cohort, people = an_open_round(session, people=12)
        for nr, enrolment in enumerate(people):
            answers = ANSWERS | {"anders": f"tekst {nr}"}
            evaluation.answer_round(session, enrolment, "direct", answers, now=LAST)

            stored = session.execute(text("SELECT id FROM evaluation_answer")).scalars().all()
            assert stored == sorted(stored)

        texts = [s.answers["anders"] for s in session.scalars(select(AnswerSheet).order_by(AnswerSheet.id))]
        assert sorted(texts) == sorted(f"tekst {nr}" for nr in range(12))
        receipts = session.scalars(select(Receipt.enrolment_id).order_by(Receipt.id)).all()
        assert receipts == [e.id for e in people]


def test_a_second_answer_is_refused(database):
    with database.write() as session:
        _cohort, (noor, *_) = an_open_round(session)
        answer(session, [noor])

        with pytest.raises(Refused, match="al ingevuld"):
            answer(session, [noor])


def test_only_who_has_a_seat_answers_and_only_an_open_round(database):
    with database.write() as session:
        cohort, (noor, *_) = an_open_round(session)
        gone = an_enrolment(session, cohort, "Zoë Veenstra", status=EnrolmentStatus.WITHDRAWN)

        with pytest.raises(Refused, match="niet \\(meer\\) mee"):
            answer(session, [gone])
        with pytest.raises(NotFound, match="geen evaluatie 'later'"):
            evaluation.answer_round(session, noor, "later", {}, now=LAST)
        with pytest.raises(Refused, match="nog niet open"):
            evaluation.answer_round(session, noor, "transfer", transfer(), now=LAST)
        with pytest.raises(Refused, match="is gesloten"):
            evaluation.answer_round(session, noor, "direct", ANSWERS, now=CLOSES)
        with pytest.raises(Refused, match="cijfer van 1 tot 5"):
            answer(session, [noor], **{"outcome-1": 6})
        assert session.scalars(select(Receipt)).all() == []


def test_nobody_answers_in_a_cancelled_cohort(database):
    with database.write() as session:
        cohort, (noor, *_) = an_open_round(session)
        cohort.status = CohortStatus.CANCELLED

        with pytest.raises(Refused, match="niet \\(meer\\) mee"):
            answer(session, [noor])


def transfer():
    return {f"outcome-{nr}": 5 for nr in range(1, 6)}


def test_the_baseline_is_open_for_whoever_has_a_seat_before_the_cohort_goes_ahead(database):
    with database.write() as session:
        cohort = a_cohort(session, status=CohortStatus.OPEN)
        noor = an_enrolment(session, cohort)

        evaluation.answer_round(session, noor, "baseline", transfer(), now=NOW)
        evaluation.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert rounds(session)["baseline"].closes_at == at("2027-03-18", "09:30")
        assert len(session.scalars(select(AnswerSheet)).all()) == 1


def test_the_questions_of_a_round_come_in_order(database):
    with database.write() as session:
        cohort = a_cohort(session)

        names = [q.name for q in evaluation.questions(cohort, "direct")]

        assert names[:1] + names[5:6] + names[10:12] == ["outcome-1", "before-1", "dagdeel-1", "dagdeel-2"]


# ------------------------------------------------------------------------------------------------------- rounds


def test_rounds_open_and_close_at_their_moments(database):
    with database.write() as session:
        cohort = a_cohort(session)
        some_enrolments(session, cohort, 3)

        evaluation.advance(session, cohort, now=NOW, bureau=BUREAU)
        assert list(rounds(session)) == ["baseline"]
        assert rounds(session)["baseline"].opens_at == NOW
        advance(session, cohort, LAST)

        assert (rounds(session)["direct"].opens_at, rounds(session)["direct"].closes_at) == (LAST, CLOSES)
        assert statuses(session) == {"baseline": "withheld", "direct": "open"}
        advance(session, cohort, CLOSES)
        assert statuses(session) == {"baseline": "withheld", "direct": "withheld"}


def test_a_cohort_without_people_has_no_baseline(database):
    with database.write() as session:
        cohort = a_cohort(session)

        evaluation.advance(session, cohort, now=NOW, bureau=BUREAU)

        assert rounds(session) == {}


def test_an_open_round_follows_a_day_that_moves(database):
    with database.write() as session:
        cohort, _people = an_open_round(session)
        for meeting in cohort.sessions:
            if meeting.day == "day2" and meeting.starts_at and meeting.ends_at:
                meeting.starts_at += timedelta(days=7)
                meeting.ends_at += timedelta(days=7)

        advance(session, cohort, LAST)

        assert rounds(session)["direct"].closes_at == at("2027-05-13")


def test_at_closing_one_report_is_made_and_never_again(database):
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:5])
        advance(session, cohort, CLOSES)
        found = rounds(session)["direct"]
        made = found.report

        advance(session, cohort, CLOSES + timedelta(days=1))

        assert (found.status, found.closed_at, found.released_at) == (RoundStatus.RELEASED, CLOSES, CLOSES)
        assert made is not None
        assert (made["answers"], made["invited"]) == (5, 6)
        assert found.report == made
        assert len(session.scalars(select(AnswerSheet)).all()) == 5


def test_with_too_few_answers_nothing_is_told_and_the_answers_are_gone(database):
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:4])

        advance(session, cohort, CLOSES)

        shown = evaluation.report(session, cohort, "direct")
        assert (shown.status, shown.report) == (RoundStatus.WITHHELD, None)
        assert "minder dan 5" in shown.why
        assert rounds(session)["direct"].report is None
        assert session.scalars(select(AnswerSheet)).all() == []
        assert len(session.scalars(select(Receipt)).all()) == 4


@pytest.mark.parametrize("answers, told", [(6, 6), (5, 6), (3, 4)])
def test_who_leaves_changes_nothing_in_what_is_told_of_a_closed_round(database, answers, told):
    # six have a seat; the last who answered leaves, and so does everybody who did not, but one
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:answers])
        advance(session, cohort, CLOSES)
        for person in (people[answers - 1], *people[answers + 1 :]):
            person.status = EnrolmentStatus.WITHDRAWN
        session.flush()

        shown = evaluation.report(session, cohort, "direct")

        assert (shown.answered, shown.invited) == (answers, told)
        assert shown.report is None or shown.report["invited"] == told


def test_what_is_told_of_a_round_depends_on_its_state(database):
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:5])

        assert "nog niet geopend" in evaluation.report(session, cohort, "transfer").why
        still_open = evaluation.report(session, cohort, "direct")
        assert (still_open.report, still_open.answered, still_open.invited) == (None, 5, 6)
        advance(session, cohort, CLOSES)
        done = evaluation.report(session, cohort, "direct")

        assert done.report is not None
        assert done.report["questions"][0]["mean"] == 4.0
        assert done.why == ""


def test_releasing_by_hand_is_harmless_once_closed_and_refused_before(database):
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:5])
        who = {"by": "operator", "now": CLOSES}

        with pytest.raises(Refused, match="nog niet gesloten \\(tot vrijdag 7 mei 2027"):
            evaluation.release(session, cohort, "direct", by="operator", now=LAST)
        with pytest.raises(Refused, match="nog niet gesloten\\."):
            evaluation.release(session, cohort, "transfer", **who)
        advance(session, cohort, CLOSES)
        assert evaluation.release(session, cohort, "direct", **who).status is RoundStatus.RELEASED


def test_a_round_that_was_closed_without_a_report_gets_it_on_release(database):
    with database.write() as session:
        cohort, people = an_open_round(session)
        answer(session, people[:5])
        rounds(session)["direct"].status = RoundStatus.CLOSED

        done = evaluation.release(session, cohort, "direct", by="operator", now=CLOSES)

        assert done.status is RoundStatus.RELEASED


# --------------------------------------------------------------------------------------------------- intentions


def test_an_intention_is_kept_with_its_writer_and_what_came_of_it(database):
    with database.write() as session:
        _cohort, (noor, sam, *_) = an_open_round(session)

        evaluation.write_intention(session, noor, "Eerst bellen.", LAST)
        evaluation.write_intention(session, noor, "Eerst langsgaan.", LAST)
        kept = evaluation.tell_applied(session, noor, "Ik ging langs.", CLOSES)
        without = evaluation.tell_applied(session, sam, "Gewoon gedaan.", CLOSES)

        assert (kept.words, kept.applied, kept.applied_at) == ("Eerst langsgaan.", "Ik ging langs.", CLOSES)
        assert (without.words, without.applied) == ("", "Gewoon gedaan.")


@pytest.mark.parametrize("write", [evaluation.write_intention, evaluation.tell_applied])
def test_an_intention_is_not_empty_and_of_somebody_who_is_in(database, write):
    with database.write() as session:
        cohort, (noor, *_) = an_open_round(session)
        gone = an_enrolment(session, cohort, "Zoë Veenstra", status=EnrolmentStatus.WITHDRAWN)

        with pytest.raises(Refused, match="Schrijf op"):
            write(session, noor, " ", LAST)
        with pytest.raises(Refused, match="niet \\(meer\\) mee"):
            write(session, gone, "Bellen", LAST)


# ------------------------------------------------------------------------------------------------------ the end


def a_whole_cohort(session):
    """A cohort without visits whose terugkomdag has a date."""
    cohort = a_cohort(session, changes=without_visits(), days={**DAYS, "terugkomdag": date(2027, 6, 24)})
    return cohort, some_enrolments(session, cohort, 2)


def close_all(session, cohort, now):
    for meeting in cohort.sessions:
        if meeting.kind is SessionKind.DAGDEEL:
            attendance.close(session, meeting, by="trainer", now=now, bureau=BUREAU, rest=Presence.PRESENT)


def test_a_cohort_evaluates_when_the_last_dagdeel_is_over_and_closes_when_everything_is(database):
    with database.write() as session:
        cohort, (noor, sam) = a_whole_cohort(session)
        attendance.record(session, cohort.sessions[0], sam, Presence.ABSENT, by="trainer", now=LAST)

        seen = []
        for moment in (LAST, at("2027-04-22", "16:30"), at("2027-07-05")):
            advance(session, cohort, moment)
            seen.append(str(cohort.status))
        close_all(session, cohort, at("2027-07-05"))
        advance(session, cohort, at("2027-07-05"))

        assert seen == ["running", "evaluating", "evaluating"]  # nobody had closed the lists of who was there
        assert cohort.status is CohortStatus.CLOSED
        assert cohort.closed_at == at("2027-07-05")
        assert (noor.status, sam.status) == (EnrolmentStatus.COMPLETED, EnrolmentStatus.INCOMPLETE)
        advance(session, cohort, at("2027-07-06"))


def test_a_cohort_waits_for_its_terugkomdag_and_its_last_round(database):
    with database.write() as session:
        cohort, _people = a_whole_cohort(session)
        advance(session, cohort, at("2027-04-22", "16:30"))
        advance(session, cohort, at("2027-04-22", "16:30"))
        close_all(session, cohort, at("2027-04-23"))

        seen = []
        for day in ("2027-06-23", "2027-06-25", "2027-07-05"):
            advance(session, cohort, at(day))
            seen.append(str(cohort.status))

        assert seen == ["evaluating", "evaluating", "closed"]


def test_a_cohort_whose_terugkomdag_is_off_does_not_wait_for_it(database):
    with database.write() as session:
        cohort, _people = a_whole_cohort(session)
        cohorts.find_session(session, cohort, "terugkomdag").status = SessionStatus.CANCELLED
        advance(session, cohort, at("2027-04-22", "16:30"))
        close_all(session, cohort, at("2027-04-23"))

        advance(session, cohort, CLOSES)

        assert cohort.status is CohortStatus.CLOSED


def test_a_cohort_without_sessions_that_count_closes_all_the_same(database):
    with database.write() as session:
        bare = {**without_visits(), "certificate": {**document()["certificate"], "sessions": ["terugkomdag"]}}
        cohort = a_cohort(session, changes=bare)
        some_enrolments(session, cohort, 2)
        cohorts.find_session(session, cohort, "terugkomdag").status = SessionStatus.CANCELLED

        advance(session, cohort, at("2027-04-22", "16:30"))
        advance(session, cohort, CLOSES)

        assert cohort.status is CohortStatus.CLOSED
        assert mails_of(session, Kind.CERTIFICATE) == []
