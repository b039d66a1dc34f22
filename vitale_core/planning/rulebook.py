"""Every kind of rule straight from its definition: which groups break it, and who in them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vitale_core.planning.case import Case
from vitale_core.planning.plan import PlannedGroup
from vitale_core.planning.problem import Rule


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a group breaks. `people` stays empty for `access`: needs are health data."""

    rule: str
    group: int
    people: tuple[str, ...] = ()


def _each(test: Callable[[Case, Rule, PlannedGroup], Sequence[str] | None]) -> Callable[[Case, Rule], list[Violation]]:
    """A rule that looks at one group at a time: the people who break it, or None when it holds."""

    def look(case: Case, rule: Rule) -> list[Violation]:
        found = []
        for place, group in enumerate(case.groups):
            people = test(case, rule, group)
            if people is not None:
                found.append(Violation(rule.id, place, tuple(people)))
        return found

    return look


def _together(case: Case, rule: Rule) -> list[Violation]:
    split = []
    for place, group in enumerate(case.groups):
        here = tuple(one for one in group.members if one in rule.who)
        if here:
            split.append(Violation(rule.id, place, here))
    return split if len(split) > 1 else []


def _distinct_hosts(case: Case, rule: Rule) -> list[Violation]:
    used = [group.host for group in case.groups]
    return [Violation(rule.id, place) for place, host in enumerate(used) if host in used[:place]]


def _apart(_: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    here = [one for one in group.members if one in rule.who]
    return here if len(here) > rule.limit else None


def _attr_max(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    many = [one for who in case.by_value(group, rule.attr).values() if len(who) > rule.limit for one in who]
    return many or None


def _attr_min(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    good = [one for one in group.members if case.value(one, rule.attr) in rule.values]
    return group.members if len(good) < rule.limit else None


def _common_slots(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    return group.members if len(case.common(group.members)) < rule.limit else None


def _theme_cover(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    outside = case.outside_theme(group)
    return outside if len(outside) > rule.limit else None


def _attend(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    absent = case.absent(group)
    return absent if len(absent) > rule.limit else None


def _must_attend(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    return [one for one in case.absent(group) if one in rule.who] or None


def _travel_max(case: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    return [one for one in group.members if case.minutes(one, group.host) > rule.limit] or None


def _access(case: Case, _: Rule, group: PlannedGroup) -> Sequence[str] | None:
    offered = set(case.hosts[group.host].access)
    return () if any(set(case.people[one].needs) - offered for one in group.members) else None


def _transport(case: Case, _: Rule, group: PlannedGroup) -> Sequence[str] | None:
    seats = sum(case.people[one].seats for one in group.members)
    return group.members if not case.hosts[group.host].transit and seats < len(group.members) else None


def _exclude(_: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    return () if group.host == rule.host and (not rule.slots or group.slot in rule.slots) else None


def _pin(_: Case, rule: Rule, group: PlannedGroup) -> Sequence[str] | None:
    here = [one for one in group.members if one in rule.who]
    wrong = (rule.host and group.host != rule.host) or (rule.slot and group.slot != rule.slot)
    return here if here and wrong else None


RULES: dict[str, Callable[[Case, Rule], list[Violation]]] = {
    "together": _together,
    "distinct_hosts": _distinct_hosts,
    "apart": _each(_apart),
    "attr_max": _each(_attr_max),
    "attr_min": _each(_attr_min),
    "common_slots": _each(_common_slots),
    "theme_cover": _each(_theme_cover),
    "attend": _each(_attend),
    "must_attend": _each(_must_attend),
    "travel_max": _each(_travel_max),
    "access": _each(_access),
    "transport": _each(_transport),
    "exclude": _each(_exclude),
    "pin": _each(_pin),
}
