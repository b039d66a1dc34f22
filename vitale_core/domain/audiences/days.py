"""Audiences around the days on which the whole cohort gathers, and what follows them."""

from collections.abc import Iterator
from datetime import datetime

from vitale_core.domain.audiences import visits
from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, SessionFacts
from vitale_core.domain.occasions import TAKES_PLACE, Gathering, Occasion, gatherings, invited_at, seated
from vitale_core.domain.states import Answer, SessionKind


def day_people(facts: CohortFacts) -> Iterator[Occasion]:
    """Who is expected at a gathering or a visit; not who declined all of it."""
    if facts.status not in TAKES_PLACE:
        return
    for g in gatherings(facts):
        for e in seated(facts):
            at = invited_at(facts, e)
            declined = all(e.answers.get(s.id) is Answer.DECLINED for s in g.sessions)
            if at and not declined:
                yield _at(g, e.person, e.id, at, {"day": g.start, "invited": at})
    yield from visits.visitors(facts)


def trainer(facts: CohortFacts) -> Iterator[Occasion]:
    """The trainer, for each day."""
    if facts.status in TAKES_PLACE:
        for g in gatherings(facts):
            yield _at(g, facts.trainer, None, facts.confirmed_at or g.start, {"day": g.start})


def _at(
    g: Gathering, person: int, enrolment: int | None, since: datetime, anchors: dict[str, datetime | None]
) -> Occasion:
    return Occasion(
        person,
        enrolment,
        g.sessions[0].name,
        since,
        anchors,
        revision=g.revision,
        about=g.start,
        names=g.names,
        moved_at=g.moved_at,
        session=g.sessions[0].id,
    )


def silent_on_poll(facts: CohortFacts) -> Iterator[Occasion]:
    """Who did not say yet which dates of a poll fit."""
    if facts.status in TAKES_PLACE:
        for session, opened in facts.polls.items():
            for e in seated(facts):
                if session not in e.polled:
                    since = max(opened, e.confirmed_at or opened)
                    yield Occasion(e.person, e.id, f"poll-{session}", since, {"polled": opened}, session=session)


def present_on_last_day(facts: CohortFacts) -> Iterator[Occasion]:
    """Who was at the last training day; without attendance, who was expected."""
    training = [g for g in gatherings(facts) if SessionKind.DAGDEEL in g.names]
    if facts.status in TAKES_PLACE and training:
        last = training[-1]
        for e in seated(facts):
            missed = all(s.id in e.absent or e.answers.get(s.id) is Answer.DECLINED for s in last.sessions)
            if e.confirmed_at and e.confirmed_at < last.end and not missed:
                yield _after(last, e, e.confirmed_at)


def silent_on_direct(facts: CohortFacts) -> Iterator[Occasion]:
    """Who was there and did not fill in the direct evaluation."""
    return _without_receipt(facts, "direct", present_on_last_day(facts))


def silent_on_transfer(facts: CohortFacts) -> Iterator[Occasion]:
    """Who did not tell yet what they applied, for each terugkomdag."""
    if facts.status in TAKES_PLACE:
        for g in gatherings(facts):
            if SessionKind.TERUGKOMDAG in g.names:
                people = (_after(g, e, e.confirmed_at) for e in seated(facts) if e.confirmed_at)
                yield from _without_receipt(facts, transfer_round(facts, g.sessions[0]), people)


def _after(g: Gathering, e: EnrolmentFacts, since: datetime) -> Occasion:
    """What is asked about a gathering is asked once, also when it moves."""
    name = g.sessions[0].name
    return Occasion(e.person, e.id, name, since, {"day": g.start}, names=g.names, session=g.sessions[0].id)


def transfer_round(facts: CohortFacts, session: SessionFacts) -> str:
    """Return the round that belongs to a terugkomdag: "transfer", or "transfer-2" for the second."""
    returns = [s.name for s in facts.sessions if s.kind is SessionKind.TERUGKOMDAG]
    nr = returns.index(session.name) + 1
    return "transfer" if nr == 1 else f"transfer-{nr}"


def _without_receipt(facts: CohortFacts, name: str, people: Iterator[Occasion]) -> Iterator[Occasion]:
    answered = {e.id for e in facts.enrolments if name in e.receipts}
    return (o for o in people if o.enrolment not in answered)
