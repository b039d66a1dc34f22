"""What must hold for the agenda of every cohort, whatever happened to it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import HOLIDAYS, clock, cohort_facts, days_of, enrolment_facts, visit_facts
from tests.domain.reading import kinds_owed, name_of
from vitale_core.domain import agenda, worktime
from vitale_core.domain.facts import CohortFacts, OfferFacts
from vitale_core.domain.programme import Rule
from vitale_core.domain.states import HAS_A_SEAT, Answer, CohortStatus, EnrolmentStatus, SessionStatus, VisitStatus

MOMENTS = st.datetimes(datetime(2027, 1, 4), datetime(2028, 1, 31)).map(lambda t: clock(f"{t:%Y-%m-%d} 12:00"))


@st.composite
def enrolments(draw, number: int):
    """One person, anywhere in their life."""
    status = draw(st.sampled_from(EnrolmentStatus))
    applied = draw(MOMENTS)
    decided = applied + draw(st.timedeltas(timedelta(0), timedelta(days=60)))
    offer = OfferFacts(
        number, decided, decided + timedelta(days=3), status is EnrolmentStatus.OFFERED,
        decided + timedelta(days=3) if draw(st.booleans()) else None,
    )  # fmt: skip
    return enrolment_facts(
        number,
        status,
        applied_at=applied,
        waitlisted_at=decided if draw(st.booleans()) else None,
        confirmed_at=decided if status in HAS_A_SEAT or draw(st.booleans()) else None,
        ended_at=decided if draw(st.booleans()) else None,
        offers=(offer,) if draw(st.booleans()) else (),
        source=draw(st.sampled_from(["portal", "substitute"])),
        intake_answered=draw(st.booleans()),
        answers={s.id: draw(st.sampled_from(Answer)) for s in days_of() if draw(st.booleans())},
        receipts=frozenset(draw(st.sets(st.sampled_from(["baseline", "direct", "transfer"])))),
    )


@st.composite
def cohorts(draw) -> CohortFacts:
    """A cohort of three people, anywhere in its life, with days anywhere in 2027."""
    first = draw(st.dates(date(2027, 2, 1), date(2027, 10, 15)))
    second = first + timedelta(days=draw(st.integers(2, 40)))
    back = second + timedelta(days=draw(st.integers(2, 40)))
    sessions = tuple(
        replace(
            s,
            status=draw(st.sampled_from(SessionStatus)),
            revision=(revision := draw(st.integers(0, 2))),
            moved_at=draw(MOMENTS) if revision else None,
        )
        for s in days_of(str(first), str(second), str(back) if draw(st.booleans()) else None)
    )
    status = draw(st.sampled_from(CohortStatus))
    gone = draw(MOMENTS)
    visit = visit_facts(
        start=f"{first + timedelta(days=1)} 13:00",
        status=draw(st.sampled_from(VisitStatus)),
        members=(1, 2),
        reported=draw(st.booleans()),
    )
    return cohort_facts(
        status=status,
        sessions=sessions,
        enrolments=tuple(draw(enrolments(n)) for n in (1, 2, 3)),
        confirmed_at=None if status in {CohortStatus.DRAFT, CohortStatus.OPEN} else gone,
        cancelled_at=gone if status is CohortStatus.CANCELLED else None,
        visits=(visit,) if draw(st.booleans()) else (),
        polls={s.id: gone for s in sessions if s.start is None},
        waiting_since=draw(st.none() | MOMENTS),
    )


def told(facts: CohortFacts, now: datetime) -> CohortFacts:
    """Return the facts after what is due by now was written down and left."""
    keys = frozenset(o.key for o in agenda.due(facts, now))
    return replace(facts, done=frozenset({*facts.done, *keys}), told=frozenset({*facts.told, *keys}))


@given(cohorts(), MOMENTS)
def test_what_was_written_down_is_not_owed_again(facts, now):
    assert agenda.due(told(facts, now), now) == ()


@given(cohorts(), MOMENTS)
def test_when_all_is_written_down_the_next_look_lies_ahead_and_nothing_lies_between(facts, now):
    facts = told(facts, now)

    upcoming = agenda.next_look(facts, now)

    if upcoming is None:
        assert [o for o in agenda.agenda(facts) if o.at > now] == []
        return
    assert upcoming > now
    just_before = upcoming - timedelta(microseconds=1)
    assert agenda.due(facts, just_before) == ()


@given(cohorts())
def test_walking_from_moment_to_moment_ends_and_owes_everything_once(facts):
    now, owed = clock("2026-12-01 09:00"), []
    for _ in range(500):
        due = agenda.due(facts, now)
        owed += [o.key for o in due]
        facts = told(facts, now)
        upcoming = agenda.next_look(facts, now)
        if upcoming is None:
            break
        assert upcoming > now
        now = upcoming

    assert upcoming is None
    assert len(owed) == len(set(owed))
    assert {o.key for o in agenda.agenda(facts) if isinstance(o.rule, Rule)} == set()


@given(cohorts())
def test_every_key_is_owed_once(facts):
    keys = [o.key for o in agenda.agenda(facts)]

    assert len(keys) == len(set(keys))


@given(cohorts())
def test_what_is_owed_is_useful_for_a_while(facts):
    assert [o for o in agenda.agenda(facts) if o.at >= o.stale_at] == []


@given(cohorts())
def test_who_left_hears_at_most_that(facts):
    left = {
        EnrolmentStatus.REJECTED: {"rejected"},
        EnrolmentStatus.LAPSED: {"offer_lapsed", "list_closed"},
        EnrolmentStatus.WITHDRAWN: {"withdrawn"},
        EnrolmentStatus.SUBSTITUTED: {"substituted"},
        EnrolmentStatus.TRANSFERRED: {"transferred"},
    }
    for e in facts.enrolments:
        if e.status in left:
            assert kinds_owed(facts, e.person) <= left[e.status]


@given(cohorts())
def test_before_the_go_nothing_is_owed_about_the_days(facts):
    undecided = replace(facts, status=CohortStatus.OPEN, confirmed_at=None)
    days = {"overview", "rsvp_reminder-1", "preparation-1", "reminder", "participant_list"}
    visits = {"group_proposal", "host_request", "host_details", "visit_report_request"}

    assert {name_of(o) for o in agenda.agenda(undecided)} & (days | visits) == set()


@given(cohorts())
def test_nobody_hears_of_what_happened_before_they_came(facts):
    for o in agenda.agenda(facts):
        assert o.at >= o.occasion.since
        assert o.stale_at > o.occasion.since


@given(cohorts())
def test_counted_moments_are_nine_o_clock_on_a_working_day(facts):
    for o in agenda.agenda(facts):
        if o.rule.when.unit in {"wd", "d"} and o.at > o.occasion.since:
            here = worktime.local(o.at)
            assert (here.hour, here.minute) == (9, 0)
            assert worktime.is_working_day(here.date(), HOLIDAYS)


@given(st.dates(date(2027, 3, 1), date(2027, 6, 1)), st.integers(1, 30), st.integers(0, 60))
def test_a_moved_day_is_owed_its_reminder_for_the_new_date(first, later, moved_after):
    facts = cohort_facts(sessions=days_of(str(first), "2027-10-14", None))
    now = min(clock("2027-02-01 10:00") + timedelta(days=moved_after), clock(f"{first} 09:00"))
    facts = told(facts, now)
    (day1, *_rest) = facts.sessions
    moved = replace(
        day1,
        start=clock(f"{first + timedelta(days=later)} 09:30"),
        end=clock(f"{first + timedelta(days=later)} 12:30"),
        revision=1,
        moved_at=now,
    )

    after = replace(facts, sessions=(moved, *facts.sessions[2:]))

    reminder = worktime.shift_working_days(first + timedelta(days=later), -2, HOLIDAYS)
    at = clock(f"{reminder} 09:00")
    owed = [o.at for o in agenda.agenda(after) if name_of(o) == "reminder" and o.occasion.subject == "dagdeel-1"]
    assert owed == ([at] if at > now else [])


@pytest.mark.parametrize(
    "day,reminded,attended",
    [
        ("2027-03-30", datetime(2027, 3, 24, 8, tzinfo=UTC), datetime(2027, 3, 31, 7, tzinfo=UTC)),
        ("2027-11-02", datetime(2027, 10, 29, 7, tzinfo=UTC), datetime(2027, 11, 3, 8, tzinfo=UTC)),
    ],
)
def test_nine_o_clock_holds_over_both_nights_of_2027(day, reminded, attended):
    facts = cohort_facts(sessions=days_of(day, "2027-12-14", None))

    at = {name_of(o): o.at for o in agenda.agenda(facts) if o.occasion.subject == "dagdeel-1"}

    assert at["reminder"] == reminded
    assert at["task attendance"] == attended
