"""Whether the parts of an instance fit together. Ids in `who` and `pairs` may be unknown: those people left."""

from collections.abc import Iterable
from itertools import chain

from vitale_core.planning.fields import InvalidInstance
from vitale_core.planning.kinds import VISIT_RULES, VISIT_TERMS
from vitale_core.planning.problem import Problem


def check(instance: Problem) -> None:
    """Raise InvalidInstance on the first thing that does not fit."""
    _ids(instance)
    _sizes(instance)
    _slots(instance)
    _rules(instance)
    _terms(instance)
    _travel(instance)
    _previous(instance)


def _ids(instance: Problem) -> None:
    """Every id once, each in its own list."""
    _once("participants", (person.id for person in instance.participants))
    _once("slots", (slot.id for slot in instance.slots))
    _once("hosts", (host.id for host in instance.hosts))
    _once("constraints", (rule.id for rule in instance.rules))
    _once("objective.terms", (term.id for term in instance.terms))
    _once("objective.level", (str(level.level) for level in instance.levels))


def _once(field: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise InvalidInstance(field, f"'{one}' komt twee keer voor")
        seen.add(one)


def _sizes(instance: Problem) -> None:
    """The people must fit in the groups."""
    people, count = len(instance.participants), instance.count
    if not people:
        raise InvalidInstance("participants", "er zijn geen deelnemers")
    if min(count, instance.smallest) < 1:
        raise InvalidInstance("groups", "aantal en grootte moeten minstens 1 zijn")
    if instance.smallest > instance.largest:
        raise InvalidInstance("groups.min", f"{instance.smallest} is meer dan max {instance.largest}")
    if not count * instance.smallest <= people <= count * instance.largest:
        reason = f"{people} mensen passen niet in {count} groepen van {instance.smallest} tot {instance.largest}"
        raise InvalidInstance("groups", reason)


def _slots(instance: Problem) -> None:
    """A slot that somebody names must exist, and a host must offer one."""
    known = {slot.id for slot in instance.slots}
    for place, person in enumerate(instance.participants):
        _known(f"participants[{place}].available", person.available or (), known)
    for place, host in enumerate(instance.hosts):
        if not host.slots:
            raise InvalidInstance(f"hosts[{place}].slots", "het project biedt geen enkel dagdeel aan")
        if host.min_people > host.max_people:
            raise InvalidInstance(f"hosts[{place}].min_people", f"{host.min_people} is meer dan {host.max_people}")
        _known(f"hosts[{place}].slots", host.slots, known)


def _known(field: str, ids: Iterable[str], known: set[str]) -> None:
    for one in ids:
        if one not in known:
            raise InvalidInstance(field, f"'{one}' bestaat niet")


def _rules(instance: Problem) -> None:
    slots, hosts = {slot.id for slot in instance.slots}, {host.id for host in instance.hosts}
    for place, rule in enumerate(instance.rules):
        field = f"constraints[{place}]"
        if rule.type in VISIT_RULES and not instance.joint:
            raise InvalidInstance(f"{field}.type", f"'{rule.type}' kan alleen met projecten")
        _known(f"{field}.host", filter(None, [rule.host]), hosts)
        _known(f"{field}.slot", filter(None, [rule.slot]), slots)
        _known(f"{field}.slots", rule.slots, slots)


def _terms(instance: Problem) -> None:
    for place, level in enumerate(instance.levels):
        for number, term in enumerate(level.terms):
            field = f"objective[{place}].terms[{number}]"
            if term.type in VISIT_TERMS and not instance.joint:
                raise InvalidInstance(f"{field}.type", f"'{term.type}' kan alleen met projecten")
            if term.weight < 0:
                raise InvalidInstance(f"{field}.weight", "mag niet negatief zijn")
            if term.type == "spread":
                _numbers(instance, field, term.attr)


def _numbers(instance: Problem, field: str, attr: str) -> None:
    """`spread` subtracts: everybody needs a number."""
    for person in instance.participants:
        if not isinstance(person.attrs.get(attr), int):
            raise InvalidInstance(f"{field}.attr", f"'{attr}' is geen getal bij deelnemer '{person.id}'")


def _travel(instance: Problem) -> None:
    """When minutes count, every trip must be known."""
    kinds = chain((rule.type for rule in instance.rules), (term.type for term in instance.terms))
    if not {"travel", "travel_max"} & set(kinds):
        return
    places = {host.place for host in instance.hosts}
    for home in {person.home: None for person in instance.participants}:
        row = instance.travel.get(home)
        if row is None:
            raise InvalidInstance("travel", f"reistijden vanaf '{home}' ontbreken")
        for place in sorted(places - set(row)):
            raise InvalidInstance(f"travel.{home}", f"reistijd naar '{place}' ontbreekt")


def _previous(instance: Problem) -> None:
    _once("previous.groups", (one for group in instance.previous for one in group.members))
