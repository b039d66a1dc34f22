"""More people than the exact search can prove: annealing, then HiGHS when the extra `plan` is installed."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from random import Random

from vitale_core.planning.annealing import SEED, anneal
from vitale_core.planning.columns import Option
from vitale_core.planning.instance import Instance
from vitale_core.planning.model import Model
from vitale_core.planning.outcome import Found
from vitale_core.planning.plan import PlannedGroup
from vitale_core.planning.scoring import score

ALONE = 2_500
"""Tried changes per person when annealing must do it all; with a solver behind it a quarter is enough."""
MOST_STEPS = 120_000
MANY = 200
BLOCKS, BLOCKS_OF_MANY = 40, 12
"""How many blocks of groups are divided anew, when all people together are too many; the second above MANY people."""
BLOCK_PEOPLE, BLOCK_PEOPLE_JOINT = 48, 32
"""How many people sit in such a block."""
FREE_HOSTS = 10
"""A block may also go to this many hosts that nobody visits; others have their turn in other blocks."""


def find(instance: Instance, *, start: bool = True) -> Found:
    """The best plan that a bounded search finds, with what is proven about it.

    Without `start` a solver begins with nothing: quicker when the question is whether there is any plan at all.
    """
    model = Model(instance)
    if model.hosts and sum(min(host.most, len(host.visits)) for host in model.hosts) < instance.count:
        return Found(None, impossible=True)
    highs = import_module("vitale_core.planning.highs") if find_spec("highspy") is not None else None
    fits = highs is not None and highs.affordable(instance)
    if highs is not None and fits and not start:
        quick: Found = highs.partition(instance, None)
        return quick
    steps = len(instance.participants) * ALONE // (1 if highs is None else 4)
    options = anneal(instance, steps=min(MOST_STEPS, steps))
    if highs is not None and fits:
        objective = () if options is None else score(instance, named(model, options)).objective
        found: Found = highs.partition(instance, options, objective)
        return found
    if options is None:
        return Found(None)
    return Found(tuple(options if highs is None else _by_blocks(instance, options)))


def named(model: Model, options: Sequence[Option]) -> list[PlannedGroup]:
    """Options in ids, by first person."""
    hosts, slots = model.instance.hosts, model.instance.slots
    return [
        PlannedGroup(model.members(option.mask), *((hosts[option.host].id, slots[option.slot].id) if hosts else ()))
        for option in sorted(options, key=lambda option: option.mask & -option.mask)
    ]


def _by_blocks(instance: Instance, start: Sequence[Option]) -> list[Option]:
    """Divide the people of a few groups anew, with the other groups as they are; keep what improves."""
    model, draw = Model(instance), Random(SEED)  # noqa: S311 - a search, not a secret
    best = named(model, start)
    cost = score(instance, best).objective
    size = max(2, (BLOCK_PEOPLE_JOINT if instance.joint else BLOCK_PEOPLE) // instance.largest)
    for _ in range(BLOCKS if len(instance.participants) <= MANY else BLOCKS_OF_MANY):
        chosen = set(draw.sample(range(len(best)), min(size, len(best))))
        visited = {group.host for group in best}
        empty = [host.id for host in instance.hosts if host.id not in visited]
        tried = _block(instance, best, chosen, set(draw.sample(empty, min(FREE_HOSTS, len(empty)))))
        judged = score(instance, tried)
        if judged.feasible and judged.objective < cost:
            best, cost = tried, judged.objective
    return [option_of(model, group) for group in best]


def _block(instance: Instance, groups: Sequence[PlannedGroup], chosen: set[int], free: set[str]) -> list[PlannedGroup]:
    """The same groups, with the people of the chosen ones divided anew; in the same places where nothing changes.

    They may go to each other's hosts and to the `free` ones.
    """
    highs = import_module("vitale_core.planning.highs")
    inside = [groups[place] for place in sorted(chosen)]
    outside = [group for place, group in enumerate(groups) if place not in chosen]
    part = _part(instance, inside, outside, free)
    model = Model(part)
    if not highs.affordable(part):
        return list(groups)
    now = [option_of(model, group) for group in inside]
    again: Found = highs.partition(part, now, score(part, inside).objective, brief=True)
    return [*outside, *named(model, again.options or now)]


def _part(
    instance: Instance, inside: Sequence[PlannedGroup], outside: Sequence[PlannedGroup], free: set[str]
) -> Instance:
    """The people of some groups, and what the other groups leave of their hosts and of the free ones."""
    people = {one for group in inside for one in group.members}
    distinct = any(rule.type == "distinct_hosts" for rule in instance.rules)
    named = {rule.host for rule in instance.rules}  # a rule may only name hosts that are there
    near = free | named | {group.host for group in inside}
    hosts = []
    for host in instance.hosts:
        if host.id not in near:
            continue
        used = [group.slot for group in outside if group.host == host.id]
        slots = {slot: dislike for slot, dislike in host.slots.items() if slot not in used}
        shut = not slots or (distinct and used)
        hosts.append(
            replace(host, slots=slots or host.slots, max_visits=0 if shut else max(0, host.max_visits - len(used)))
        )
    return replace(
        instance,
        participants=tuple(person for person in instance.participants if person.id in people),
        count=len(inside),
        hosts=tuple(hosts),
    )


def option_of(model: Model, group: PlannedGroup) -> Option:
    """A named group as an option without its cost."""
    hosts = [host.id for host in model.instance.hosts]
    slots = [slot.id for slot in model.instance.slots]
    visit = (hosts.index(group.host), slots.index(group.slot)) if hosts else (-1, -1)
    return Option(0, model.mask(group.members), *visit, 0, 0, 0, 0)
