"""A move that is refused is told in Dutch, whatever the thing, its state and what was asked."""

import pytest

from vitale_core.domain import moves, states
from vitale_core.domain.errors import TransitionRefused
from vitale_core.domain.states import (
    COHORT,
    ENROLMENT,
    MESSAGE,
    PLAN,
    ROUND,
    SESSION,
    VISIT,
    MessageEvent,
    MessageStatus,
)

TABLES = [
    (COHORT, states.CohortStatus, states.CohortEvent),
    (ENROLMENT, states.EnrolmentStatus, states.EnrolmentEvent),
    (SESSION, states.SessionStatus, states.SessionEvent),
    (PLAN, states.PlanStatus, states.PlanEvent),
    (VISIT, states.VisitStatus, states.VisitEvent),
    (MESSAGE, MessageStatus, MessageEvent),
    (ROUND, states.RoundStatus, states.RoundEvent),
]
SAME_IN_DUTCH = {"open"}


@pytest.mark.parametrize("table,known,events", TABLES, ids=lambda value: getattr(value, "__name__", ""))
def test_every_refused_move_is_a_dutch_sentence_with_a_remedy(table, known, events):
    for state in known:
        for event in events:
            if (state, event) in table:
                continue
            with pytest.raises(TransitionRefused) as refused:
                states.after(table, state, event)
            said = refused.value.message
            assert said.endswith("kan dan niet.")
            assert refused.value.remedy
            assert state in SAME_IN_DUTCH or f"'{state}'" not in said
            assert f"; {event} kan" not in said


def test_a_mail_in_doubt_is_settled_first():
    refusal = moves.refused(MessageStatus.UNCERTAIN, MessageEvent.CANCEL)

    assert refusal.message == "Deze mail heeft de status 'onzeker'; intrekken kan dan niet."
    assert "vitale mail settle" in refusal.remedy


def test_what_is_no_event_comes_in_its_own_words():
    assert "; nog eens sturen kan dan niet." in moves.refused(MessageStatus.QUEUED, "nog eens sturen").message
