"""What is owed by now, and when something will be owed next: pure functions over the facts.

The programme's rules are data; the audiences list the occasions; here the two meet. The same
functions serve the tick, the operator's list of what comes, the timeline and a rehearsal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from vitale_core.domain.audiences import AUDIENCES
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import Occasion, mondays, shared_anchors
from vitale_core.domain.programme import Rule, TaskRule
from vitale_core.domain.states import CohortStatus, RoundStatus, SessionStatus


@dataclass(frozen=True, slots=True)
class Owed:
    """One mail or task that a rule owes from `at` on, and that is useless from `stale_at` on."""

    rule: Rule | TaskRule
    occasion: Occasion
    key: str
    at: datetime
    stale_at: datetime


def due(facts: CohortFacts, now: datetime) -> tuple[Owed, ...]:
    """Return what is owed by `now` and not yet in the ledger, in order of time.

    A mail that became stale meanwhile is in it too: it is recorded as skipped, not forgotten. A
    task that nobody can do any more is not.
    """
    return _by(agenda(facts), now)


def _by(owed: tuple[Owed, ...], now: datetime) -> tuple[Owed, ...]:
    return tuple(o for o in owed if o.at <= now and (isinstance(o.rule, Rule) or now < o.stale_at))


def agenda(facts: CohortFacts) -> tuple[Owed, ...]:
    """Return all that is owed, past and future, as far as the facts tell, in order of time."""
    rules: list[Rule | TaskRule] = [*facts.programme.rules, *facts.programme.tasks]
    shared = shared_anchors(facts)
    owed = [o for rule in rules for o in _owed(facts, rule, shared)]
    return tuple(sorted(owed, key=lambda o: (o.at, o.key)))


def next_look(facts: CohortFacts, now: datetime) -> datetime | None:
    """Return `now` when something is owed already, else the next moment; None: never."""
    owed = agenda(facts)
    return now if _by(owed, now) else _after(facts, owed, now)


def _after(facts: CohortFacts, owed: tuple[Owed, ...], now: datetime) -> datetime | None:
    later = [o.at for o in owed if o.at > now]
    later += [moment for moment in turning_points(facts) if moment > now]
    return min(later, default=None)


def turning_points(facts: CohortFacts) -> Iterator[datetime]:
    """Give the moments at which a state changes by itself: deadlines, beginnings, ends."""
    if facts.status in {CohortStatus.DRAFT, CohortStatus.CLOSED, CohortStatus.CANCELLED}:
        return
    for enrolment in facts.enrolments:
        yield from (offer.deadline for offer in enrolment.offers if offer.open)
    for session in facts.sessions:
        if session.takes_place and session.status is not SessionStatus.HELD:
            yield from (moment for moment in (session.start, session.end) if moment)
    yield from mondays(facts)  # a task that waits is no fact of the cohort: look whether there is one
    anchors = {name: moment for name, moment in shared_anchors(facts).items() if moment is not None}
    poll = facts.programme.poll_opens.on(anchors, facts.holidays, facts.zone)
    if poll and any(s.start is None for s in facts.sessions if s.status is not SessionStatus.CANCELLED):
        yield poll
    closed = {r.name for r in facts.rounds if r.status is not RoundStatus.OPEN}
    for plan in facts.programme.rounds:
        if plan.name not in closed:
            for moment in (plan.opens, plan.closes):
                at = moment.on(anchors, facts.holidays, facts.zone)
                if at:
                    yield at


def key_of(facts: CohortFacts, rule: Rule | TaskRule, occasion: Occasion, revision: int | None = None) -> str:
    """Return the ledger key: cohort, person, kind, subject, revision. No personal data."""
    name = rule.name if isinstance(rule, Rule) else f"task-{rule.kind}"
    revision = occasion.revision if revision is None else revision
    return f"{facts.id}/{occasion.person}/{name}/{occasion.subject}/{revision}"


def _owed(facts: CohortFacts, rule: Rule | TaskRule, shared: dict[str, datetime | None]) -> Iterator[Owed]:
    only = getattr(rule, "only", ())
    following = _following(facts, rule)
    for occasion in AUDIENCES[rule.to].occasions(facts):
        if only and not occasion.names.intersection(only):
            continue
        key = key_of(facts, rule, occasion)
        if key in facts.done:
            continue
        owed = _when(facts, rule, occasion, shared, following)
        if owed:
            yield Owed(rule, occasion, key, *owed)


def _following(facts: CohortFacts, rule: Rule | TaskRule) -> Rule | None:
    """Return the next reminder of the same thing: once that is owed, this one has nothing to add."""
    if not isinstance(rule, Rule) or not rule.nr:
        return None
    same = (r for r in facts.programme.rules if (r.kind, r.to, r.only) == (rule.kind, rule.to, rule.only))
    return next((r for r in same if r.nr == rule.nr + 1), None)


def _when(
    facts: CohortFacts,
    rule: Rule | TaskRule,
    occasion: Occasion,
    shared: dict[str, datetime | None],
    following: Rule | None,
) -> tuple[datetime, datetime] | None:
    """Return from when until when the rule holds for the occasion; None: not at all."""
    named = {**shared, **occasion.anchors}
    anchors = {name: moment for name, moment in named.items() if moment is not None}
    at = rule.when.on(anchors, facts.holidays, facts.zone)
    stale = rule.stale.on(anchors, facts.holidays, facts.zone)
    if at is None or stale is None:
        return None
    if following is not None:
        stale = min(stale, following.when.on(anchors, facts.holidays, facts.zone) or stale)
    not_before = getattr(rule, "not_before", None)
    if not_before is not None:
        at = max(at, not_before.on(anchors, facts.holidays, facts.zone) or at)
    if at >= stale:
        return None
    if occasion.moved_at is not None and at <= occasion.moved_at:
        # The news of the move tells the new date; say it again only to who was never told.
        told = any(key_of(facts, rule, occasion, r) in facts.told for r in range(occasion.revision))
        if told or not getattr(rule, "late", True):
            return None
    if at < occasion.since:
        if not getattr(rule, "late", True) or stale <= occasion.since:
            return None  # who came in later hears only what is still to come
        at = occasion.since
    return at, stale
