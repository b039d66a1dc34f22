"""Whether any plan exists, and the smallest sets of rules that make it impossible."""

from dataclasses import replace
from math import comb

from vitale_core.planning.columns import columns
from vitale_core.planning.exact import Search
from vitale_core.planning.instance import Instance
from vitale_core.planning.large import find
from vitale_core.planning.model import Model

EXACT_PEOPLE = 16
"""Up to this many people the pure Python search proves its answer, in about half a second at 16."""
EXACT_VISITS = 2_000_000
"""The same holds up to this many groups times visits; 400 projects with 40 half days each are for the large search."""


def small(instance: Instance) -> bool:
    """Whether the exact search takes this instance."""
    people = len(instance.participants)
    groups = sum(comb(people, size) for size in range(instance.smallest, min(people, instance.largest) + 1))
    visits = sum(len(host.slots) for host in instance.hosts)
    return people <= EXACT_PEOPLE and groups * visits <= EXACT_VISITS


def feasible(instance: Instance) -> bool | None:
    """Whether a plan exists; None when the bounded search could not tell."""
    bare = replace(instance, levels=(), previous=())
    if not small(instance):
        for start in (False, True):
            found = find(bare, start=start)
            if found.options or found.impossible:
                return not found.impossible
        return None
    model = Model(bare)
    answer = Search(model, columns(model)).best()
    if answer.options:
        return True
    return False if answer.proven else None


def clash(instance: Instance) -> tuple[str, ...] | None:
    """A minimal set of rules that cannot hold together, of an instance that is known to be impossible.

    Rules are left out one by one, from the last to the first; a rule stays when a plan exists without it. So any
    one of the result can be dropped to end this clash. None when the bounded search could not tell.
    """
    kept = [rule.id for rule in instance.rules]
    for one in reversed(tuple(kept)):
        fewer = [rule for rule in kept if rule != one]
        answer = feasible(instance.keeping(fewer))
        if answer is None:
            return None
        if not answer:
            kept = fewer
    return tuple(kept)
