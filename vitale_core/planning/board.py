"""A whole division on the table: what it costs, what it breaks, and what changes when people or visits change.

Unlike the columns of the exact search a board may break rules; every unit of breaking costs `penalty`. What adds
up over groups is kept per group; the worst-off person is looked up over all groups.
"""

from collections.abc import Sequence
from typing import NamedTuple

from vitale_core.planning.columns import Option, composition
from vitale_core.planning.model import HostModel, Model, VisitModel
from vitale_core.planning.plan import PlannedGroup


class Value(NamedTuple):
    """One group: additive cost with penalties, units of breaking, and its worst-off person."""

    cost: int
    broken: int
    minutes: int
    rank: int


Change = dict[int, tuple[list[int], int, Value]]
"""For each touched group: who sits there, its visit, and what that is worth."""
State = tuple[list[list[int]], list[int]]


class Board:
    """Groups as lists of people (places in the instance), each with a visit when there are hosts."""

    def __init__(self, model: Model, groups: Sequence[Sequence[int]], penalty: int) -> None:
        """Seat the groups; visits are given to the groups in turn, each the cheapest that is left.

        The hosts must have room for all groups; which visits earlier groups take does not change how many are left.
        """
        self.model, self.penalty = model, penalty
        self.groups = [list(group) for group in groups]
        self.bits = [1 << one for one in range(len(model.people))]
        self.crowds_of: list[list[tuple[int, int]]] = [
            [(mask, limit) for mask, limit in model.crowds if mask & bit and mask.bit_count() > limit]
            for bit in self.bits
        ]
        self.choices = [(host, visit) for host in model.hosts for visit in host.visits]
        self.visits: list[int] = []
        for place in range(len(self.groups) if model.hosts else 0):
            free = self.free_visits(place)
            self.visits.append(min(free, key=lambda visit: self.value(self.groups[place], visit).cost))
        self.values = [self.value(group, self.visit(place)) for place, group in enumerate(self.groups)]
        self.worst = self._worst_of(self.values)

    def visit(self, place: int) -> int:
        """The choice of a group; -1 without hosts."""
        return self.visits[place] if self.visits else -1

    def free_visits(self, place: int) -> list[int]:
        """Choices that the other groups leave open for this group."""
        others = [visit for number, visit in enumerate(self.visits) if number != place and visit >= 0]
        taken = set(others)
        used: dict[int, int] = {}
        for visit in others:
            host = self.choices[visit][0].index
            used[host] = used.get(host, 0) + 1
        return [
            number
            for number, (host, _) in enumerate(self.choices)
            if number not in taken and used.get(host.index, 0) < host.most
        ]

    def value(self, group: Sequence[int], visit: int) -> Value:
        """One group in one visit; always computed anew, from the same numbers as the exact search."""
        model = self.model
        mask, cost, common = 0, 0, model.every_slot
        for place, one in enumerate(group):
            cost += model.alone[one]
            pair = model.pair[one]
            for other in group[:place]:
                cost += pair[other]
            mask |= self.bits[one]
            common &= model.slots[one]
        cost += composition(model, mask, tuple(group), common)
        broken = self._group_breaks(group, mask, common)
        minutes = rank = 0
        if visit >= 0:
            host, slot = self.choices[visit]
            cost += sum(host.cost[one] for one in group) + visit_cost(model, slot, mask)
            broken += self._visit_breaks(group, mask, host, slot)
            minutes = max(host.minutes[one] for one in group)
            rank = max(host.ranks[one] for one in group)
        return Value(cost + broken * self.penalty, broken, minutes, rank)

    def _group_breaks(self, group: Sequence[int], mask: int, common: int) -> int:
        model = self.model
        broken = max(0, model.least_common - common.bit_count())
        for one in group:
            for crowd, limit in self.crowds_of[one]:
                broken += (mask & crowd).bit_count() > limit
        for block in model.blocks:
            broken += bool(mask & block and block & ~mask)
        for good, least in model.needed:
            broken += max(0, least - (mask & good).bit_count())
        if not model.hosts and model.most_outside < len(group):
            shared = max(((mask & theme).bit_count() for theme in model.themes), default=0)
            broken += max(0, len(group) - shared - model.most_outside)
        return broken

    def _visit_breaks(self, group: Sequence[int], mask: int, host: HostModel, slot: VisitModel) -> int:
        model, size = self.model, len(group)
        broken = (mask & (host.blocked | slot.blocked)).bit_count()
        broken += max(0, host.smallest - size, size - host.largest)
        broken += max(0, (mask & host.outside).bit_count() - model.most_outside)
        broken += max(0, (mask & slot.away).bit_count() - model.most_absent)
        if host.needs_cars:
            broken += max(0, size - sum(model.seats[one] for one in group))
        return broken

    def change(self, groups: dict[int, list[int]], visits: dict[int, int] | None = None) -> Change:
        """The change that gives these places other people or another visit."""
        moves = visits or {}
        found: Change = {}
        for place in {**groups, **moves}:
            group, visit = groups.get(place, self.groups[place]), moves.get(place, self.visit(place))
            found[place] = (group, visit, self.value(group, visit))
        return found

    def apply(self, change: Change) -> None:
        """Carry it out."""
        worst = self._worst_after(change)
        for place, (group, visit, value) in change.items():
            self.groups[place], self.values[place] = group, value
            if self.visits:
                self.visits[place] = visit
        self.worst = worst

    def difference(self, change: Change) -> int:
        """What it would add to the total."""
        local = sum(value.cost - self.values[place].cost for place, (_, _, value) in change.items())
        model, (minutes, rank) = self.model, self._worst_after(change)
        worst = model.minutes_weight * (minutes - self.worst[0]) + model.rank_weight * (rank - self.worst[1])
        return local + worst

    def _worst_after(self, change: Change) -> tuple[int, int]:
        """The longest trip and the worst rank after a change; all groups are looked at only if one may have shrunk."""
        model = self.model
        if not (model.minutes_weight or model.rank_weight):
            return 0, 0
        minutes, rank = self._worst_of([value for _, _, value in change.values()])
        was, ranked = self.worst
        if (minutes < was and any(self.values[place].minutes == was for place in change)) or (
            rank < ranked and any(self.values[place].rank == ranked for place in change)
        ):
            return self._worst_of(
                [change[place][2] if place in change else value for place, value in enumerate(self.values)]
            )
        return max(minutes, was), max(rank, ranked)

    @staticmethod
    def _worst_of(values: Sequence[Value]) -> tuple[int, int]:
        return max((value.minutes for value in values), default=0), max((value.rank for value in values), default=0)

    def swap(self, place: int, seat: int, other: int, chair: int) -> Change:
        """Two people change seats."""
        one, two = list(self.groups[place]), list(self.groups[other])
        one[seat], two[chair] = two[chair], one[seat]
        return self.change({place: one, other: two})

    def seats(self) -> list[tuple[int, int]]:
        """Group and seat of every person, in the order of the instance."""
        found = [(0, 0)] * len(self.bits)
        for place, group in enumerate(self.groups):
            for seat, one in enumerate(group):
                found[one] = (place, seat)
        return found

    def ids(self, group: Sequence[int]) -> tuple[str, ...]:
        """The people of a group, in the order of the instance."""
        return tuple(self.model.people[one].id for one in sorted(group))

    def follow(self, planned: Sequence[PlannedGroup]) -> None:
        """Take the visits of a plan with these groups."""
        hosts, slots = self.model.instance.hosts, self.model.instance.slots
        names = [(hosts[host.index].id, slots[visit.slot].id) for host, visit in self.choices]
        self.restore((self.groups, [names.index((group.host, group.slot)) for group in planned] if names else []))

    def state(self) -> State:
        """A copy to come back to; groups are never changed in place."""
        return list(self.groups), list(self.visits)

    def restore(self, state: State) -> None:
        """Come back to a state, also of another board of the same people."""
        self.groups, self.visits = list(state[0]), list(state[1])
        self.values = [self.value(group, self.visit(place)) for place, group in enumerate(self.groups)]
        self.worst = self._worst_of(self.values)

    @property
    def total(self) -> int:
        """The cost of the whole board, penalties included."""
        worst = self.model.minutes_weight * self.worst[0] + self.model.rank_weight * self.worst[1]
        return sum(value.cost for value in self.values) + worst

    @property
    def broken(self) -> int:
        """Units of breaking; 0 means that every rule holds."""
        return sum(value.broken for value in self.values)

    def options(self) -> list[Option]:
        """The board as options of a plan, by first person; costs are left out."""
        found = []
        for place, group in enumerate(self.groups):
            mask = sum(self.bits[one] for one in group)
            host, slot = -1, -1
            if self.visits:
                chosen = self.choices[self.visits[place]]
                host, slot = chosen[0].index, chosen[1].slot
            found.append(Option(0, mask, host, slot, 0, 0, 0, 0))
        return sorted(found, key=lambda option: option.mask & -option.mask)


def visit_cost(model: Model, visit: VisitModel, mask: int) -> int:
    """What a slot costs these people, allowed or not."""
    absent = (mask & visit.away).bit_count()
    return visit.cost + model.absent_weight * absent - model.changed_weight * (mask & visit.stays).bit_count()
