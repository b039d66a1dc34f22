"""The score of any set of groups, straight from the definitions, with who causes what.

It shares nothing with the search, so it also judges what an operator made by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vitale_core.planning.case import Case
from vitale_core.planning.criteria import TERMS, Cause
from vitale_core.planning.instance import Instance
from vitale_core.planning.plan import PlannedGroup
from vitale_core.planning.problem import Term
from vitale_core.planning.rulebook import RULES, Violation


@dataclass(frozen=True, slots=True)
class TermScore:
    """One criterion: its raw value, its cost (raw times weight) and the parts that add up to it."""

    term: Term
    level: int
    raw: int
    cost: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """The judgement. `background` says (Dutch) what is wrong apart from named rules: doubles, sizes, visits.

    `objective` is empty when the groups cannot be scored at all: somebody or some visit is missing or unknown.
    """

    objective: tuple[int, ...]
    terms: tuple[TermScore, ...]
    violations: tuple[Violation, ...]
    background: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether every rule holds."""
        return not (self.background or self.violations)

    @property
    def broken(self) -> tuple[str, ...]:
        """Ids of the broken rules, each once."""
        return tuple(dict.fromkeys(violation.rule for violation in self.violations))


def score(instance: Instance, groups: Sequence[PlannedGroup]) -> Score:
    """Judge groups, however they were made."""
    case = Case(instance, groups)
    fatal = tuple(_fatal(case))
    if fatal:
        return Score((), (), (), fatal)
    violations = tuple(violation for rule in instance.rules for violation in RULES[rule.type](case, rule))
    terms = []
    objective = []
    for level in instance.levels:
        total = 0
        for term in level.terms:
            causes = tuple(cause for cause in TERMS[term.type](case, term) if cause.raw)
            raw = sum(cause.raw for cause in causes)
            terms.append(TermScore(term, level.level, raw, raw * term.weight, causes))
            total += raw * term.weight
        objective.append(total)
    return Score(tuple(objective), tuple(terms), violations, tuple(_misfits(case)))


@dataclass(frozen=True, slots=True)
class Difference:
    """How one criterion changes between two plans: raw value and cost, positive is worse."""

    term: Term
    raw: int
    cost: int


def differences(before: Score, after: Score) -> tuple[Difference, ...]:
    """The criteria that differ, in the order of the levels; both scores are of the same instance."""
    return tuple(
        Difference(new.term, new.raw - old.raw, new.cost - old.cost)
        for old, new in zip(before.terms, after.terms, strict=True)
        if new.raw != old.raw
    )


def _fatal(case: Case) -> Iterator[str]:
    """What makes scoring impossible."""
    seen: dict[str, int] = {}
    for number, group in enumerate(case.groups, start=1):
        for one in group.members:
            seen[one] = seen.get(one, 0) + 1
        if not group.members:
            yield f"groep {number} is leeg"
        if case.instance.joint and group.slot not in (case.hosts[group.host].slots if group.host in case.hosts else ()):
            yield f"groep {number} heeft geen bezoek dat wordt aangeboden"
    for one in seen:
        if one not in case.people:
            yield f"deelnemer '{one}' hoort niet bij deze groepen"
    for one in case.people:
        if seen.get(one, 0) != 1:
            yield f"deelnemer '{one}' is {seen.get(one, 0)} keer geplaatst"


def _misfits(case: Case) -> Iterator[str]:
    """Sizes and visits that do not fit; these hold always and have no name."""
    instance = case.instance
    if len(case.groups) != instance.count:
        yield f"{len(case.groups)} groepen in plaats van {instance.count}"
    for number, group in enumerate(case.groups, start=1):
        if not instance.smallest <= len(group.members) <= instance.largest:
            yield f"groep {number} telt {len(group.members)} mensen"
        if instance.joint:
            host = case.hosts[group.host]
            if not host.min_people <= len(group.members) <= host.max_people:
                yield f"project '{host.id}' ontvangt {host.min_people} tot {host.max_people} mensen (groep {number})"
    for host in instance.hosts:
        slots = [group.slot for group in case.groups if group.host == host.id]
        if len(slots) > host.max_visits:
            yield f"project '{host.id}' krijgt {len(slots)} bezoeken"
        if len(set(slots)) < len(slots):
            yield f"project '{host.id}' krijgt twee groepen tegelijk"
