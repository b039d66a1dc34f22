"""Audiences around the werkbezoek: the groups that go, and the hosts that receive them."""

from collections.abc import Iterator
from datetime import datetime

from vitale_core.domain.facts import CohortFacts, EnrolmentFacts, VisitFacts
from vitale_core.domain.occasions import TAKES_PLACE, Occasion, gatherings, invited_at, seated
from vitale_core.domain.states import Answer, SessionKind, VisitStatus

GOES_AHEAD = frozenset({VisitStatus.CONFIRMED, VisitStatus.HELD, VisitStatus.REPORTED})


def visitors(facts: CohortFacts) -> Iterator[Occasion]:
    """Who is expected at a visit that goes ahead; not who declined it."""
    for visit, e, joined in _members(facts):
        if visit.status in GOES_AHEAD and not _declined(visit, e):
            since = max(visit.confirmed_at or visit.approved_at, joined)
            yield _about(visit, e.person, e.id, since, day=visit.start)


def groups(facts: CohortFacts) -> Iterator[Occasion]:
    """The members of each group whose plan was approved, with the visit that is planned."""
    if facts.status in TAKES_PLACE:
        for visit, e, joined in _members(facts):
            if visit.status in {VisitStatus.ASKED, *GOES_AHEAD}:
                yield _about(visit, e.person, e.id, max(visit.approved_at, joined))


def reporting_groups(facts: CohortFacts) -> Iterator[Occasion]:
    """Who went on a visit of which nothing was reported yet."""
    if facts.status not in TAKES_PLACE:
        return
    days = [g.start for g in gatherings(facts) if SessionKind.DAGDEEL in g.names]
    for visit, e, joined in _members(facts):
        went = joined < visit.end and not _declined(visit, e) and visit.session not in e.absent
        if went and visit.status in {VisitStatus.CONFIRMED, VisitStatus.HELD} and not visit.reported:
            report_day = min((d for d in days if d > visit.start), default=None)
            yield _about(visit, e.person, e.id, visit.approved_at, report_day=report_day)


def asked_hosts(facts: CohortFacts) -> Iterator[Occasion]:
    """Hosts who were asked and did not answer yet."""
    if facts.status in TAKES_PLACE:
        for visit in facts.visits:
            if visit.status is VisitStatus.ASKED and visit.asked_at:
                yield _about(visit, visit.host, None, visit.asked_at)


def visit_hosts(facts: CohortFacts) -> Iterator[Occasion]:
    """Hosts of the visits that go ahead."""
    if facts.status in TAKES_PLACE:
        for visit in facts.visits:
            if visit.status in GOES_AHEAD:
                yield _about(visit, visit.host, None, visit.confirmed_at or visit.approved_at)


def _members(facts: CohortFacts) -> Iterator[tuple[VisitFacts, EnrolmentFacts, datetime]]:
    """Give each visit with its people who have a seat, and since when they are invited."""
    people = {e.id: (e, invited_at(facts, e)) for e in seated(facts)}
    for visit in facts.visits:
        for member in visit.members:
            e, joined = people.get(member, (None, None))
            if e and joined:
                yield visit, e, joined


def _declined(visit: VisitFacts, e: EnrolmentFacts) -> bool:
    return visit.session is not None and e.answers.get(visit.session) is Answer.DECLINED


def _about(
    visit: VisitFacts, person: int, enrolment: int | None, since: datetime, **anchors: datetime | None
) -> Occasion:
    return Occasion(
        person,
        enrolment,
        f"visit-{visit.id}",
        since,
        {"visit": visit.start, "approved": visit.approved_at, "asked": visit.asked_at, **anchors},
        revision=visit.revision,
        about=visit.start,
        names=frozenset({"werkbezoek", "visit"}),
        moved_at=visit.moved_at,
        session=visit.session,
        visit=visit.id,
    )
