"""The moments of a cohort that rules count from, out of its sessions alone.

The same moments as `domain.occasions.shared_anchors` gives, without the two deadlines, for who needs no other facts.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from vitale_core.domain import worktime
from vitale_core.domain.states import SessionKind, SessionStatus
from vitale_core.store.records import Cohort


def of(cohort: Cohort) -> dict[str, datetime]:
    """Return when each day begins that has a date, the first and the last training day, and the go."""
    zone = ZoneInfo(cohort.zone)
    found: dict[str, datetime] = {}
    together: dict[date, datetime] = {}  # when the whole cohort first meets on a calendar day
    training: set[date] = set()
    for gathering in cohort.sessions:
        start = gathering.starts_at
        if start is None or gathering.status is SessionStatus.CANCELLED:
            continue
        found[gathering.day] = min(start, found.get(gathering.day, start))
        if gathering.kind is not SessionKind.WERKBEZOEK:
            day = worktime.local(start, zone).date()
            together[day] = min(start, together.get(day, start))
            if gathering.kind is SessionKind.DAGDEEL:
                training.add(day)
    if training:
        found |= {"first_day": together[min(training)], "last_day": together[max(training)]}
    if cohort.confirmed_at:
        found["go"] = cohort.confirmed_at
    return found
