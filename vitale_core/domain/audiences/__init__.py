"""To whom a rule can be addressed: each audience lists the occasions of a cohort.

An occasion is one person and one thing that concerns them, with the moments (anchors) a rule
may count from. Audiences look at the facts as they are now; who answered, withdrew or declined
is simply no longer in the list. They give past and future occasions alike: when something is
owed is the business of the agenda.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vitale_core.domain.audiences import days, office, people, visits
from vitale_core.domain.audiences.days import transfer_round
from vitale_core.domain.facts import CohortFacts
from vitale_core.domain.occasions import Occasion
from vitale_core.domain.states import EnrolmentStatus

__all__ = ["AUDIENCES", "Audience", "transfer_round"]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is concerned, and which moments of their own a rule for them may count from."""

    occasions: Callable[[CohortFacts], Iterator[Occasion]]
    anchors: frozenset[str]


def _to(occasions: Callable[[CohortFacts], Iterator[Occasion]], *anchors: str) -> Audience:
    return Audience(occasions, frozenset(anchors))


_VISIT = ("visit", "approved", "asked")

AUDIENCES: Mapping[str, Audience] = {
    "applicants": _to(people.applicants, "applied"),
    "waitlisted": _to(people.waitlisted, "waitlisted"),
    "offered": _to(people.offered, "offered", "deadline"),
    "lapsed_offers": _to(people.lapsed_offers, "lapsed"),
    "list_closed": _to(people.ended(EnrolmentStatus.LAPSED), "ended"),
    "rejected": _to(people.ended(EnrolmentStatus.REJECTED), "ended"),
    "withdrawn": _to(people.ended(EnrolmentStatus.WITHDRAWN), "ended"),
    "substituted": _to(people.ended(EnrolmentStatus.SUBSTITUTED), "ended"),
    "transferred": _to(people.ended(EnrolmentStatus.TRANSFERRED), "ended"),
    "everybody": _to(people.everybody, "cancelled"),
    "confirmed": _to(people.newly_confirmed, "confirmed"),
    "silent_on_intake": _to(people.silent_on_intake, "confirmed"),
    "invited": _to(people.invited, "invited"),
    "silent_on_rsvp": _to(people.silent_on_rsvp, "invited"),
    "certified": _to(people.certified, "issued"),
    "uncertified": _to(people.uncertified, "revoked"),
    "day_people": _to(days.day_people, "day", "invited"),
    "trainer": _to(days.trainer, "day"),
    "silent_on_poll": _to(days.silent_on_poll, "polled"),
    "present_on_last_day": _to(days.present_on_last_day, "day"),
    "silent_on_direct": _to(days.silent_on_direct, "day"),
    "silent_on_transfer": _to(days.silent_on_transfer, "day"),
    "groups": _to(visits.groups, *_VISIT),
    "asked_hosts": _to(visits.asked_hosts, *_VISIT),
    "visit_hosts": _to(visits.visit_hosts, *_VISIT),
    "reporting_groups": _to(visits.reporting_groups, *_VISIT, "report_day"),
    "operator": _to(office.operator),
    "operator_undecided": _to(office.operator_undecided),
    "operator_weekly": _to(office.operator_weekly, "monday"),
    "operator_groups": _to(office.operator_groups),
    "operator_polls": _to(office.operator_polls, "polled"),
    "operator_attendance": _to(office.operator_attendance, "day"),
}
