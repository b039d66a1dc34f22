"""Every machine, every pair of state and event: what is in the table happens, everything else is refused."""

from itertools import product
from typing import Any

import pytest

from vitale_core.domain import labels, states
from vitale_core.domain.errors import Refused, TransitionRefused
from vitale_core.domain.states import (
    HAS_A_SEAT,
    LIVE,
    CohortEvent,
    CohortStatus,
    EnrolmentEvent,
    EnrolmentStatus,
    MessageEvent,
    MessageStatus,
    PlanEvent,
    PlanStatus,
    RoundEvent,
    RoundStatus,
    SessionEvent,
    SessionStatus,
    VisitEvent,
    VisitStatus,
    after,
)

# Each machine: its table, and the states nobody leaves.
MACHINES: dict[str, tuple[Any, Any, Any, set[str], set[str]]] = {
    "cohort": (states.COHORT, CohortStatus, CohortEvent, {"draft"}, {"closed"}),
    "enrolment": (
        states.ENROLMENT,
        EnrolmentStatus,
        EnrolmentEvent,
        {"applied"},
        {"rejected", "lapsed", "withdrawn", "substituted", "transferred"},
    ),
    "session": (states.SESSION, SessionStatus, SessionEvent, {"planned"}, {"held"}),
    "plan": (states.PLAN, PlanStatus, PlanEvent, {"proposed"}, {"superseded"}),
    "visit": (states.VISIT, VisitStatus, VisitEvent, {"proposed"}, {"reported", "refused", "cancelled"}),
    "message": (
        states.MESSAGE,
        MessageStatus,
        MessageEvent,
        {"awaiting approval", "queued"},
        {"failed", "skipped", "cancelled", "bounced"},
    ),
    "round": (states.ROUND, RoundStatus, RoundEvent, {"open"}, {"released", "withheld"}),
}

EVERY_PAIR = [
    (table, state, event)
    for table, statuses, events, _first, _last in MACHINES.values()
    for state, event in product(statuses, events)
]


@pytest.mark.parametrize("table,state,event", EVERY_PAIR)
def test_a_move_that_is_not_in_the_table_is_refused(table, state, event):
    if (state, event) in table:
        assert after(table, state, event) is table[state, event]
        return

    with pytest.raises(TransitionRefused) as refused:
        after(table, state, event)
    assert f"'{labels.of_state(state)}'" in refused.value.message
    assert isinstance(refused.value, Refused)


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_can_be_reached_and_only_ends_are_final(name):
    table, statuses, _events, first, last = MACHINES[name]

    reached = {*first, *table.values()}
    left = {state for state, _event in table}

    assert reached == set(statuses)
    assert set(statuses) - left == last


@pytest.mark.parametrize("name", MACHINES)
def test_every_event_happens_somewhere(name):
    table, _statuses, events, _first, _last = MACHINES[name]

    assert {event for _state, event in table} == set(events)


def test_a_person_who_left_does_not_come_back_in_the_same_row():
    for (state, _event), following in states.ENROLMENT.items():
        assert state in LIVE | HAS_A_SEAT
        assert following in set(EnrolmentStatus) - {EnrolmentStatus.APPLIED}


def test_the_machine_never_rejects():
    rejections = {state for (state, event), _next in states.ENROLMENT.items() if event is EnrolmentEvent.REJECT}

    assert rejections == {EnrolmentStatus.APPLIED, EnrolmentStatus.WAITLISTED}
