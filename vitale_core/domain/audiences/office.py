"""The operator as audience: what waits for a person, and when."""

from collections.abc import Iterator
from datetime import UTC, datetime

from vitale_core.domain.audiences.days import trainer
from vitale_core.domain.audiences.people import TAKES_PEOPLE
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import TAKES_PLACE, Occasion, mondays
from vitale_core.domain.states import CohortStatus

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def operator(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, once for the cohort as it stands."""
    if facts.status in TAKES_PEOPLE:
        yield Occasion(facts.operator, None, "cohort", EVER)


def operator_undecided(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, while the cohort waits for go or no-go."""
    return operator(facts) if facts.status is CohortStatus.OPEN else iter(())


def operator_weekly(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, for each Monday on which something waited for a person, and still does."""
    if facts.waiting_since is not None:
        for monday in mondays(facts):
            if facts.waiting_since <= monday:
                yield Occasion(facts.operator, None, f"week-{monday:%G-%V}", monday, {"monday": monday})


def operator_groups(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, while a cohort that goes ahead has no approved groups for its visits."""
    if facts.status in TAKES_PLACE and facts.programme.has_visits and not facts.visits:
        yield Occasion(facts.operator, None, "groups", facts.confirmed_at or EVER)


def operator_polls(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, for each session whose date is still to be chosen."""
    if facts.status in TAKES_PLACE:
        for session, opened in facts.polls.items():
            yield Occasion(facts.operator, None, f"poll-{session}", opened, {"polled": opened}, session=session)


def operator_attendance(facts: CohortFacts) -> Iterator[Occasion]:
    """The operator, for each gathering of which it is not known yet who was there."""
    closed = {s.name for s in facts.sessions if s.list_closed}
    for o in trainer(facts):
        if not closed.issuperset(s.name for s in facts.sessions if s.name in o.names):
            yield Occasion(facts.operator, None, o.subject, o.since, o.anchors, session=o.session, names=o.names)
