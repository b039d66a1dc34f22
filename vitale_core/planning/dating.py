"""Sets of dates for a cohort: training days, the window for the visits, terugkomdagen. Scored, and explained.

A day on which nobody works, or on which the trainer is busy at that hour, is never offered. All else has a price in
points: one point is about what one week too many or too few between two days is worth. Pure: no clock, no calendar
of its own. Same input, same output.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise

from vitale_core.domain import worktime
from vitale_core.domain.programme import Programme, SessionPlan
from vitale_core.domain.states import SessionKind

Periods = Sequence[tuple[date, date, str]]

OWN_REGION, OTHER_REGION, BRIDGE, BUSY_ELSEWHERE, NOT_PUBLISHED = 12, 3, 8, 3, 1
WEEKDAYS = {0: 2, 1: 0, 2: 2, 3: 0, 4: 4}
"""Tuesday and Thursday suit most people who work part-time."""

NARROW = 2
"""Points for each working day that the window of the visits is shorter than ten."""

ROOMY = 10
WEEKS_WITH_VISITS, WEEKS_WITHOUT, WEEKS_TO_RETURN = (3, 5, 7), (1, 2, 4), (8, 10, 13)
"""Weeks between two training days, and from the last to a terugkomdag: least, best, most."""

APART = 5
"""Days that the first days of two sets lie apart at least: sets that a person can choose between."""

CHRISTMAS = frozenset((12, day) for day in range(24, 32))


@dataclass(frozen=True, slots=True)
class Busy:
    """A time at which the trainer has something else. Aware moments; `what` is shown to the operator."""

    start: datetime
    end: datetime
    what: str = "in de agenda van de trainer"


@dataclass(frozen=True, slots=True)
class Cost:
    """Points, and for what."""

    points: int
    why: str


@dataclass(frozen=True, slots=True)
class DateSet:
    """One set: the date of each day in the order of the programme, and the first and last day for visits."""

    days: Mapping[str, date]
    window: tuple[date, date] | None
    costs: tuple[Cost, ...]
    merits: tuple[str, ...]

    @property
    def score(self) -> int:
        """Points; fewer is better, none is perfect."""
        return sum(cost.points for cost in self.costs)


@dataclass(frozen=True)
class DateQuestion:
    """For which programme, from when until when the first day may be, and what is known of those days."""

    programme: Programme
    first: date
    last: date
    holidays: Mapping[date, str] = field(default_factory=dict)
    school_holidays: Mapping[str, Periods] = field(default_factory=dict)
    region: str = "noord"
    busy: Sequence[Busy] = ()

    @cached_property
    def training(self) -> tuple[str, ...]:
        """The names of the training days, in order."""
        return self._days_with(SessionKind.DAGDEEL)

    @cached_property
    def returns(self) -> tuple[str, ...]:
        """The names of the terugkomdagen, in order."""
        return self._days_with(SessionKind.TERUGKOMDAG)

    @cached_property
    def taken(self) -> frozenset[date]:
        """The days on which the trainer has anything."""
        return frozenset(day for one in self.busy for day in _days_of(one))

    def _days_with(self, kind: SessionKind) -> tuple[str, ...]:
        with_kind = {s.day for s in self.programme.gatherings if s.kind is kind}
        return tuple(day for day in self.programme.days if day in with_kind)


def propose(question: DateQuestion, *, count: int = 5) -> list[DateSet]:
    """Return the best sets, best first, whose first days lie apart; none when nothing is possible."""
    price = _Prices(question)
    found: list[DateSet] = []
    for first in _span(question.first, question.last):
        best: DateSet | None = None
        for days in _chains(question, price, first):
            made = _priced(question, price, days)
            if best is None or (made.score, sorted(made.days.values())) < (best.score, sorted(best.days.values())):
                best = made
        if best is not None:
            found.append(best)
    found.sort(key=lambda one: (one.score, *one.days.values()))
    chosen: list[DateSet] = []
    for one in found:
        starts = [next(iter(other.days.values())) for other in chosen]
        if all(abs((next(iter(one.days.values())) - start).days) >= APART for start in starts):
            chosen.append(one)
    return chosen[:count]


class _Prices:
    """What each day costs, counted once; None: impossible."""

    def __init__(self, question: DateQuestion) -> None:
        self.question = question
        self.known: dict[tuple[str, date], tuple[Cost, ...] | None] = {}

    def of(self, name: str, day: date) -> tuple[Cost, ...] | None:
        """Return the costs of one day of the programme on this date."""
        if (name, day) not in self.known:
            self.known[name, day] = self._count(name, day)
        return self.known[name, day]

    def points(self, name: str, day: date) -> int | None:
        """Return the points of a day, or None when it is impossible."""
        costs = self.of(name, day)
        return None if costs is None else sum(cost.points for cost in costs)

    def _count(self, name: str, day: date) -> tuple[Cost, ...] | None:
        q = self.question
        sessions = [s for s in q.programme.gatherings if s.day == name]
        christmas = (day.month, day.day) in CHRISTMAS
        if not worktime.is_working_day(day, q.holidays) or christmas or _clashes(sessions, day, q.busy):
            return None
        return tuple(cost for cost in self._costs(day) if cost.points)

    def _costs(self, day: date) -> Iterator[Cost]:
        q, words = self.question, worktime.in_words(day)
        yield Cost(WEEKDAYS[day.weekday()], f"{words}: dinsdag of donderdag past meer mensen")
        for region, periods in sorted(q.school_holidays.items()):
            for first, last, title in periods:
                if first <= day <= last:
                    points = OWN_REGION if region == q.region else OTHER_REGION
                    yield Cost(points, f"{words}: {title}, regio {region.capitalize()}")
        ends = [last for periods in q.school_holidays.values() for _first, last, _title in periods]
        if ends and day > max(ends):
            yield Cost(NOT_PUBLISHED, f"{words}: de schoolvakanties zijn nog niet bekend")
        around = [day + timedelta(days=step) for step in (-1, 1)]
        free = [not worktime.is_working_day(other, q.holidays) for other in around]
        if all(free):
            yield Cost(BRIDGE, f"{words}: een brugdag")
        if day in q.taken:
            yield Cost(BUSY_ELSEWHERE, f"{words}: de trainer heeft die dag ook iets anders")


def _chains(question: DateQuestion, price: _Prices, first: date) -> Iterator[dict[str, date]]:
    """Give the training days that can follow a first day; each terugkomdag is the cheapest one after them."""
    if price.of(question.training[0], first) is None:
        return
    weeks = WEEKS_WITH_VISITS if question.programme.has_visits else WEEKS_WITHOUT
    chains = [{question.training[0]: first}]
    for name in question.training[1:]:
        longer = []
        for chain in chains:
            before = list(chain.values())[-1]
            later = _span(before + timedelta(weeks=weeks[0]), before + timedelta(weeks=weeks[2]))
            possible = [day for day in later if price.of(name, day) is not None]
            longer += [{**chain, name: day} for day in possible]
        chains = longer
    for chain in chains:
        whole, before = dict(chain), list(chain.values())[-1]
        for name in question.returns:
            low, _best, high = WEEKS_TO_RETURN
            days = _span(before + timedelta(weeks=low), before + timedelta(weeks=high))
            day = min(
                (d for d in days if price.of(name, d) is not None),
                key=lambda d, since=before, name=name: (  # type: ignore[misc]
                    (price.points(name, d) or 0) + _off(d - since, WEEKS_TO_RETURN[1]),
                    d,
                ),
                default=None,
            )
            if day is None:
                break  # a poll finds a date for it, and for those after it
            whole[name], before = day, day
        yield whole


def _priced(question: DateQuestion, price: _Prices, days: Mapping[str, date]) -> DateSet:
    programme = question.programme
    costs = [cost for name, day in days.items() for cost in price.of(name, day) or ()]
    weeks = WEEKS_WITH_VISITS if programme.has_visits else WEEKS_WITHOUT
    for earlier, later in pairwise(days):
        best = WEEKS_TO_RETURN[1] if later in question.returns else weeks[1]
        gap = days[later] - days[earlier]
        if off := _off(gap, best):
            costs.append(Cost(off, f"{_weeks(gap)} tussen {earlier} en {later}; {best} is het best"))
    merits = [] if len(days) < 2 else [f"{_weeks(days[b] - days[a])} tussen {a} en {b}" for a, b in pairwise(days)]  # noqa: PLR2004
    window = _window(question, days)
    if window is not None:
        room = sum(1 for day in _span(*window) if _can_visit(question, day))
        merits.append(f"{room} werkdagen voor de werkbezoeken")
        if room < ROOMY:
            costs.append(Cost(NARROW * (ROOMY - room), f"maar {room} werkdagen voor de werkbezoeken"))
    if not any("vakantie" in cost.why for cost in costs):
        merits.append("geen van deze dagen valt in een schoolvakantie")
    missing = [name for name in question.returns if name not in days]
    merits += [f"{name} krijgt later een datum, met een prikker" for name in missing]
    return DateSet(dict(days), window, tuple(sorted(costs, key=lambda c: -c.points)), tuple(merits))


def _window(question: DateQuestion, days: Mapping[str, date]) -> tuple[date, date] | None:
    """Return the first and the last day for visits, by the programme's own rules."""
    programme = question.programme
    if programme.visit_from is None or programme.visit_until is None:
        return None
    anchors = {name: _starts(programme, name, day) for name, day in days.items()}
    training = [anchors[name] for name in question.training]
    anchors |= {"first_day": training[0], "last_day": training[-1]}
    first = programme.visit_from.on(anchors, question.holidays)
    last = programme.visit_until.on(anchors, question.holidays)
    if first is None or last is None:
        return None
    return worktime.local(first).date(), worktime.local(last).date()


def _starts(programme: Programme, name: str, day: date) -> datetime:
    return worktime.wall_clock(day, min(s.start for s in programme.gatherings if s.day == name))


def _can_visit(question: DateQuestion, day: date) -> bool:
    """Say whether hosts and participants are likely there: a working day outside the own region's school holidays."""
    away = question.school_holidays.get(question.region, ())
    working = worktime.is_working_day(day, question.holidays)
    return working and not any(first <= day <= last for first, last, _title in away)


def _clashes(sessions: Sequence[SessionPlan], day: date, busy: Sequence[Busy]) -> bool:
    times = [(worktime.wall_clock(day, s.start), worktime.wall_clock(day, s.end)) for s in sessions]
    return any(one.start < end and start < one.end for one in busy for start, end in times)


def _days_of(one: Busy) -> list[date]:
    """Return the days on which a time lies; midnight at its end is no longer in it."""
    last = max(one.start, one.end - timedelta(microseconds=1))
    return list(_span(worktime.local(one.start).date(), worktime.local(last).date()))


def _off(gap: timedelta, best: int) -> int:
    """Return how many weeks, rounded, a distance is from the best one."""
    return round(abs(gap.days - 7 * best) / 7)


def _weeks(gap: timedelta) -> str:
    weeks = round(gap.days / 7)
    return "1 week" if weeks == 1 else f"{weeks} weken"


def _span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=step) for step in range((last - first).days + 1))


__all__ = ["Busy", "Cost", "DateQuestion", "DateSet", "propose"]
