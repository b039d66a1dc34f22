"""Audiences around the seat: who applied, waits, was offered one, has one, or left."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from vitale_core.domain.facts import CohortFacts, EnrolmentFacts
from vitale_core.domain.kinds import Kind
from vitale_core.domain.occasions import TAKES_PLACE, Occasion, gatherings, invited_at
from vitale_core.domain.states import HAS_A_SEAT, LIVE, Answer, CohortStatus, EnrolmentStatus, SessionKind

BROUGHT_IN = frozenset({"substitute", "transfer"})
TAKES_PEOPLE = frozenset({CohortStatus.OPEN, CohortStatus.CONFIRMED, CohortStatus.RUNNING})


def _with(facts: CohortFacts, status: EnrolmentStatus) -> Iterator[EnrolmentFacts]:
    return (e for e in facts.enrolments if e.status is status)


def _of(enrolment: EnrolmentFacts, since: datetime, anchor: str) -> Occasion:
    return Occasion(enrolment.person, enrolment.id, f"enrolment-{enrolment.id}", since, {anchor: since})


def ended(status: EnrolmentStatus) -> Callable[[CohortFacts], Iterator[Occasion]]:
    """Make the audience of everybody whose enrolment ended in this way; a lapsed offer has its own."""

    def audience(facts: CohortFacts) -> Iterator[Occasion]:
        for e in _with(facts, status):
            if e.ended_at and not any(o.lapsed_at for o in e.offers if status is EnrolmentStatus.LAPSED):
                yield _of(e, e.ended_at, "ended")

    return audience


def applicants(facts: CohortFacts) -> Iterator[Occasion]:
    """Everybody who applied in person; not who came in as substitute or from elsewhere."""
    if facts.status in TAKES_PEOPLE:
        for e in facts.enrolments:
            if e.status in LIVE | HAS_A_SEAT and e.source not in BROUGHT_IN:
                yield _of(e, e.applied_at, "applied")


def waitlisted(facts: CohortFacts) -> Iterator[Occasion]:
    """Who is on the waiting list."""
    if facts.status in TAKES_PEOPLE:
        for e in _with(facts, EnrolmentStatus.WAITLISTED):
            if e.waitlisted_at:
                yield _of(e, e.waitlisted_at, "waitlisted")


def offered(facts: CohortFacts) -> Iterator[Occasion]:
    """Who holds an open offer of a seat."""
    if facts.status in TAKES_PEOPLE:
        for e in _with(facts, EnrolmentStatus.OFFERED):
            for o in e.offers:
                if o.open:
                    anchors = {"offered": o.offered_at, "deadline": o.deadline}
                    yield Occasion(e.person, e.id, f"offer-{o.id}", o.offered_at, anchors, about=o.deadline)


def lapsed_offers(facts: CohortFacts) -> Iterator[Occasion]:
    """Whose offer passed without an answer."""
    for e in _with(facts, EnrolmentStatus.LAPSED):
        for o in e.offers:
            if o.lapsed_at:
                yield Occasion(e.person, e.id, f"offer-{o.id}", o.lapsed_at, {"lapsed": o.lapsed_at})


def confirmed(facts: CohortFacts) -> Iterator[Occasion]:
    """Who has a seat."""
    if facts.status in TAKES_PEOPLE:
        for e in _with(facts, EnrolmentStatus.CONFIRMED):
            if e.confirmed_at:
                yield _of(e, e.confirmed_at, "confirmed")


def newly_confirmed(facts: CohortFacts) -> Iterator[Occasion]:
    """Who has a seat, but for who came from another cohort straight to one: the mail about that tells the same."""
    told = any(rule.kind is Kind.TRANSFERRED for rule in facts.programme.rules)
    moved = {e.id for e in facts.enrolments if told and e.source == "transfer" and e.waitlisted_at is None}
    return (o for o in confirmed(facts) if o.enrolment not in moved)


def silent_on_intake(facts: CohortFacts) -> Iterator[Occasion]:
    """Who has a seat and did not fill in the intake."""
    silent = {e.id for e in facts.enrolments if not e.intake_answered}
    return (o for o in confirmed(facts) if o.enrolment in silent)


def invited(facts: CohortFacts) -> Iterator[Occasion]:
    """Who is invited to the days: a seat, in a cohort that goes ahead; anew to whom it had been cancelled."""
    if facts.status in TAKES_PLACE:
        taken_back = _cancellations_told(facts)
        for e in _with(facts, EnrolmentStatus.CONFIRMED):
            at = invited_at(facts, e)
            if at:
                yield replace(_of(e, at, "invited"), revision=taken_back.get(e.person, 0))


def _cancellations_told(facts: CohortFacts) -> dict[int, int]:
    """Return by person the revision of the last mail that told them that the cohort was cancelled."""
    mark = f"/{Kind.COHORT_CANCELLED}/cohort/"
    told = [key.split("/") for key in facts.told if mark in key]
    return dict(sorted((int(person), int(revision)) for _, person, *_, revision in told if revision.isdigit()))


def silent_on_rsvp(facts: CohortFacts) -> Iterator[Occasion]:
    """Who did not answer the invitation for some training day."""
    asked = {s.id for g in gatherings(facts) for s in g.sessions if s.kind is SessionKind.DAGDEEL}
    silent = {
        e.id
        for e in facts.enrolments
        if any(e.answers.get(s, Answer.NEEDS_ACTION) is Answer.NEEDS_ACTION for s in asked)
    }
    return (o for o in invited(facts) if o.enrolment in silent)


def certified(facts: CohortFacts) -> Iterator[Occasion]:
    """Who earned a bewijs van deelname."""
    for e in facts.enrolments:
        if e.certificate and e.certified_at and not e.revoked_at:
            yield Occasion(e.person, e.id, f"certificate-{e.certificate}", e.certified_at, {"issued": e.certified_at})


def uncertified(facts: CohortFacts) -> Iterator[Occasion]:
    """Whose bewijs van deelname was taken back."""
    for e in facts.enrolments:
        if e.certificate and e.revoked_at:
            yield Occasion(e.person, e.id, f"certificate-{e.certificate}", e.revoked_at, {"revoked": e.revoked_at})


def everybody(facts: CohortFacts) -> Iterator[Occasion]:
    """Everybody who is still in the cohort when it is cancelled."""
    if facts.status is CohortStatus.CANCELLED and facts.cancelled_at:
        at = facts.cancelled_at
        for e in facts.enrolments:
            if e.status in LIVE | HAS_A_SEAT:
                # Cancelled, restored and cancelled again is news each time.
                yield Occasion(e.person, e.id, "cohort", at, {"cancelled": at}, revision=int(at.timestamp()))
