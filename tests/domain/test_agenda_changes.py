"""The agenda after a change: moved days, polls, Mondays on which something waits."""

from dataclasses import replace

from tests.builders import clock, cohort_facts, days_of, enrolment_facts, session_facts, shown, visit_facts
from tests.domain.reading import HOST, OPERATOR, kinds_owed, owed_to
from vitale_core.domain import agenda
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.states import (
    SessionStatus,
)


def moved(facts: CohortFacts, to: str, *, at: str, day: str = "day1") -> CohortFacts:
    """Return the facts after a day was moved at some moment."""
    sessions = tuple(
        replace(session_facts(s.name, f"{to} {shown(s.start)[11:]}"), revision=s.revision + 1, moved_at=clock(at))
        if s.day == day
        else s
        for s in facts.sessions
    )
    return replace(facts, sessions=sessions)


def said(facts: CohortFacts, now: str) -> CohortFacts:
    """Return the facts after everything that was due by then has left."""
    keys = frozenset(o.key for o in agenda.due(facts, clock(now)))
    return replace(facts, done=keys, told=keys)


def test_a_moved_day_reminds_again_for_the_new_date():
    facts = said(cohort_facts(), "2027-03-17 09:00")

    later = moved(facts, "2027-04-08", at="2027-03-17 10:00")

    assert [(at, what) for at, what in owed_to(later) if what.endswith("dagdeel-1")] == [
        ("2027-03-23 09:00", "preparation-1 dagdeel-1"),
        ("2027-04-06 09:00", "reminder dagdeel-1"),
    ]


def test_the_news_of_a_move_is_enough_when_the_new_reminder_would_be_in_the_past():
    facts = said(cohort_facts(), "2027-03-17 09:00")

    tomorrow = moved(facts, "2027-03-19", at="2027-03-17 10:00")

    assert [what for _at, what in owed_to(tomorrow) if what.endswith("dagdeel-1")] == []


def test_who_was_never_told_of_the_old_date_is_told_of_the_new_one():
    facts = said(cohort_facts(), "2027-03-03 09:00")
    waiting = replace(facts, done=frozenset({*facts.done, "7/101/preparation-1/dagdeel-1/0"}))

    earlier = moved(waiting, "2027-03-11", at="2027-03-03 10:00")

    assert ("2027-02-25 09:00", "preparation-1 dagdeel-1") in owed_to(earlier)
    assert "reminder dagdeel-1" in {what for _at, what in owed_to(earlier)}


def test_only_the_moved_day_is_said_again():
    facts = said(cohort_facts(), "2027-04-21 09:00")

    later = moved(facts, "2027-07-01", at="2027-04-21 10:00", day="terugkomdag")

    assert {what.split()[1] for _at, what in owed_to(later) if "task" not in what} == {"dagdeel-3", "terugkomdag"}
    assert ("2027-06-29 09:00", "reminder terugkomdag") in owed_to(later)


def test_a_moved_visit_reminds_group_and_host_again():
    facts = said(cohort_facts(visits=(visit_facts(),)), "2027-04-06 09:00")
    visit = visit_facts(start="2027-04-14 13:00", revision=1, moved_at=clock("2027-04-06 10:00"))
    later = replace(facts, visits=(visit,))

    assert ("2027-04-12 09:00", "reminder visit-1") in owed_to(later)
    assert owed_to(later, HOST) == [
        ("2027-04-07 09:00", "host_details visit-1"),
        ("2027-04-12 09:00", "host_visit_reminder visit-1"),
        ("2027-04-15 09:00", "host_thanks visit-1"),
    ]


def test_half_a_day_that_moves_becomes_a_day_of_its_own():
    facts = cohort_facts()
    afternoon = replace(session_facts("dagdeel-2", "2027-03-25 13:30"), revision=1, moved_at=clock("2027-02-15 10:00"))
    split = replace(facts, sessions=(facts.sessions[0], afternoon, *facts.sessions[2:]))

    assert [(at, what) for at, what in owed_to(split) if what.startswith("reminder dagdeel")] == [
        ("2027-03-16 09:00", "reminder dagdeel-1"),
        ("2027-03-23 09:00", "reminder dagdeel-2"),
        ("2027-04-20 09:00", "reminder dagdeel-3"),
    ]


def test_a_cancelled_session_is_not_spoken_of():
    facts = cohort_facts()
    sessions = tuple(replace(s, status=SessionStatus.CANCELLED) if s.day == "day2" else s for s in facts.sessions)
    without = replace(facts, sessions=sessions)

    assert {what.split()[1] for _at, what in owed_to(without) if "reminder dagdeel" in what} == {"dagdeel-1"}
    assert ("2027-03-19 09:00", "direct_evaluation dagdeel-1") in owed_to(without)


def test_a_cohort_of_which_every_day_is_cancelled_owes_nothing_of_days():
    none = tuple(replace(s, status=SessionStatus.CANCELLED) for s in days_of())
    facts = cohort_facts(sessions=none)

    assert kinds_owed(facts) == {"receipt", "seat_confirmed"}
    written = frozenset(owed.key for owed in agenda.agenda(facts))
    assert agenda.next_look(replace(facts, done=written), clock("2027-02-01 11:00")) is None


# ---------------------------------------------------------------------------------------------------------------- polls


def test_an_undated_terugkomdag_is_asked_after():
    (*rest, back) = days_of(back=None)
    facts = cohort_facts(sessions=(*rest, back), polls={back.id: clock("2027-04-30 09:00")})

    assert [(at, what) for at, what in owed_to(facts) if "poll" in what] == [
        ("2027-04-30 09:00", f"date_poll poll-{back.id}"),
        ("2027-05-13 09:00", f"poll_reminder poll-{back.id}"),
    ]
    assert ("2027-05-19 09:00", f"task choose-date poll-{back.id}") in owed_to(facts, OPERATOR)
    assert clock("2027-04-30 09:00") in set(agenda.turning_points(facts))


def test_who_answered_the_poll_and_who_comes_later():
    (*rest, back) = days_of(back=None)
    answered = enrolment_facts(polled=frozenset({back.id}))
    late = enrolment_facts(2, confirmed_at=clock("2027-05-03 10:00"))
    facts = cohort_facts(
        sessions=(*rest, back), polls={back.id: clock("2027-04-30 09:00")}, enrolments=(answered, late)
    )

    assert [what for _at, what in owed_to(facts) if "poll" in what] == []
    assert ("2027-05-03 10:00", f"date_poll poll-{back.id}") in owed_to(facts, 102)


# -------------------------------------------------------------------------------------------------------------- Mondays


def test_the_digest_comes_on_mondays_on_which_something_waited():
    facts = cohort_facts(waiting_since=clock("2027-03-09 12:00"))

    digests = [(at, what) for at, what in owed_to(facts, OPERATOR) if "digest" in what]

    assert digests[:3] == [
        ("2027-03-15 08:00", "digest week-2027-11"),
        ("2027-03-22 08:00", "digest week-2027-12"),
        ("2027-03-29 08:00", "digest week-2027-13"),
    ]
    assert {at[11:] for at, _what in digests} == {"08:00"}
    assert digests[-1][0] == "2027-08-23 08:00"


def test_without_tasks_there_is_no_digest_but_the_cohort_looks_each_monday():
    facts = cohort_facts()

    assert [what for _at, what in owed_to(facts, OPERATOR) if "digest" in what] == []
    assert {clock("2027-03-15 08:00"), clock("2027-03-29 08:00")} <= set(agenda.turning_points(facts))
