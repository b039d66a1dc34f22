"""All visits that a given group may make, and a spare one for every group of a plan."""

from collections.abc import Sequence

from vitale_core.planning.columns import Option, admits, slot_cost
from vitale_core.planning.model import Model
from vitale_core.planning.plan import Visit


def possible(model: Model, mask: int) -> list[tuple[int, int, int]]:
    """Cost, host and slot (places in the instance) of each visit that the rules allow this group, cheapest first.

    The cost leaves out what the people of the group cost among themselves; full hosts are not looked at.
    """
    members = [one for one in range(len(model.people)) if mask >> one & 1]
    seats = sum(model.seats[one] for one in members)
    found = []
    for host in model.hosts:
        if admits(model, host, mask, len(members), seats):
            base = sum(host.cost[one] for one in members)
            for visit in host.visits:
                extra = slot_cost(model, visit, mask)
                if extra is not None:
                    found.append((base + extra, host.index, visit.slot))
    found.sort()
    return found


def reserves(model: Model, chosen: Sequence[Option]) -> tuple[Visit | None, ...]:
    """A spare visit per group, for when its host refuses.

    Nobody visits that project and nobody else has it in reserve. When there is none: another half day at the group's
    own project. None when there is no such half day either.
    """
    taken = {option.host for option in chosen}
    found: list[Visit | None] = []
    for option in chosen:
        visits = possible(model, option.mask)
        elsewhere = [(host, slot) for _, host, slot in visits if host not in taken]
        same = [(host, slot) for _, host, slot in visits if host == option.host and not _used(host, slot, chosen)]
        spare = next(iter(elsewhere + same), None)
        if spare is None:
            found.append(None)
        else:
            taken.add(spare[0])
            found.append(Visit(model.instance.hosts[spare[0]].id, model.instance.slots[spare[1]].id))
    return tuple(found)


def _used(host: int, slot: int, chosen: Sequence[Option]) -> bool:
    return any((option.host, option.slot) == (host, slot) for option in chosen)
