"""The bewijs van deelname: by attendance alone, with a number that nobody guesses, taken back when it was wrong."""

import re

import pytest

from tests.training import (
    BUREAU,
    HERE,
    a_cohort,
    an_approved_cohort,
    an_enrolment,
    at,
    document,
    mails_of,
    some_enrolments,
    tasks_of,
    visits_of,
    without_visits,
)
from vitale_core.domain.errors import Refused
from vitale_core.domain.kinds import Kind
from vitale_core.domain.states import EnrolmentStatus, Presence, SessionStatus
from vitale_core.steps import attendance, certificates, cohorts, evaluation, werkbezoek

AFTER = at("2027-04-23")


def a_course(session, people=2, may_miss=0):
    """A cohort without visits after its last dagdeel; no list is closed."""
    rule = {**without_visits()["certificate"], "may_miss": may_miss}
    cohort = a_cohort(session, changes={**without_visits(), "certificate": rule})
    return cohort, some_enrolments(session, cohort, people)


def close(session, cohort, *names, now=AFTER):
    for name in names or ("dagdeel-1", "dagdeel-2", "dagdeel-3", "dagdeel-4"):
        meeting = cohorts.find_session(session, cohort, name)
        attendance.close(session, meeting, by="trainer", now=now, bureau=BUREAU, rest=Presence.PRESENT)


def note(session, cohort, enrolment, presence, name="dagdeel-2"):
    meeting = cohorts.find_session(session, cohort, name)
    attendance.record(session, meeting, enrolment, presence, by="trainer", now=AFTER)


def test_who_was_at_everything_gets_a_certificate_with_the_last_list(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)

        close(session, cohort, "dagdeel-1", "dagdeel-2", "dagdeel-3")
        assert certificates.current(session, noor) is None
        assert certificates.standing(session, noor).earned is None
        close(session, cohort, "dagdeel-4")

        given = certificates.current(session, noor)
        assert given is not None
        assert (given.name, given.hours, given.issued_at) == ("Noor Dijkstra", 12, AFTER)
        assert re.fullmatch(r"([2-9A-HJKMNP-Z]{4}-){2}[2-9A-HJKMNP-Z]{4}", given.number)
        assert noor.status is EnrolmentStatus.CONFIRMED
        evaluation.advance(session, cohort, now=AFTER, bureau=BUREAU)
        assert len(mails_of(session, Kind.CERTIFICATE)) == 2


@pytest.mark.parametrize("presence,given", [(Presence.PRESENT, True), (Presence.PART, True), (Presence.ABSENT, False)])
def test_a_part_counts_and_an_absence_does_not(database, presence, given):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        note(session, cohort, noor, presence)

        close(session, cohort)

        assert (certificates.current(session, noor) is not None) is given


def test_a_programme_may_allow_to_miss_one(database):
    with database.write() as session:
        cohort, (noor, sam) = a_course(session, may_miss=1)
        note(session, cohort, noor, Presence.ABSENT)
        note(session, cohort, sam, Presence.ABSENT)
        note(session, cohort, sam, Presence.ABSENT, "dagdeel-3")

        close(session, cohort)

        assert certificates.current(session, noor) is not None
        assert certificates.current(session, sam) is None


def test_who_missed_too_much_is_known_before_the_last_list(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        note(session, cohort, noor, Presence.ABSENT, "dagdeel-1")
        close(session, cohort, "dagdeel-1")

        found = certificates.standing(session, noor)

        assert found.earned is False
        assert (found.missed, found.open) == (("dagdeel-1",), ("dagdeel-2", "dagdeel-3", "dagdeel-4"))


def test_somebody_who_came_in_later_missed_what_was_before(database):
    with database.write() as session:
        cohort, _people = a_course(session)
        close(session, cohort, "dagdeel-1", "dagdeel-2")
        late = an_enrolment(session, cohort, "Zoë Veenstra", now=AFTER)

        close(session, cohort, "dagdeel-3", "dagdeel-4")

        assert certificates.standing(session, late).missed == ("dagdeel-1", "dagdeel-2")
        assert certificates.current(session, late) is None


def test_a_cancelled_dagdeel_counts_for_nobody(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        cohorts.find_session(session, cohort, "dagdeel-3").status = SessionStatus.CANCELLED

        close(session, cohort, "dagdeel-1", "dagdeel-2", "dagdeel-4")

        assert certificates.current(session, noor) is not None


def test_the_own_visit_counts_and_that_of_another_group_does_not(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        one, other = visits_of(plan).values()
        meeting = werkbezoek.confirm_visit(session, one, **HERE)
        elsewhere = werkbezoek.confirm_visit(session, other, **HERE)
        werkbezoek.advance(session, cohort, now=AFTER, bureau=BUREAU)
        first, second = (m.enrolment for m in one.group.members[:2])
        attendance.record(session, meeting, second, Presence.ABSENT, by="trainer", now=AFTER)

        close(session, cohort)
        assert certificates.current(session, first) is None
        close(session, cohort, meeting.name)

        assert certificates.current(session, first) is not None
        assert certificates.current(session, second) is None
        assert elsewhere.name not in certificates.standing(session, first).counted


def test_a_group_that_never_had_a_visit_does_not_suffer(database):
    with database.write() as session:
        cohort = a_cohort(session)
        (noor, *_) = some_enrolments(session, cohort, 3)

        close(session, cohort)

        assert certificates.current(session, noor) is not None


def a_late_joiner(session, **facts):
    """A cohort after its visits with all lists closed, and somebody who was at every dagdeel but in no group."""
    cohort, plan = an_approved_cohort(session, people=8, **facts)
    meetings = [werkbezoek.confirm_visit(session, visit, **HERE) for visit in visits_of(plan).values()]
    late = an_enrolment(session, cohort, "Zoë Veenstra")
    werkbezoek.advance(session, cohort, now=AFTER, bureau=BUREAU)
    close(session, cohort, *(m.name for m in meetings))
    close(session, cohort)
    return cohort, meetings[0], late


def test_without_a_group_the_werkbezoek_is_missed_and_the_operator_decides(database):
    with database.write() as session:
        cohort, meeting, late = a_late_joiner(session)

        assert certificates.standing(session, late).missed == ("werkbezoek",)
        assert certificates.current(session, late) is None
        (task,) = tasks_of(session, "no-visit")
        assert (task.enrolment_id, task.due_at) == (late.id, None)
        assert f"attendance record {cohort.code} werkbezoek-1 present {late.id}" in task.command

        attendance.record(session, meeting, late, Presence.PRESENT, by="operator", now=AFTER, reason="Ging mee.")

        assert certificates.current(session, late) is not None
        assert tasks_of(session, "no-visit") == []
        assert attendance.sheet(session, meeting)[-1].enrolment is late
        attendance.record(session, meeting, late, Presence.ABSENT, by="operator", now=AFTER)
        assert certificates.current(session, late) is None


def test_nobody_with_a_group_is_noted_at_the_visit_of_another(database):
    with database.write() as session:
        cohort, plan = an_approved_cohort(session, people=8)
        one, other = visits_of(plan).values()
        meeting = werkbezoek.confirm_visit(session, one, **HERE)
        werkbezoek.confirm_visit(session, other, **HERE)

        with pytest.raises(Refused, match="hoort niet bij"):
            note(session, cohort, other.group.members[0].enrolment, Presence.PRESENT, meeting.name)


def test_who_may_miss_one_needs_no_group(database):
    with database.write() as session:
        rule = {**document()["certificate"], "may_miss": 1}
        _cohort, _meeting, late = a_late_joiner(session, changes={"certificate": rule})

        assert certificates.current(session, late) is not None
        assert tasks_of(session, "no-visit") == []


def test_a_correction_takes_the_certificate_back_and_another_gives_a_new_number(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        close(session, cohort)
        first = certificates.current(session, noor)
        assert first is not None

        note(session, cohort, noor, Presence.ABSENT)
        taken_back = certificates.current(session, noor)
        evaluation.advance(session, cohort, now=AFTER, bureau=BUREAU)
        note(session, cohort, noor, Presence.PRESENT)

        again = certificates.current(session, noor)
        assert taken_back is None
        assert first.revoked_at == AFTER
        assert again is not None
        assert again.number != first.number
        assert len(mails_of(session, Kind.CERTIFICATE_REVOKED)) == 1


def test_a_correction_after_the_end_changes_how_it_ended(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        close(session, cohort)
        certificates.settle(session, noor, now=AFTER)
        ended = [str(noor.status)]

        for presence in (Presence.ABSENT, Presence.ABSENT, Presence.PRESENT):
            note(session, cohort, noor, presence)
            ended.append(str(noor.status))

        assert ended == ["completed", "incomplete", "incomplete", "completed"]
        assert noor.ended_at == AFTER


def test_who_left_has_no_certificate(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        close(session, cohort)
        noor.status = EnrolmentStatus.WITHDRAWN

        assert certificates.review(session, noor, by="operator", now=AFTER) is None
        certificates.settle(session, noor, now=AFTER)
        assert noor.status is EnrolmentStatus.WITHDRAWN


def test_a_number_is_found_however_it_is_typed(database):
    with database.write() as session:
        cohort, (noor, _sam) = a_course(session)
        close(session, cohort)
        given = certificates.current(session, noor)
        assert given is not None

        assert certificates.find(session, given.number) is given
        assert certificates.find(session, given.number.casefold().replace("-", " ")) is given
        assert certificates.find(session, "2222-2222-2222") is None
        assert certificates.find(session, "") is None


def test_a_number_that_somebody_has_is_drawn_again(database, monkeypatch):
    with database.write() as session:
        cohort, (noor, sam) = a_course(session)
        letters = iter("A" * 12 + "A" * 12 + "B" * 12)
        monkeypatch.setattr("vitale_core.steps.certificates.DICE.choice", lambda _alphabet: next(letters))

        close(session, cohort)

        numbers = [c.number for e in (noor, sam) if (c := certificates.current(session, e))]
        assert numbers == ["AAAA-AAAA-AAAA", "BBBB-BBBB-BBBB"]
