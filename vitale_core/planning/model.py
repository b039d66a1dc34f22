"""An instance compiled for the search: people are bits, levels are one whole number.

The lexicographic order of the levels becomes plain `<` because every level is multiplied by more than all levels
below it can ever add up to. So nothing overflows and nothing is rounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from vitale_core.planning.instance import Instance
from vitale_core.planning.problem import Host, Participant, Rule, Term


@dataclass(slots=True)
class VisitModel:
    """One slot of one host: `blocked` are people who may not go, `away` who cannot, `stays` who had this visit."""

    slot: int
    cost: int
    blocked: int
    away: int
    stays: int
    claim: int = 0


@dataclass(slots=True)
class HostModel:
    """One host. `cost`, `minutes` and `ranks` go by person; masks are of people.

    A group that comes here claims bits of the whole plan: `step` is added to a counter that may not run over, and
    every visit has a `claim` bit of its own, or one for all when the host is used once at most.
    """

    index: int
    smallest: int
    largest: int
    cost: list[int]
    minutes: list[int]
    ranks: list[int]
    blocked: int
    outside: int
    needs_cars: bool
    visits: list[VisitModel]
    most: int
    step: int = 0


class Model:
    """The numbers of an instance. Weights are already multiplied by the scale of their level."""

    def __init__(self, instance: Instance) -> None:
        """Compile; costs O(people^2 + people x hosts x slots)."""
        self.instance = instance
        self.people = instance.participants
        self.place = {person.id: place for place, person in enumerate(self.people)}
        self.everyone = (1 << len(self.people)) - 1
        self.scales, self.ceiling = _scales(instance)
        scale = dict(zip((level.level for level in instance.levels), self.scales, strict=True))
        self.weighted: list[tuple[Term, int]] = [
            (term, term.weight * scale[level.level]) for level in instance.levels for term in level.terms
        ]
        self._group_rules()
        self._group_terms()
        self.hosts = [self._host(index, host) for index, host in enumerate(instance.hosts)]
        self.overrun = self._claims()

    def mask(self, ids: Iterable[str]) -> int:
        """The bits of these people; unknown ids left."""
        return sum({1 << self.place[one] for one in ids if one in self.place})

    def members(self, mask: int) -> tuple[str, ...]:
        """The ids of these bits, in the order of the instance."""
        return tuple(person.id for place, person in enumerate(self.people) if mask >> place & 1)

    def levels(self, total: int) -> tuple[int, ...]:
        """One number per level out of the combined cost."""
        found = []
        for scale in self.scales:
            level, total = divmod(total, scale)
            found.append(level)
        return tuple(found)

    def total(self, kind: str) -> int:
        """The summed weight of all criteria of a kind."""
        return sum(weight for term, weight in self.weighted if term.type == kind)

    def rules(self, kind: str) -> list[Rule]:
        """The rules of a kind."""
        return [rule for rule in self.instance.rules if rule.type == kind]

    def free(self, person: Participant) -> set[str]:
        """Slots in which a person can come; unknown counts as all (and is shown as unknown)."""
        every = {slot.id for slot in self.instance.slots}
        return every if person.available is None else set(person.available)

    def _group_rules(self) -> None:
        """Rules about the people of one group, as masks."""
        self.crowds = [(self.mask(rule.who), rule.limit) for rule in self.rules("apart")]
        self.crowds += [(mask, rule.limit) for rule in self.rules("attr_max") for mask in self._values(rule.attr)]
        self.blocks = [mask for rule in self.rules("together") if (mask := self.mask(rule.who)).bit_count() > 1]
        self.needed = [
            (self.mask(person.id for person in self.people if person.attrs.get(rule.attr) in rule.values), rule.limit)
            for rule in self.rules("attr_min")
        ]
        self.least_common = max((rule.limit for rule in self.rules("common_slots")), default=0)
        self.most_outside = min((rule.limit for rule in self.rules("theme_cover")), default=len(self.people))
        self.most_absent = min((rule.limit for rule in self.rules("attend")), default=len(self.people))
        slots = {slot.id: 1 << place for place, slot in enumerate(self.instance.slots)}
        self.slots = [sum(slots[one] for one in self.free(person)) for person in self.people]
        self.every_slot = (1 << len(slots)) - 1
        self.seats = [person.seats for person in self.people]
        themes = sorted({theme for person in self.people for theme in person.themes})
        self.themes = [self.mask(p.id for p in self.people if theme in p.themes) for theme in themes]

    def _values(self, attr: str) -> list[int]:
        """For each value of an attribute the people who have it."""
        found: dict[str | int, int] = {}
        for place, person in enumerate(self.people):
            value = person.attrs.get(attr)
            if value is not None:
                found[value] = found.get(value, 0) | 1 << place
        return list(found.values())

    def _group_terms(self) -> None:
        """Criteria about the people of one group: what each pair adds, each person, and the rest."""
        size = len(self.people)
        self.pair = [[0] * size for _ in range(size)]
        self.alone = [0] * size
        self.spreads: list[tuple[list[int], int, int]] = []
        for term, weight in self.weighted:
            if term.type == "same_pairs":
                self._same_pairs(term, weight)
            elif term.type in {"wish_together", "wish_apart"}:
                self._wishes(term, weight)
            elif term.type == "spread":
                numbers = [int(person.attrs[term.attr]) for person in self.people]
                self.spreads.append((numbers, term.target, weight))
        self.shortages = [(term.target, weight) for term, weight in self.weighted if term.type == "slot_shortage"]
        self.theme_weight = 0 if self.instance.joint else self.total("theme_gap")
        self.absent_weight = self.total("absent")
        self.minutes_weight, self.rank_weight = self.total("travel_max"), self.total("host_rank_max")
        self.moved_weight, changed = self.total("moved"), self.total("visit_changed")
        self.changed_weight = changed
        self.old = [mask for old in self.instance.previous if (mask := self.mask(old.members))]
        for old in self.instance.previous:
            for one in old.members:
                if one in self.place:
                    self.alone[self.place[one]] += changed

    def _same_pairs(self, term: Term, weight: int) -> None:
        values = [person.attrs.get(term.attr) for person in self.people]
        for one, value in enumerate(values):
            for other in range(one):
                if value is not None and value == values[other]:
                    self._add(one, other, weight)

    def _wishes(self, term: Term, weight: int) -> None:
        """A wish to be together costs its weight unless the pair meets; a wish to be apart when it meets."""
        for one, other in term.pairs:
            if one in self.place and other in self.place:
                sign = -1 if term.type == "wish_together" else 1
                self._add(self.place[one], self.place[other], sign * weight)
                self.alone[self.place[one]] += weight if sign < 0 else 0

    def _add(self, one: int, other: int, cost: int) -> None:
        self.pair[one][other] += cost
        self.pair[other][one] += cost

    def _host(self, index: int, host: Host) -> HostModel:
        """The rules and criteria that depend on the host alone."""
        travel, ranked, themed = self.total("travel"), self.total("host_rank"), self.total("theme_gap")
        counted = self.minutes_weight or travel or self.rules("travel_max")
        minutes = [self.instance.travel[one.home][host.place] if counted else 0 for one in self.people]
        ranks = [one.prefs.index(host.id) if host.id in one.prefs else len(one.prefs) for one in self.people]
        outside = self.mask(one.id for one in self.people if not set(one.themes) & set(host.themes))
        longest = min((rule.limit for rule in self.rules("travel_max")), default=max(minutes))
        blocked = self.mask(one.id for one, trip in zip(self.people, minutes, strict=True) if trip > longest)
        if self.rules("access"):
            blocked |= self.mask(one.id for one in self.people if set(one.needs) - set(host.access))
        for rule in self.rules("pin"):
            blocked |= self.mask(rule.who) if rule.host not in {"", host.id} else 0
        cost = [
            travel * trip + ranked * rank + themed * (outside >> place & 1)
            for place, (trip, rank) in enumerate(zip(minutes, ranks, strict=True))
        ]
        return HostModel(
            index=index,
            smallest=host.min_people,
            largest=host.max_people,
            cost=cost,
            minutes=minutes if self.minutes_weight else [0] * len(minutes),
            ranks=ranks if self.rank_weight else [0] * len(ranks),
            blocked=blocked,
            outside=outside,
            needs_cars=bool(self.rules("transport")) and not host.transit,
            visits=self._visits(host),
            most=1 if self.rules("distinct_hosts") else min(host.max_visits, self.instance.count),
        )

    def _visits(self, host: Host) -> list[VisitModel]:
        """The open slots of a host, in the order of the instance, without those that a rule excludes."""
        shut = {
            slot for rule in self.rules("exclude") if rule.host == host.id for slot in rule.slots or tuple(host.slots)
        }
        history, disliked = self.total("host_history") * host.visits_done, self.total("slot_pref")
        must = self.mask(one for rule in self.rules("must_attend") for one in rule.who)
        found = []
        for place, slot in enumerate(self.instance.slots):
            if slot.id not in host.slots or slot.id in shut or not host.max_visits:
                continue
            away = sum(1 << one for one, free in enumerate(self.slots) if not free >> place & 1)
            blocked = must & away
            for rule in self.rules("pin"):
                blocked |= self.mask(rule.who) if rule.slot not in {"", slot.id} else 0
            stays = [old.members for old in self.instance.previous if (old.host, old.slot) == (host.id, slot.id)]
            cost = history + disliked * host.slots[slot.id]
            found.append(VisitModel(place, cost, blocked, away, self.mask(one for group in stays for one in group)))
        return found

    def _claims(self) -> int:
        """Give hosts and visits their bits; the answer is the mask of counters that ran over.

        Layout: one claim bit per host or visit, then per host that may be visited more than once (but less often
        than there are groups) a counter that starts so high that one visit too many sets its top bit.
        """
        place = 0
        for host in self.hosts:
            for visit in host.visits:
                visit.claim = 1 << place
                place += host.most > 1
            place += host.most <= 1
        overrun, self.start = 0, 0
        for host in self.hosts:
            if 1 < host.most < self.instance.count:
                width = self.instance.count.bit_length() + 1
                host.step = 1 << place
                self.start += ((1 << width - 1) - 1 - host.most) << place
                overrun |= 1 << place + width - 1
                place += width
        return overrun


def _scales(instance: Instance) -> tuple[list[int], int]:
    """For each level a factor larger than everything below it together, and a number that no plan can cost."""
    scales, below = [], 1
    for level in reversed(instance.levels):
        scales.append(below)
        below *= 1 + sum(term.weight * _ceiling(instance, term) for term in level.terms)
    return scales[::-1], below


def _ceiling(instance: Instance, term: Term) -> int:
    """No plan has a raw value above this."""
    people, groups = len(instance.participants), instance.count
    longest = max((minutes for row in instance.travel.values() for minutes in row.values()), default=0)
    ceilings = {
        "same_pairs": people * people,
        "spread": groups * term.target,
        "slot_shortage": groups * term.target,
        "wish_together": len(term.pairs),
        "wish_apart": len(term.pairs),
        "travel": people * longest,
        "travel_max": longest,
        "host_rank": sum(len(person.prefs) for person in instance.participants),
        "host_rank_max": max(len(person.prefs) for person in instance.participants),
        "host_history": groups * max((host.visits_done for host in instance.hosts), default=0),
        "slot_pref": groups * max((cost for host in instance.hosts for cost in host.slots.values()), default=0),
    }
    return ceilings.get(term.type, people)  # the others count people
